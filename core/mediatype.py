"""
Media types (RFC 9110, section 8.3.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    PARAMETERS,
    SEPARATOR,
    TOKEN,
    Parameters,
    generateParameters,
    parseParameters,
    scan,
)

_SOURCE: Final = rb"(" + TOKEN + rb")/(" + TOKEN + rb")(" + PARAMETERS + rb")"
_ESSENCE: Final = re.compile((TOKEN + rb"/" + TOKEN).decode("ascii"))
_MEDIA_TYPE: Final = re.compile(_SOURCE)
_MEMBER: Final = re.compile(_SOURCE + SEPARATOR)


@dataclass(frozen=True, slots=True)
class MediaType:
    """
    What kind of data something is.

    Names are in lower case; values of parameters are as received, without
    quotes and escapes.
    """

    type: str
    subtype: str
    parameters: Parameters = ()

    @property
    def essence(self) -> str:
        """
        C{type/subtype}, without parameters.
        """
        return f"{self.type}/{self.subtype}"

    def get(self, name: str) -> str | None:
        """
        @param name: in lower case.

        @return: the value of the parameter C{name}, L{None} without it.
        """
        for key, value in self.parameters:
            if key == name:
                return value
        return None

    def __bytes__(self) -> bytes:
        """
        The media type as a field has it.

        @raise InvalidField: if it can't be written.
        """
        return generateEssence(self.type, self.subtype) + (
            generateParameters(self.parameters) if self.parameters else b""
        )


def generateEssence(kind: str, subtype: str) -> bytes:
    """
    @return: C{kind/subtype}.

    @raise InvalidField: unless both are tokens.
    """
    if type(kind) is not str or type(subtype) is not str:
        # They would be formatted all the same: None, or b'html'.
        raise InvalidField("a media type must be text")
    text = f"{kind}/{subtype}"
    if _ESSENCE.fullmatch(text) is None:
        raise InvalidField("it is not a media type")
    return text.encode("ascii")


def parseMediaType(value: bytes) -> MediaType:
    """
    @raise ValueError: unless C{value} is one media type, with each parameter
        once.
    """
    found = _MEDIA_TYPE.fullmatch(value)
    if found is None:
        raise ValueError("it is not a media type")
    return _make(found)


def _make(found: re.Match[bytes]) -> MediaType:
    kind, subtype, parameters = found.groups()
    return MediaType(
        kind.decode("ascii").lower(),
        subtype.decode("ascii").lower(),
        parseParameters(parameters) if parameters else (),
    )


def generateMediaType(value: MediaType) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, MediaType):
        raise InvalidField("it must be a MediaType")
    return bytes(value)


def parseMediaTypes(value: bytes) -> tuple[MediaType, ...]:
    """
    Accept-Patch (RFC 5789) and Accept-Post.

    @raise ValueError: unless C{value} is a list of media types; an asterisk
        stands for all in the latter.
    """
    return tuple([_make(found) for found in scan(_MEMBER, value)])


def generateMediaTypes(value: Iterable[MediaType]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join([generateMediaType(media) for media in value])
