"""
The parts that field values are made of (RFC 9110, section 5.6): tokens,
quoted strings, parameters, lists and numbers.

Each pattern matches in a time that is linear in its input: runs of one class
of octets are possessive, and no two alternatives begin with the same octet.
What doesn't match is a L{ValueError}, whose text never has the value in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from penstock.core.errors import InvalidField

Parameters = tuple[tuple[str, str], ...]
"""Names, in lower case, and values, in order."""

Attributes = tuple[tuple[str, str | None], ...]
"""Parameters of fields that let them go without a value."""


def textPattern(source: bytes) -> re.Pattern[str]:
    """
    @return: what matches text of ISO-8859-1 as C{source} does octets.
    """
    return re.compile(source.decode("latin-1"))


# Sources of patterns, to build others from.
TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
QUOTED: Final = (
    rb'"[\t !#-\[\]-~\x80-\xff]*+(?:\\[\t -~\x80-\xff][\t !#-\[\]-~\x80-\xff]*+)*"'
)
PARAMETERS: Final = (
    rb"(?:[\t ]*+;[\t ]*+(?:" + TOKEN + rb"=(?:" + TOKEN + rb"|" + QUOTED + rb"))?)*"
)
ATTRIBUTES: Final = (
    rb"(?:[\t ]*+;(?:[\t ]*+" + TOKEN + rb"(?:[\t ]*+=[\t ]*+"
    rb"(?:" + TOKEN + rb"|" + QUOTED + rb")?)?)?)*+"
)
# Between members of a list: empty ones don't count (section 5.6.1.2).
SEPARATOR: Final = rb"[\t ]*+(?:,[\t ,]*+|\Z)"
PADDING: Final = b" \t,"

_TOKEN: Final = re.compile(TOKEN)
_TOKENS: Final = re.compile(TOKEN + rb"(?:[\t ]*+,[\t ,]*+" + TOKEN + rb")*")
_PARAMETER: Final = textPattern(
    rb"[\t ]*+;[\t ]*+(?:(" + TOKEN + rb")=(?:(" + TOKEN + rb")|(" + QUOTED + rb")))?"
)
_ATTRIBUTE: Final = textPattern(
    rb"[\t ]*+;(?:[\t ]*+(" + TOKEN + rb")(?:[\t ]*+=[\t ]*+"
    rb"(?:(" + TOKEN + rb")|(" + QUOTED + rb"))?)?)?"
)
_MEMBER: Final = re.compile(rb'(?:[^",]++|' + QUOTED + rb')++|".*', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(rb'(["\\])')
_NOT_IN_QUOTED: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_NEEDS_NO_ESCAPE: Final = re.compile(rb"[\t !#-\[\]-~\x80-\xff]*+")
_DIGITS: Final = re.compile(rb"[0-9]++")

# The largest number taken from a message: eighteen digits are an exabyte, and
# fit in 64 bits with room to add.
MAX_NUMBER: Final = 10**18 - 1
_MAX_DIGITS: Final = 18

# RFC 9111, section 1.2.2: what longer times are taken for.
MAX_SECONDS: Final = 2**31


def asciiBytes(text: str | bytes) -> bytes:
    """
    @raise InvalidField: if it isn't ASCII.
    """
    if isinstance(text, bytes):
        return text
    try:
        return text.encode("ascii")
    except UnicodeEncodeError:
        raise InvalidField("it must be ASCII") from None


def checkMany(values: object) -> None:
    """
    Notice who gives one text where several belong: its letters would be taken
    for them.

    @raise InvalidField: if C{values} is a text.
    """
    if isinstance(values, (str, bytes)):
        raise InvalidField("it must be a sequence")


def generateToken(value: str | bytes) -> bytes:
    """
    @raise InvalidField: unless C{value} is a token (section 5.6.2).
    """
    raw = asciiBytes(value)
    if _TOKEN.fullmatch(raw) is None:
        raise InvalidField("it is not a token")
    return raw


def parseTokens(value: bytes) -> tuple[str, ...]:
    """
    @return: the members of a list of tokens, which may be empty.

    @raise ValueError: if one of them isn't a token.
    """
    value = value.strip(PADDING)
    if _TOKENS.fullmatch(value) is None:
        if value:
            raise ValueError("it is not a list of tokens")
        return ()
    text = value.decode("ascii")
    if "," not in text:
        return (text,)
    return tuple([item for part in text.split(",") if (item := part.strip(" \t"))])


def generateTokens(value: Iterable[str | bytes]) -> bytes:
    """
    @raise InvalidField: if one of C{value} isn't a token.
    """
    checkMany(value)
    return b", ".join([generateToken(item) for item in value])


def unquote(value: str) -> str:
    """
    @param value: a quoted-string, known to be one (section 5.6.4).
    """
    value = value[1:-1]
    return _ESCAPED.sub(r"\1", value) if "\\" in value else value


def quote(value: str) -> bytes:
    """
    @return: C{value} as a quoted-string.

    @raise InvalidField: if it has control characters other than HTAB, or
        characters that ISO-8859-1 doesn't have.
    """
    try:
        raw = value.encode("latin-1")
    except UnicodeEncodeError:
        raise InvalidField("it must be ISO-8859-1") from None
    if _NEEDS_NO_ESCAPE.fullmatch(raw) is not None:
        return b'"' + raw + b'"'
    if _NOT_IN_QUOTED.search(raw) is not None:
        raise InvalidField("it must not have control characters")
    return b'"' + _TO_ESCAPE.sub(rb"\\\1", raw) + b'"'


def generateWord(value: str) -> bytes:
    """
    @return: C{value} as a token if it is one, else as a quoted-string.
    """
    if value.isascii():
        raw = value.encode("ascii")
        if _TOKEN.fullmatch(raw) is not None:
            return raw
    return quote(value)


def parseWord(token: bytes | None, quoted: bytes | None) -> str | None:
    """
    @return: the text of what matched as a token or as a quoted-string.
    """
    if token is not None:
        return token.decode("ascii")
    return None if quoted is None else unquote(quoted.decode("latin-1"))


def parseParameters(value: bytes) -> Parameters:
    """
    @param value: what L{PARAMETERS} has matched (section 5.6.6).

    @raise ValueError: if a name comes twice: recipients differ on which one
        counts.
    """
    found: list[tuple[str, str]] = []
    for name, token, quoted in _PARAMETER.findall(value.decode("latin-1")):
        if name:
            found.append((name.lower(), token or unquote(quoted)))
    if len(found) > 1 and len({name for name, ignored in found}) != len(found):
        raise ValueError("it has a parameter twice")
    return tuple(found)


def checkNames(pairs: Collection[tuple[str, object]]) -> None:
    """
    @raise InvalidField: if a name comes twice, in whatever case.
    @raise TypeError: if a name is no text: octets would differ from all of them.
    """
    if len({str.lower(name) for name, ignored in pairs}) != len(pairs):
        raise InvalidField("it has a parameter twice")


def generateParameters(parameters: Collection[tuple[str, str]]) -> bytes:
    """
    @return: C{parameters}, each after a semicolon.

    @raise InvalidField: if a name isn't a token or is there twice, or a value
        can't be written.
    """
    checkNames(parameters)
    return b"".join(
        [
            b"; " + generateToken(name) + b"=" + generateWord(value)
            for name, value in parameters
        ]
    )


def parseAttributes(value: bytes) -> Attributes:
    """
    @param value: what L{ATTRIBUTES} has matched.

    @return: names, in lower case, and values, all of them in order; an empty
        value is none.
    """
    found: list[tuple[str, str | None]] = []
    for name, token, quoted in _ATTRIBUTE.findall(value.decode("latin-1")):
        if name:
            text = unquote(quoted) if quoted else token or None
            found.append((name.lower(), text))
    return tuple(found)


def generateAttributes(attributes: Iterable[tuple[str, str | None]]) -> bytes:
    """
    @return: C{attributes}, each after a semicolon.

    @raise InvalidField: if a name isn't a token, or a value can't be written.
    """
    return b"".join(
        [b"; " + generateAttribute(name, value) for name, value in attributes]
    )


def generateAttribute(name: str, value: str | None) -> bytes:
    """
    @return: C{name=value}, or C{name} without one.

    @raise InvalidField: if C{name} isn't a token, or C{value} can't be written.
    """
    if value is None:
        return generateToken(name)
    return generateToken(name) + b"=" + generateWord(value)


def splitList(value: bytes) -> list[bytes]:
    """
    @return: the members of a list, which may have quoted strings in them; what
        is after a stray quotation mark is one.
    """
    parts = _MEMBER.findall(value) if b'"' in value else value.split(b",")
    return [member for part in parts if (member := part.strip(b" \t"))]


def scan(member: re.Pattern[bytes], value: bytes) -> Iterator[re.Match[bytes]]:
    """
    Go through the members of a list.

    @param member: matches a member and L{SEPARATOR}, and never nothing.

    @raise ValueError: if something else is between them.
    """
    value = value.strip(PADDING)
    position, end = 0, len(value)
    while position < end:
        found = member.match(value, position)
        if found is None:
            raise ValueError("a member of the list is malformed")
        yield found
        position = found.end()


def parseNumber(value: bytes) -> int:
    """
    @raise ValueError: unless C{value} is a number of at most 18 digits.
    """
    if len(value) > _MAX_DIGITS:
        raise ValueError("it is too long for a number")
    if _DIGITS.fullmatch(value) is None:
        raise ValueError("it is not a number")
    return int(value)


def parseClamped(value: bytes, most: int = MAX_NUMBER) -> int:
    """
    @return: a number, or C{most} if it is greater.

    @raise ValueError: unless C{value} is a number.
    """
    if _DIGITS.fullmatch(value) is None:
        raise ValueError("it is not a number")
    if len(value) > _MAX_DIGITS:
        value = value.lstrip(b"0") or b"0"
        if len(value) > _MAX_DIGITS:
            return most
    return min(int(value), most)


def parseSeconds(value: bytes) -> int:
    """
    @return: delta-seconds (RFC 9111, section 1.2.2), 2**31 at most.
    """
    return parseClamped(value, MAX_SECONDS)


def generateNumber(value: int) -> bytes:
    """
    @raise InvalidField: unless C{value} is an L{int} that L{parseNumber} takes.
    """
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidField("it must be an int")
    if not 0 <= value <= MAX_NUMBER:
        raise InvalidField("it is out of range")
    return b"%d" % value
