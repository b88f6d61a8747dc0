"""
Structured fields that are flat are read and written without the library; it
comes to the same.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import http_sf
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.core.dates import toSeconds
from penstock.core.errors import InvalidField
from penstock.core.fields import STANDARD
from penstock.core.values.priority import Priority
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

from . import strategies_more as more

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bare(found: Any) -> Any:
    if isinstance(found, http_sf.Token):
        return Token(str(found))
    if isinstance(found, http_sf.DisplayString):
        return DisplayString(str(found))
    return found


def keyed(found: Any) -> Any:
    return tuple((key, bare(value)) for key, value in found.items())


def member(found: Any) -> Any:
    value, parameters = found
    if isinstance(value, list):
        return InnerList(tuple(map(member, value)), keyed(parameters))
    return Item(bare(value), keyed(parameters))


def read(kind: str, line: bytes) -> Any:
    """
    What the library makes of a line, in our types.
    """
    found: Any = http_sf.parse(line, tltype=kind)
    if kind == "item":
        return member(found)
    if kind == "list":
        return tuple(map(member, found))
    return Dictionary(tuple((key, member(value)) for key, value in found.items()))


PARSERS = {"item": parseItem, "list": parseList, "dictionary": parseDictionary}
GENERATORS: dict[str, Any] = {
    "item": generateItem,
    "list": generateList,
    "dictionary": generateDictionary,
}


def outcome(call: Any, *arguments: Any) -> str:
    """
    What C{call} returns, with its types; or that it refuses.
    """
    try:
        return repr(call(*arguments))
    except ValueError:
        return "refused"


words = st.sampled_from(
    [
        "a",
        "b",
        "*c",
        "u",
        "i",
        "a.b-c_d",
        "A",
        "Tok/en:x",
        "0",
        "1",
        "-1",
        "-0",
        "007",
        "999999999999999",
        "1000000000000000",
        "1.5",
        "1.",
        ".5",
        "-",
    ]
    + ['"a"', '""', '"a b"', '"a\\"b"', '"\\\\"', '"a', '"\x7f"', '"é"', "'a'"]
    + [":YQ==:", ":YQ:", "::", ":YR==:", ":Y:", ":=:", ":YQ==YQ==:", ":a b:", ":YQ="]
    + ["?0", "?1", "?2", "?", "@1", "@-1", "@1.5", '%"a%20b"', "()", "(a b)", "(a"]
    + [
        "( )",
        "( a  b )",
        '("a)" 1.5)',
        '("(" ?1 @1)',
        "(:YQ==: 7)",
        "(a;b c)",
        "(a\tb)",
    ]
)
glue = st.sampled_from(
    ["=", "=", ";", "; ", ";\t", " ;", ",", ", ", " , ", "\t,\t", " ", "\t", ",,", ""]
    + ["\n", "\0", "(", ")"]
)
lines = st.one_of(
    st.lists(st.one_of(words, glue), max_size=12).map("".join),
    # Mostly right.
    st.lists(
        st.tuples(words, st.sampled_from(["=", ";", "; ", ", ", ","])), max_size=6
    ).map(lambda pairs: "".join(word + join for word, join in pairs).rstrip("=;, ")),
)


@pytest.mark.parametrize("kind", PARSERS)
@settings(max_examples=500)
@given(line=lines)
@example("")
@example(",a")
@example(";a")
@example("a=1;b, a;c=2, d, a")
@example("a;b=1;c;b=2")
@example("1;a=;b")
@example("a;b=(c)")
@example("a=(b c);d=e, f=();g")
@example("(b c);d=e, ();g")
@example("(:YR==:)")
def test_readAsTheLibraryDoes(kind: str, line: str) -> None:
    raw = line.encode("latin-1").strip(b" \t")
    assert outcome(PARSERS[kind], raw) == outcome(read, kind, raw)


@pytest.mark.parametrize("kind", PARSERS)
@given(data=st.data())
def test_whatIsWrittenIsReadAsTheLibraryDoes(kind: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[kind])
    raw = GENERATORS[kind](value)
    assert raw == written(kind, value)
    assert outcome(PARSERS[kind], raw) == outcome(read, kind, raw)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "item": more.items,
    "list": more.structuredLists,
    "dictionary": more.dictionaries,
}


def libraryBare(value: Any) -> Any:
    match value:
        case Token(text):
            return http_sf.Token(text)
        case DisplayString(text):
            return http_sf.DisplayString(text)
        case datetime():
            return EPOCH.fromtimestamp(toSeconds(value), UTC)
    return value


def libraryMember(found: Any) -> Any:
    parameters = {key: libraryBare(value) for key, value in found.parameters}
    if isinstance(found, InnerList):
        return [libraryMember(item) for item in found.items], parameters
    return libraryBare(found.value), parameters


def written(kind: str, value: Any) -> bytes:
    """
    What the library writes.
    """
    if kind == "item":
        made = libraryMember(value)
    elif kind == "list":
        made = [libraryMember(each) for each in value]
    else:
        made = {key: libraryMember(each) for key, each in value.members}
    return http_sf.ser(made).encode("ascii")


class Text(str):
    """
    Says something else when asked for its text.
    """

    def __str__(self) -> str:
        return "x\r\ny"

    def __format__(self, how: str) -> str:
        return "x\r\ny"


class Number(int):
    """
    The same.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return "x\r\ny"


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (Item(Text("a")), b'"a"'),
        (Item(Token(Text("a"))), b"a"),
        (Item(Number(1)), b"1"),
        (Item(1, ((Text("a"), Number(2)),)), b"1;a=2"),
        (Item("é"), None),
        (Item("a\n"), None),
        (Item('a"b\\'), b'"a\\"b\\\\"'),
        (Item(Token("")), None),
        (Item(Token("1a")), None),
        (Item(Token("a\n")), None),
        (Item(Token(b"a")), None),  # type: ignore[arg-type]
        (Item(10**15), None),
        (Item(-(10**15)), None),
        (Item(1 - 10**15), b"-999999999999999"),
        (Item(True), b"?1"),
        (Item(True, (("a", True), ("b", False))), b"?1;a;b=?0"),
        (Item(1, (("A", 1),)), None),
        (Item(1, (("a\n", 1),)), None),
        (Item(1, (("", 1),)), None),
        (Item(1, (("a", 1), ("a", 1))), None),
        (Item(None), None),  # type: ignore[arg-type]
        (Item(Decimal("1.5")), b"1.5"),
        (Item(b""), b"::"),
        (Item(bytearray(b"a")), None),  # type: ignore[arg-type]
        ("a", None),
        (None, None),
    ],
    ids=lambda value: ascii(value)[:50],
)
def test_written(value: Any, raw: bytes | None) -> None:
    """
    Nothing gets out that is no structured value.
    """
    if raw is not None:
        assert generateItem(value) == raw
        return
    with pytest.raises(InvalidField):
        generateItem(value)
    with pytest.raises(InvalidField):
        generateList([value])
    with pytest.raises(InvalidField):
        generateDictionary(Dictionary((("a", value),)))


