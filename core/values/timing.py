"""
How long the parts of an answer took: Server-Timing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    ATTRIBUTES,
    SEPARATOR,
    TOKEN,
    Attributes,
    checkNames,
    generateAttributes,
    generateToken,
    generateWord,
    parseAttributes,
    scan,
)

_METRIC: Final = re.compile(rb"(" + TOKEN + rb")(" + ATTRIBUTES + rb")" + SEPARATOR)
_DURATION: Final = re.compile(r"([0-9]{1,15})(?:\.([0-9]{0,60}))?")
_MOST: Final = 10**18 - 1


@dataclass(frozen=True, slots=True)
class Metric:
    """
    Something that was measured.

    @ivar duration: in microseconds, though the field has milliseconds; L{None}
        without one.
    @ivar description: what it is.
    @ivar parameters: the others.
    """

    name: str
    duration: int | None = None
    description: str | None = None
    parameters: Attributes = ()


def parseMetrics(value: bytes) -> tuple[Metric, ...]:
    """
    @return: of a parameter that comes several times the first counts; a
        duration that isn't a number is none.

    @raise ValueError: unless C{value} is a list of metrics.
    """
    return tuple([_parse(found[1], found[2]) for found in scan(_METRIC, value)])


def _parse(name: bytes, rest: bytes) -> Metric:
    names: dict[str, str | None] = {}
    for key, text in parseAttributes(rest):
        names.setdefault(key, text)
    duration = names.pop("dur", None)
    description = names.pop("desc", None)
    return Metric(
        name.decode("ascii"),
        None if duration is None else _microseconds(duration),
        description,
        tuple(names.items()),
    )


def _microseconds(text: str) -> int | None:
    found = _DURATION.fullmatch(text)
    if found is None:
        return None
    whole, rest = found.groups("")
    return int(whole + rest[:3].ljust(3, "0"))


def generateMetrics(value: Iterable[Metric]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join([_generate(metric) for metric in value])


def _generate(metric: Metric) -> bytes:
    raw = generateToken(metric.name)
    duration = metric.duration
    if duration is not None:
        if type(duration) is not int or not 0 <= duration <= _MOST:
            raise InvalidField("a duration is out of range")
        whole, rest = divmod(duration, 1000)
        raw += b"; dur=%d" % whole
        if rest:
            raw += (b".%03d" % rest).rstrip(b"0")
    if metric.description is not None:
        raw += b"; desc=" + generateWord(metric.description)
    if metric.parameters:
        checkNames(metric.parameters)
        if any(name.lower() in ("dur", "desc") for name, text in metric.parameters):
            raise InvalidField("it has a parameter that has a place of its own")
        raw += generateAttributes(metric.parameters)
    return raw
