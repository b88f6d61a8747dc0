"""
What a client would like, and what it got: Prefer and Preference-Applied (RFC
7240).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    ATTRIBUTES,
    QUOTED,
    SEPARATOR,
    TOKEN,
    Attributes,
    generateAttribute,
    generateAttributes,
    parseAttributes,
    parseWord,
    scan,
)

_WORD: Final = rb"(?:[\t ]*+=[\t ]*+(?:(" + TOKEN + rb")|(" + QUOTED + rb"))?)?"
_PREFERENCE: Final = re.compile(
    rb"(" + TOKEN + rb")" + _WORD + rb"(" + ATTRIBUTES + rb")" + SEPARATOR
)


@dataclass(frozen=True, slots=True)
class Preference:
    """
    Something that a client would like.

    @ivar name: in lower case.
    @ivar value: L{None} without one; an empty one is none.
    @ivar parameters: only in Prefer.
    """

    name: str
    value: str | None = None
    parameters: Attributes = ()


def parsePreferences(value: bytes) -> tuple[Preference, ...]:
    """
    @return: if one is there twice, the first counts.

    @raise ValueError: unless C{value} is a list of preferences.
    """
    return tuple(
        [
            Preference(
                found[1].lower().decode("ascii"),
                parseWord(found[2], found[3]) or None,
                tuple(
                    [(name, text or None) for name, text in parseAttributes(found[4])]
                ),
            )
            for found in scan(_PREFERENCE, value)
        ]
    )


def generatePreferences(value: Iterable[Preference]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join(
        [
            generateAttribute(preference.name, preference.value)
            + generateAttributes(preference.parameters)
            for preference in value
        ]
    )


def parseApplied(value: bytes) -> tuple[Preference, ...]:
    """
    @raise ValueError: unless C{value} is a list of preferences without
        parameters.
    """
    found = parsePreferences(value)
    if any(preference.parameters for preference in found):
        raise ValueError("it has parameters")
    return found


def generateApplied(value: Iterable[Preference]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    preferences = tuple(value)
    if any(preference.parameters for preference in preferences):
        raise InvalidField("it must not have parameters")
    return generatePreferences(preferences)
