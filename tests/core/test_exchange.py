"""
The exchange machine, serving: heads, an honest Content-Length, and nothing
after the end.
"""

import io
from types import SimpleNamespace
from typing import Any

import pytest
from zope.interface.verify import verifyObject

from penstock.core.errors import LocalProtocolError, PeerGone
from penstock.core.headers import Headers
from penstock.core.interfaces import IChannelRequest
from penstock.core.length import parseLength
from penstock.core.order import Stage


def _length(value: str) -> Headers:
    return Headers([("Content-Length", value)])


def test_interface(serving: Any) -> None:
    """
    It is all of an L{IChannelRequest} but the facts, which a transport has.
    """
    type(serving).connectionInfo = None
    verifyObject(IChannelRequest, serving)


@pytest.mark.parametrize(
    ("values", "length"),
    [((), None), ((b"0",), 0), ((b"007",), 7), ((b"9" * 18,), 10**18 - 1)],
)
def test_parseLength(values: tuple[bytes, ...], length: int | None) -> None:
    """
    A Content-Length is digits.
    """
    assert parseLength(values) == length


@pytest.mark.parametrize(
    "values",
    [
        (b"",),
        (b"-1",),
        (b"+1",),
        (b"1_0",),
        (b" 1",),
        (b"1\n",),
        (b"0x1",),
        (b"1, 1",),
        (b"1", b"1"),
        (b"1" * 19,),
        ("\u0661".encode(),),
    ],
)
def test_parseLengthRefuses(values: tuple[bytes, ...]) -> None:
    """
    Whatever else int() would take, or could not bear, is refused.
    """
    with pytest.raises(ValueError, match="Content-Length"):
        parseLength(values)


# Heads


def test_plainAnswer(serving: Any) -> None:
    """
    An answer goes out in the order of the calls.
    """
    serving.contentEnded()
    serving.writeIntermediateResponse(103)
    serving.writeIntermediateResponse(103)
    serving.writeHeaders(200, _length("4"))
    serving.writeData(b"ab")
    serving.writeData(b"")
    serving.writeData(b"cd")
    serving.finish()
    assert serving.kinds == ["intermediate"] * 2 + ["head", "data", "data", "end"]
    assert serving.wrote == b"abcd"
    assert serving.written == 4
    assert serving.request.told == [("complete",)]


@pytest.mark.parametrize("code", [99, 101, 200, 0, -1])
def test_notAnInterimCode(serving: Any, code: int) -> None:
    """
    Only 1xx is interim, and 101 gives away what isn't the request's.
    """
    with pytest.raises(LocalProtocolError):
        serving.writeIntermediateResponse(code)
    assert serving.sent == []


@pytest.mark.parametrize("code", [0, 100, 103, 199, 1000])
def test_notAFinalCode(serving: Any, code: int) -> None:
    """
    A final code has three digits and isn't interim; after another one, there
    is still time for it.
    """
    with pytest.raises(LocalProtocolError):
        serving.writeHeaders(code, Headers())
    assert serving.stage is Stage.WAITING
    serving.writeHeaders(999, Headers())


@pytest.mark.parametrize("reason", [b"a\r\nb", b"\0", b"a\x7f", b"a\nb"])
@pytest.mark.requirement("9112-2.2-3")
def test_reasonHasNoControlCharacters(serving: Any, reason: bytes) -> None:
    """
    A reason phrase can't end its line.
    """
    with pytest.raises(LocalProtocolError):
        serving.writeHeaders(200, Headers(), reason)
    with pytest.raises(LocalProtocolError):
        serving.writeIntermediateResponse(103, None, reason)
    assert serving.sent == []
    serving.writeHeaders(200, Headers(), b"R\xe9asonable\tphrase")


def test_lengthMustBeOne(serving: Any) -> None:
    """
    A Content-Length that a peer could take for two things is not sent.
    """
    for bad in ("1, 2", "one", "-1"):
        with pytest.raises(LocalProtocolError):
            serving.writeHeaders(200, _length(bad))
    assert serving.sent == []


