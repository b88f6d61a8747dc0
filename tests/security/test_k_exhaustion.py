"""
K: time and memory.
"""

from __future__ import annotations

import gc
import gzip
import json
import re
import subprocess
import sys
import time
import tracemalloc
import zlib
from typing import Any

import pytest

from penstock.core import headers as coreHeaders
from penstock.core import target as coreTarget
from penstock.core.content import Buffer
from penstock.core.errors import DeadlineExceeded, PeerGone
from penstock.core.headers import Headers
from penstock.core.response import Response
from penstock.transports.http1 import head as http1Head
from penstock.transports.http1.limits import Timeouts
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc import heads as rpcHeads
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.limits import RPCTimeouts
from penstock.transports.rpc.messages import (
    HandleContentChunk,
    HandleContentComplete,
    Ping,
    WriteHeaders,
)

from ..http1.messages import put
from ..http1.wires import Asked, Server, answerComplete, answerNothing
from ..rpc.wires import Scene, request
from .bad_input import (
    AFTER,
    HELLO,
    OPENING,
    REFUSALS,
    Called,
    Log,
    Noting,
    Sited,
    deliveries,
    ok,
)

TIMES = Timeouts(
    head=10.0, idle=20.0, content=30.0, write=40.0, first=5.0, answer=100.0
)

DATE = re.compile(rb"Date: [^\r]*\r\n")


def sent(server: Server) -> bytes:
    """
    @return: all that was sent, but Date.
    """
    return DATE.sub(b"", server.wire.sent)


# Slow senders: what they send, after which time they are answered how.
SLOW: dict[str, tuple[bytes, float, bytes]] = {
    "K1 nothing": (b"", 5, b""),
    "K1 an empty line": (b"\r\n", 10, REFUSALS[408]),
    "K1 an octet": (b"G", 10, REFUSALS[408]),
    "K1 a request line": (HELLO[:16], 10, REFUSALS[408]),
    "K1 all but the last octet": (HELLO[:-1], 10, REFUSALS[408]),
    "K1 the next head": (HELLO + HELLO[:-1], 10, ok() + REFUSALS[408]),
    "K1 no next head": (HELLO, 20, ok()),
    "K1 no content": (put(b"abc")[:-3], 30, REFUSALS[408]),
    "K1 part of the content": (put(b"abc")[:-1], 30, REFUSALS[408]),
}


@pytest.mark.parametrize(("data", "seconds", "answer"), SLOW.values(), ids=SLOW)
def test_slow(data: bytes, seconds: float, answer: bytes) -> None:
    """
    Who stops is answered where there is something to answer, and let go.
    """
    server = Server(timeouts=TIMES)
    server.receive(data)
    server.wait(seconds - 1)
    before = sent(server)
    server.wait(2)
    assert sent(server) == answer
    assert len(before) < len(answer) or not server.wire.open
    assert not server.wire.open
    count = len(server.asked)
    for asked in server.asked:
        assert asked.complete or type(asked.lost) is DeadlineExceeded
    server.receive(AFTER)
    assert len(server.asked) == count
    server.wait(30)
    assert server.wire.closed


DRIPS: dict[str, tuple[bytes, bytes, Any]] = {
    "K1 a head in drips": (b"", HELLO[:-4].replace(b"Host", b"X" * 100), 10),
    "K1 fields in drips": (HELLO[:-2], b"A: b\r\n" * 50, 10),
    "K1 content in drips": (put(b"x" * 1000)[:-1000], b"x" * 200, 30),
    "K1 chunks in drips": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\nx\r\n" * 50,
        30,
    ),
}


@pytest.mark.parametrize(("data", "drips", "seconds"), DRIPS.values(), ids=DRIPS)
def test_drips(data: bytes, drips: bytes, seconds: float) -> None:
    """
    Nor does an octet now and then help.
    """
    server = Server(timeouts=TIMES)
    server.receive(data)
    for octet in drips:
        server.wait(0.5)
        server.receive(bytes([octet]))
        if not server.wire.open:
            break
    assert seconds <= server.clock.seconds() <= seconds + 3
    assert sent(server) == REFUSALS[408]


def test_slowOverRPC() -> None:
    """
    K1: who doesn't say hello, or nothing any more, has no session.
    """
    scene = Scene(greets=False, timeouts=RPCTimeouts(hello=10.0))
    scene.peer.write(OPENING[:-1])
    scene.pipe.advance(12, 12)
    assert scene.isClosed
    scene = Scene(timeouts=RPCTimeouts(heartbeat=10.0, silence=25.0))
    scene.say(request(1, complete=False))
    scene.pipe.freeze()
    scene.pipe.advance(60, 60)
    assert scene.isClosed
    assert scene.served[0].calls == ["lost"]


# Slow readers


def begin(asked: Asked, what: str) -> None:
    if what == "complete":
        asked.channel.writeHeaders(200, Headers())
        asked.channel.writeData(b"x" * 100_000)


