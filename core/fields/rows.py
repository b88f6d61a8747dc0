"""
Rows of a kind that there are many of, and what they are made with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal

from penstock.core import dates
from penstock.core.errors import InvalidField
from penstock.core.fieldtable import Field, Multiplicity, Place
from penstock.core.grammar import generateTokens, parseTokens
from penstock.core.values import structured as sf

TOKENS: Final = "tuple of str"
LIST: Final = Multiplicity.LIST
SINGLE: Final = Multiplicity.SINGLE
LINES: Final = Multiplicity.LINES
REQUEST: Final = Place.REQUEST
RESPONSE: Final = Place.RESPONSE
BOTH: Final = Place.BOTH
TRAILER: Final = Place.TRAILER
HOP: Final = Place.HOP


def dateRow(name: str, rfc: str, places: Place) -> Field:
    """
    @return: the row of a field that is a date of HTTP.
    """
    return Field(
        name, dates.parseDate, dates.generateDate, "datetime", rfc, SINGLE, places
    )


def tokensRow(name: str, rfc: str, places: Place) -> Field:
    """
    @return: the row of a list of tokens that compare without case.
    """
    return Field(name, _lowerTokens, generateTokens, TOKENS, rfc, LIST, places)


def someTokensRow(name: str, rfc: str, places: Place) -> Field:
    """
    @return: as L{tokensRow}, where there must be a token.
    """
    return Field(name, _someTokens, _generateSomeTokens, TOKENS, rfc, LIST, places)


def exactTokensRow(name: str, rfc: str, places: Place) -> Field:
    """
    @return: the row of a list of tokens that compare with case.
    """
    return Field(name, parseTokens, generateTokens, TOKENS, rfc, LIST, places)


def _lowerTokens(value: bytes) -> tuple[str, ...]:
    return parseTokens(value.lower())


def _someTokens(value: bytes) -> tuple[str, ...]:
    tokens = parseTokens(value.lower())
    if not tokens:
        raise ValueError("it has no members")
    return tokens


def _generateSomeTokens(value: Iterable[str | bytes]) -> bytes:
    raw = generateTokens(value)
    if not raw:
        raise InvalidField("it must have members")
    return raw


_KINDS: Final[
    dict[str, tuple[Callable[[bytes], Any], Callable[[Any], bytes], str, Multiplicity]]
] = {
    "item": (sf.parseItem, sf.generateItem, "Item", SINGLE),
    "list": (sf.parseList, sf.generateList, "tuple of Item and InnerList", LIST),
    "dictionary": (sf.parseDictionary, sf.generateDictionary, "Dictionary", LIST),
}


def structured(
    name: str,
    kind: Literal["item", "list", "dictionary"],
    rfc: str = "the application",
    places: Place = BOTH,
) -> Field:
    """
    @return: the row of a structured field (RFC 9651) whose values are those of
        L{penstock.core.values.structured}.  A list or dictionary without
        members is never sent (section 3): it counts as malformed.
    """
    parseAny, generateAny, valueType, multiplicity = _KINDS[kind]

    def parse(value: bytes) -> Any:
        if not value:
            raise ValueError("it is empty")
        return parseAny(value)

    def generate(value: Any) -> bytes:
        raw = generateAny(value)
        if not raw:
            raise InvalidField("what is empty is not sent")
        return raw

    return Field(name, parse, generate, valueType, rfc, multiplicity, places)
