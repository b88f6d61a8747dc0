"""
Structured values (RFC 9651): items, lists and dictionaries.

The library http-sf reads and writes them.  What it gives can be changed and
doesn't tell the text C{"a"} from the token C{a}, so values have types of their
own here.

Most fields are flat: nothing but tokens, integers, booleans, octets, dates and
text without escapes, and lists of them without parameters.  Those are read and
written here, in a third of the time; the library is asked about all others, and
about all that may be wrong.
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64, b2a_base64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

import http_sf

from penstock.core.dates import toSeconds
from penstock.core.errors import InvalidField

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# A field that is longer is refused unread: the library takes about 1 µs for
# each member, and RFC 9651 asks for room for 1024 of them.
MAX_LENGTH: Final = 2**15


@dataclass(frozen=True, slots=True)
class Token:
    """
    A short word without quotation marks (section 3.3.4).
    """

    value: str


@dataclass(frozen=True, slots=True)
class DisplayString:
    """
    Text in any script (section 3.3.8).
    """

    value: str


BareItem = bool | int | Decimal | str | bytes | Token | DisplayString | datetime
"""L{str} is ASCII; a L{Decimal} has at most three digits after the point, and
others are rounded; a L{datetime} is aware of its time zone, and its fraction
of a second is cut off."""

Keyed = tuple[tuple[str, BareItem], ...]
"""Keys, in lower case and each once, and values, in order."""


@dataclass(frozen=True, slots=True)
class Item:
    """
    A value with parameters (section 3.3).
    """

    value: BareItem
    parameters: Keyed = ()

    def get(self, key: str) -> BareItem | None:
        """
        @return: the parameter C{key}, L{None} without it.
        """
        return _get(self.parameters, key)


@dataclass(frozen=True, slots=True)
class InnerList:
    """
    A list that is a member of another list or a dictionary (section 3.1.1).
    """

    items: tuple[Item, ...]
    parameters: Keyed = ()

    def get(self, key: str) -> BareItem | None:
        """
        @return: the parameter C{key}, L{None} without it.
        """
        return _get(self.parameters, key)


Member = Item | InnerList


@dataclass(frozen=True, slots=True)
class Dictionary:
    """
    Members with keys (section 3.2).
    """

    members: tuple[tuple[str, Member], ...] = ()

    def get(self, key: str) -> Member | None:
        """
        @return: the member C{key}, L{None} without it.
        """
        return _get(self.members, key)


_Value = TypeVar("_Value")


def _get(pairs: Iterable[tuple[str, _Value]], key: str) -> _Value | None:
    for name, value in pairs:
        if name == key:
            return value
    return None


# Reading


def parseItem(value: bytes) -> Item:
    """
    @raise ValueError: unless C{value} is an item.
    """
    items = _flatList(value)
    if items is not None and len(items) == 1 and isinstance(items[0], Item):
        return items[0]
    return _item(_parse(value, "item"))


def parseList(value: bytes) -> tuple[Member, ...]:
    """
    @raise ValueError: unless C{value} is a list, which may be empty.
    """
    items = _flatList(value)
    if items is not None:
        return tuple(items)
    return tuple([_member(member) for member in _parse(value, "list")])


def parseDictionary(value: bytes) -> Dictionary:
    """
    @return: each key where it came first, with what it had last.

    @raise ValueError: unless C{value} is a dictionary, which may be empty.
    """
    flat = _flatDictionary(value)
    if flat is not None:
        return Dictionary(tuple(flat.items()))
    members = _parse(value, "dictionary")
    return Dictionary(tuple([(key, _member(found)) for key, found in members.items()]))


# Reading what is flat

_TOKEN: Final = r"[A-Za-z*][!#$%&'*+.^_`|~:/0-9A-Za-z-]*+"
_INTEGER: Final = r"-?[0-9]{1,15}+"
_TEXT: Final = r"[ !#-\[\]-~]*+"
_OCTETS: Final = r":[A-Za-z0-9+/]*+={0,2}+:"
_BARE: Final = rf'(?:{_TOKEN}|{_INTEGER}|"{_TEXT}"|\?[01]|{_OCTETS}|@{_INTEGER})'
_INNER: Final = rf"\(\x20*+(?:{_BARE}(?:\x20++{_BARE})*+\x20*+)?\)"
_KEY: Final = r"[a-z*][a-z0-9_.*-]*+"
_COMMA: Final = r"(?:\A|(?!\A)[\t ]*+,[\t ]*+)"

# These go through a whole field in one call: members, and the parameters after
# each, which are no lists.  What is something else is matched by one match with all
# the rest, without groups.
_IN_LIST: Final = re.compile(
    rf"{_COMMA}({_BARE}|{_INNER})|;\x20*+({_KEY})(?:=({_BARE}))?|.+", re.DOTALL
)
_IN_DICTIONARY: Final = re.compile(
    rf"(?:{_COMMA}|(;)\x20*+)({_KEY})(?:=({_BARE}|(?(1)(?!)|{_INNER})))?|.+",
    re.DOTALL,
)
_BARE_ALONE: Final = re.compile(_BARE)
_SOMETHING_ELSE: Final = ("", "", "")


_READ: Final[dict[str, Callable[[str], Any]]] = {
    '"': lambda raw: raw[1:-1],
    "?": lambda raw: raw == "?1",
    ":": lambda raw: a2b_base64(raw[1:-1], strict_mode=True),
    "@": lambda raw: _EPOCH + timedelta(seconds=int(raw[1:])),
    "(": lambda raw: tuple([Item(_flat(bare)) for bare in _BARE_ALONE.findall(raw)]),
    **dict.fromkeys("-0123456789", int),
}


def _flat(raw: str) -> Any:
    """
    @return: a L{BareItem}, or the items of a list.

    @raise Error: if C{raw} is no base64 after all.
    @raise OverflowError: if it is a date that is too far away.
    """
    return _READ.get(raw[0], Token)(raw)


def _flatList(value: bytes) -> list[Member] | None:
    """
    @return: what a list is that is flat; L{None} if it is not, or no list.
    """
    if len(value) > MAX_LENGTH:
        return None
    found = _IN_LIST.findall(value.decode("latin-1"))
    # An empty one, or parameters of nothing.
    if _SOMETHING_ELSE in found or not found or not found[0][0]:
        return None
    items: list[Member] = []
    parameters: dict[str, BareItem] = {}
    try:
        latest = _flat(found[0][0])
        for member, key, raw in found[1:]:
            if key:
                parameters[key] = _flat(raw) if raw else True
            else:
                items.append(_flatMember(latest, parameters))
                latest, parameters = _flat(member), {}
    except (Error, OverflowError):
        return None
    items.append(_flatMember(latest, parameters))
    return items


def _flatDictionary(value: bytes) -> dict[str, Member] | None:
    """
    @return: what a dictionary is that is flat; L{None} if it is not, or no
        dictionary.
    """
    if len(value) > MAX_LENGTH:
        return None
    found = _IN_DICTIONARY.findall(value.decode("latin-1"))
    if _SOMETHING_ELSE in found or not found or found[0][0]:
        return None
    members: dict[str, Member] = {}
    parameters: dict[str, BareItem] = {}
    try:
        _, member, raw = found[0]
        latest = _flat(raw) if raw else True
        for semicolon, key, raw in found[1:]:
            if semicolon:
                parameters[key] = _flat(raw) if raw else True
            else:
                members[member] = _flatMember(latest, parameters)
                member, latest, parameters = key, _flat(raw) if raw else True, {}
    except (Error, OverflowError):
        return None
    members[member] = _flatMember(latest, parameters)
    return members


def _flatMember(value: Any, parameters: dict[str, BareItem]) -> Member:
    kind = InnerList if type(value) is tuple else Item
    return kind(value, tuple(parameters.items())) if parameters else kind(value)


# Reading whatever it is


def _parse(value: bytes, kind: str) -> Any:
    if len(value) > MAX_LENGTH:
        raise ValueError("it is too long for a structured field")
    try:
        return http_sf.parse(value, tltype=kind)
    except http_sf.StructuredFieldError as problem:
        # What the library says has parts of the value in it.
        where = problem.position
        raise ValueError(f"it is not a structured {kind}, at octet {where}") from None
    except (ArithmeticError, LookupError, ValueError):
        raise ValueError(f"it is not a structured {kind}") from None


_FROM_LIBRARY: Final[dict[type, Callable[[Any], BareItem]]] = {
    http_sf.Token: lambda found: Token(str(found)),
    http_sf.DisplayString: lambda found: DisplayString(str(found)),
}


def _bare(found: Any) -> BareItem:
    convert = _FROM_LIBRARY.get(type(found))
    return found if convert is None else convert(found)


def _keyed(found: dict[str, Any]) -> Keyed:
    return tuple([(key, _bare(value)) for key, value in found.items()])


def _item(found: Any) -> Item:
    value, parameters = found
    return Item(_bare(value), _keyed(parameters) if parameters else ())


def _member(found: Any) -> Member:
    value, parameters = found
    if isinstance(value, list):
        return InnerList(tuple([_item(item) for item in value]), _keyed(parameters))
    return _item(found)


# Writing


def generateItem(value: Item) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    return _generate(value, _flatItemText, _libraryItem)


def generateList(value: Sequence[Member]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not value:
        return b""
    return _generate(value, _flatListText, _libraryList)


def generateDictionary(value: Dictionary) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not value.members:
        return b""
    return _generate(value.members, _flatDictionaryText, _libraryDictionary)


_Given = TypeVar("_Given")


def _generate(
    value: _Given, flat: Callable[[_Given], str], convert: Callable[[_Given], Any]
) -> bytes:
    """
    @param flat: makes the text of what is flat, and raises something if it
        isn't.
    @param convert: makes what the library writes.
    """
    try:
        raw = flat(value).encode("ascii")
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        raw = _generateByLibrary(value, convert)
    if len(raw) > MAX_LENGTH:
        raise InvalidField("it is too long for a structured field")
    return raw


# Writing what is flat

_TOKEN_ALONE: Final = re.compile(_TOKEN)
_TEXT_ALONE: Final = re.compile(_TEXT)
_KEY_ALONE: Final = re.compile(_KEY)
_MAX_INTEGER: Final = 10**15 - 1


def _tokenText(value: Token) -> str:
    if _TOKEN_ALONE.fullmatch(value.value) is None:
        raise ValueError
    # Somebody might have made a class of texts that are formatted as others.
    return str.__str__(value.value)


def _integerText(value: int) -> str:
    if not -_MAX_INTEGER <= value <= _MAX_INTEGER:
        raise ValueError
    return str(value)


def _quotedText(value: str) -> str:
    if _TEXT_ALONE.fullmatch(value) is None:
        raise ValueError
    return f'"{value}"'


def _octetsText(value: bytes) -> str:
    return f":{b2a_base64(value, newline=False).decode('ascii')}:"


_FLAT: Final[dict[type, Callable[[Any], str]]] = {
    bool: lambda value: "?1" if value else "?0",
    int: _integerText,
    str: _quotedText,
    bytes: _octetsText,
    datetime: lambda value: f"@{toSeconds(value)}",
    Token: _tokenText,
}


def _keyText(key: str) -> str:
    if type(key) is not str or _KEY_ALONE.fullmatch(key) is None:
        raise ValueError
    return key


def _parametersText(parameters: Keyed) -> str:
    if len(dict(parameters)) != len(parameters):
        raise ValueError
    return "".join(
        [
            f";{_keyText(key)}"
            if value is True
            else f";{_keyText(key)}={_FLAT[type(value)](value)}"
            for key, value in parameters
        ]
    )


def _flatItemText(item: Member) -> str:
    if type(item) is not Item:
        raise TypeError
    text = _FLAT[type(item.value)](item.value)
    return text + _parametersText(item.parameters) if item.parameters else text


def _flatMemberText(member: Member) -> str:
    if type(member) is not InnerList:
        return _flatItemText(member)
    # Not flat, but as easy.
    text = f"({' '.join([_flatItemText(item) for item in member.items])})"
    return text + _parametersText(member.parameters) if member.parameters else text


def _flatListText(members: Sequence[Member]) -> str:
    return ", ".join([_flatMemberText(member) for member in members])


def _flatDictionaryText(members: Sequence[tuple[str, Member]]) -> str:
    if len(dict(members)) != len(members):
        raise ValueError
    parts = []
    for key, item in members:
        if type(item) is Item and item.value is True:
            parts.append(_keyText(key) + _parametersText(item.parameters))
        else:
            parts.append(f"{_keyText(key)}={_flatMemberText(item)}")
    return ", ".join(parts)


# Writing whatever it is


def _generateByLibrary(value: Any, convert: Callable[[Any], Any]) -> bytes:
    try:
        return http_sf.ser(convert(value)).encode("ascii")
    except InvalidField:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # What the library says may have the value in it.
        raise InvalidField("it is not a structured value") from None


def _libraryBare(value: BareItem) -> Any:
    match value:
        case Token(str(text)):
            return http_sf.Token(text)
        case DisplayString(str(text)):
            return http_sf.DisplayString(text)
        case datetime():
            return _EPOCH + timedelta(seconds=toSeconds(value))
        case bool() | int() | Decimal() | str() | bytes():
            return value
        case _:
            raise InvalidField("it has something that is no structured value")


def _libraryKeyed(
    pairs: Sequence[tuple[str, Any]], convert: Callable[[Any], Any] = _libraryBare
) -> dict[str, Any]:
    found = {key: convert(value) for key, value in pairs}
    if len(found) != len(pairs):
        raise InvalidField("it has a key twice")
    return found


def _libraryItem(item: Item) -> Any:
    if not isinstance(item, Item):
        raise InvalidField("it has something that is no Item")
    return _libraryBare(item.value), _libraryKeyed(item.parameters)


def _libraryMember(member: Member) -> Any:
    if isinstance(member, InnerList):
        items = [_libraryItem(item) for item in member.items]
        return items, _libraryKeyed(member.parameters)
    return _libraryItem(member)


def _libraryList(members: Sequence[Member]) -> list[Any]:
    return [_libraryMember(member) for member in members]


def _libraryDictionary(members: Sequence[tuple[str, Member]]) -> dict[str, Any]:
    return _libraryKeyed(members, convert=_libraryMember)