def test_slowReader() -> None:
    """
    K2: who reads nothing is let go, and its request hears of it; meanwhile
    none of its other requests is begun.
    """
    server = Server(begin, timeouts=TIMES)
    server.wire.stuck = True
    server.receive(HELLO + AFTER)
    server.wait(38)
    assert len(server.asked) == 1
    assert not server.wire.aborted
    server.wait(4)
    assert server.wire.aborted
    assert type(server.asked[0].lost) is DeadlineExceeded
    assert len(server.asked) == 1


def test_slowReaderOverRPC() -> None:
    """
    K2: only what the peer has room for is sent, and who takes none of it for
    too long is given up.
    """
    scene = Scene(timeouts=RPCTimeouts(stall=60.0), window=1024)
    scene.say(request(1))
    served = scene.served[0]
    served.exchange.writeHeaders(200, Headers())
    served.exchange.writeData(b"x" * 100_000)
    scene.settle()
    (head,) = scene.peer.take(WriteHeaders)
    assert len(head.content or b"") <= 1024
    for _ in range(30):
        scene.pipe.advance(5)
        # It lives, and reads other things.
        scene.say(Ping(0, 1))
    assert served.calls[-1] == "lost"
    assert type(served.problem) is DeadlineExceeded


def test_slowReaderInMemory() -> None:
    """
    K2: what waits for a reader in memory has a bound, too.
    """

    class Endless(Noting):
        def render(self, request: Any) -> Any:
            return Response(b"x" * 1000 for _ in range(100_000))

    client = MemoryClient(Endless(), strict=False, window=10_000)
    reading = client.open("GET", "/", paused=True)
    client.pump()
    assert reading.maxResponseBacklog < 20_000
    reading.disconnect()
    client.close()


# Compressed content

ZEROS = 16 << 20


def compressed(data: bytes, wbits: int) -> bytes:
    made = zlib.compressobj(9, wbits=wbits)
    return made.compress(data) + made.flush()


GZIP = compressed(b"hello", 31)
BOMB = compressed(bytes(ZEROS), 31)

CODED: dict[str, tuple[bytes, bytes, int]] = {
    "K3 fine": (b"gzip", GZIP, 200),
    "K3 a bomb": (b"gzip", BOMB, 413),
    "K3 a bomb of deflate": (b"deflate", compressed(bytes(ZEROS), 15), 413),
    "K3 a bomb in a bomb": (b"gzip, gzip", gzip.compress(BOMB), 413),
    "K3 a bomb in members": (b"gzip", compressed(bytes(1 << 18), 31) * 100, 413),
    "K3 very many members of nothing": (b"gzip", gzip.compress(b"") * 20_000, 200),
    "K3 truncated": (b"gzip", GZIP[:-1], 400),
    "K3 garbage behind it": (b"gzip", GZIP + b"x", 400),
    "K3 no gzip": (b"gzip", b"hello", 400),
    "K3 many codings": (b"gzip, gzip, gzip", GZIP, 415),
    "K3 a coding of nobody": (b"rot13", GZIP, 415),
}


class Unpacking(Noting):
    policy = Buffer(limit=1 << 20, decode=True)


def codeOverHTTP(coding: bytes, content: bytes) -> int:
    sited = Sited(Unpacking())
    data = put(content, b"Content-Encoding: " + coding + b"\r\n")
    for place in range(0, len(data), 65536):
        sited.receive(data[place : place + 65536])
    return sited.codes[0]


def codeOverRPC(coding: bytes, content: bytes) -> int:
    called = Called(Unpacking())
    head = request(1, b"Content-Encoding", coding, method=b"PUT", complete=False)
    called.receive(OPENING, frame(head))
    for place in range(0, len(content), 8192):
        piece = content[place : place + 8192]
        called.receive(frame(HandleContentChunk(1, piece)))
    called.receive(frame(HandleContentComplete(1, None)))
    return called.peer.take(WriteHeaders)[0].code  # type: ignore[no-any-return]


def codeInMemory(coding: bytes, content: bytes) -> int:
    with MemoryClient(Unpacking(), strict=False) as client:
        return client.put("/", content, [("Content-Encoding", coding)]).code or 0


@pytest.mark.parametrize(("coding", "content", "code"), CODED.values(), ids=CODED)
@pytest.mark.parametrize("way", [codeOverHTTP, codeOverRPC, codeInMemory])
def test_bombs(way: Any, coding: bytes, content: bytes, code: int) -> None:
    """
    Nothing is unpacked beyond the limit, and what isn't whole is refused.
    """
    tracemalloc.start()
    began = time.process_time()
    try:
        found = way(coding, content)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert found == code
    assert peak < 6 << 20
    assert time.process_time() - began < 5


# Memory that strangers fill


