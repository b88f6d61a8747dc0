"""
Fields that belong to one hop (RFC 9110, section 7.6.1).

They say something about a connection, not about the message: no transport
hands them to a request, and none sends those that a request has set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from penstock.core.headers import Headers, RawField, fieldName

HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"te",
        b"transfer-encoding",
        b"upgrade",
    }
)

# Connection can name any field, and whoever names one of these wants it lost
# on the way to somebody who trusts it: who asked, for whom, for what, and
# where the content ends.
_END_TO_END: Final = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-range",
        b"content-type",
        b"cookie",
        b"date",
        b"expect",
        b"forwarded",
        b"host",
        b"proxy-authorization",
        b"set-cookie",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)


def connectionOptions(lines: Iterable[bytes]) -> frozenset[bytes]:
    """
    @param lines: the values of the Connection fields of a message; or of the
        Expect fields, whose members are much the same.

    @return: what they list, in lower case, without empty elements.
    """
    return frozenset(
        option
        for line in lines
        for element in line.lower().split(b",")
        if (option := element.strip(b" \t"))
    )


def withoutHop(
    fields: Iterable[RawField], connection: Iterable[bytes]
) -> tuple[RawField, ...]:
    """
    @param fields: all fields of a message.
    @param connection: the values of its Connection fields.

    @return: those that are meant for the other end, in order.
    """
    dropped = HOP_BY_HOP | (connectionOptions(connection) - _END_TO_END)
    return tuple(field for field in fields if fieldName(field[0]) not in dropped)


def endToEnd(headers: Headers) -> Iterable[RawField]:
    """
    @return: the raw fields of C{headers} that are meant for the other end, in
        order; C{headers} itself if that is all of them.
    """
    if HOP_BY_HOP.isdisjoint(headers.names()):
        return headers
    return withoutHop(headers, headers.getRaw(b"connection"))
