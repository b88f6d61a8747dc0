"""
Habits that the source must have and no linter knows of.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("core", "transports", "resources", "cli")
MODULES = sorted(path for top in TOPS for path in (ROOT / top).rglob("*.py"))


def _calls(tree: ast.AST, names: set[str], arguments: bool) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name), args=args):
                if name in names and bool(args) is arguments:
                    yield node


def wireMethods(tree: ast.AST) -> Iterator[ast.AST]:
    """
    Methods that take more for a line end, white space or a digit than the
    RFCs do.
    """
    yield from _calls(tree, {"splitlines", "isdigit", "isnumeric", "isdecimal"}, False)
    yield from _calls(tree, {"splitlines"}, True)
    yield from _calls(tree, {"strip", "lstrip", "rstrip"}, False)


def generousPatterns(tree: ast.AST) -> Iterator[ast.AST]:
    """
    Patterns whose classes depend on Unicode or locale.
    """
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="re")), args=[first, *_]
            ):
                match first:
                    case ast.Constant(value=bytes(pattern)):
                        text = pattern.decode("latin-1")
                    case ast.Constant(value=str(pattern)):
                        text = pattern
                    case _:
                        continue
                if any(escape in text for escape in (r"\d", r"\s", r"\w")):
                    yield node


def asserts(tree: ast.AST) -> Iterator[ast.AST]:
    """
    Checks that python -O takes out.
    """
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.Assert))


def globalReactor(tree: ast.AST) -> Iterator[ast.AST]:
    """
    The reactor, from a module instead of an argument.
    """
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="twisted.internet", names=names):
                if any(name.name == "reactor" for name in names):
                    yield node
            case ast.Import(names=names):
                if any(name.name == "twisted.internet.reactor" for name in names):
                    yield node


# Each habit, and the root folders that may do otherwise.
RULES: dict[Callable[[ast.AST], Iterator[ast.AST]], set[str]] = {
    wireMethods: {"cli"},
    generousPatterns: {"cli"},
    asserts: set(),
    globalReactor: {"cli"},
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_habits(rule: Callable[[ast.AST], Iterator[ast.AST]]) -> None:
    """
    No module of the library breaks the rule.
    """
    exempt = RULES[rule]
    found = [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
        for path in MODULES
        if path.relative_to(ROOT).parts[0] not in exempt
        for node in rule(ast.parse(path.read_bytes()))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (wireMethods, "data.splitlines()"),
        (wireMethods, "data.splitlines(True)"),
        (wireMethods, "data.strip()"),
        (wireMethods, "data.isdigit()"),
        (generousPatterns, r"re.compile(rb'\d+')"),
        (generousPatterns, r"re.search(r'\s', text)"),
        (asserts, "assert ready"),
        (globalReactor, "from twisted.internet import defer, reactor"),
        (globalReactor, "import twisted.internet.reactor"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_theRulesSeeThem(
    rule: Callable[[ast.AST], Iterator[ast.AST]], code: str
) -> None:
    """
    The rules notice what they are there for.
    """
    assert list(rule(ast.parse(code)))


def test_theRulesLetPass() -> None:
    """
    What is meant to be used instead is not mistaken for it.
    """
    code = "data.strip(b' \\t'); data.split(b'\\r\\n'); re.compile(rb'[0-9]+')"
    tree = ast.parse(code)
    assert not [node for rule in RULES for node in rule(tree)]


@pytest.mark.parametrize(
    "package", ["core", "transports/http1", "transports/rpc", "transports/memory"]
)
def test_theMapIsComplete(package: str) -> None:
    """
    The docstring of a package, which says what is where, leaves out none.
    """
    folder = ROOT / package
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    modules = {
        path.stem for path in folder.glob("[a-z]*") if path.suffix in ("", ".py")
    }
    assert modules - set(re.findall(r"[a-z][a-z0-9_]*", text)) == set()
