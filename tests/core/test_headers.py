"""
Tests for L{penstock.core.headers}.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from penstock.core import headers as module
from penstock.core.errors import InvalidField, LocalProtocolError
from penstock.core.etag import EntityTag
from penstock.core.fields import STANDARD, Field
from penstock.core.headers import Headers, fieldName, fieldValue

NOT_TOKENS: list[Any] = [
    b"",
    b" ",
    b"a b",
    b" a",
    b"a ",
    b"a\t",
    b"a:",
    b":a",
    b"a\r",
    b"a\n",
    b"a\r\nb",
    b"a\0",
    b"a(",
    b'"a"',
    b"\xe4",
    b"a\x85",
    b"a\xa0",
    b"a\x7f",
    "ä",
    "\u212aeep-alive",  # KELVIN SIGN, whose lower case is "k"
    "a\n",
    bytearray(b"a"),
    None,
    1,
]

# RFC 9110, section 5.5.
CONTROLS = [bytes([code]) for code in [*range(9), *range(10, 32), 127]]


@pytest.mark.parametrize("name", NOT_TOKENS, ids=repr)
@pytest.mark.parametrize(
    "use",
    [
        lambda headers, name: headers.addRaw(name, b"x"),
        lambda headers, name: headers.setRaw(name, b"x"),
        lambda headers, name: headers.setRaw(name),
        lambda headers, name: headers.removeHeader(name),
        lambda headers, name: headers.setHeader(name, b"x"),
        lambda headers, name: headers.getRaw(name),
        lambda headers, name: headers.get(name),
        lambda headers, name: headers.getHeader(name),
        lambda headers, name: headers.whyAbsent(name),
        lambda headers, name: headers.hasHeader(name),
        lambda headers, name: name in headers,
        lambda headers, name: Headers([(name, b"x")]),
    ],
    ids=["addRaw", "setRaw", "setRaw nothing", "removeHeader", "setHeader", "getRaw"]
    + ["get", "getHeader", "whyAbsent", "hasHeader", "in", "Headers"],
)
def test_names(use: Callable[[Headers, Any], object], name: Any) -> None:
    """
    What isn't a token is refused everywhere, twice, and nothing changes.
    """
    headers = Headers([("A", "1")])
    for _ in range(2):
        with pytest.raises((InvalidField, TypeError)):
            use(headers, name)
    assert list(headers) == [(b"A", b"1")]


@pytest.mark.parametrize(
    "value",
    [
        *(control for control in CONTROLS),
        *(b"a" + control + b"b" for control in CONTROLS),
        *((b"a" + control).decode() for control in CONTROLS),
        b"x\r\nContent-Length: 44",
        "\u2028",
        "€",
        bytearray(b"a"),
        memoryview(b"a"),
        5,
    ],
    ids=lambda value: "memoryview" if isinstance(value, memoryview) else repr(value),
)
@pytest.mark.requirement("9110-5.5-4", "9112-2.2-3")
def test_values(value: Any) -> None:
    """
    Control characters, and what isn't bytes or text, don't get in; nothing
    changes, and the value isn't shown.
    """
    headers = Headers([("A", "1"), ("B", "2")])
    for use in (
        lambda: headers.addRaw("A", value),
        lambda: headers.setRaw("A", "3", value),
        lambda: Headers([("C", "3"), ("A", value)]),
    ):
        with pytest.raises(InvalidField) as caught:
            use()
        assert "Content-Length" not in str(caught.value)
    if isinstance(value, (bytes, str)):
        with pytest.raises(InvalidField):
            headers.setHeader("A", value)
    assert list(headers) == [(b"A", b"1"), (b"B", b"2")]
    assert headers.getRaw("a") == (b"1",)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (b"", b""),
        (b" \t ", b""),
        (b" a b\t", b"a b"),
        ("ä", b"\xe4"),
        (b"\xa0a\x85", b"\xa0a\x85"),
        (b"a\tb", b"a\tb"),
    ],
)
@pytest.mark.requirement("9110-5.5-1")
def test_whiteSpace(value: bytes | str, kept: bytes) -> None:
    """
    Only SP and HTAB are white space.
    """
    assert fieldValue(value) == kept
    assert Headers([("a", value)]).get("a") == kept


def test_problemsAreOurs() -> None:
    """
    Whoever sets a field that may not be sent has a bug.
    """
    assert issubclass(InvalidField, LocalProtocolError)
    assert issubclass(InvalidField, ValueError)


def test_orderAndSpelling() -> None:
    """
    Fields stay in order and as they are; names compare without case.
    """
    headers = Headers([("B", "1"), (b"a", b"2"), ("b", "3")])
    assert list(headers) == [(b"B", b"1"), (b"a", b"2"), (b"b", b"3")]
    assert len(headers) == 3
    assert headers.getRaw("B") == headers.getRaw(b"b") == (b"1", b"3")
    assert headers.get("b") == b"1, 3"
    assert headers.get("A") == b"2"
    assert headers.get("c") is None
    assert headers.getRaw("c") == ()
    assert "B" in headers
    assert b"b" in headers
    assert headers.hasHeader("A")
    assert not headers.hasHeader("c")
    assert set(headers.names()) == {b"a", b"b"}


def test_equality() -> None:
    """
    Equal are the fields of each name; not their spelling, nor how different
    names are mixed.
    """
    one = Headers([("A", "1"), ("B", "2"), ("A", "3")])
    assert one == Headers([("b", "2"), ("a", "1"), ("a", "3")])
    assert one != Headers([("a", "3"), ("a", "1"), ("b", "2")])
    assert one != [("a", "1")]
    assert one.__eq__([]) is NotImplemented
    with pytest.raises(TypeError):
        hash(one)


def test_secretsAreNotShown() -> None:
    """
    What lets somebody in doesn't get into a log by way of repr.
    """
    names = ["Authorization", "COOKIE", "set-cookie", "Proxy-Authorization"]
    headers = Headers([*((name, "secret") for name in names), ("A", "plain")])
    assert "secret" not in repr(headers)
    assert "plain" in repr(headers)


def test_trustedTuple() -> None:
    """
    A tuple is shared, and copied before a change.
    """
    fields = ((b"A", b"1"), (b"b", b"2"))
    one, other = Headers.trusted(fields), Headers.trusted(fields)
    copy = one.copy()
    one.addRaw("C", "3")
    other.removeHeader("a")
    copy.setRaw("b", "4")
    assert fields == ((b"A", b"1"), (b"b", b"2"))
    assert list(one) == [*fields, (b"C", b"3")]
    assert list(other) == [(b"b", b"2")]
    assert list(copy) == [(b"A", b"1"), (b"b", b"4")]


def test_trustedList() -> None:
    """
    A list is taken over; a copy has its own.
    """
    headers = Headers.trusted([(b"A", b"1")])
    copy = headers.copy()
    copy.addRaw("A", "2")
    headers.addRaw("B", "3")
    assert list(headers) == [(b"A", b"1"), (b"B", b"3")]
    assert list(copy) == [(b"A", b"1"), (b"A", b"2")]
    assert headers.getRaw("a") == (b"1",)


def test_copyKeepsTheTable() -> None:
    table = STANDARD.extend(Field("X", bytes.upper, bytes, "bytes", "ours"))
    headers = Headers([("X", "a")], table)
    assert headers.copy().getHeader("x") == b"A"


def test_whatIsHandedOutIsNotOurs() -> None:
    """
    Nobody changes fields through what a getter returned.
    """
    headers = Headers([("A", "1")])
    lines = headers.getRaw("a")
    headers.addRaw("A", "2")
    assert lines == (b"1",)
    assert headers.getRaw("a") == (b"1", b"2")


def test_removeWhileIterating() -> None:
    headers = Headers([("A", "1"), ("B", "2"), ("a", "3")])
    for name, _ in headers:
        headers.removeHeader(name)
    assert len(headers) == 0


# Typed access


def test_typed() -> None:
    headers = Headers([("ETag", 'W/"a"'), ("Content-Length", "x")])
    assert headers.getHeader("etag") == EntityTag("a", weak=True)
    assert headers.getHeader(b"ETAG") is headers.getHeader("etag")
    assert headers.whyAbsent("etag") is None
    assert headers.getHeader("content-length") is None
    assert headers.getHeader("content-length", 7) == 7
    assert headers.whyAbsent("content-length") == "it is not a number"
    assert headers.getHeader("date", 8) == 8
    assert headers.whyAbsent("date") == "there is no such field"


def test_mapping() -> None:
    """
    A mapping has values as L{Headers.setHeader} takes them.
    """
    headers = Headers({"ETag": EntityTag("a"), "x-a": "b", b"x-b": b"c", "x-c": None})
    assert list(headers) == [(b"ETag", b'"a"'), (b"x-a", b"b"), (b"x-b", b"c")]


@pytest.mark.parametrize(
    "fields",
    [{"x-a": "b"}, [("x-a", "b")], iter([("x-a", "b")]), Headers([("x-a", "b")])],
    ids=["mapping", "list", "iterator", "headers"],
)
def test_of(fields: Any) -> None:
    headers = Headers.of(fields)
    assert list(headers) == [(b"x-a", b"b")]
    assert Headers.of(headers) is headers


def test_ofNothing() -> None:
    assert not Headers.of(None)


def test_whatTheTableLacks() -> None:
    """
    The message names the field, and says what can be done.
    """
    with pytest.raises(InvalidField, match=r"x-shard: .* bytes or text"):
        Headers().setHeader("X-Shard", 1)


def test_falsyValues() -> None:
    """
    Zero and nothing at all are values.
    """
    headers = Headers([("Content-Length", "0"), ("Allow", "")])
    for _ in range(2):
        assert headers.getHeader("content-length", 7) == 0
        assert headers.getHeader("allow", 7) == ()


def test_parsedOnce() -> None:
    """
    The value is kept, and so is that there is none, until the field changes.
    """
    seen: list[bytes] = []

    def parse(line: bytes) -> int:
        seen.append(line)
        return int(line)

    table = STANDARD.extend(
        Field("X", parse, lambda value: b"%d" % value, "int", "ours")
    )
    headers = Headers([("X", "a")], table)
    for _ in range(3):
        assert headers.getHeader("x") is None
    headers.setHeader("x", 5)
    for _ in range(3):
        assert headers.getHeader("x") == 5
    headers.setRaw("x", "6")
    assert headers.getHeader("x") == 6
    headers.removeHeader("x")
    assert headers.getHeader("x") is None
    headers.addRaw("x", "7")
    assert headers.getHeader("x") == 7
    headers.addRaw("x", "8")
    assert headers.getHeader("x") is None
    assert headers.whyAbsent("x") == "there is more than one line of it"
    assert seen == [b"a", b"5", b"6", b"7"]


def test_setHeader() -> None:
    headers = Headers([("Allow", "X"), ("allow", "Y")])
    headers.setHeader("Allow", ("GET", "HEAD"))
    assert list(headers) == [(b"Allow", b"GET, HEAD")]
    headers.setHeader("Allow", "PUT")
    assert headers.getHeader("allow") == ("PUT",)
    headers.setHeader("allow", None)
    assert "allow" not in headers
    headers.setHeader("allow", None)
    headers.setHeader("X-Unknown", b"raw")
    assert headers.get("x-unknown") == b"raw"


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Unknown", 5), ("ETag", EntityTag("\r\n")), ("Allow", ("\n",)), ("Age", -1)],
    ids=str,
)
def test_setHeaderRefuses(name: str, value: object) -> None:
    headers = Headers([(name, "before")])
    with pytest.raises(InvalidField):
        headers.setHeader(name, value)
    assert headers.get(name) == b"before"


# What is remembered of names


def test_rememberedNamesAreBounded() -> None:
    """
    Peers choose names: neither many nor long ones stay.
    """
    for number in range(5000):
        assert fieldName(f"X-{number}") == b"x-%d" % number
        assert fieldName(b"Y-%d" % number) == b"y-%d" % number
        assert len(module._known) + len(module._knownText) <= module._MAX_KNOWN
    long = b"Z" * 10_000
    assert fieldName(long) == long.lower()
    assert max(map(len, module._known)) <= module._MAX_KNOWN_LENGTH
    assert fieldName("X-1") == b"x-1"


# All together, against a plain model

names = st.sampled_from(["A", "a", b"A", b"a", "Bb", "bB", b"bb", "C"])
values = st.sampled_from(["", "1", "2", b"3"])


def plain(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


class Model(RuleBasedStateMachine):
    """
    A list of pairs is all that there is to it.
    """

    def __init__(self) -> None:
        super().__init__()
        start = ((b"A", b"0"), (b"bB", b"0"), (b"a", b"1"))
        self.fields = list(start)
        self.headers = Headers.trusted(start)

    def without(self, name: str | bytes) -> list[tuple[bytes, bytes]]:
        key = plain(name).lower()
        return [field for field in self.fields if field[0].lower() != key]

    @rule(name=names, value=values)
    def add(self, name: str | bytes, value: str | bytes) -> None:
        self.headers.addRaw(name, value)
        self.fields.append((plain(name), plain(value)))

    @rule(name=names, given=st.lists(values, max_size=3))
    def set(self, name: str | bytes, given: list[str | bytes]) -> None:
        self.headers.setRaw(name, *given)
        self.fields = self.without(name)
        self.fields += [(plain(name), plain(value)) for value in given]

    @rule(name=names)
    def remove(self, name: str | bytes) -> None:
        self.headers.removeHeader(name)
        self.fields = self.without(name)

    @rule()
    def copy(self) -> None:
        before = self.headers
        self.headers = before.copy()
        assert self.headers == before
        before.addRaw("A", "not there")

    @rule()
    def trust(self) -> None:
        self.headers = Headers.trusted(tuple(self.headers))

    @rule(name=names)
    def look(self, name: str | bytes) -> None:
        key = plain(name).lower()
        lines = tuple(value for field, value in self.fields if field.lower() == key)
        assert self.headers.getRaw(name) == lines
        assert (name in self.headers) is bool(lines)
        assert self.headers.get(name) == (b", ".join(lines) if lines else None)

    @invariant()
    def same(self) -> None:
        assert list(self.headers) == self.fields


TestModel = Model.TestCase


@given(st.lists(st.tuples(st.binary(max_size=6), st.binary(max_size=6))))
@pytest.mark.requirement("9110-2.2-1")
def test_nothingBadGetsIn(fields: list[tuple[bytes, bytes]]) -> None:
    """
    Whatever got in can be written out as it is, one field a line.
    """
    headers = Headers()
    for name, value in fields:
        try:
            headers.addRaw(name, value)
        except InvalidField:
            pass
    block = b"".join(b"%s: %s\n" % field for field in headers)
    lines = block.decode("latin-1").replace("\x85", "").splitlines()
    assert len(lines) == len(headers)


def test_shared() -> None:
    """
    What is done to one of many that share their fields, no other sees.
    """
    one = Headers.trusted(((b"A", b"1"), (b"ETag", b'"x"')))
    two, three = one.shared(), one.shared()
    assert two.getHeader("etag") is three.getHeader("etag")
    two.addRaw("a", "2")
    two.setRaw("etag", '"y"')
    assert two.getRaw("a") == (b"1", b"2")
    assert three.getRaw("a") == (b"1",)
    three.removeHeader("a")
    assert "a" not in three
    assert one.getRaw("a") == (b"1",)
    assert one.getHeader("etag").value == three.getHeader("etag").value
    assert one.getHeader("etag") != two.getHeader("etag")


def test_ofContent() -> None:
    """
    The short way comes to the same as the long one.
    """
    headers = Headers.ofContent(b"text/plain", 12)
    plain = Headers([(b"Content-Type", b"text/plain"), (b"Content-Length", b"12")])
    assert headers == plain
    assert list(headers) == list(plain)
    assert headers.hasNone({b"a"})
    assert not headers.hasNone({b"a", b"content-type"})
    headers.setRaw("content-type", "text/html")
    assert headers.get("content-type") == b"text/html"