def test_nothingIsRememberedForGood() -> None:
    """
    K4: no refusal, name, target or method that was different from all others
    is kept longer than some hundred of its like.
    """
    with Log():
        for number in range(3000):
            server = Server()
            server.receive(
                b"M%d /%d HTTP/1.1\r\nHost: h%d\r\nX-%d: y\r\n\r\n" % ((number,) * 4)
            )
            server.receive(b"GET /\x00%d HTTP/1.1\r\n\r\n" % number)
        called = Called()
        called.receive(OPENING)
        for number in range(3000):
            called.receive(
                frame(
                    request(
                        2 * number + 1,
                        b"X-%d" % number,
                        b"y",
                        path=b"/r%d" % number,
                    ),
                )
            )
    for kept, most in (
        (http1Head._known, 2048),
        (rpcHeads._known, 2048),
        (coreHeaders._known, 1024),
        (coreTarget._recent, 1024),
    ):
        assert len(kept) <= most
    assert len(b"".join(http1Head._known)) <= 2048 * 64


def test_failuresAreForgotten() -> None:
    """
    K4: nor do refusals add up.
    """

    def refuse(count: int) -> None:
        for number in range(count):
            server = Server()
            server.receive(b"GET /%d HTTP/9.9\r\n\r\n" % number)
            server.lose()

    refuse(500)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        refuse(500)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100_000


# Content in many pieces


def collects(pieces: int) -> float:
    """
    @return: seconds that content in so many pieces takes to be put together.
    """

    class Collecting(Noting):
        policy = Buffer(limit=1 << 24)

        def render(self, request: Any) -> Any:
            self.seen.append(str(len(request.body)))
            return b""

    sited = Sited(Collecting())
    sited.receive(put(b"x" * pieces * 64)[: -pieces * 64])
    began = time.process_time()
    for _ in range(pieces):
        sited.channel.dataReceived(b"x" * 64)
    took = time.process_time() - began
    assert sited.root.seen == [str(pieces * 64)]
    return took


def test_collecting() -> None:
    """
    K5: each piece costs so much, however much there is already.
    """
    collects(100)
    # Quadratic, this would be 256 times.
    assert collects(32000) < 5 * 16 * max(collects(2000), 0.001)


# Floods

FLOODS: dict[str, bytes] = {
    "K6 requests": HELLO * 2400,
    "K6 empty lines": b"\r\n" * 32000,
    "K6 chunks": b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"1\r\nx\r\n" * 10_000,
    "K6 fields": HELLO[:-2] + b"A: b\r\n" * 10_000,
    "K6 garbage": b"\xff" * 65536,
}


@pytest.mark.parametrize("data", FLOODS.values(), ids=FLOODS)
def test_floods(data: bytes) -> None:
    """
    One read keeps nobody else waiting: it is dealt with in a moment, or in
    turns.
    """
    server = Server(answerComplete)
    began = time.process_time()
    server.receive(data)
    assert time.process_time() - began < 0.5
    assert len(server.asked) <= 64
    server.clock.advance(0)
    for pieces in deliveries(data):
        again = Server(answerComplete)
        again.receive(*pieces)
        again.clock.advance(0)
        assert again.codes == server.codes
    server.lose()
    for asked in server.asked:
        assert asked.complete or isinstance(asked.lost, PeerGone)


def test_noAnswer() -> None:
    """
    K1: an application that never answers doesn't keep its client for ever.
    """
    server = Server(answerNothing, timeouts=TIMES)
    server.receive(HELLO)
    server.wait(99)
    assert sent(server) == b""
    server.wait(3)
    assert sent(server) == REFUSALS[503]
    assert type(server.asked[0].lost) is DeadlineExceeded


# Without assertions

OPTIMISED = """
import json, sys
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_reader import RequestReader
from penstock.transports.rpc.codec import Decoder
from penstock.core.headers import Headers
from penstock.core.errors import InvalidField

found = [__debug__]
for data in json.load(sys.stdin):
    reader = RequestReader(Limits())
    reader.receive(data.encode("latin-1"))
    events = []
    while (event := reader.nextEvent()) is not None:
        events.append(type(event).__name__)
    found.append(events)
    decoder = Decoder(1024)
    found.append(
        [type(it).__name__ for it in decoder.receive(data.encode("latin-1"))]
    )
    try:
        Headers([("a", data)])
    except InvalidField:
        found.append("InvalidField")
print(json.dumps(found))
"""

CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("option", ["-O"], ids=["K7 without assertions"])
def test_optimised(option: str) -> None:
    """
    K7: what is refused is refused without assertions, too.  (All tests are run so
    before a merge; these are run so each time.)
    """
    bad = [
        CHUNKED + "5\r\nhelloXX0\r\n\r\n" + AFTER.decode(),
        CHUNKED + "zz\r\n" + AFTER.decode(),
        "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \x0by\r\n\r\n",
    ]
    done = subprocess.run(
        [sys.executable, option, "-c", OPTIMISED],
        input=json.dumps(bad),
        capture_output=True,
        check=True,
        text=True,
    )
    outcomes = json.loads(done.stdout)
    assert outcomes.pop(0) is False
    assert outcomes[0::3] == [
        ["RequestHead", "Data", "Rejected"],
        ["RequestHead", "Rejected"],
        ["Rejected"],
        ["Rejected"],
    ]
    assert outcomes[1::3] == [["Rejected"]] * 4
    assert outcomes[2::3] == ["InvalidField"] * 4
