"""
Who asks: Authorization and Proxy-Authorization (RFC 9110, section 11.6.2).

What gives access is not shown where a value is printed.
"""

from __future__ import annotations

import re
from base64 import b64encode
from binascii import Error, a2b_base64
from dataclasses import dataclass, field
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    PADDING,
    QUOTED,
    SEPARATOR,
    TOKEN,
    Parameters,
    asciiBytes,
    checkNames,
    generateToken,
    generateWord,
    quote,
    textPattern,
    unquote,
)
from penstock.core.values.extended import generateExtended, parseExtended

TOKEN68: Final = rb"[A-Za-z0-9._~+/-]++=*+"
PARAMETER: Final = (
    rb"(" + TOKEN + rb")[\t ]*+=[\t ]*+(?:(" + TOKEN + rb")|(" + QUOTED + rb"))"
)

_CREDENTIALS: Final = re.compile(rb"(" + TOKEN + rb")(?: ++([\t -~\x80-\xff]*+))?")
_TOKEN68: Final = re.compile(TOKEN68)
# Goes through a whole list in one call.  Where no parameter is, it matches all
# the rest, and all groups are empty.  (A character at a time, it would take a
# second to see that sixty thousand letters are no list.)
_PARAMETERS: Final = textPattern(PARAMETER + SEPARATOR + rb"|(?s:.+)")
_NO_PARAMETER: Final = ("", "", "")
_CONTROL: Final = re.compile(r"[\0-\x1f\x7f]")

# RFC 7616, section 3.4: eight hexadecimal digits.
_COUNT: Final = re.compile(r"[0-9A-Fa-f]{8}")
_MOST_COUNT: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Basic:
    """
    A name and a password (RFC 7617).

    @ivar user: without a colon.
    """

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Bearer:
    """
    A token that is good for whoever has it (RFC 6750).
    """

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Digest:
    """
    A name and a proof of the password (RFC 7616, section 3.4).

    @ivar user: or its hash, if C{userHash} says so.
    @ivar response: the proof, hexadecimal.
    @ivar algorithm: L{None} for MD5.
    @ivar count: how often the client has used C{nonce}, this time included.
    @ivar parameters: those that RFC 7616 doesn't know.
    """

    user: str
    realm: str
    nonce: str
    uri: str
    response: str = field(repr=False)
    algorithm: str | None = None
    clientNonce: str | None = None
    opaque: str | None = None
    quality: str | None = None
    count: int | None = None
    userHash: bool = False
    parameters: Parameters = ()


@dataclass(frozen=True, slots=True)
class Credentials:
    """
    Those of any other scheme.

    @ivar scheme: as received; it compares without case.
    @ivar token: what stands there in place of parameters (token68).
    """

    scheme: str
    token: str | None = field(default=None, repr=False)
    parameters: Parameters = field(default=(), repr=False)


AnyCredentials = Basic | Bearer | Digest | Credentials


def parseParameterList(value: bytes) -> Parameters:
    """
    @raise ValueError: unless C{value} is a list of parameters, each once.
    """
    return tuple(_parameters(value).items())


def _parameters(value: bytes) -> dict[str, str]:
    found = _PARAMETERS.findall(value.strip(PADDING).decode("latin-1"))
    if _NO_PARAMETER in found:
        raise ValueError("it is not a list of parameters")
    parameters = {
        name.lower(): token or unquote(quoted) for name, token, quoted in found
    }
    if len(parameters) != len(found):
        raise ValueError("it has a parameter twice")
    return parameters


def generateParameterList(parameters: Parameters) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    checkNames(parameters)
    return b", ".join(
        [generateToken(name) + b"=" + generateWord(value) for name, value in parameters]
    )


def parseCredentials(value: bytes) -> AnyCredentials:
    """
    @raise ValueError: unless C{value} is a scheme, and a token or parameters.
    """
    found = _CREDENTIALS.fullmatch(value)
    if found is None:
        raise ValueError("it is not a scheme and credentials")
    scheme = found[1].decode("ascii")
    rest = found[2] or b""
    token = None
    if _TOKEN68.fullmatch(rest) is not None:
        token = rest.decode("ascii")
    match scheme.lower():
        case "basic":
            return _parseBasic(token)
        case "bearer":
            if token is None:
                raise ValueError("it has no token")
            return Bearer(token)
        case "digest":
            return _parseDigest(_parameters(rest))
    if token is not None:
        return Credentials(scheme, token)
    return Credentials(scheme, None, parseParameterList(rest))


def generateCredentials(value: AnyCredentials) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    match value:
        case Basic():
            return _generateBasic(value)
        case Bearer():
            return b"Bearer " + _generateToken68(value.token)
        case Digest():
            return _generateDigest(value)
        case Credentials():
            return _generateOther(value)
        case _:
            raise InvalidField("it must be credentials")


