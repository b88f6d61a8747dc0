"""
What a strict client notices.
"""

from __future__ import annotations

import gc
import tempfile
import weakref
from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import Logger, globalLogPublisher

from penstock.core.content import Discard, Stream
from penstock.core.errors import HTTPError, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.transports.memory import ContractBroken, MemoryClient, StillWaiting

_log = Logger()


class Does(Resource):
    """
    Does something.
    """

    isLeaf = True

    def __init__(self, what: Callable[[Any], Any]) -> None:
        super().__init__()
        self.render_ = what

    def render_GET(self, request: Any) -> Any:
        return self.render_(request)


class Takes(Does):
    """
    Does something with what is put.
    """

    policy = Stream()

    def render_PUT(self, request: Any) -> Any:
        return self.render_(request)


def fails(request: Any) -> None:
    raise ZeroDivisionError("on purpose")


def failsLate(request: Any) -> None:
    request.write(b"some")
    raise ZeroDivisionError("on purpose")


async def failsInACoroutine(request: Any) -> None:
    raise ZeroDivisionError("on purpose")


@pytest.mark.parametrize("what", [fails, failsLate, failsInACoroutine])
def test_failuresAreRaised(what: Any, loggedErrors: Any) -> None:
    """
    What a resource raises comes out of the call that made it, as it is.
    """
    with MemoryClient(Does(what)) as client:
        with pytest.raises(ZeroDivisionError, match="on purpose") as caught:
            client.get("/")
        assert "the resource failed" in caught.value.__notes__[0]
    assert len(loggedErrors.flush("the resource failed")) == 1


def test_failuresOfALaterTurn(loggedErrors: Any) -> None:
    """
    Also when time has to pass before it fails.
    """
    waiting: Deferred[None] = Deferred()

    async def failsLater(request: Any) -> None:
        await waiting
        fails(request)

    with MemoryClient(Does(failsLater)) as client:
        exchange = client.open("GET", "/")
        client.clock.callLater(5, waiting.callback, None)
        client.advance(4)
        with pytest.raises(ZeroDivisionError):
            client.advance(1)
        assert exchange.code == 500
    loggedErrors.flush()


def test_expecting(loggedErrors: Any) -> None:
    """
    What is expected isn't raised, but kept; and has to come.
    """
    with MemoryClient(Does(fails)) as client:
        with client.expecting(ZeroDivisionError, KeyError) as caught:
            assert client.get("/").code == 500
        assert [type(problem) for problem in caught] == [ZeroDivisionError]
        with (
            pytest.raises(ContractBroken, match="did not come: KeyError"),
            client.expecting(KeyError),
        ):
            pass
        with (
            pytest.raises(ZeroDivisionError),
            client.expecting(KeyError),
        ):
            client.get("/")
    loggedErrors.flush()


def test_tolerance(loggedErrors: Any) -> None:
    """
    A client that isn't strict shows what any other would see.
    """
    with MemoryClient(Does(fails), strict=False) as client:
        assert client.get("/").code == 500
    loggedErrors.flush()


def test_severalAtOnce(loggedErrors: Any) -> None:
    """
    Several problems are raised together.
    """

    def failsTwice(request: Any) -> None:
        try:
            fails(request)
        except ZeroDivisionError:
            _log.failure("once")
            _log.failure("and the same again")
        raise KeyError("two")

    client = MemoryClient(Does(failsTwice))
    with pytest.raises(ExceptionGroup) as caught:
        client.get("/")
    assert [type(problem) for problem in caught.value.exceptions] == [
        ZeroDivisionError,
        KeyError,
    ]
    loggedErrors.flush()


def test_loggedErrors(loggedErrors: Any) -> None:
    """
    An error in the log counts even without an exception; a warning doesn't,
    and neither does what others log at other times.
    """

    def logs(request: Any) -> bytes:
        _log.warn("never mind")
        if b"error" in request.uri:
            _log.error("it is {what}", what="broken")
        return b""

    with MemoryClient(Does(logs)) as client:
        assert client.get("/").code == 200
        with pytest.raises(ContractBroken, match="it is broken"):
            client.get("/?error")
        _log.error("somebody else")
        assert client.get("/").code == 200
    assert len(loggedErrors.flush()) == 2


def test_forgottenDeferreds(loggedErrors: Any) -> None:
    """
    A failure that a resource has left in a Deferred is raised at the end.
    """

    def forgets(request: Any) -> bytes:
        Deferred().addCallback(fails).callback(request)
        return b""

    # With older versions of Twisted not even at the end, but inside the call.
    with pytest.raises(ZeroDivisionError), MemoryClient(Does(forgets)) as client:
        client.get("/")
    loggedErrors.flush()


