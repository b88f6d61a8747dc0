"""
Write C{docs/limits.md} from the source: each bound, its default, its reason.

With C{--check} nothing is written; it fails if the page isn't what it would
write.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "limits.md"

HEAD: Final = """\
# Limits and deadlines

Written by `make limits` from the source. What each is for, and against whom, \
is in the [threat model](threat-model.md).

A server is told in its program,

```python
HTTPFactory(
    site,
    limits=Limits(connections=500),
    timeouts=Timeouts(idle=30.0, answer=None),
    trusted=["10.0.0.0/8"],
)
```

or on the command line, where `none` means no bound:

```sh
penstock serve site:root --limit connections=500 --timeout idle=30 --timeout answer=none
```
"""

# Headings, files and classes.
SECTIONS: Final = (
    ("HTTP/1.1: `Limits`, `--limit`", "transports/http1/limits.py", "Limits"),
    ("HTTP/1.1: `Timeouts`, `--timeout`", "transports/http1/limits.py", "Timeouts"),
    ("RPC: `RPCLimits`", "transports/rpc/limits.py", "RPCLimits"),
    ("RPC: `RPCTimeouts`", "transports/rpc/limits.py", "RPCTimeouts"),
)


def markdown(text: str) -> str:
    """
    @return: epytext as one paragraph of Markdown.
    """
    text = re.sub(r"[CL]\{([^{}]*)\}", r"`\1`", text)
    return " ".join(text.split())


def rows(body: list[ast.stmt]) -> Iterator[tuple[str, str, str]]:
    """
    @return: name, default and docstring of each field.
    """
    for field, comment in pairwise(body):
        match field, comment:
            case (
                ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as default),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, number(default), markdown(text)


def number(default: ast.expr) -> str:
    """
    @return: a number, for people; a product with 1024 is of octets.
    """
    value = eval(compile(ast.Expression(default), "", "eval"))
    if value is None:
        return "none"
    if isinstance(default, ast.BinOp) and value % 1024 == 0:
        return f"{value // 1024} Ki" if value % 1024**2 else f"{value // 1024**2} Mi"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"


def section(heading: str, path: str, name: str) -> str:
    """
    @return: the table of one class.
    """
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    (found,) = (
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and node.name == name
    )
    lines = [f"## {heading}", ""]
    for paragraph in (ast.get_docstring(found) or "").split("\n\n"):
        lines += [markdown(paragraph), ""]
    lines += ["| name | default | what, and why so much |", "|---|---:|---|"]
    lines += [
        f"| `{name}` | {value} | {text} |" for name, value, text in rows(found.body)
    ]
    return "\n".join(lines) + "\n"


CLIENT: Final = """\
## HTTP/1.1: `HTTPClient`

Arguments of the calling end, of `connectHTTP` too. Of times, `None` is for ever. What \
is taken of a response is bounded by `limits`, which are `Limits` as above.

| name | default | what, and why so much |
|---|---:|---|
"""


def client() -> str:
    """
    @return: the table of what L{HTTPClient} takes, and of the comments on its
        constants.
    """
    text = (ROOT / "transports/http1/pool.py").read_text(encoding="utf-8")
    constants = {
        name: (number(ast.parse(value, mode="eval").body), comment)
        for comment, name, value in re.findall(
            r"((?:^# .*\n)+)([A-Z_]+): Final = ([0-9. *]+)$", text, re.MULTILINE
        )
    }
    (made,) = (
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        and node.name == "__init__"
        and node.args.kwonlyargs
    )
    described = dict(
        re.findall(
            r"@param (\w+): (.*?)(?=\n@|\Z)", ast.get_docstring(made) or "", re.DOTALL
        )
    )
    lines = []
    for argument, default in zip(
        made.args.kwonlyargs, made.args.kw_defaults, strict=True
    ):
        name, value, why = argument.arg, "none", ""
        if isinstance(default, ast.Name):
            value, why = constants[default.id]
            why = " ".join(why.replace("# ", "").split())
            # What they are, their argument says as well.
            why = " " + re.sub(r"^Seconds.*?\. ", "", why)
        elif not name.endswith("Timeout"):
            continue
        what = described[name]
        what = markdown(what[0].upper() + what[1:] + why)
        lines.append(f"| `{name}` | {value} | {what} |\n")
    return CLIENT + "".join(lines)


def page() -> str:
    """
    @return: all of it.
    """
    tables = [section(*each) for each in SECTIONS]
    return "\n".join([HEAD, *tables[:2], client(), *tables[2:]])


def main(arguments: list[str]) -> int:
    """
    @return: the exit status.
    """
    text = page()
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        sys.stderr.write("docs/limits.md is out of date: make limits\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
