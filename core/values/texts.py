"""
Values that are just text: of anybody's, or of one kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    QUOTED,
    SEPARATOR,
    asciiBytes,
    checkMany,
    generateTokens,
    parseTokens,
    quote,
    scan,
    unquote,
)

_TAG: Final = rb"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*"
_LANGUAGE: Final = re.compile(_TAG)
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++")

# RFC 5322, section 3.4, without what nobody has: quoted local parts, groups,
# comments; the name before the address isn't looked at.
_ADDRESS: Final = rb"[!#$%&'*+/=?^_`{|}~.0-9A-Za-z-]++@[0-9A-Za-z.:\[\]-]++"
_MAILBOX: Final = re.compile(_ADDRESS + rb"|[\t -;=?-~]*+<" + _ADDRESS + rb">")
_MAX_MAILBOX: Final = 1000

_LINE: Final = re.compile(rb"[!-~\x80-\xff][\t -~\x80-\xff]*+")

_QUOTED: Final = re.compile(rb"(" + QUOTED + rb")" + SEPARATOR)


def parseText(value: bytes) -> str:
    """
    @raise ValueError: if C{value} is empty.
    """
    if not value:
        raise ValueError("it is empty")
    return value.decode("latin-1")


def generateText(value: str | bytes) -> bytes:
    """
    @raise InvalidField: if C{value} is empty, or has white space around it or
        control characters in it.
    """
    raw = value.encode("latin-1") if isinstance(value, str) else value
    if _LINE.fullmatch(raw) is None or raw[-1] in b" \t":
        raise InvalidField("it is empty, or has something that can't be written")
    return raw


def parseIdentifier(value: bytes) -> str:
    """
    Last-Event-ID, which browsers send in UTF-8.

    @raise ValueError: if C{value} is empty.
    """
    if not value:
        raise ValueError("it is empty")
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def generateIdentifier(value: str) -> bytes:
    """
    @raise InvalidField: if C{value} is empty, or has white space around it or
        control characters in it.
    """
    return generateText(value.encode("utf-8"))


def parseLanguages(value: bytes) -> tuple[str, ...]:
    """
    @raise ValueError: unless C{value} is a list of language tags.
    """
    tags = parseTokens(value)
    for tag in tags:
        if _LANGUAGE.fullmatch(tag.encode("ascii")) is None:
            raise ValueError("it is not a list of language tags")
    return tags


def generateLanguages(value: Iterable[str | bytes]) -> bytes:
    """
    @raise InvalidField: unless C{value} has language tags.
    """
    raw = generateTokens(value)
    try:
        parseLanguages(raw)
    except ValueError as problem:
        raise InvalidField(str(problem)) from None
    return raw


def parseMailbox(value: bytes) -> str:
    """
    @return: an address, maybe with a name before it.

    @raise ValueError: if C{value} is something else.
    """
    if len(value) > _MAX_MAILBOX or _MAILBOX.fullmatch(value) is None:
        raise ValueError("it is not an address for mail")
    return value.decode("ascii")


def generateMailbox(value: str) -> bytes:
    """
    @raise InvalidField: unless C{value} is an address for mail.
    """
    raw = asciiBytes(value)
    if (
        len(raw) > _MAX_MAILBOX
        or raw != raw.strip(b" \t")
        or _MAILBOX.fullmatch(raw) is None
    ):
        raise InvalidField("it is not an address for mail")
    return raw


def parseToken(value: bytes) -> str:
    """
    @raise ValueError: unless C{value} is a token.
    """
    if _TOKEN.fullmatch(value) is None:
        raise ValueError("it is not a token")
    return value.decode("ascii")


def parseQuoted(value: bytes) -> tuple[str, ...]:
    """
    @raise ValueError: unless C{value} is a list of quoted strings.
    """
    return tuple(
        [unquote(found[1].decode("latin-1")) for found in scan(_QUOTED, value)]
    )


def generateQuoted(value: Iterable[str]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    checkMany(value)
    return b", ".join([quote(text) for text in value])


def oneOf(*words: str) -> tuple[Callable[[bytes], str], Callable[[str], bytes]]:
    """
    @param words: in lower case.

    @return: a parser and a generator for fields that have one of C{words}, in
        any case; the same several times is once.
    """
    known = {word.encode("ascii"): word for word in words}

    def parse(value: bytes) -> str:
        members = {member.strip(b" \t").lower() for member in value.split(b",")}
        word = known.get(members.pop())
        if word is None or members:
            raise ValueError("it is not a word that is defined for it")
        return word

    def generate(value: str) -> bytes:
        raw = asciiBytes(value)
        if raw not in known:
            raise InvalidField("it is not a word that is defined for it")
        return raw

    return parse, generate


def flag(
    yes: bytes, no: bytes | None = None
) -> tuple[Callable[[bytes], bool], Callable[[bool], bytes]]:
    """
    @param yes: what stands for true.
    @param no: what stands for false; L{None} if the field is left out then.

    @return: a parser and a generator.
    """

    def parse(value: bytes) -> bool:
        if value == yes:
            return True
        if no is None or value != no:
            raise ValueError("it is not a word that is defined for it")
        return False

    def generate(value: bool) -> bytes:
        raw = yes if value is True else no if value is False else None
        if raw is None:
            raise InvalidField("it has a value that is left out, or none")
        return raw

    return parse, generate
