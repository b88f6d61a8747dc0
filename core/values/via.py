"""
The way of a message: Via (RFC 9110, section 7.6.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import PADDING, SEPARATOR, TOKEN, asciiBytes, generateToken

# A pseudonym, or a host and port.  A comma can't be in it, though a
# registered name might have one.
_BY: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z:\[\]-]++"
_STEP: Final = re.compile(
    rb"(?:(" + TOKEN + rb")/)?(" + TOKEN + rb")[\t ]++(" + _BY + rb")"
    rb"(?:" + SEPARATOR + rb"|[\t ]++(?=\())"
)
_RECEIVED_BY: Final = re.compile(_BY)
_COMMENT: Final = re.compile(rb"[\t !-'*-\[\]-~\x80-\xff]++|\\[\t -~\x80-\xff]|[()]")
_SEPARATOR: Final = re.compile(SEPARATOR)
_ESCAPED: Final = re.compile(rb"\\(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(rb"([()\\])")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Via:
    """
    Somebody whom a message went through.

    @ivar version: of the protocol that it came by, C{"1.1"}.
    @ivar receivedBy: host and port, or a pseudonym.
    @ivar protocol: its name.
    @ivar comment: without the parentheses around it, and without escapes.
    """

    version: str
    receivedBy: str
    protocol: str = "HTTP"
    comment: str | None = None


def parseVia(value: bytes) -> tuple[Via, ...]:
    """
    @raise ValueError: unless C{value} is a list of those a message went
        through.
    """
    value = value.strip(PADDING)
    position, end = 0, len(value)
    steps = []
    while position < end:
        found = _STEP.match(value, position)
        if found is None:
            raise ValueError("a member of the list is malformed")
        position = found.end()
        comment = None
        if value[position : position + 1] == b"(":
            comment, position = _parseComment(value, position)
            after = _SEPARATOR.match(value, position)
            if after is None:
                raise ValueError("a member of the list is malformed")
            position = after.end()
        protocol, version, by = found.groups()
        steps.append(
            Via(
                version.decode("ascii"),
                by.decode("ascii"),
                "HTTP" if protocol is None else protocol.decode("ascii"),
                comment,
            )
        )
    return tuple(steps)


def _parseComment(value: bytes, start: int) -> tuple[str, int]:
    """
    @return: the comment that starts at C{start}, and where it has ended.
    """
    depth = 0
    position = start
    while (found := _COMMENT.match(value, position)) is not None:
        position = found.end()
        if found[0] == b"(":
            depth += 1
        elif found[0] == b")":
            depth -= 1
            if not depth:
                text = _ESCAPED.sub(rb"\1", value[start + 1 : position - 1])
                return text.decode("latin-1"), position
    raise ValueError("a comment is malformed")


def generateVia(value: Iterable[Via]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    return b", ".join([_generate(step) for step in value])


def _generate(step: Via) -> bytes:
    by = asciiBytes(step.receivedBy)
    if _RECEIVED_BY.fullmatch(by) is None:
        raise InvalidField("it is received by nobody that can be written")
    raw = generateToken(step.version) + b" " + by
    if step.protocol != "HTTP":
        raw = generateToken(step.protocol) + b"/" + raw
    if step.comment is not None:
        try:
            comment = step.comment.encode("latin-1")
        except UnicodeEncodeError:
            raise InvalidField("a comment must be ISO-8859-1") from None
        if _CONTROL.search(comment) is not None:
            raise InvalidField("a comment must not have control characters")
        raw += b" (" + _TO_ESCAPE.sub(rb"\\\1", comment) + b")"
    return raw
