"""
Which requirements of RFC 9110, 9111 and 9112 are kept, and which test shows it.

C{docs/requirements.toml} has a row for each statement with a keyword of RFC
2119.  Tests name the rows that they prove::

    @pytest.mark.requirement("9112-3.2-6")

This command collects the tests, runs none, prints how many rows have a test,
and writes C{docs/requirements.md}.  With C{--check} it writes nothing, and
fails if the page isn't what it would write, or if table and tests disagree.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
TABLE: Final = ROOT / "docs" / "requirements.toml"
PAGE: Final = ROOT / "docs" / "requirements.md"

# The keywords of RFC 2119, the strict ones first.
LEVELS: Final = (
    "MUST",
    "MUST NOT",
    "SHOULD",
    "SHOULD NOT",
    "RECOMMENDED",
    "MAY",
    "OPTIONAL",
)

_STRICT: Final = frozenset(LEVELS[:2])


class Status(Enum):
    """
    What the table says of a row, by the key that says it.
    """

    TESTED = "tested"
    """It is kept, and tests show it."""

    REASON = "reason"
    """It doesn't apply."""

    CHOICE = "choice"
    """It leaves a choice, and this is ours.  There may be a test of it."""

    DEVIATION = "deviation"
    """It is not kept, on purpose.  There may be a test of what is done
    instead."""

    MISSING = "missing"
    """It is not kept, or nothing shows that it is."""


@dataclass(frozen=True, slots=True)
class Row:
    """
    One requirement.

    @ivar id: RFC, section, and number within the section.
    @ivar level: one of L{LEVELS}.
    @ivar binds: whom.
    @ivar what: in our words.
    @ivar status: L{Status}.
    @ivar why: a sentence, or the name of a common reason; empty if tested.
    """

    id: str
    level: str
    binds: str
    what: str
    status: Status
    why: str


@dataclass(frozen=True, slots=True)
class Table:
    """
    All requirements.

    @ivar rows: by id, in the order of the RFCs.
    @ivar reasons: the common reasons, by name.
    """

    rows: Mapping[str, Row]
    reasons: Mapping[str, str]

    @classmethod
    def load(cls, text: str) -> Table:
        """
        @raise ValueError: if a row lacks something, or has too much.
        """
        data = tomllib.loads(text)
        rows = {name: _row(name, entry) for name, entry in data["rows"].items()}
        return cls(rows, data["reasons"])


def _row(name: str, entry: dict[str, Any]) -> Row:
    found = [status for status in Status if status.value in entry]
    known = {"level", "binds", "what", *(status.value for status in found)}
    if len(found) != 1 or entry.keys() != known or entry["level"] not in LEVELS:
        raise ValueError(f"{name}: not a level, a role, a meaning and one status")
    (status,) = found
    why = entry[status.value]
    if (why is True) is not (status is Status.TESTED):
        raise ValueError(f"{name}: a tested row needs no reason, any other does")
    return Row(
        name,
        entry["level"],
        entry["binds"],
        entry["what"],
        status,
        "" if why is True else why,
    )


Found = Mapping[str, Iterable[str]]
"""The names of tests, by the id that they carry."""

# What is asked in the same way over each transport is parametrised by one.
_TRANSPORTS: Final = frozenset(("http", "rpc", "memory"))

# What the name of such a test ends in.
EVERYWHERE: Final = " *"


class Collector:
    """
    A plug-in for pytest: notes which tests carry which ids.
    """

    def __init__(self) -> None:
        self.found: dict[str, set[str]] = {}
        self.failed: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """
        What can't be collected has no ids, and so must not go unnoticed.
        """
        if report.failed:
            self.failed.append(report.nodeid)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """
        All tests are known.
        """
        carried: dict[str, set[str]] = {}
        for item in session.items:
            carried.setdefault(_nameOf(item), set()).update(_transportsOf(item))
        for item in session.items:
            test = _nameOf(item)
            if carried[test] >= _TRANSPORTS:
                test += EVERYWHERE
            for mark in item.iter_markers("requirement"):
                for name in mark.args:
                    self.found.setdefault(name, set()).add(test)


def _nameOf(item: pytest.Item) -> str:
    # A table of rows is one test here: rows come and go.
    return item.nodeid.partition("[")[0].removeprefix("tests/")


def _transportsOf(item: pytest.Item) -> Iterable[str]:
    """
    @return: what of its parameters names a transport.
    """
    callspec = getattr(item, "callspec", None)
    return () if callspec is None else callspec.id.split("-")


def collect(*arguments: str) -> Found:
    """
    Collect the tests.

    @param arguments: for pytest.
    @raise RuntimeError: if they can't be.
    """
    collector = Collector()
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        pytest.main(
            ["--collect-only", "-qq", f"--rootdir={ROOT}", *arguments], [collector]
        )
    if collector.failed or not collector.found:
        raise RuntimeError(f"the tests can't be collected:\n{output.getvalue()}")
    return collector.found