def test_headersAreNotChanged(serving: Any) -> None:
    """
    What the request passes in is still its own.
    """
    headers = Headers([("Content-Length", "0"), ("X", "y")])
    before = list(headers)
    serving.writeHeaders(200, headers)
    assert list(headers) == before


# The length is honest


@pytest.mark.requirement("9112-6.3-8")
def test_tooLong(serving: Any) -> None:
    """
    Nothing of a write that goes beyond Content-Length is sent, and the rest
    may still be.
    """
    serving.writeHeaders(200, _length("4"))
    serving.writeData(b"ab")
    with pytest.raises(LocalProtocolError):
        serving.writeData(b"cde")
    with pytest.raises(LocalProtocolError):
        serving.writeFile(io.BytesIO(b"cde"), 0, 3)
    serving.writeData(b"cd")
    serving.finish()
    assert serving.wrote == b"abcd"


@pytest.mark.requirement("9112-6.3-8")
def test_tooShort(serving: Any) -> None:
    """
    A response shorter than it said is an error that the peer can see, and not
    a whole one.
    """
    serving.writeHeaders(200, _length("4"))
    serving.writeData(b"ab")
    with pytest.raises(LocalProtocolError):
        serving.finish()
    assert serving.kinds == ["head", "data", "abort"]
    assert serving.stage is Stage.LOST
    assert serving.request.told == []


@pytest.mark.parametrize(
    ("command", "code"), [(b"HEAD", 200), (b"GET", 204), (b"GET", 205), (b"GET", 304)]
)
@pytest.mark.requirement("9110-9.3.2-1", "9110-15.3.6-1")
def test_bodiless(makeServing: Any, command: bytes, code: int) -> None:
    """
    What is written as content of a message that has none is dropped, whatever
    its length, and a Content-Length is no promise.
    """
    serving = makeServing()
    serving.start(command=command)
    serving.writeHeaders(code, _length("4"))
    serving.writeData(b"much longer than four")
    fired: list[None] = []
    serving.writeFile(io.BytesIO(b""), 0, 99).addCallback(fired.append)
    serving.finish()
    assert fired == [None]
    assert serving.kinds == ["head", "end"]
    assert serving.written == 0


# Nothing after the end


def callAll(exchange: Any) -> None:
    """
    Every call there is, in an order that would work.
    """
    exchange.writeIntermediateResponse(103)
    exchange.writeHeaders(200, Headers())
    exchange.writeData(b"late")
    exchange.writeFile(io.BytesIO(b"late"), 0, 4)
    stopped: list[str] = []
    source = SimpleNamespace(stopProducing=lambda: stopped.append("stop"))
    exchange.registerProducer(source, True)
    assert stopped == ["stop"]
    exchange.unregisterProducer()
    exchange.pauseProducing()
    exchange.resumeProducing()
    exchange.stopProducing()
    exchange.finish()
    exchange.abortConnection()


LATE = (
    "writeIntermediateResponse",
    "writeHeaders",
    "writeData",
    "writeFile",
    "registerProducer",
    "finish",
    "abortConnection",
)


ENDS = ("finished", "aborted", "lost")


@pytest.mark.parametrize("paused", [False, True], ids=["flowing", "paused"])
@pytest.mark.parametrize("end", ENDS)
def test_lateCalls(serving: Any, end: str, paused: bool) -> None:
    """
    After the end, calls do nothing and are counted; nothing that the
    transport still says reaches the request.
    """
    if paused:
        serving.pauseProducing()
        serving.contentReceived(b"held")
    serving.endBy(end)
    sent, told = list(serving.sent), list(serving.request.told)
    callAll(serving)
    assert serving.lateCalls == LATE
    serving.contentReceived(b"more")
    serving.contentEnded()
    serving.lose(PeerGone())
    serving.outputBlocked()
    serving.outputReady()
    serving.spin()
    assert serving.sent == sent
    assert serving.request.told == told
    assert serving.returned == (8 if paused else 4)
    assert not serving.paused
    assert serving.held == 0


def test_fewLateCallsAreKept(serving: Any) -> None:
    """
    Whoever goes on for hours after the end costs no memory.
    """
    serving.abortConnection()
    for _ in range(1000):
        serving.writeData(b"late")
    assert serving.lateCalls == ("writeData",) * 16
