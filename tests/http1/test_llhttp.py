"""
The strict vectors of llhttp, on the readers of both ends: each whole, cut in
two everywhere, and octet by octet.

Where a reader of ours decides otherwise, the row stands in a table below, with
what it decides and why.  A row that stands there and doesn't belong there
fails.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from penstock.core.headers import Headers
from penstock.core.hop import withoutHop
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_head import RequestHead
from penstock.transports.http1.request_reader import RequestReader, State
from penstock.transports.http1.response_reader import Head, Interim, ResponseReader

from .wires import cuts

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors" / "llhttp.json"

if not VECTORS.is_file():
    pytest.skip(
        "llhttp's vectors are not part of this source tree, nor beside it",
        allow_module_level=True,
    )

ROWS: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))

# What becomes of a row, here and there.
ACCEPT = "accept"
"""All octets were taken, and the last message is whole."""
REJECT = "reject"
INCOMPLETE = "incomplete"
CLOSED = "closed"
"""The last message is whole, and what follows it is never looked at."""


class Why(NamedTuple):
    """
    What we make of a row, where that isn't what llhttp makes of it.
    """

    outcome: str
    reason: str
    """With the section that allows or wants it."""


NOT_LOOKED_AT = Why(
    CLOSED,
    "What follows a request with close is not a request (RFC 9112, section 9.6).  "
    "It is dropped without a look at it, so there is nothing to refuse.",
)
UPGRADE_IGNORED = Why(
    INCOMPLETE,
    "An Upgrade is an offer (RFC 9110, section 7.8): until somebody takes it, what "
    "follows is the next request.",
)
WHOLE_HEAD = Why(
    INCOMPLETE,
    "A field is looked at when the head is whole, which time and size bound.  No "
    "section says that an answer must be sooner; with its end it is refused.",
)
ANY_METHOD = Why(
    ACCEPT,
    "A method is a token, and there is no end to their number; which of them are "
    "known is for the resource (RFC 9110, section 9.1).",
)
ASTERISK = Why(
    REJECT,
    "The asterisk is for OPTIONS and nothing else (RFC 9112, section 3.2.4).  SSDP "
    "is another protocol, in datagrams.",
)
OTHER_PROTOCOL = Why(
    REJECT,
    "HTTP-version begins with HTTP, in capitals (RFC 9112, section 2.3); RTSP and "
    "ICE are other protocols.",
)
VERSION_0_9 = Why(
    REJECT,
    "Without a version it is HTTP/0.9, which RFC 9112, section 3 has not; and there "
    "is no such status line (section 4).",
)
UNKNOWN_CODING = Why(
    REJECT,
    "A transfer coding that the server doesn't know is answered by 501, not handed "
    "on as content (RFC 9112, section 6.1).",
)
TWO_CODINGS = Why(
    REJECT,
    "Not chunked alone: whoever looks at one of the two lines sees another message "
    "(RFC 9112, sections 6.1 and 6.3).",
)
FAULTY_RESPONSE = Why(
    REJECT,
    "Codings that don't end in one chunked are in no response of a server that "
    "means well.  RFC 9112, section 6.3 would read it to the end of the connection, "
    "its coding undone by nobody; we have asked for none (section 7.4).",
)
NOBODY_ASKED = Why(
    REJECT,
    "One request was sent, and so there is one response: what follows it is none, "
    "and the connection is given up (RFC 9112, section 9.2).",
)
RESPONSE_CLOSED = Why(
    ACCEPT,
    "After a response with close nothing is read (RFC 9112, section 9.6), so there "
    "is nothing to refuse.",
)
SWITCHING = Why(
    REJECT,
    "101 is for who has sent Upgrade (RFC 9110, section 15.2.2), which we have not.",
)
EMPTY_LINE = Why(
    REJECT,
    "An empty line may come before a request (RFC 9112, section 2.2); a response "
    "begins with its status line (section 4).",
)

TRAILERS_APART = Why(
    ACCEPT,
    "Trailers are not fields of the head (RFC 9110, section 6.5.1), and these two "
    "may not be trailers (section 6.5): they are dropped.",
)

OTHERWISE: dict[str, Why] = {
    "request/connection:84": NOT_LOOKED_AT,
    "request/connection:297": NOT_LOOKED_AT,
    "request/connection:347": NOT_LOOKED_AT,
    "request/connection:545": UPGRADE_IGNORED,
    "request/connection:716": UPGRADE_IGNORED,
    "request/connection:756": UPGRADE_IGNORED,
    "request/connection:815": UPGRADE_IGNORED,
    "request/content-length:78": WHOLE_HEAD,
    "request/content-length:103": WHOLE_HEAD,
    "request/content-length:496": WHOLE_HEAD,
    "request/invalid:69": ANY_METHOD,
    "request/invalid:150": WHOLE_HEAD,
    "request/invalid:359": ANY_METHOD,
    "request/invalid:493": WHOLE_HEAD,
    "request/invalid:512": WHOLE_HEAD,
    "request/method:138": ASTERISK,
    "request/method:375": OTHER_PROTOCOL,
    "request/method:405": OTHER_PROTOCOL,
    "request/method:433": OTHER_PROTOCOL,
    "request/sample:317": VERSION_0_9,
    "request/transfer-encoding:189": TRAILERS_APART,
    "request/transfer-encoding:754": UNKNOWN_CODING,
    "request/transfer-encoding:796": TWO_CODINGS,
    "response/connection:80": NOBODY_ASKED,
    "response/connection:139": NOBODY_ASKED,
    "response/connection:167": RESPONSE_CLOSED,
    "response/connection:230": RESPONSE_CLOSED,
    "response/connection:296": SWITCHING,
    "response/connection:334": SWITCHING,
    "response/connection:495": NOBODY_ASKED,
    "response/connection:540": NOBODY_ASKED,
    "response/connection:589": EMPTY_LINE,
    "response/invalid:215": WHOLE_HEAD,
    "response/pipelining:7": NOBODY_ASKED,
    "response/sample:43": OTHER_PROTOCOL,
    "response/sample:63": OTHER_PROTOCOL,
    "response/sample:648": VERSION_0_9,
    "response/sample:698": EMPTY_LINE,
    "response/transfer-encoding:46": FAULTY_RESPONSE,
    "response/transfer-encoding:77": FAULTY_RESPONSE,
    "response/transfer-encoding:115": FAULTY_RESPONSE,
}

# A request of HTTP/1.1 without Host is answered by 400, and nothing else
# (RFC 9112, section 3.2).  These have none, and so we refuse them; then they
# are given one, and the vector holds, or the table above does.
WITHOUT_HOST = {
    f"{page}:{line}"
    for page, lines in {
        "request/connection": (9, 37, 239, 267, 456, 545, 682, 716),
        "request/content-length": (7, 44, 132, 293, 320, 347, 373, 399),
        "request/invalid": (359,),
        "request/method": (7,),
        "request/pipelining": (7,),
        "request/sample": (9, 47, 171, 199, 222, 294, 481, 511, 541),
        "request/transfer-encoding": (
            9,
            36,
            73,
            110,
            147,
            189,
            241,
            369,
            427,
            470,
            498,
            616,
            647,
            754,
            796,
            843,
            880,
            914,
            1187,
        ),
        "request/uri": (7, 32, 55, 78, 105, 128, 168, 225),
    }.items()
    for line in lines
}


class Message(NamedTuple):
    """
    What is known of one message.
    """

    start: tuple[str, ...]
    """Method and target, or the reason phrase."""

    fields: tuple[tuple[str, str], ...]
    content: str
    whole: bool


# Of interim responses the reader doesn't tell the reason phrase.
INTERIM = ("interim",)


def _text(data: bytes) -> str:
    """
    C{data} as the vectors have it: they have lost the line ends of content.
    """
    return data.replace(b"\r", b"").replace(b"\n", b"").decode("latin-1")


def _fields(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode(), value.decode("latin-1")) for name, value in headers)


def expected(row: dict[str, Any]) -> list[Message]:
    """
    The messages that llhttp has seen, without the fields of the hop.
    """
    found = []
    for message in row["messages"]:
        fields = [
            (name.encode(), value.replace("\\t", "\t").strip(" \t").encode("latin-1"))
            for name, value in message["headers"]
        ]
        connection = [value for name, value in fields if name.lower() == b"connection"]
        start = (message["method"], message["url"])
        found.append(
            Message(
                start if row["type"] == "request" else (message["status"],),
                _fields(Headers.trusted(withoutHop(fields, connection))),
                _text(message["body"].encode("latin-1")),
                message["complete"],
            )
        )
    return found


class Seen:
    """
    What a reader makes of pieces.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.rejected: Rejected | None = None
        self.closing = False

    def take(self, event: Any) -> None:
        """
        Note what a reader says.
        """
        if self.rejected is not None or self.outcome is CLOSED:
            raise RuntimeError("nothing follows the end")
        if type(event) is Rejected:
            self.rejected = event
            return
        if type(event) is RequestHead:
            start = (event.method.decode(), event.target.decode())
            # The channel answers CONNECT by 501, and reads nothing after its head.
            last = event.method == b"CONNECT"
            self.messages.append(Message(start, _fields(event.fields), "", last))
            self.closing = last or not event.keepAlive
        elif type(event) is Interim:
            self.messages.append(Message(INTERIM, _fields(event.headers), "", True))
        elif type(event) is Head:
            start = (event.reason.decode("latin-1"),)
            self.messages.append(Message(start, _fields(event.headers), "", False))
        else:
            message = self.messages.pop()
            if type(event) is Data:
                message = message._replace(content=message.content + _text(event.data))
            elif type(event) is End:
                message = message._replace(whole=True)
            self.messages.append(message)

    @property
    def ended(self) -> bool:
        return bool(self.messages) and self.messages[-1].whole

    @property
    def outcome(self) -> str:
        if self.rejected is not None:
            return REJECT
        if self.closing and self.ended:
            return CLOSED
        return ACCEPT if self.ended else INCOMPLETE