def problems(table: Table, found: Found) -> list[str]:
    """
    @return: where table and tests disagree.
    """
    wrong = [
        f"{name} is in no row, but on {', '.join(sorted(found[name]))}"
        for name in sorted(found.keys() - table.rows.keys())
    ]
    for row in table.rows.values():
        tests = ", ".join(sorted(found.get(row.id, ())))
        if row.status is Status.TESTED and not tests:
            wrong.append(f"{row.id} is said to be tested, and no test carries it")
        elif row.status is Status.MISSING and tests:
            wrong.append(f"{row.id} is said to be missing, but {tests} carries it")
    return wrong


def counts(table: Table, found: Found) -> list[list[str]]:
    """
    @return: a head, a line for each level, and their sum.
    """
    counted: Counter[tuple[str, str]] = Counter()
    for row in table.rows.values():
        for level in (row.level, "all"):
            counted[level, "rows"] += 1
            tests = tuple(found.get(row.id, ()))
            counted[level, "with a test"] += bool(tests)
            counted[level, "everywhere"] += any(
                test.endswith(EVERYWHERE) for test in tests
            )
            counted[level, row.status.value] += 1
    columns = [
        "rows",
        "with a test",
        "everywhere",
        *(status.value for status in Status),
    ]
    lines = [
        [level, *(str(counted[level, column]) for column in columns)]
        for level in (*LEVELS, "all")
    ]
    return [["level", *columns], *lines]


def _tableOf(lines: list[list[str]]) -> Iterable[str]:
    head, *rest = lines
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for line in rest:
        yield "| " + " | ".join(line) + " |"


_INTRODUCTION: Final = """\
# Requirements of HTTP, and the tests that prove them

<!-- Made by `make requirements` from requirements.toml and the tests. -->

Each statement of RFC 9110 (semantics), RFC 9111 (caching) and RFC 9112 (HTTP/1.1)
that has a keyword of RFC 2119 is a row, named by RFC, section and number within the
section. What it asks for is put in our words here; the RFC decides.

- **tested**: kept, and the tests that are named show it.
- **reason**: it does not apply, and why.
- **choice**: it leaves a choice, or advises; this is what we do instead, and why.
- **deviation**: a MUST that we do not keep, on purpose, and why.
- **missing**: not kept yet, or not shown.

A test with a star behind its name asks the same over HTTP/1.1, over RPC and in
memory. The column *everywhere* counts the rows with such a test; what RFC 9112 says is
for HTTP/1.1 alone.
"""


def page(table: Table, found: Found) -> str:
    """
    @return: what C{docs/requirements.md} has to be.
    """
    lines = [_INTRODUCTION, *_tableOf(counts(table, found)), ""]
    for title, chosen in (
        ("Not kept", (Status.DEVIATION, Status.MISSING)),
        ("Decided otherwise", (Status.CHOICE,)),
    ):
        rows = [
            row
            for row in table.rows.values()
            if row.status in chosen
            and (row.level in _STRICT or Status.MISSING in chosen)
        ]
        if rows:
            lines += [f"## {title}", ""]
            lines += [
                f"- `{row.id}` ({row.level}, {row.status.value}): {row.what}."
                f" {table.reasons.get(row.why, row.why)}"
                for row in rows
            ]
            lines.append("")
    lines += ["## Common reasons", ""]
    lines += [f"- *{name}*: {text}" for name, text in table.reasons.items()]
    heading = ""
    for row in table.rows.values():
        rfc = row.id.partition("-")[0]
        if heading != rfc:
            heading = rfc
            lines += ["", f"## RFC {rfc}", ""]
            lines += _tableOf([["id", "level", "binds", "what", "tests, or why not"]])
        tests = [
            f"`{name.removesuffix(EVERYWHERE)}`" + EVERYWHERE * (EVERYWHERE in name)
            for name in sorted(found.get(row.id, ()))
        ]
        why = row.why
        if why:
            why = f"*{why}*" if why in table.reasons else why
            tests = [f"**{row.status.value}**: {why}", *tests]
        lines.append(
            f"| {row.id} | {row.level} | {row.binds} | {row.what}"
            f" | {'<br>'.join(tests)} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """
    @return: the exit status.
    """
    os.chdir(ROOT)
    table = Table.load(TABLE.read_text(encoding="utf-8"))
    found = collect("-p", "no:cacheprovider", "tests")
    for line in counts(table, found):
        sys.stdout.write("".join(f"{cell:>12}" for cell in line) + "\n")
    wrong = problems(table, found)
    text = page(table, found)
    if "--check" not in arguments:
        PAGE.write_text(text, encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
        wrong.append("docs/requirements.md is out of date: make requirements")
    for problem in wrong:
        sys.stderr.write(f"{problem}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
