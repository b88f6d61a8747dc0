"""
Rows of a kind that there are many of, and what they are made with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
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

# What peers ask for is the same in most messages, and so is what a program
# answers.  A hit costs 0.1 to 0.4 µs, a miss as much as the work itself, up to 5
# (benchmarks/fields.md).
MAX_RECENT: Final = 256
MAX_RECENT_LENGTH: Final = 256


def recentlyParsed(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """
    @return: C{parse}, with a memory for the latest short values that parsed.
        Not for secrets.
    """
    recent = lru_cache(MAX_RECENT)(parse)

    @wraps(parse)
    def remember(value: bytes) -> Any:
        return recent(value) if len(value) <= MAX_RECENT_LENGTH else parse(value)

    return remember


def recentlyGenerated(generate: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """
    @return: C{generate}, with a memory for the latest values that it made
        something short of.  They are compared: not for those where 1 and
        L{True} are not the same.
    """
    recent: dict[Any, bytes] = {}

    @wraps(generate)
    def remember(value: Any) -> bytes:
        try:
            raw = recent.get(value)
        except TypeError:
            return generate(value)
        if raw is None:
            raw = generate(value)
            if len(raw) <= MAX_RECENT_LENGTH:
                if len(recent) >= MAX_RECENT:
                    recent.clear()
                recent[value] = raw
        return raw

    return remember


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
