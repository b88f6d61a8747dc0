"""
RFC 9110 at the calling end.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.testing.recorder import ResponseRecorder

from .ends import Caller

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.requirement("9110-6.2-1", "9110-6.2-2", "9110-6.2-3")
@pytest.mark.parametrize("answer", [OK, OK.replace(b"1.1", b"1.0")])
def test_version(answer: bytes) -> None:
    """
    HTTP/1.1, our choice also to who has answered with HTTP/1.0.
    """
    caller = Caller()
    for _ in range(2):
        caller.call()
        assert caller.asked()[0].start[2] == b"1.1"
        caller.answer(answer)


@pytest.mark.requirement("9110-9.3.8-4")
@pytest.mark.parametrize("body", [b"x", [b"x"]])
def test_traceWithContent(body: Any) -> None:
    caller = Caller()
    with pytest.raises(LocalProtocolError):
        caller.call("TRACE", body=body)
    caller.call("TRACE")
    (asked,) = caller.asked()
    assert asked.content == b""
    assert not {b"content-length", b"transfer-encoding"} & set(asked.names)


@pytest.mark.requirement(
    "9110-10.1.2-1",
    "9110-10.1.3-2",
    "9110-10.1.5-5",
    "9110-12.5.4-1",
    "9110-6.6.1-7",
    "9110-10.1.5-1",
    "9110-10.1.5-6",
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_nothingOfItsOwn(method: str) -> None:
    """
    Our choice: it says nothing about user, page and program that the caller
    doesn't.
    """
    caller = Caller()
    caller.call(method)
    (asked,) = caller.asked()
    assert set(asked.names) <= {b"host", b"content-length"}


# Expectations


def expecting(**options: Any) -> tuple[Caller, ResponseRecorder, Any]:
    caller = Caller(**options)
    recorder = ResponseRecorder()
    exchange = caller.client.startRequest(
        b"PUT",
        b"/",
        Headers([("Expect", "100-continue"), ("Content-Length", "2")]),
        recorder,
        True,
    )
    caller.endpoint.accept()
    exchange.writeData(b"hi")
    exchange.finish()
    return caller, recorder, exchange


@pytest.mark.requirement("9110-10.1.1-3")
def test_waitsAndSaysSo() -> None:
    caller, recorder, _ = expecting()
    head = caller.wire.take()
    assert b"\r\nExpect: 100-continue\r\n" in head
    assert head.endswith(b"\r\n\r\n")
    caller.answer(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert caller.wire.take() == b"hi"
    caller.answer(OK)
    assert recorder.complete


@pytest.mark.requirement("9110-10.1.1-3")
def test_doesNotWaitUnsaid() -> None:
    caller = Caller()
    caller.call("PUT", body=b"hi")
    (asked,) = caller.asked()
    assert (asked.content, asked.get(b"expect")) == (b"hi", None)


@pytest.mark.requirement("9110-10.1.1-5", "9110-10.1.1-4")
def test_waitsNotForEver() -> None:
    caller, _, _ = expecting()
    caller.wire.take()
    caller.wait(0.5)
    assert caller.wire.take() == b""
    caller.wait(1)
    assert caller.wire.take() == b"hi"


@pytest.mark.requirement("9110-10.1.1-2")
@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("body", [None, b""])
def test_noExpectationWithoutContent(method: str, body: Any) -> None:
    caller = Caller()
    caller.call(method, fields=[("Expect", "100-continue")], body=body)
    assert caller.asked()[0].get(b"expect") is None


@pytest.mark.requirement("9110-10.1.1-6")
def test_417() -> None:
    """
    Our choice: the caller gets it, and decides.
    """
    caller, recorder, _ = expecting()
    caller.wire.take()
    caller.answer(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n")
    assert recorder.complete
    assert b"hi" not in caller.wire.take()
    assert not caller.endpoint.attempts


# A second time

IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]


def stale(method: str, body: Any = None) -> tuple[Caller, Any]:
    """
    A request on a kept connection that turns out to be dead.
    """
    caller = Caller()
    caller.call()
    caller.answer(OK)
    call = caller.call(method, body=body)
    caller.wire.take()
    caller.wire.lose()
    return caller, call


@pytest.mark.requirement("9110-9.2.2-1")
@pytest.mark.parametrize("method", [*IDEMPOTENT, "POST", "PATCH", "FROB", "get"])
def test_again(method: str) -> None:
    caller, call = stale(method)
    if method in IDEMPOTENT:
        assert call.lost is None
        caller.endpoint.accept()
        assert caller.asked()[0].start[0] == method.encode()
    else:
        assert isinstance(call.lost, PeerGone)
        assert not caller.endpoint.attempts


@pytest.mark.requirement("9110-9.2.2-1", "9110-9.2.2-3")
@pytest.mark.parametrize("method", IDEMPOTENT)
def test_notAThirdTime(method: str) -> None:
    caller, call = stale(method)
    caller.endpoint.accept()
    caller.wire.lose()
    assert isinstance(call.lost, PeerGone)
    assert not caller.endpoint.attempts


@pytest.mark.requirement("9110-9.2.2-1")
@pytest.mark.parametrize("data", [b"H", b"HTTP/1.1 103 X\r\n\r\n", OK[:-1]])
def test_notAfterAnAnswer(data: bytes) -> None:
    """
    Nor once something of an answer has come.
    """
    caller = Caller()
    caller.call()
    caller.answer(OK)
    call = caller.call()
    caller.answer(data)
    caller.wire.lose()
    assert isinstance(call.lost, PeerGone)
    assert not caller.endpoint.attempts


# Answers


@pytest.mark.requirement("9110-15-1")
@pytest.mark.parametrize("code", [204, 299, 304, 399, 404, 499, 500, 599, 600, 999])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_codes(code: int, method: str) -> None:
    """
    An unknown code is no reason to read a response in another way.
    """
    caller = Caller()
    call = caller.call(method)
    bodiless = method == "HEAD" or code in (204, 304)
    body = b"" if bodiless else b"hi"
    caller.answer(b"HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\n" % code + body)
    assert (call.response.code, call.content) == (code, body)
    assert not caller.wire.ending


@pytest.mark.requirement("9110-15-1", "9110-15.2-2", "9110-15.2-3")
@pytest.mark.parametrize("codes", [[100], [102, 102, 103], [150, 199], [100] * 50])
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_interim(codes: list[int], method: str) -> None:
    """
    Expected or not, they come before the answer.  Our choice: the caller gets
    them.
    """
    caller = Caller()
    call = caller.call(method)
    for code in codes:
        caller.answer(b"HTTP/1.1 %d X\r\nLink: a\r\n\r\n" % code)
    caller.answer(OK[:-2] if method == "HEAD" else OK)
    assert [code for code, _ in call.response.intermediate] == codes
    assert call.content == (b"" if method == "HEAD" else b"hi")


@pytest.mark.requirement("9110-15.5.4-1", "9110-14.3-2")
@pytest.mark.parametrize("code", [401, 403, 407, 408, 413, 421, 503])
def test_notAutomatically(code: int) -> None:
    """
    An answer is never a reason to ask again, nor kept for the next request.
    """
    caller = Caller()
    for _ in range(2):
        call = caller.call(fields=[("Authorization", "Basic eDp5")])
        caller.wire.take()
        caller.answer(
            b"HTTP/1.1 %d X\r\nAccept-Ranges: bytes\r\nRetry-After: 0\r\n"
            b"Content-Length: 2\r\n\r\nhi" % code
        )
        assert (call.response.code, call.content) == (code, b"hi")
        caller.wait(10)
        assert caller.wire.take() == b""
        assert not caller.endpoint.attempts


@pytest.mark.requirement("9110-5.4-2")
def test_largeFields() -> None:
    """
    Our choice: the response is lost.
    """
    caller = Caller()
    call = caller.call()
    caller.answer(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 70_000)
    assert call.lost is not None
    assert caller.wire.ending


@pytest.mark.requirement("9110-8.7-1", "9110-6.6.1-6")
def test_asItIs() -> None:
    """
    Our choice: what it doesn't need, it gives to the caller as it came.
    """
    caller = Caller()
    call = caller.call()
    caller.answer(
        OK.replace(b"\r\n\r\n", b"\r\nDate: now\r\nContent-Location: /x\r\n\r\n")
    )
    assert call.response.headers.getRaw("date") == (b"now",)
    assert call.response.headers.getRaw("content-location") == (b"/x",)