def test_nestedClients(loggedErrors: Any) -> None:
    """
    A client inside a resource raises there, and so does the one outside.
    """
    inner = MemoryClient(Does(fails))
    outer = MemoryClient(Does(lambda request: inner.get("/").body))
    with outer, pytest.raises(ZeroDivisionError):
        outer.get("/")
    loggedErrors.flush()


# Misuse


def _after(request: Any) -> None:
    request.write(b"x")
    request.finish()


def late(request: Any) -> None:
    _after(request)
    request.write(b"more")


def finishesTwice(request: Any) -> None:
    _after(request)
    request.finish()


def abortsAfterwards(request: Any) -> None:
    _after(request)
    request.chanRequest.abortConnection()


def contentFor204(request: Any) -> None:
    request.code = 204
    request.write(b"x")
    request.finish()


def fileFor304(request: Any) -> None:
    request.code = 304
    with tempfile.TemporaryFile() as file:
        file.write(b"abc")
        request.writeFile(file, 0, 3)
    request.finish()


def changesFields(request: Any) -> None:
    request.out_headers.setRaw("x-a", "1")
    request.write(b"x")
    request.out_headers.setRaw("x-a", "2")
    request.finish()


_MISUSE: dict[Any, str] = {
    late: "writeData was called after finish",
    finishesTwice: "finish was called after finish",
    abortsAfterwards: "abortConnection was called after finish",
    contentFor204: "content was written to a 204",
    fileFor304: "content was written to a 204, 205 or 304",
    changesFields: "fields were changed",
}


@pytest.mark.parametrize("what", _MISUSE, ids=lambda what: str(what.__name__))
def test_misuseIsRaised(what: Any) -> None:
    """
    What a wire would swallow is raised, though the response is none the worse.
    """
    with MemoryClient(Does(what)) as client:
        with pytest.raises(ContractBroken, match=_MISUSE[what]):
            client.get("/")
        with client.expecting(ContractBroken):
            assert client.get("/").complete
    with MemoryClient(Does(what), strict=False) as client:
        assert client.get("/").complete


def test_noMisuse() -> None:
    """
    Content written to HEAD, and calls after a loss, are nobody's fault.
    """

    def writes(request: Any) -> None:
        request.write(b"content")
        request.finish()

    def streams(request: Any) -> None:
        request.write(b"some")
        request.whenDone().addCallback(lambda ignored: request.write(b"more"))
        request.whenDone().addCallback(lambda ignored: request.finish())

    with MemoryClient(Does(writes)) as client:
        assert client.head("/").complete
    with MemoryClient(Does(streams)) as client:
        exchange = client.get("/")
        exchange.disconnect()
        assert exchange.serverRequest.lateCalls == ("writeData", "finish")


def test_lateMisuse() -> None:
    """
    Misuse that comes after the response is raised by the next call, or at the
    end.
    """

    def writesLater(request: Any) -> bytes:
        client.clock.callLater(1, request.chanRequest.writeData, b"x")
        return b""

    with MemoryClient(Does(writesLater)) as client:
        assert client.get("/").complete
        with pytest.raises(ContractBroken, match="writeData"):
            client.advance(1)


def _longer(request: Any) -> None:
    request.out_headers.setRaw("content-length", "1")
    request.write(b"ab")


def _shorter(request: Any) -> None:
    request.out_headers.setRaw("content-length", "3")
    request.write(b"ab")
    request.finish()


@pytest.mark.parametrize(("what", "text"), [(_longer, "longer"), (_shorter, "shorter")])
def test_wrongLengths(what: Any, text: str, loggedErrors: Any) -> None:
    """
    A body that isn't as long as was said is the resource's mistake.
    """
    client = MemoryClient(Does(what))
    with pytest.raises(LocalProtocolError, match=text):
        client.get("/")
    loggedErrors.flush()


# The end


def test_neverFinished() -> None:
    """
    At the end, every request was answered in full or given up.
    """
    client = MemoryClient(Does(lambda request: request.write(b"some")))
    forgotten = client.get("/forgotten")
    client.get("/given-up").disconnect()
    with pytest.raises(ContractBroken) as caught:
        client.close()
    assert "GET /forgotten: 200, under way" in str(caught.value)
    assert "never finished" in str(caught.value)
    assert forgotten.lost is not None
    assert client.requester.underWay == ()
    client.close()


