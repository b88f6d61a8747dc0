"""
What may be wrong with a response: Warning (RFC 7234, section 5.5), which is
obsolete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from penstock.core.dates import generateDate, parseDate
from penstock.core.errors import InvalidField
from penstock.core.grammar import QUOTED, SEPARATOR, asciiBytes, quote, scan, unquote

_AGENT: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z:\[\]-]++"
_WARNING: Final = re.compile(
    rb"([0-9]{3}) (" + _AGENT + rb") (" + QUOTED + rb')(?: "([^"]{,40})")?' + SEPARATOR
)
_AGENT_ALONE: Final = re.compile(_AGENT)
_MOST: Final = 999


@dataclass(frozen=True, slots=True)
class CacheWarning:
    """
    A warning.

    @ivar code: three digits.
    @ivar agent: who warns: host and port, or a pseudonym.
    @ivar date: that of the message which the warning is about.
    """

    code: int
    agent: str
    text: str
    date: datetime | None = None


def parseWarnings(value: bytes) -> tuple[CacheWarning, ...]:
    """
    @raise ValueError: unless C{value} is a list of warnings.
    """
    return tuple(
        [
            CacheWarning(
                int(found[1]),
                found[2].decode("ascii"),
                unquote(found[3].decode("latin-1")),
                None if found[4] is None else parseDate(found[4]),
            )
            for found in scan(_WARNING, value)
        ]
    )


def generateWarnings(value: Iterable[CacheWarning]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    return b", ".join([_generate(warning) for warning in value])


def _generate(warning: CacheWarning) -> bytes:
    agent = asciiBytes(warning.agent)
    if _AGENT_ALONE.fullmatch(agent) is None:
        raise InvalidField("it is from nobody that can be written")
    if type(warning.code) is not int or not 0 <= warning.code <= _MOST:
        raise InvalidField("its code is not of three digits")
    raw = b"%03d %s %s" % (warning.code, agent, quote(warning.text))
    if warning.date is not None:
        raw += b' "' + generateDate(warning.date) + b'"'
    return raw
