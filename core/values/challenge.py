"""
How to ask: WWW-Authenticate and Proxy-Authenticate (RFC 9110, section 11.6.1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    PADDING,
    SEPARATOR,
    TOKEN,
    Parameters,
    asciiBytes,
    checkNames,
    generateToken,
    generateWord,
    parseWord,
    quote,
)
from penstock.core.values.credentials import PARAMETER, TOKEN68

_PARAMETER: Final = re.compile(PARAMETER + SEPARATOR)
# A scheme; then nothing, a token68, or parameters.
_SCHEME: Final = re.compile(
    rb"(" + TOKEN + rb")"
    rb"(?:" + SEPARATOR + rb"|( ++)(?:(" + TOKEN68 + rb")" + SEPARATOR + rb")?)"
)
_TOKEN68: Final = re.compile(TOKEN68)

# RFC 7616, section 3.3: these are written without quotes.  All others are
# written with them, since there are clients that need it (RFC 9110, section
# 11.5 says so of realm).
_BARE: Final = frozenset(("algorithm", "stale", "userhash"))


@dataclass(frozen=True, slots=True)
class Challenge:
    """
    One way to authenticate.

    @ivar scheme: as received; it compares without case.
    @ivar token: what stands there in place of parameters (token68).
    @ivar parameters: names in lower case, each once.
    """

    scheme: str
    token: str | None = None
    parameters: Parameters = ()

    def get(self, name: str) -> str | None:
        """
        @return: the parameter C{name}, L{None} without it.
        """
        for key, value in self.parameters:
            if key == name:
                return value
        return None

    @property
    def realm(self) -> str | None:
        """
        What the credentials are for.
        """
        return self.get("realm")

    @classmethod
    def basic(cls, realm: str) -> Challenge:
        """
        Ask for a name and a password in UTF-8 (RFC 7617).
        """
        return cls("Basic", None, (("realm", realm), ("charset", "UTF-8")))

    @classmethod
    def bearer(
        cls,
        realm: str | None = None,
        scope: str | None = None,
        error: str | None = None,
        description: str | None = None,
    ) -> Challenge:
        """
        Ask for a token, or say what is wrong with the one that came (RFC 6750,
        section 3).

        @param error: C{"invalid_request"}, C{"invalid_token"} or
            C{"insufficient_scope"}.
        """
        parameters = (
            ("realm", realm),
            ("scope", scope),
            ("error", error),
            ("error_description", description),
        )
        return cls(
            "Bearer",
            None,
            tuple([(name, value) for name, value in parameters if value is not None]),
        )

    @classmethod
    def digest(
        cls,
        realm: str,
        nonce: str,
        algorithm: str = "SHA-256",
        opaque: str | None = None,
        stale: bool = False,
    ) -> Challenge:
        """
        Ask for a name and a proof of the password (RFC 7616, section 3.3).

        @param stale: the proof was right, but for a nonce that is too old.
        """
        parameters = [
            ("realm", realm),
            ("nonce", nonce),
            ("qop", "auth"),
            ("algorithm", algorithm),
            ("charset", "UTF-8"),
        ]
        if opaque is not None:
            parameters.append(("opaque", opaque))
        if stale:
            parameters.append(("stale", "true"))
        return cls("Digest", None, tuple(parameters))


def parseChallenges(value: bytes) -> tuple[Challenge, ...]:
    """
    Commas are between challenges as well as between the parameters of one: a
    parameter belongs to the scheme before it.

    @raise ValueError: unless C{value} is a list of challenges.
    """
    value = value.strip(PADDING)
    position, end = 0, len(value)
    challenges: list[Challenge] = []
    scheme: str | None = None
    token: str | None = None
    parameters: dict[str, str] = {}
    while position < end:
        found = None
        if scheme is not None and token is None:
            found = _PARAMETER.match(value, position)
        if found is not None:
            name, text = _pair(found)
            if name in parameters:
                raise ValueError("it has a parameter twice")
            parameters[name] = text
        else:
            found = _SCHEME.match(value, position)
            if found is None:
                raise ValueError("it is not a list of challenges")
            if scheme is not None:
                challenges.append(Challenge(scheme, token, tuple(parameters.items())))
                parameters = {}
            scheme = found[1].decode("ascii")
            token = None if found[3] is None else found[3].decode("ascii")
            if found[2] is not None and token is None:
                # What follows is a parameter, or nothing that is allowed.
                found = _PARAMETER.match(value, found.end())
                if found is None:
                    raise ValueError("it is not a list of challenges")
                name, text = _pair(found)
                parameters[name] = text
        position = found.end()
    if scheme is not None:
        challenges.append(Challenge(scheme, token, tuple(parameters.items())))
    return tuple(challenges)


def _pair(found: re.Match[bytes]) -> tuple[str, str]:
    name, token, quoted = found.groups()
    return name.lower().decode("ascii"), parseWord(token, quoted) or ""


def generateChallenges(value: Iterable[Challenge]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join([_generate(challenge) for challenge in value])


def _generate(challenge: Challenge) -> bytes:
    scheme = generateToken(challenge.scheme)
    parameters = challenge.parameters
    if challenge.token is not None:
        token = asciiBytes(challenge.token)
        if parameters or _TOKEN68.fullmatch(token) is None:
            raise InvalidField("the token is malformed, or there are parameters too")
        return scheme + b" " + token
    if not parameters:
        return scheme
    checkNames(parameters)
    return (
        scheme
        + b" "
        + b", ".join(
            [
                generateToken(name)
                + b"="
                + (generateWord if name in _BARE else quote)(text)
                for name, text in parameters
            ]
        )
    )
