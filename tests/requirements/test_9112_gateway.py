"""
RFC 9112 where both ends meet: what a gateway passes on.
"""

from __future__ import annotations

import re

import pytest

from .ends import HELLO, Gateway, answers

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.requirement("9112-2.3-1")
def test_ownVersion() -> None:
    gateway = Gateway()
    asked = gateway.forward(b"GET / HTTP/1.0\r\nHost: a\r\n\r\n")
    assert asked.start == (b"GET", b"/", b"1.1")
    (answer,) = Gateway().relay(OK.replace(b"1.1", b"1.0"))
    assert (answer.start[0], answer.content) == (b"1.1", b"hi")


@pytest.mark.requirement("9112-3.2.2-3", "9112-3.2.2-4")
@pytest.mark.parametrize(
    ("target", "host"),
    [(b"http://x/y?z", b"x"), (b"http://x:81/y?z", b"x:81")],
)
def test_hostOfAbsoluteForm(target: bytes, host: bytes) -> None:
    asked = Gateway().forward(b"GET " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert asked.start[1] == b"/y?z"
    assert asked.get(b"host") == host


@pytest.mark.requirement("9112-3.2.4-2")
def test_optionsForTheServer() -> None:
    """
    It is answered here, and not forwarded; the calling end could.
    """
    gateway = Gateway()
    (answer,) = gateway.origin.ask(b"OPTIONS http://x HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.code == 200
    assert answer.get(b"allow")
    assert not gateway.upstream.endpoint.attempts
    gateway.upstream.call("OPTIONS", "http://x")
    assert gateway.upstream.asked()[0].start[1] == b"*"


BAD_ANSWERS: dict[str, bytes] = {
    "folded length": b"HTTP/1.1 200 OK\r\nX: 1\r\nContent-Length:\r\n 2\r\n\r\nhi",
    "space before a colon": b"HTTP/1.1 200 OK\r\nX : 1\r\nContent-Length: 2\r\n\r\nhi",
    "no length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nhi",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 3\r\n\r\nhi",
    "length and chunks": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\n\r\n"
    ),
}


@pytest.mark.requirement(
    "9112-5.1-2", "9112-5.2-3", "9112-6.3-2", "9112-6.3-6", "9110-8.6-12"
)
@pytest.mark.parametrize("data", BAD_ANSWERS.values(), ids=BAD_ANSWERS)
def test_badAnswer(data: bytes) -> None:
    """
    502 instead; the connection that it came over ends.
    """
    gateway = Gateway()
    (answer,) = gateway.relay(data)
    assert answer.code == 502
    assert re.search(rb"\bhi\b", answer.content) is None
    assert gateway.upstream.wire.ending
    assert gateway.origin.wire.open


@pytest.mark.requirement("9112-5.2-3", "9112-5.2-1")
def test_unfolded() -> None:
    """
    Folded lines are unfolded before they are passed on.
    """
    gateway = Gateway()
    (answer,) = gateway.relay(
        b"HTTP/1.1 200 OK\r\nX: 1\r\n \t2\r\nContent-Length: 2\r\n\r\nhi"
    )
    assert (answer.code, answer.get(b"x"), answer.content) == (200, b"1 2", b"hi")


@pytest.mark.requirement("9112-6.3-2", "9110-8.6-12")
@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 2, 2\r\n",
        b"Content-Length: x\r\n",
    ],
)
def test_badRequest(fields: bytes) -> None:
    """
    It isn't passed on.
    """
    gateway = Gateway()
    gateway.origin.send(
        b"PUT / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n2\r\nhi\r\n0\r\n\r\n"
    )
    (answer,) = answers(gateway.origin.take())
    assert answer.code == 400
    assert not gateway.upstream.endpoint.attempts


@pytest.mark.requirement("9112-7.1.2-2", "9112-7.1.2-3", "9110-6.5.1-2")
def test_trailers() -> None:
    """
    They stay trailers, both ways.
    """
    gateway = Gateway()
    asked = gateway.forward(
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nX: 1\r\nHost: evil\r\n\r\n"
    )
    assert (asked.content, asked.trailers) == (b"hi", [(b"X", b"1")])
    assert b"x" not in asked.names
    gateway.upstream.answer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2\r\nhi\r\n0\r\nY: 1\r\nSet-Cookie: a=b\r\n\r\n"
    )
    (answer,) = answers(gateway.origin.take())
    assert (answer.content, answer.trailers) == (b"hi", [(b"Y", b"1")])
    assert b"y" not in answer.names


@pytest.mark.requirement("9110-8.6-11", "9112-6.3-8")
@pytest.mark.parametrize(
    ("fields", "how"),
    [
        (b"Content-Length: 3", "lost"),
        (b"Content-Length: 3", "half-closed"),
        (b"Transfer-Encoding: chunked", "lost"),
        (b"Transfer-Encoding: chunked", "half-closed"),
        (b"Transfer-Encoding: chunked", "malformed"),
    ],
)
def test_truncatedRequest(fields: bytes, how: str) -> None:
    """
    A request that never becomes whole isn't passed on as if it were.
    """
    gateway = Gateway()
    isChunked = b"chunked" in fields
    gateway.origin.send(
        b"PUT / HTTP/1.1\r\nHost: a\r\n%b\r\n\r\n%b"
        % (fields, b"2\r\nhi\r\n" if isChunked else b"hi")
    )
    gateway.upstream.endpoint.accept()
    if how == "lost":
        gateway.origin.lose()
    elif how == "half-closed":
        gateway.origin.channel.readConnectionLost()
    else:
        gateway.origin.send(b"x\r\n")
    gateway.origin.clock.advance(0)
    wire = gateway.upstream.wire
    assert wire.ending == "abort"
    assert not wire.take().endswith(b"0\r\n\r\n")


@pytest.mark.requirement("9110-8.6-11", "9112-8-2")
@pytest.mark.parametrize(
    "data",
    [
        OK[:-1],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n",
    ],
    ids=["length", "chunks"],
)
def test_truncatedAnswer(data: bytes) -> None:
    """
    It is broken off here too.
    """
    gateway = Gateway()
    gateway.forward(HELLO)
    gateway.upstream.answer(data)
    gateway.upstream.wire.lose()
    assert gateway.origin.wire.aborted
    assert not gateway.origin.take().endswith(b"0\r\n\r\n")
