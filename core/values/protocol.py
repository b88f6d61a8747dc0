"""
Protocols that a connection could change to: Upgrade (RFC 9110, section 7.8).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.grammar import SEPARATOR, TOKEN, generateToken, scan

_PROTOCOL: Final = re.compile(rb"(" + TOKEN + rb")(?:/(" + TOKEN + rb"))?" + SEPARATOR)


@dataclass(frozen=True, slots=True)
class Protocol:
    """
    A protocol.

    @ivar name: in lower case.
    @ivar version: as received; L{None} without one.
    """

    name: str
    version: str | None = None


def parseProtocols(value: bytes) -> tuple[Protocol, ...]:
    """
    @raise ValueError: unless C{value} is a list of protocols.
    """
    return tuple(
        [
            Protocol(
                found[1].lower().decode("ascii"),
                None if found[2] is None else found[2].decode("ascii"),
            )
            for found in scan(_PROTOCOL, value)
        ]
    )


def generateProtocols(value: Iterable[Protocol]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    return b", ".join(
        [
            generateToken(protocol.name)
            if protocol.version is None
            else generateToken(protocol.name) + b"/" + generateToken(protocol.version)
            for protocol in value
        ]
    )
