"""
Structured values (RFC 9651): items, lists and dictionaries.

The library http-sf reads and writes them.  What it gives can be changed and
doesn't tell the text C{"a"} from the token C{a}, so values have types of their
own here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

import http_sf

from penstock.core.dates import toSeconds
from penstock.core.errors import InvalidField

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
    return _item(_parse(value, "item"))


def parseList(value: bytes) -> tuple[Member, ...]:
    """
    @raise ValueError: unless C{value} is a list, which may be empty.
    """
    return tuple([_member(member) for member in _parse(value, "list")])


def parseDictionary(value: bytes) -> Dictionary:
    """
    @return: each key where it came first, with what it had last.

    @raise ValueError: unless C{value} is a dictionary, which may be empty.
    """
    members = _parse(value, "dictionary")
    return Dictionary(tuple([(key, _member(found)) for key, found in members.items()]))


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
    return _generate(value, _libraryItem)


def generateList(value: Sequence[Member]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not value:
        return b""
    return _generate(value, lambda members: [_libraryMember(each) for each in members])


def generateDictionary(value: Dictionary) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    members = value.members
    if not members:
        return b""
    return _generate(
        members, lambda members: _libraryKeyed(members, convert=_libraryMember)
    )


def _generate(value: Any, convert: Callable[[Any], Any]) -> bytes:
    try:
        raw = http_sf.ser(convert(value)).encode("ascii")
    except InvalidField:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # What the library says may have the value in it.
        raise InvalidField("it is not a structured value") from None
    if len(raw) > MAX_LENGTH:
        raise InvalidField("it is too long for a structured field")
    return raw


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def _libraryBare(value: BareItem) -> Any:
    match value:
        case Token():
            return http_sf.Token(value.value)
        case DisplayString():
            return http_sf.DisplayString(value.value)
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
