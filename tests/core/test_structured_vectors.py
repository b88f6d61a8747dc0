"""
The public vectors of the HTTP working group for structured fields, each file
and row: what parses and to what, what doesn't, and what is written.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from penstock.core.errors import InvalidField
from penstock.core.values.structured import (
    Dictionary,
    DisplayString,
    InnerList,
    Item,
    Token,
    generateDictionary,
    generateItem,
    generateList,
    parseDictionary,
    parseItem,
    parseList,
)

VECTORS = (
    Path(__file__).resolve().parents[3] / "shared" / "vectors" / "structured-fields"
)

if not VECTORS.is_dir():
    pytest.skip(
        "the vectors for structured fields are not part of this source tree, nor"
        " beside it",
        allow_module_level=True,
    )

KINDS: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], bytes]]] = {
    "item": (parseItem, generateItem),
    "list": (parseList, generateList),
    "dictionary": (parseDictionary, generateDictionary),
}

# Of the rows that may fail ("can_fail") those that do, and why.
FAILS: dict[str, str] = {
    "date: syntactic max date - 999,999,999,999,999": "no datetime is so late, and RFC"
    " 9651, section 3.3.7, asks for the years 1 to 9999",
    "date: syntactic min date - -999,999,999,999,999": "no datetime is so early",
}


def load(folder: Path) -> dict[str, Any]:
    """
    @return: rows by the name of their file and their own.
    """
    rows: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        for row in json.loads(path.read_text("utf-8"), parse_float=Decimal):
            key = f"{path.stem}: {row['name']}"
            while key in rows:
                key += "'"
            rows[key] = row
    return rows


PARSING = load(VECTORS)
WRITING = load(VECTORS / "serialisation-tests")


def bare(found: Any) -> Any:
    match found:
        case {"__type": "token", "value": value}:
            return Token(value)
        case {"__type": "binary", "value": value}:
            return base64.b32decode(value)
        case {"__type": "displaystring", "value": value}:
            return DisplayString(value)
        case {"__type": "date", "value": value}:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value)
        case dict():
            raise ValueError(found)
    return found


def pairs(found: Any) -> Any:
    return tuple((key, bare(value)) for key, value in found)


def member(found: Any) -> Any:
    value, parameters = found
    if isinstance(value, list):
        return InnerList(tuple(map(member, value)), pairs(parameters))
    return Item(bare(value), pairs(parameters))


def wanted(row: Any) -> Any:
    """
    What the row has, in our types.
    """
    match row["header_type"], row["expected"]:
        case "item", found:
            return member(found)
        case "list", found:
            return tuple(map(member, found))
        case "dictionary", found:
            return Dictionary(tuple((key, member(value)) for key, value in found))


def exactly(value: Any) -> str:
    """
    Where 1, True and 1.0 are different things, and 1.0 and 1.00 are not.
    """
    return DECIMAL.sub(lambda found: repr(Decimal(found[1]).normalize()), repr(value))


DECIMAL = re.compile(r"Decimal\('([0-9.-]+)'\)")


# The files, and how many rows they have: if there are more one day, they are
# to be looked at.
FILES = {
    "": 1591,
    "serialisation-tests": 544,
}


@pytest.mark.parametrize(
    ("folder", "rows"), [("", PARSING), ("serialisation-tests", WRITING)]
)
def test_theyAreAllHere(folder: str, rows: dict[str, Any]) -> None:
    """
    No row of any file is left out.
    """
    paths = list(VECTORS.rglob("*.json"))
    assert {path.parent for path in paths} == {VECTORS / name for name in FILES}
    count = sum(
        len(json.loads(path.read_text("utf-8")))
        for path in paths
        if path.parent == VECTORS / folder
    )
    assert len(rows) == count == FILES[folder]
    assert {row["header_type"] for row in rows.values()} == set(KINDS)


@pytest.mark.parametrize("key", PARSING)
def test_parse(key: str) -> None:
    row = PARSING[key]
    parse, generate = KINDS[row["header_type"]]
    line = b", ".join([raw.encode("utf-8") for raw in row["raw"]])
    if row.get("must_fail") or key in FAILS:
        with pytest.raises(ValueError, match=r"^it is not a structured") as caught:
            parse(line)
        if len(line) > 15:
            assert line.decode() not in str(caught.value)
        return
    value = parse(line)
    assert exactly(value) == exactly(wanted(row))
    written = [generate(value).decode("ascii")]
    # What is empty is not sent.
    canonical = row.get("canonical", row["raw"]) or [""]
    assert written == canonical


@pytest.mark.parametrize("key", WRITING)
def test_generate(key: str) -> None:
    row = WRITING[key]
    _, generate = KINDS[row["header_type"]]
    if row.get("must_fail"):
        with pytest.raises(InvalidField):
            generate(wanted(row))
    else:
        assert [generate(wanted(row)).decode("ascii")] == row["canonical"]


@pytest.mark.parametrize("key", FAILS)
def test_whatMayFail(key: str) -> None:
    """
    Only rows that allow it are in the table.
    """
    assert PARSING[key]["can_fail"]
