"""
JSON as it comes and goes (RFC 8259).
"""

from __future__ import annotations

import json
from math import isinf
from typing import Any, NoReturn

from penstock.core.errors import MalformedContent
from penstock.core.mediatype import MediaType


def isJSON(media: MediaType | None) -> bool:
    """
    @return: whether C{media} is JSON, or a type that is written in it (RFC
        6839, section 3.1).
    """
    if media is None:
        return False
    return media.essence == "application/json" or media.subtype.endswith("+json")


def parseJSON(data: bytes) -> Any:
    """
    @param data: in UTF-8, with or without a byte order mark.

    @raise MalformedContent: if it isn't JSON, or too deep, or a number too
        long or too large for Python.
    """
    try:
        return json.loads(
            data.decode("utf_8_sig"), parse_constant=_notJSON, parse_float=_finite
        )
    except (ValueError, RecursionError):
        raise MalformedContent("The content is not JSON.") from None


def generateJSON(value: Any) -> bytes:
    """
    @raise TypeError: if JSON has nothing for C{value}.
    @raise ValueError: for a NaN or an infinity.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # Half of a character (RFC 8259, section 8.2), as in what a client has
        # sent.
        return json.dumps(value, allow_nan=False).encode("ascii")


def _notJSON(name: str) -> NoReturn:
    """
    Python would take C{NaN} and C{Infinity}.
    """
    raise ValueError(name)


def _finite(text: str) -> float:
    """
    Python would take C{1e999} for C{Infinity}.
    """
    number = float(text)
    if isinf(number):
        raise ValueError(text)
    return number