def readRequests(pieces: Iterable[bytes]) -> tuple[str, list[Message], Any]:
    """
    As the channel does it: what follows a request that is the last one isn't
    given to the reader, or never asked for.
    """
    reader = RequestReader(Limits())
    seen = Seen()
    for piece in pieces:
        if seen.outcome is CLOSED:
            return CLOSED, seen.messages, "more"
        reader.receive(piece)
        while seen.outcome is not CLOSED and (event := reader.nextEvent()) is not None:
            seen.take(event)
    if seen.outcome is CLOSED:
        return CLOSED if reader.buffered else ACCEPT, seen.messages, "more"
    outcome = seen.outcome
    if outcome is ACCEPT and (reader.buffered or reader.state is not State.HEAD):
        outcome = INCOMPLETE
    return outcome, seen.messages, seen.rejected


def readResponse(pieces: Iterable[bytes]) -> tuple[str, list[Message], Any]:
    """
    As the client does it: one response for one request.
    """
    reader = ResponseReader(Limits())
    reader.expect(False)
    seen = Seen()
    for piece in pieces:
        for event in reader.receive(piece):
            seen.take(event)
    outcome = seen.outcome
    if outcome is ACCEPT and reader.awaitsHead:
        outcome = INCOMPLETE
    return outcome, seen.messages, seen.rejected


