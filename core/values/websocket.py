"""
The opening of a WebSocket (RFC 6455, section 11.3).
"""

from __future__ import annotations

import re
from binascii import Error, a2b_base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    ATTRIBUTES,
    SEPARATOR,
    TOKEN,
    Attributes,
    asciiBytes,
    checkMany,
    generateAttributes,
    generateToken,
    parseAttributes,
    scan,
)

_EXTENSION: Final = re.compile(rb"(" + TOKEN + rb")(" + ATTRIBUTES + rb")" + SEPARATOR)
_VERSION: Final = re.compile(rb"(0|[1-9][0-9]{0,2})" + SEPARATOR)
_MOST_VERSION: Final = 255
_KEY_SIZE: Final = 16
_ACCEPT_SIZE: Final = 20


@dataclass(frozen=True, slots=True)
class Extension:
    """
    Something that both ends of a WebSocket must agree on.

    @ivar parameters: names in lower case, and values, L{None} without one; a
        name may come several times.
    """

    name: str
    parameters: Attributes = ()


def parseExtensions(value: bytes) -> tuple[Extension, ...]:
    """
    @raise ValueError: unless C{value} is a list of extensions.
    """
    return tuple(
        [
            Extension(found[1].decode("ascii"), parseAttributes(found[2]))
            for found in scan(_EXTENSION, value)
        ]
    )


def generateExtensions(value: Iterable[Extension]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join(
        [
            generateToken(extension.name) + generateAttributes(extension.parameters)
            for extension in value
        ]
    )


def parseVersions(value: bytes) -> tuple[int, ...]:
    """
    @raise ValueError: unless C{value} is a list of numbers up to 255.
    """
    versions = tuple([int(found[1]) for found in scan(_VERSION, value)])
    if not versions or max(versions) > _MOST_VERSION:
        raise ValueError("it is empty, or has a version that is none")
    return versions


def generateVersions(value: Iterable[int]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    checkMany(value)
    versions = list(value)
    if not versions or not all(
        type(version) is int and 0 <= version <= _MOST_VERSION for version in versions
    ):
        raise InvalidField("it is empty, or has a version that is none")
    return b", ".join([b"%d" % version for version in versions])


def parseKey(value: bytes) -> str:
    """
    @return: C{value}, which stands for 16 octets.

    @raise ValueError: if it doesn't.
    """
    return _checked(value, _KEY_SIZE)


def generateKey(value: str) -> bytes:
    """
    @raise InvalidField: unless it stands for 16 octets.
    """
    return _generate(value, _KEY_SIZE)


def parseAccept(value: bytes) -> str:
    """
    @return: C{value}, which stands for 20 octets.

    @raise ValueError: if it doesn't.
    """
    return _checked(value, _ACCEPT_SIZE)


def generateAccept(value: str) -> bytes:
    """
    @raise InvalidField: unless it stands for 20 octets.
    """
    return _generate(value, _ACCEPT_SIZE)


def _checked(value: bytes, size: int) -> str:
    try:
        if len(a2b_base64(value, strict_mode=True)) == size:
            return value.decode("ascii")
    except Error:
        pass
    raise ValueError(f"it is not {size} octets in base64")


def _generate(value: str, size: int) -> bytes:
    raw = asciiBytes(value)
    try:
        _checked(raw, size)
    except ValueError as problem:
        raise InvalidField(str(problem)) from None
    return raw
