"""
Members of lists that are names with something attached: transfer codings and
expectations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    PARAMETERS,
    QUOTED,
    SEPARATOR,
    TOKEN,
    Parameters,
    generateParameters,
    generateToken,
    generateWord,
    parseParameters,
    parseWord,
    scan,
)
from penstock.core.negotiation import MOST, generateWeight, takeWeight

_CODING: Final = re.compile(rb"(" + TOKEN + rb")(" + PARAMETERS + rb")" + SEPARATOR)
_EXPECTATION: Final = re.compile(
    rb"(" + TOKEN + rb")"
    rb"(?:=(?:(" + TOKEN + rb")|(" + QUOTED + rb"))(" + PARAMETERS + rb"))?" + SEPARATOR
)


@dataclass(frozen=True, slots=True)
class TransferCoding:
    """
    A step of how content is put on the wire (RFC 9112, section 7).

    @ivar name: in lower case.
    """

    name: str
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class Expectation:
    """
    Something that a client wants to be sure of (RFC 9110, section 10.1.1).

    @ivar name: in lower case.
    @ivar value: as received, L{None} without one.
    @ivar parameters: only together with C{value}.
    """

    name: str
    value: str | None = None
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class WantedCoding:
    """
    A transfer coding that a peer takes, or C{trailers}, if it takes these (RFC
    9110, section 10.1.4).

    @ivar name: in lower case.
    @ivar weight: in thousandths; see L{penstock.core.negotiation}.
    """

    name: str
    parameters: Parameters = ()
    weight: int = MOST


CONTINUE: Final = Expectation("100-continue")
"""The one expectation that is defined."""


def parseTransferCodings(value: bytes) -> tuple[TransferCoding, ...]:
    """
    @raise ValueError: unless C{value} is a list of transfer codings.
    """
    return tuple(
        [
            TransferCoding(found[1].decode("ascii").lower(), parseParameters(found[2]))
            for found in scan(_CODING, value)
        ]
    )


def generateTransferCodings(value: Iterable[TransferCoding]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join(
        [
            generateToken(coding.name) + generateParameters(coding.parameters)
            for coding in value
        ]
    )


def parseWantedCodings(value: bytes) -> tuple[WantedCoding, ...]:
    """
    @raise ValueError: unless C{value} is a list of transfer codings with
        weights.
    """
    wanted: list[WantedCoding] = []
    for coding in parseTransferCodings(value):
        weight, parameters = takeWeight(coding.parameters)
        wanted.append(WantedCoding(coding.name, parameters, weight))
    return tuple(wanted)


def generateWantedCodings(value: Iterable[WantedCoding]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    parts = []
    for coding in value:
        if any(name.lower() == "q" for name, text in coding.parameters):
            raise InvalidField("the weight is not a parameter")
        parts.append(
            generateToken(coding.name)
            + generateParameters(coding.parameters)
            + generateWeight(coding.weight)
        )
    return b", ".join(parts)


def parseExpectations(value: bytes) -> tuple[Expectation, ...]:
    """
    @raise ValueError: unless C{value} is a list of expectations.
    """
    return tuple(
        [
            Expectation(
                found[1].decode("ascii").lower(),
                parseWord(found[2], found[3]),
                parseParameters(found[4] or b""),
            )
            for found in scan(_EXPECTATION, value)
        ]
    )


def generateExpectations(value: Iterable[Expectation]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join([_generateExpectation(expectation) for expectation in value])


def _generateExpectation(expectation: Expectation) -> bytes:
    name = generateToken(expectation.name)
    if expectation.value is None:
        if expectation.parameters:
            raise InvalidField("parameters need a value before them")
        return name
    return (
        name
        + b"="
        + generateWord(expectation.value)
        + generateParameters(expectation.parameters)
    )
