"""
The messages: a method of the seam each, and its arguments.

On the wire a message is a msgpack array of the method's number, the exchange's
number, and the arguments; 0 in place of an exchange is the connection.  Here
it is a named tuple whose first item is that exchange.  See C{docs/rpc.md}.

C{fields} are flat: name, value, name, value.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, NamedTuple

from penstock.core.errors import (
    Cancelled,
    DeadlineExceeded,
    ExchangeLost,
    LimitExceeded,
    PeerProtocolError,
    Unavailable,
)

VERSION: Final = 1

# 2**53 - 1: every integer up to here is exact in every language.
MAX_NUMBER: Final = 9007199254740991

# What credit may add up to.
MAX_CREDIT: Final = 2**31 - 1

Fields = tuple[bytes, ...]


class Method(IntEnum):
    """
    What a message does.  The names are those of the seam where it has one.
    """

    hello = 0
    request = 1
    handleContentChunk = 2
    handleContentComplete = 3
    writeIntermediateResponse = 4
    writeHeaders = 5
    writeData = 6
    finish = 7
    abortConnection = 8
    stopProducing = 9
    credit = 10
    ping = 11
    pong = 12
    goaway = 13


class Reason(IntEnum):
    """
    Why an exchange, or a connection, is given up.
    """

    DONE = 0
    """It isn't wanted any more: cancelled, or shutting down."""

    UNAVAILABLE = 1
    """Refused before anything of it was processed."""

    DEADLINE = 2
    """Something took too long."""

    PROTOCOL = 3
    """The receiver of this message broke the rules."""

    LIMIT = 4
    """There was more of something than is taken."""

    UNSUPPORTED = 5
    """A version or feature is needed that the other side doesn't have."""


LOST: Final[dict[int, type[ExchangeLost]]] = {
    Reason.DONE: Cancelled,
    Reason.UNAVAILABLE: Unavailable,
    Reason.DEADLINE: DeadlineExceeded,
    Reason.PROTOCOL: PeerProtocolError,
    Reason.LIMIT: LimitExceeded,
}
"""What an exchange that the peer gave up is lost by.  L{Cancelled} for other
reasons, so that there can be more of them one day."""

_REASONS: Final[dict[type[ExchangeLost], Reason]] = {
    DeadlineExceeded: Reason.DEADLINE,
    LimitExceeded: Reason.LIMIT,
}


def reasonOf(problem: ExchangeLost) -> Reason:
    """
    @return: what the peer is told of C{problem}, which this side has found.
    """
    return _REASONS.get(type(problem), Reason.PROTOCOL)


class Hello(NamedTuple):
    """
    The first message each way.
    """

    exchange: int
    version: int
    dialled: bool
    """Whether the sender has made the connection."""
    parameters: tuple[object, ...]
    """Flat: key, value, key, value.  Unknown keys mean nothing."""


class Request(NamedTuple):
    """
    Start an exchange.
    """

    exchange: int
    command: bytes
    path: bytes
    version: int
    """Ten times the major one, and the minor one."""
    fields: Fields
    content: bytes | None
    """The beginning of the content; L{None} and C{complete} for none at all."""
    complete: bool
    """Whether C{content} is all, and there are no trailers."""
    facts: tuple[object, ...] | None
    """Flat: key, value.  See L{penstock.transports.rpc.facts}."""


class HandleContentChunk(NamedTuple):
    """
    Some of the request's content.
    """

    exchange: int
    data: bytes


class HandleContentComplete(NamedTuple):
    """
    The request is complete.
    """

    exchange: int
    trailers: Fields | None


class WriteIntermediateResponse(NamedTuple):
    """
    An interim response.
    """

    exchange: int
    code: int
    fields: Fields
    reason: bytes | None


class WriteHeaders(NamedTuple):
    """
    The head of the response, and perhaps all of it.
    """

    exchange: int
    code: int
    fields: Fields
    reason: bytes | None
    content: bytes | None
    complete: bool


class WriteData(NamedTuple):
    """
    Some of the response's content.
    """

    exchange: int
    data: bytes


class Finish(NamedTuple):
    """
    The response is complete, and the exchange over.
    """

    exchange: int
    trailers: Fields | None


class AbortConnection(NamedTuple):
    """
    The sender gives the exchange up.
    """

    exchange: int
    reason: int
    text: str


class StopProducing(NamedTuple):
    """
    The sender doesn't want the rest of the content.
    """

    exchange: int


class Credit(NamedTuple):
    """
    The receiver may send so much more content.
    """

    exchange: int
    octets: int


class Ping(NamedTuple):
    """
    To be answered with the same token.
    """

    exchange: int
    token: int


class Pong(NamedTuple):
    """
    The answer.
    """

    exchange: int
    token: int


class GoAway(NamedTuple):
    """
    The sender takes no more requests.
    """

    exchange: int
    last: int
    """The last exchange of the receiver's that is taken; 0 for none."""
    reason: int
    text: str


Message = (
    Hello
    | Request
    | HandleContentChunk
    | HandleContentComplete
    | WriteIntermediateResponse
    | WriteHeaders
    | WriteData
    | Finish
    | AbortConnection
    | StopProducing
    | Credit
    | Ping
    | Pong
    | GoAway
)

METHODS: Final[dict[type, Method]] = {
    Hello: Method.hello,
    Request: Method.request,
    HandleContentChunk: Method.handleContentChunk,
    HandleContentComplete: Method.handleContentComplete,
    WriteIntermediateResponse: Method.writeIntermediateResponse,
    WriteHeaders: Method.writeHeaders,
    WriteData: Method.writeData,
    Finish: Method.finish,
    AbortConnection: Method.abortConnection,
    StopProducing: Method.stopProducing,
    Credit: Method.credit,
    Ping: Method.ping,
    Pong: Method.pong,
    GoAway: Method.goaway,
}