def test_halfSent() -> None:
    """
    Who hasn't sent everything can't expect an answer.
    """

    class Takes(Resource):
        def render_PUT(self, request: Any) -> bytes:
            return b""

    with MemoryClient(Takes()) as client:
        client.open("PUT", "/", contentLength=None).send(b"x")


def test_unreadIsNotUnanswered() -> None:
    """
    A response that the test itself hasn't read was answered in full.
    """
    with MemoryClient(Does(lambda request: b"abc")) as client:
        exchange = client.open("GET", "/", paused=True)
        assert not exchange.complete


def test_firstThingsFirst() -> None:
    """
    A test that fails by itself isn't told of its consequences.
    """
    with (
        pytest.raises(StillWaiting),
        MemoryClient(Does(lambda request: None)) as client,
    ):
        client.get("/")


def test_failuresAtTheEnd(loggedErrors: Any) -> None:
    """
    What fails because the connection breaks at the end is raised there.
    """

    class Cancels(Resource):
        def render_GET(self, request: Any) -> Any:
            request.write(b"x")
            return Deferred(self.cancelled)

        def cancelled(self, deferred: Deferred[Any]) -> None:
            deferred.errback(ZeroDivisionError("on purpose"))

    client = MemoryClient(Cancels(), strict=True)
    client.get("/")
    with pytest.raises(ExceptionGroup) as caught:
        client.close()
    kinds = {type(problem) for problem in caught.value.exceptions}
    assert kinds == {ContractBroken, ZeroDivisionError}
    loggedErrors.flush()


def test_forgottenClients() -> None:
    """
    A client that nobody closes stops listening when it goes.
    """
    before = len(globalLogPublisher._observers)
    client = MemoryClient(Does(lambda request: Response(b"", headers=Headers())))
    client.get("/")
    assert len(globalLogPublisher._observers) == before + 1
    gone = weakref.ref(client)
    del client
    gc.collect()
    assert gone() is None
    assert len(globalLogPublisher._observers) == before


# Content that nobody has read


async def readsSome(request: Any) -> bytes:
    async for _ in request.content:
        break
    return b"done"


async def readsAll(request: Any) -> bytes:
    return await request.content.read()  # type: ignore[no-any-return]


def refuses(request: Any) -> None:
    raise HTTPError(409)


@pytest.mark.parametrize(
    ("what", "code", "complains"),
    [
        (lambda request: b"done", 200, True),
        (readsSome, 200, True),
        (readsAll, 200, False),
        (refuses, 409, False),
    ],
    ids=["none", "some", "all", "refused"],
)
def test_unreadContent(what: Any, code: int, complains: bool) -> None:
    """
    Who succeeds without having read what it was sent has forgotten something.
    """
    client = MemoryClient(Takes(what))
    if complains:
        with client.expecting(ContractBroken) as problems:
            client.put("/", [b"some", b"more"])
        assert "answered 200 without having read" in str(problems[0])
    else:
        assert client.put("/", [b"some", b"more"]).code == code
    client.close()


def test_unreadContentThatHasCome() -> None:
    """
    Also if it has come meanwhile, and waits.
    """
    waiting: Deferred[None] = Deferred()

    async def later(request: Any) -> bytes:
        await waiting
        return b"done"

    with MemoryClient(Takes(later)) as client, client.expecting(ContractBroken):
        exchange = client.open("PUT", "/", contentLength=4)
        exchange.send(b"some")
        exchange.end()
        waiting.callback(None)
        client.pump()


def test_discardedContent() -> None:
    """
    Who says so needn't read it.
    """
    resource = Takes(lambda request: b"done")
    resource.policy = Discard()  # type: ignore[assignment]
    with MemoryClient(resource) as client:
        assert client.put("/", b"some").body == b"done"


def test_noContentToRead() -> None:
    with MemoryClient(Takes(lambda request: b"done")) as client:
        assert client.put("/").body == b"done"
        assert client.put("/", b"").body == b"done"


# Time


def spins(request: Any) -> bytes:
    """
    Keep everybody waiting.
    """
    end = perf_counter() + 0.02
    while perf_counter() < end:
        pass
    return b""


def test_blocking() -> None:
    with (
        MemoryClient(Does(spins), blocking=0.01) as client,
        client.expecting(ContractBroken) as problems,
    ):
        client.get("/")
    assert "the event loop was blocked for 0.0" in str(problems[0])
    with MemoryClient(Does(spins), blocking=60) as client:
        client.get("/")
    with MemoryClient(Does(spins)) as client:
        client.get("/")
