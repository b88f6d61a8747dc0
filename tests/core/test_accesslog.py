"""
Tests for L{penstock.core.accesslog}: one line for whatever a peer does, and
never one that the peer has written.
"""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis.strategies import binary, text
from twisted.internet.address import IPv4Address, UNIXAddress

from penstock.core.accesslog import MAX_REMARK, MAX_TARGET, AccessLog
from penstock.core.errors import (
    Cancelled,
    DeadlineExceeded,
    PeerGone,
    PeerProtocolError,
)
from penstock.core.interfaces import ConnectionInfo, IRefusals
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.transports.memory import MemoryClient

INFO = ConnectionInfo("http1", "1", IPv4Address("TCP", "192.0.2.7", 9))
STAMP = "2026-11-22T09:30:00Z "


class Page(Resource):
    def render_GET(self, request: Any) -> bytes:
        return b"12345"

    def render_PUT(self, request: Any) -> Any:
        return None


def logged() -> tuple[list[str], AccessLog]:
    lines: list[str] = []
    return lines, AccessLog(lines.append, lambda: 5.0, lambda: 1795339800.5)


def test_plain() -> None:
    lines, log = logged()
    site = Site(Page(), log)
    with MemoryClient(site) as client:
        client.get("/?a%22b")
    assert lines == [STAMP + 'memory 127.0.0.1 "GET /?a%22b" 200 5 0.0ms\n']


@pytest.mark.parametrize(
    ("problem", "end"),
    [
        (PeerGone("the peer has gone"), "000- 0 0.0ms\n"),
        (Cancelled("never mind"), "000- 0 0.0ms\n"),
        (DeadlineExceeded("too slow"), '000- 0 0.0ms "too slow"\n'),
        (PeerProtocolError(), '000- 0 0.0ms "PeerProtocolError"\n'),
        (PeerProtocolError('"\n\xe9'), '000- 0 0.0ms "\\x22\\n\\xc3\\xa9"\n'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_brokenOff(problem: Any, end: str) -> None:
    """
    That somebody leaves says it all; anything else is told.
    """
    lines, log = logged()
    with MemoryClient(Site(Page(), log)) as client:
        client.open("PUT", "/", contentLength=3).disconnect(problem)
    assert lines == [STAMP + 'memory 127.0.0.1 "PUT /" ' + end]


@pytest.mark.parametrize(
    ("code", "reason", "line", "end"),
    [
        (400, "no Host", b"GET / HTTP/1.1", '"GET / HTTP/1.1" 400 - - "no Host"\n'),
        (None, "not RPC", b"", '"-" 000- - - "not RPC"\n'),
        (400, "x", b'a"b\\\r\x00\x85', '"a\\x22b\\\\\\r\\x00\\x85" 400 - - "x"\n'),
    ],
    ids=["line", "nothing", "odd"],
)
def test_refused(code: int | None, reason: str, line: bytes, end: str) -> None:
    lines, log = logged()
    site = Site(Page(), log)
    assert IRefusals.providedBy(site)
    site.refused(INFO, code, reason, line)
    assert lines == [f"{STAMP}http1 192.0.2.7 {end}"]


@given(binary(), text())
@example(b'"\n', '"\n\u2028\ud800')
@example(b"\x85" * 3000, "\u2028" * 3000)
def test_nobodyElseWritesLines(line: bytes, reason: str) -> None:
    """
    N1: printable ASCII, two quotations, one end, and not too long.
    """
    lines, log = logged()
    log.refused(INFO, 400, reason, line)
    (written,) = lines
    assert written.endswith("\n")
    assert written[:-1].isascii()
    assert written[:-1].isprintable()
    assert written.count('"') == 4
    assert len(written) < 100 + 8 * MAX_REMARK


def test_longTarget() -> None:
    lines, log = logged()
    with MemoryClient(Site(Page(), log)) as client:
        client.get("/?" + "a" * 5000)
    assert len(lines[0]) < MAX_TARGET + 100


def test_unixPeer() -> None:
    lines, log = logged()
    log.refused(INFO._replace(peer=UNIXAddress(b"/run/\nx")), 400, "x")
    log.refused(INFO._replace(peer=UNIXAddress(None)), 400, "x")
    log.refused(INFO._replace(peer=None), 400, "x")
    assert lines == [
        f'{STAMP}http1 /run/\\nx "-" 400 - - "x"\n',
        f'{STAMP}http1 - "-" 400 - - "x"\n',
        f'{STAMP}http1 - "-" 400 - - "x"\n',
    ]


def test_logsOfOneselfNeedNotKnow() -> None:
    """
    A function does for an access log; then nobody hears of refusals.
    """
    seen: list[Any] = []
    Site(Page(), seen.append).refused(INFO, 400, "x")
    Site(Page()).refused(INFO, 400, "x")
    assert not seen


def test_failingLog(loggedErrors: Any) -> None:
    """
    The transport that tells of a refusal isn't hurt.
    """
    site = Site(Page(), AccessLog(lambda line: 1 / 0))  # type: ignore[arg-type]
    site.refused(INFO, 400, "x")
    (problem,) = loggedErrors.flush("The access log failed")
    assert isinstance(problem, ZeroDivisionError)