def test_dictionary() -> None:
    """
    What is true is its key alone.
    """
    item = Item(True, (("b", 1),))
    assert generateDictionary(Dictionary((("a", item),))) == b"a;b=1"
    for members in [
        (("a", item), ("a", item)),
        (("A", item),),
        ((Text("A"), item),),
        (("a\n", item),),
        ((1, item),),
    ]:
        with pytest.raises(InvalidField):
            generateDictionary(Dictionary(members))  # type: ignore[arg-type]


@given(lines)
@example("u=1, i")
@example("u=1,i")
@example("u=1, i=?0")
@example("u=1,  i")
@example("u=8, i")
@example("i")
def test_priority(line: str) -> None:
    """
    The common form comes to what the dictionary says.
    """
    raw = line.encode("latin-1").strip(b" \t")
    wanted: Any = None
    try:
        members = dict(read("dictionary", raw).members)
    except ValueError:
        pass
    else:
        urgency: Any = getattr(members.get("u"), "value", None)
        fits = type(urgency) is int and 0 <= urgency <= 7
        wanted = Priority(
            urgency if fits else 3, getattr(members.get("i"), "value", None) is True
        )
    try:
        found = STANDARD.parse(b"priority", [raw])
    except ValueError:
        found = None
    assert found == wanted
