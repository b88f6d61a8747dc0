"""
N: what is said of bad requests, and to whom.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from twisted.internet.address import HostnameAddress, IPv4Address, UNIXAddress
from twisted.logger import formatEvent, formatEventAsClassicLogText

from penstock.core.accesslog import AccessLog
from penstock.core.errors import InvalidField
from penstock.core.forwarding import Unnamed
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.core.server import Site
from penstock.transports.memory import MemoryClient, MemoryRequester
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.messages import AbortConnection, GoAway, Reason

from ..rpc.wires import Scene, request
from .bad_input import (
    AFTER,
    HELLO,
    HOST,
    OPENING,
    Called,
    Log,
    Noting,
    Sited,
    deliveries,
)

# All that a line of the access log may be, up to its times.
LINE = re.compile(
    r"[0-9T:Z-]{20} (?:http1|rpc|memory) [!#-~]+ "
    r'"[ !#-~]*" [0-9]{3}-? (?:[0-9]+|-) (?:[0-9.]+ms|-)(?: "[ !#-~]*")?\n'
)

EVIL: dict[str, bytes] = {
    "N1 a line end": b'\r\n2026-01-01T00:00:00Z http1 - "GET /" 200 0 0.0ms',
    "N1 LF": b"\nevil",
    "N1 a quote": b'" 200 0 0.0ms "',
    "N1 a backslash": b"\\evil\\x22",
    "N1 a terminal": b"\x1b[2J\x1b]0;evil\x07",
    "N1 NUL": b"\x00evil",
    "N1 NEL and separators": "\x85\u2028\u2029evil".encode(),
    "N1 C1": b"\x9b31mevil",
    "N1 right to left": "\u202eevil".encode(),
    "N1 no UTF-8": b"\xff\xfe\xc3\x28evil",
    "N1 a format": b"{evil} %s {log_source!r} {0}",
    "N1 long": b"e" * 5000,
}

PLACES: dict[str, bytes] = {
    "in the method": b"GET%b / HTTP/1.1\r\nHost: a\r\n\r\n",
    "in the target": b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n",
    "in the version": b"GET / HTTP/%b1.1\r\nHost: a\r\n\r\n",
    "in a name": b"GET / HTTP/1.1\r\nHost: a\r\nX%b: y\r\n\r\n",
    "in a value": b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nBad \x00: %b\r\n\r\n",
    "in Host": b"GET / HTTP/1.1\r\nHost: @%b\r\n\r\n",
    "in a length": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: %b\r\n\r\n",
    "in a coding": b"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: %b\r\n\r\n",
    "in a chunk": (
        b"PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5%b\r\n"
    ),
    "instead of anything": b"%b\r\n\r\n",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_refused(evil: bytes, place: bytes) -> None:
    """
    N4: however it came, one line tells of it; and what it says is harmless:
    nothing of it begins a line, ends a quotation, or speaks to a terminal.
    N2: nobody gets to read any of it.
    """
    bad = place % evil
    stop = len(bad) + len(HELLO) if len(bad) < 200 else 0
    for pieces in (
        (HELLO + bad + AFTER,),
        (HELLO, bad, AFTER),
        *(
            ((HELLO + bad)[:at], (HELLO + bad)[at:] + AFTER)
            for at in range(len(HELLO), stop, 7)
        ),
    ):
        lines: list[str] = []
        with Log() as log:
            sited = Sited(log=AccessLog(lines.append))
            sited.receive(*pieces)
            events = list(log.events)
        codes = sited.codes
        assert len(lines) == len(codes), lines
        for line in lines:
            assert LINE.fullmatch(line), line
            assert len(line) < 3000
        # With the class of whoever says so, as it is printed.
        for event in events:
            text = formatEvent(event)
            assert re.fullmatch(r"[ -~]*", text), text
            assert b"evil" not in text.encode()
            classic = formatEventAsClassicLogText(event) or ""
            assert classic.count("\n") == 1
        # A target that only the site refuses has been a request.
        assert len(events) == len([line for line in lines if line.endswith('"\n')])
        assert b"evil" not in sited.wire.sent
        assert sited.wire.sent.isascii()


@pytest.mark.parametrize("octet", range(256))
def test_everyOctet(octet: int) -> None:
    """
    N1: each, in a target that is taken or isn't.
    """
    lines: list[str] = []
    with Log() as log:
        sited = Sited(log=AccessLog(lines.append))
        sited.receive(b"GET /a%cb HTTP/1.1\r\nHost: a\r\n\r\n" % octet)
        assert all(re.fullmatch(r"[ -~]*", line) for line in log.take())
    (line,) = lines
    assert LINE.fullmatch(line), line


@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
def test_rpc(evil: bytes) -> None:
    """
    N4: one for each that is refused over RPC, and for a session that ends.
    """
    for pieces in deliveries(
        OPENING,
        frame(request(1, path=b"/ " + evil)),
        frame(request(3, method=b"\x00" + evil)),
        frame(request(5, b"A\x00" + evil, evil)),
        frame(request(7)),
    ):
        lines: list[str] = []
        called = Called(log=AccessLog(lines.append))
        called.receive(*pieces)
        assert len(lines) == 4
        for line in lines:
            assert LINE.fullmatch(line), line
        assert b"evil" not in bytes(called.pipe.left.written)
        if len(pieces) > 2 and len(pieces[0]) == 1:
            break
    with Log() as log:
        called = Called()
        called.receive(OPENING, frame(request(1)), b"\x00\x00\x00\x09\xc1" + evil)
        assert called.isClosed or len(evil) < 8
        for text in log.take():
            assert re.fullmatch(r"[ -~]*", text)


TEXTS = ("evil\nline", "evil\x1b[2J", "evil\u2028", "e" * 300)


@pytest.mark.parametrize("text", TEXTS)
def test_whatAPeerSays(text: str) -> None:
    """
    N1: a peer of RPC may give a reason, in so many letters that can be
    printed; whoever gives another is thrown out, and none of it is told.
    """
    for message in (
        GoAway(0, 0, Reason.DONE, text),
        GoAway(0, 0, Reason.LIMIT, text),
        AbortConnection(2, Reason.DONE, text),
    ):
        with Log() as log:
            scene = Scene()
            asked = scene.ask()
            scene.settle()
            scene.say(message)
            assert scene.isClosed
            assert "evil" not in str(asked.problem)
            for line in log.take():
                assert re.fullmatch(r"[ -~]*", line)
                assert "evil" not in line


@pytest.mark.parametrize("octet", [*range(0x21, 0x7F)])
def test_memory(octet: int) -> None:
    """
    N1: what may be asked in memory is logged as everywhere.
    """
    lines: list[str] = []
    site = Site(Noting(), AccessLog(lines.append))
    with MemoryClient(site, strict=False) as client:
        client.get(b"/a%cb" % octet)
    (line,) = lines
    assert LINE.fullmatch(line), line


PEERS: dict[str, Any] = {
    "N1 a socket's path": UNIXAddress(b"/run/a b\n\x1b\xff"),
    "N1 an abstract socket": UNIXAddress(b'\x00a" 200'),
    "N1 an address of a proxy": IPv4Address("TCP", 'a b"\n\x1b\u2028', 1),
    "N1 a name": HostnameAddress(b'a b"\n', 1),
    "N1 somebody hidden": Unnamed('_a b"\n'),
    "N1 nobody": None,
}


@pytest.mark.parametrize("peer", PEERS.values(), ids=PEERS)
def test_peers(peer: Any) -> None:
    """
    Whoever it is, it is one word.
    """
    lines: list[str] = []
    log = AccessLog(lines.append)
    sited = Sited(peer=peer, log=log)
    with Log() as events:
        sited.receive(HELLO + b"BAD\r\n\r\n")
        for text in events.take():
            assert re.fullmatch(r"[ -~]*", text), text
    log.refused(ConnectionInfo("rpc", "1", peer), None, "why")
    requester = MemoryRequester(Site(Noting(), log), peer=peer)
    requester.request("GET", "/").addErrback(lambda ignored: None)
    assert len(lines) == 4
    for line in lines:
        assert LINE.fullmatch(line), line


@pytest.mark.parametrize("remark", ['why"\n', "\x1b[2J", "\u2028", "\ud800", "w" * 999])
def test_remarks(remark: str) -> None:
    """
    N1: nor does what somebody else says of a failure.
    """
    lines: list[str] = []
    info = ConnectionInfo("http1", "1", IPv4Address("TCP", "192.0.2.1", 1))
    AccessLog(lines.append).refused(info, 400, remark, b"GET /")
    assert LINE.fullmatch(lines[0]), lines
    assert len(lines[0]) < 600


def test_nothingForOthers() -> None:
    """
    N2: the answer to a bad request has nothing in it of what comes after it,
    which may be somebody else's.
    """
    for pieces in deliveries(
        b"GET / HTTP/1.1\r\nHost: a\nsecret", b"POST /secret HTTP/1.1\r\n", b"secret"
    ):
        sited = Sited()
        sited.receive(*pieces)
        assert sited.codes == [400]
        assert b"secret" not in sited.wire.sent


@pytest.mark.parametrize("name", [b"X-Foo", b"Set-Cookie", b"Location"])
def test_valuesAreNotTold(name: bytes, loggedErrors: Any) -> None:
    """
    N3: what couldn't be sent is in no exception, log or page.
    """
    # In no source line of a traceback, either.
    value = bytes([0x65, 0x76, 0x69, 0x6C, 0x0D, 0x0A])

    class Wrong(Noting):
        def render(self, request: Any) -> Any:
            request.out_headers.setRaw(name, value)

    sited = Sited(Wrong())
    sited.receive(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    assert sited.codes == [500]
    assert b"evil" not in sited.wire.sent
    (event,) = loggedErrors.events
    assert "evil" not in formatEvent(event)
    assert "evil" not in event["log_failure"].getTraceback()
    loggedErrors.flush("the resource failed")
    with pytest.raises(InvalidField) as caught:
        Headers([(name, value)])
    assert "evil" not in str(caught.value)
    assert caught.value.__cause__ is None
