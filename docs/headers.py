"""
The table of fields as a page: C{docs/headers.md}.

    python docs/headers.py

writes it; with C{--check} nothing is written, and the command fails if the
page isn't what it would write.
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from inspect import getdoc, getmembers, isclass
from pathlib import Path
from pkgutil import iter_modules
from typing import Final

import penstock.core
import penstock.core.values
from penstock.core.fields import SECTIONS, STANDARD, Field, Multiplicity, Place

PAGE: Final = Path(__file__).resolve().parent / "headers.md"

HEAD: Final = """\
# Header fields

Written by `docs/headers.py` from the table in `penstock.core.fields`.

`headers.getHeader("accept")` gives a field as the type below, and `None` where it is
absent or doesn't parse; `headers.whyAbsent("accept")` is the reason.
`headers.setHeader("cache-control", value)` takes the same type; text and bytes are
taken as they are. What is written is always read as the same value.

Values are never changed: they are numbers, texts, dates, tuples and frozen
dataclasses. `dataclasses.replace` makes another one of these, and `_replace` of a
`MediaRange` or `Weighted`, which are named tuples. Names of things that compare without
case are in lower case. A `datetime` is aware of its time zone.

An application has fields of its own, or its own idea of one of these, in a table for
itself:

```python
from penstock.core.fields import STANDARD, Field, structured
from penstock.core.grammar import generateNumber, parseNumber
from penstock.core.server import Site

table = STANDARD.extend(
    Field("X-Request-Cost", parseNumber, generateNumber, "int", "ours"),
    structured("X-Shard", "item"),
)
site = Site(root, table=table)
```

What HTTP itself does with a field, such as `If-None-Match`, goes by this page also
where an application reads it in another way. What it costs to read and to write each is
in `benchmarks/fields.md`.

*Lines*: of a field with *one*, two lines are an error; those of a *list* are one list,
joined by commas (of Cookie by semicolons); *each* line is a value of its own, and the
typed value is a tuple of them. *Where*: in requests, in responses, in trailers too;
what is for one *hop* is between neighbours, and transports see to it.
"""

LINES: Final = {
    Multiplicity.SINGLE: "one",
    Multiplicity.LIST: "list",
    Multiplicity.LINES: "each",
}
PLACES: Final = {
    Place.REQUEST: "request",
    Place.RESPONSE: "response",
    Place.TRAILER: "trailer",
    Place.HOP: "hop",
}


def row(field: Field) -> str:
    """
    @return: the line for C{field}.
    """
    where = [name for place, name in PLACES.items() if place in field.places]
    cells = (
        f"`{field.name}`",
        field.valueType,
        LINES[field.multiplicity],
        ", ".join(where),
        field.rfc,
    )
    return "| " + " | ".join(cells) + " |"


def types() -> dict[str, tuple[str, str]]:
    """
    @return: the classes that the table names, with their module and the first
        sentence of what they say of themselves.
    """
    named = {
        word for field in STANDARD for word in re.findall(r"[A-Z]\w+", field.valueType)
    }
    # Of values of other values.
    named |= {"BareItem", "Condition", "DisplayString", "InnerList", "MediaRange"}
    named |= {"SameSite", "StateList", "Token", "Weighted"}
    found: dict[str, tuple[str, str]] = {}
    for package in (penstock.core, penstock.core.values):
        for info in iter_modules(package.__path__, f"{package.__name__}."):
            if info.ispkg:
                continue
            for name, value in getmembers(import_module(info.name), isclass):
                if name in named and value.__module__ == info.name:
                    about = (getdoc(value) or "").partition("\n\n")[0]
                    found[name] = (info.name, " ".join(about.split("\n")))
    return found


def page() -> str:
    """
    @return: the page.
    """
    parts = [HEAD]
    for title, rows in SECTIONS:
        lines = "\n".join(map(row, rows))
        parts.append(
            f"## {title}\n\n"
            "| field | type | lines | where | defined in |\n"
            f"|---|---|---|---|---|\n{lines}\n"
        )
    lines = "\n".join(
        f"| `{name}` | `{module}` | {epytext(about)} |"
        for name, (module, about) in sorted(types().items())
    )
    parts.append(
        f"## Types\n\n| type | module | what it is |\n|---|---|---|\n{lines}\n"
    )
    return "\n".join(parts)


def epytext(text: str) -> str:
    """
    @return: C{text} in Markdown.
    """
    return re.sub(r"[CL]\{([^}]*)\}", r"`\1`", text)


def main(arguments: list[str]) -> int:
    """
    @return: the status to exit with.
    """
    text = page()
    if "--check" not in arguments:
        PAGE.write_text(text, "utf-8")
        sys.stdout.write(f"{len(STANDARD)} fields\n")
        return 0
    if not PAGE.is_file() or PAGE.read_text("utf-8") != text:
        sys.stdout.write(f"{PAGE} is out of date: run python {__file__}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