def _generateToken68(token: str) -> bytes:
    raw = asciiBytes(token)
    if _TOKEN68.fullmatch(raw) is None:
        raise InvalidField("it has characters that a token doesn't have")
    return raw


def _generateOther(value: Credentials) -> bytes:
    scheme = generateToken(value.scheme)
    if value.scheme.lower() in ("basic", "bearer", "digest"):
        raise InvalidField("it is of a scheme that has a type of its own")
    if value.token is not None:
        if value.parameters:
            raise InvalidField("it has both a token and parameters")
        return scheme + b" " + _generateToken68(value.token)
    if not value.parameters:
        return scheme
    return scheme + b" " + generateParameterList(value.parameters)


# Basic


def _parseBasic(token: str | None) -> Basic:
    try:
        raw = a2b_base64(token or "=", strict_mode=True)
    except Error:
        raise ValueError("it is not base64") from None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        # What clients do that haven't been told to use UTF-8.
        text = raw.decode("latin-1")
    user, colon, password = text.partition(":")
    if not colon:
        raise ValueError("it has no password")
    if _CONTROL.search(text) is not None:
        raise ValueError("it has control characters")
    return Basic(user, password)


def _generateBasic(value: Basic) -> bytes:
    text = value.user + ":" + value.password
    if ":" in value.user or _CONTROL.search(text) is not None:
        raise InvalidField("the name has a colon, or there are control characters")
    try:
        return b"Basic " + b64encode(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise InvalidField("it has half of a surrogate pair") from None


# Digest

# How each is called in the field, and whether RFC 7616 wants it in quotes.
_ATTRIBUTES: Final[dict[str, tuple[str, bool]]] = {
    "realm": ("realm", True),
    "nonce": ("nonce", True),
    "uri": ("uri", True),
    "response": ("response", True),
    "algorithm": ("algorithm", False),
    "clientNonce": ("cnonce", True),
    "opaque": ("opaque", True),
    "quality": ("qop", False),
}
_REQUIRED: Final = frozenset(("username", "realm", "nonce", "uri", "response"))
_KNOWN: Final = frozenset(
    ("username", "username*", "nc", "userhash")
    + tuple(name for name, quoted in _ATTRIBUTES.values())
)


def _parseDigest(found: dict[str, str]) -> Digest:
    userHash = found.pop("userhash", "false").lower()
    extended = found.pop("username*", None)
    if extended is not None:
        if "username" in found or userHash == "true":
            raise ValueError("it has two names")
        found["username"] = parseExtended(extended)
    if userHash not in ("true", "false"):
        raise ValueError("userhash is neither true nor false")
    if not found.keys() >= _REQUIRED:
        raise ValueError("it has no name, realm, nonce, uri or response")
    if _CONTROL.search(found["username"]) is not None:
        raise ValueError("the name has control characters")
    if userHash == "true" and not found["username"].isascii():
        raise ValueError("the hash of a name is none")
    count = found.pop("nc", None)
    if count is not None and _COUNT.fullmatch(count) is None:
        raise ValueError("nc is not a number of eight digits")
    return Digest(
        found.pop("username"),
        found.pop("realm"),
        found.pop("nonce"),
        found.pop("uri"),
        found.pop("response"),
        found.pop("algorithm", None),
        found.pop("cnonce", None),
        found.pop("opaque", None),
        found.pop("qop", None),
        None if count is None else int(count, 16),
        userHash == "true",
        tuple(found.items()),
    )


def _generateDigest(value: Digest) -> bytes:
    others = value.parameters
    if any(name.lower() in _KNOWN for name, text in others):
        raise InvalidField("it has a parameter that has a place of its own")
    if _CONTROL.search(value.user) is not None:
        raise InvalidField("the name has control characters")
    if value.user.isascii():
        parts = [b"username=" + quote(value.user)]
    elif value.userHash:
        raise InvalidField("a hash of a name must be ASCII")
    else:
        parts = [b"username*=" + generateExtended(value.user)]
    for attribute, (name, quoted) in _ATTRIBUTES.items():
        text = getattr(value, attribute)
        if text is None:
            if name in _REQUIRED:
                raise InvalidField("it has no realm, nonce, uri or response")
        else:
            raw = quote(text) if quoted else generateWord(text)
            parts.append(name.encode("ascii") + b"=" + raw)
    if value.count is not None:
        if not 0 <= value.count <= _MOST_COUNT:
            raise InvalidField("the count is out of range")
        parts.append(b"nc=%08x" % value.count)
    if value.userHash:
        parts.append(b"userhash=true")
    if others:
        parts.append(generateParameterList(others))
    return b"Digest " + b", ".join(parts)