def withHost(raw: bytes) -> bytes:
    """
    C{raw} with a Host after each request line of HTTP/1.1.
    """
    return b"\r\n".join(
        line + b"\r\nHost: a" if line.endswith(b" HTTP/1.1") else line
        for line in raw.split(b"\r\n")
    )


def givenHost(messages: list[Message]) -> list[Message]:
    """
    C{messages} without what L{withHost} has added.
    """
    return [
        message._replace(
            fields=tuple(field for field in message.fields if field != ("Host", "a"))
        )
        for message in messages
    ]


@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_vector(row: dict[str, Any]) -> None:
    raw = b64decode(row["raw"])
    name = row["id"].removeprefix("llhttp/")
    read = readRequests if row["type"] == "request" else readResponse

    ours = read((raw,))
    for pieces in cuts(raw):
        assert read(pieces) == ours, pieces

    lacking = ours[2] == Rejected(400, "no Host")
    assert lacking == (name in WITHOUT_HOST)
    if lacking:
        raw = withHost(raw)
        ours = read((raw,))
        for pieces in cuts(raw):
            assert read(pieces) == ours, pieces
    outcome, messages, _ = ours
    if lacking:
        messages = givenHost(messages)

    theirs = row["expect"]
    if row["upgrade"] and outcome is CLOSED:
        # Both say: what follows isn't HTTP.
        outcome = ACCEPT
    why = OTHERWISE.get(name)
    assert outcome == (why.outcome if why is not None else theirs)
    if why is not None:
        assert outcome != theirs or why is TRAILERS_APART
        if why is WHOLE_HEAD:
            finished = read((raw + b"\r\n\r\n\r\n\r\n",))
            assert finished[0] is REJECT

    seen = expected(row)
    whole = [message for message in seen if message.whole]
    assert len(messages) <= len(seen)
    messages = [
        mine._replace(start=other.start) if mine.start is INTERIM else mine
        for mine, other in zip(messages, seen, strict=False)
    ]
    if why is ANY_METHOD:
        assert [message.whole for message in messages] == [True]
    elif why is TRAILERS_APART:
        assert whole[0].fields == (("Vary", "*"), ("Content-Type", "text/plain"))
        assert messages == [whole[0]._replace(fields=())]
    elif outcome is REJECT:
        # What comes before a rejection is the same; if only we reject, it is
        # a part of what llhttp has seen.
        taken = [message for message in messages if message.whole]
        assert taken == whole[: len(taken)]
        assert why is not None or len(taken) == len(whole)
    else:
        assert [message for message in messages if message.whole] == whole
        if len(messages) > len(whole):
            assert messages[-1] == seen[-1]


def test_theTablesHaveNoOtherRows() -> None:
    assert len(ROWS) == 184
    names = {row["id"].removeprefix("llhttp/") for row in ROWS}
    assert OTHERWISE.keys() | WITHOUT_HOST <= names


@pytest.mark.parametrize(
    "why", dict.fromkeys(OTHERWISE.values()), ids=lambda why: why.reason[:30]
)
def test_eachReasonHasItsSection(why: Why) -> None:
    assert "section" in why.reason
