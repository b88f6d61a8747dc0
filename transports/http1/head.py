"""
The fields of a head or of a trailer section (RFC 9112, section 5), and what
the framing needs from them.

Strict: lines end in CRLF, a name is a token directly followed by a colon, no
line of a request is folded, and no value has a control character in it.  One
pass in bulk operations: a head of 16 fields costs about 5 microseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from penstock.core.authority import parseAuthority
from penstock.core.errors import InvalidField
from penstock.core.headers import RawField, fieldName
from penstock.core.hop import HOP_BY_HOP
from penstock.core.length import LENGTH

# Fields whose lines parseFields puts aside.
_FRAMING: Final = HOP_BY_HOP | {
    b"content-length",
    b"content-type",
    b"expect",
    b"host",
}

# Fields in which a fold isn't taken: those that say where a message ends, or
# what becomes of its connection.
_UNFOLDED: Final = HOP_BY_HOP | {b"content-length"}

# All octets that a field block may have besides CR and LF.  HTAB among them:
# where it is in a name, the name isn't a token.
_NO_CONTROLS: Final = bytes(
    octet for octet in range(256) if octet == 0x09 or 0x20 <= octet != 0x7F
)

# What each spelling of a name seen so far is to the framing: its lower-case
# form, or None if the framing doesn't care.  Peers choose names: so long ones
# aren't kept, and when there are too many it begins anew, so that nobody can
# fill it for good.
_MAX_KNOWN: Final = 2048
_MAX_KNOWN_LENGTH: Final = 64
_known: dict[bytes, bytes | None] = {}

# A LF without its CR (RFC 9112, section 2.2 allows to take it for a line end;
# who does that sees other messages than who doesn't).
_BARE_LINE_END: Final = re.compile(rb"(?<!\r)\n")

# RFC 9110, section 5.6.2.
TOKEN: Final = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"

_TOKEN: Final = re.compile(TOKEN)

# RFC 9110, section 7.8: a protocol.
_PROTOCOL: Final = re.compile(TOKEN + rb"(?:/" + TOKEN + rb")?")

# What a Host mostly is (RFC 9112, section 3.2; RFC 3986, section 3.2.2), in one
# step of 0.2 µs.  What isn't may be one all the same: parseAuthority knows.
_HOST: Final = re.compile(rb"[0-9A-Za-z._~!$&'()*+,;=-]{1,255}+(?::[0-9]{1,4}+)?")


class Malformed(Exception):
    """
    A head can't be taken.  Stays inside the readers, which make an
    L{penstock.transports.http1.events.Rejected} of it.
    """

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason


class FieldBlock(NamedTuple):
    """
    The fields of a head.
    """

    fields: tuple[RawField, ...]
    """All, in order, names as received."""

    framing: dict[bytes, list[bytes]]
    """The values of those that a reader needs (Content-Length, Content-Type,
    Expect, Host, and all of the hop), by lower-cased name."""


def checkPart(
    data: bytes, start: int, since: int, limit: int, what: str = "fields"
) -> None:
    """
    Look at a field block whose end hasn't come: what can't become one any more
    is refused at once.

    @param start: where it begins in C{data}.
    @param since: up to where C{data} was looked at before.
    @param limit: how many octets it may have, without the CRLF CRLF at its end.
    @param what: it is.

    @raise Malformed: 400, or 431 if it is too large.
    """
    stop = start + limit + 4
    if _BARE_LINE_END.search(data, max(start, since - 1), stop) is not None:
        raise Malformed(400, "line end without CR")
    if len(data) >= stop:
        raise Malformed(431, f"{what} too large")


def parseFields(block: bytes, limit: int) -> FieldBlock:
    """
    @param block: all octets after the start line's CRLF and before the CRLF
        that ends the last field: what is left of C{"a: 1\\r\\nb: 2\\r\\n\\r\\n"}
        without its last four.  Empty for no fields.
    @param limit: how many fields there may be.

    @raise Malformed: 400, or 431 for too many fields.
    """
    if not block:
        return FieldBlock((), {})
    lines = block.split(b"\r\n")
    # What is left without the octets that may be anywhere is a CR and a LF
    # for each line end, or there is one that stands alone, or worse.
    if len(block.translate(None, _NO_CONTROLS)) != 2 * len(lines) - 2:
        if _BARE_LINE_END.search(block) is not None:
            raise Malformed(400, "line end without CR")
        raise Malformed(400, "control character in a field")
    if len(lines) > limit:
        raise Malformed(431, "too many fields")
    fields: list[RawField] = []
    framing: dict[bytes, list[bytes]] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise Malformed(400, "field without a colon")
        value = value.strip(b" \t")
        try:
            key = _known[name]
        except KeyError:
            key = _learn(name)
        if key is not None:
            if key in framing:
                framing[key].append(value)
            else:
                framing[key] = [value]
        fields.append((name, value))
    return FieldBlock(tuple(fields), framing)


def parseFoldedFields(block: bytes, limit: int) -> FieldBlock:
    """
    As L{parseFields}, but lines may be folded: each fold is one space (RFC
    9112, section 5.2, which wants that of responses).
    """
    try:
        return parseFields(block, limit)
    except Malformed:
        # Only what would be refused is looked at again.
        unfolded = _unfold(block)
        if unfolded is None:
            raise
    return parseFields(unfolded, limit)


def _unfold(block: bytes) -> bytes | None:
    """
    @return: C{block} in lines that aren't folded; or L{None} if none was, or
        one in a way that others may read differently: before the first field,
        with nothing in it, or in a field that belongs to the hop.
    """
    if b"\n " not in block and b"\n\t" not in block:
        return None
    fields: list[list[bytes]] = []
    for line in block.split(b"\r\n"):
        if not line.startswith((b" ", b"\t")):
            fields.append([line])
            continue
        more = line.strip(b" \t")
        if not fields or not more:
            return None
        field = fields[-1]
        if field[0].partition(b":")[0].lower() in _UNFOLDED:
            return None
        if len(field) == 1:
            field[0] = field[0].rstrip(b" \t")
        field.append(more)
    return b"\r\n".join(map(b" ".join, fields))


def _learn(name: bytes) -> bytes | None:
    try:
        lower = fieldName(name)
    except InvalidField:
        raise Malformed(400, "field name is not a token") from None
    key = lower if lower in _FRAMING else None
    if len(name) <= _MAX_KNOWN_LENGTH:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known[name] = key
    return key


def parseContentLength(lines: list[bytes]) -> int:
    """
    @param lines: the Content-Length fields of a head, at least one.

    @raise Malformed: 400, unless they are one number.  RFC 9112, section 6.3
        allows to merge equal ones; nobody honest sends them.
    """
    if len(lines) > 1:
        raise Malformed(400, "several Content-Length")
    if LENGTH.fullmatch(lines[0]) is None:
        raise Malformed(400, "Content-Length is not a number")
    return int(lines[0])


def checkTransferEncoding(framing: dict[bytes, list[bytes]], isOld: bool) -> None:
    """
    Accept C{chunked} and nothing else (RFC 9112, sections 6.1 and 6.3).

    @param framing: of a head with Transfer-Encoding.
    @param isOld: whether that is of HTTP/1.0, which has no such thing.

    @raise Malformed: 501 for a coding that we don't know beneath C{chunked};
        400 where nobody could tell where the message ends.
    """
    if isOld:
        raise Malformed(400, "Transfer-Encoding in HTTP/1.0")
    if b"content-length" in framing:
        raise Malformed(400, "both Content-Length and Transfer-Encoding")
    lines = framing[b"transfer-encoding"]
    if len(lines) > 1:
        raise Malformed(400, "several Transfer-Encoding")
    value = lines[0].lower()
    if value == b"chunked":
        return
    codings = [coding.strip(b" \t") for coding in value.split(b",")]
    if any(_TOKEN.fullmatch(coding) is None for coding in codings):
        raise Malformed(400, "malformed Transfer-Encoding")
    if codings[-1] != b"chunked" or codings.count(b"chunked") > 1:
        raise Malformed(400, "Transfer-Encoding does not end in one chunked")
    raise Malformed(501, "unknown transfer coding")


def checkHost(lines: list[bytes] | None) -> None:
    """
    @param lines: the Host fields of a request, if there are any.

    @raise Malformed: 400, unless they are one well formed authority.
    """
    if lines is None:
        raise Malformed(400, "no Host")
    if len(lines) > 1:
        raise Malformed(400, "several Host")
    if _HOST.fullmatch(lines[0]) is None:
        try:
            parseAuthority(lines[0])
        except ValueError:
            raise Malformed(400, "malformed Host") from None


def parseUpgrade(lines: Iterable[bytes]) -> tuple[bytes, ...]:
    """
    @param lines: the Upgrade fields of a head.

    @return: what they list, in lower case; nothing if that isn't protocols.
        (To offer them is no more than that: RFC 9110, section 7.8.)
    """
    offers = [
        offer
        for line in lines
        for element in line.lower().split(b",")
        if (offer := element.strip(b" \t"))
    ]
    return tuple(offers) if all(map(_PROTOCOL.fullmatch, offers)) else ()
