"""
G: hosts, targets, redirects and pages of errors.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.core.accesslog import AccessLog
from penstock.core.errors import HTTPError, InvalidField
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.target import TargetError, parseTarget
from penstock.resources.file import File
from penstock.resources.redirect import Redirect
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.messages import Message, WriteHeaders

from ..http1.messages import GET
from ..http1.rejected import REJECTED
from ..rpc.wires import request
from .bad_input import (
    HELLO,
    HOST,
    OPENING,
    Called,
    Case,
    End,
    Noting,
    Sited,
    callRPC,
    checkHTTP,
    deliveries,
    ok,
    refused,
    remember,
)

MALFORMED = "malformed Host"

CASES: dict[str, Case] = {
    name: refused(code, "no Host" if name.startswith("G2") else MALFORMED, data)
    for name, (code, data) in REJECTED.items()
    if name.startswith("G")
}
CASES |= {
    "G1 Host of HTTP/1.0": refused(
        400, MALFORMED, b"GET / HTTP/1.0\r\nHost: a/b\r\n\r\n"
    ),
    "G1 Host beside a host in the target": refused(
        400, MALFORMED, b"GET http://a/ HTTP/1.1\r\nHost: a/../b\r\n\r\n"
    ),
    "G1 Host fragment": refused(400, MALFORMED, GET + b"Host: a#b\r\n\r\n"),
    "G1 Host with white space": refused(400, MALFORMED, GET + b"Host: a\tb\r\n\r\n"),
    "G1 Host comma and space": refused(400, MALFORMED, GET + b"Host: a, b\r\n\r\n"),
    "G2 a host in the target doesn't do": refused(
        400, "no Host", b"GET http://a/ HTTP/1.1\r\n\r\n"
    ),
    "G2 HTTP/1.0 needs none": Case(
        (b"GET / HTTP/1.0\r\n\r\n",),
        ok(fields=b"Connection: close\r\n"),
        End.OVER,
        ("GET / [] whole",),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_http(case: Case) -> None:
    checkHTTP(case)


HOSTS: dict[str, bytes] = {
    "G1 a path": b"a/../b",
    "G1 a space": b"a b",
    "G1 a user": b"u@a",
    "G1 a query": b"a?b",
    "G1 nothing": b"",
    "G1 unicode": "é".encode(),
    "G1 no port": b"a:8x",
    "G1 ports": b"a:1:2",
    "G1 a bracket": b"[::1",
    "G1 a backslash": b"a\\b",
    "G1 a great port": b"a:65536",
}

MESSAGES: dict[str, Message] = {
    name: request(3, b"Host", host) for name, host in HOSTS.items()
}


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_rpc(message: Message) -> None:
    callRPC(message, 400)


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
def test_memory(host: bytes) -> None:
    found, seen = remember("GET", "/", [("Host", host)])
    assert (found, seen) == ("LocalProtocolError", [])


ODD: dict[str, bytes] = {
    "G1 a host like a path": b"admin%2fx",
    "G1 a host of two dots": b"..",
    "G1 a host with sub-delimiters": b"a;b=(c)&d'",
}


@pytest.mark.parametrize("host", ODD.values(), ids=ODD)
def test_pathsAreOfTheTarget(host: bytes) -> None:
    """
    Whatever Host may be, where a request goes is read from its target, once.
    """
    seen: list[Any] = []

    class Places(Noting):
        def render(self, request: Any) -> Any:
            seen.append((request.path, request.target.segments, request.postpath))
            return b""

    start = b"GET /a/b?c HTTP/1.1\r\n"
    Sited(Places()).receive(start + b"Host: " + host + b"\r\n\r\n")
    remember("GET", "/a/b?c", [("Host", host)], root=Places())
    called = Called(Places())
    called.receive(OPENING, frame(request(1, b"Host", host, path=b"/a/b?c")))
    assert seen == [(b"/a/b", ("a", "b"), ("a", "b"))] * 3


def test_nobodyIsLookedUp(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    G2: no name is asked for, neither the client's nor our own.
    """

    def lookUp(*ignored: object) -> None:
        raise RuntimeError("somebody was looked up")

    for name in ("getfqdn", "gethostbyaddr", "gethostbyname", "getaddrinfo"):
        monkeypatch.setattr(socket, name, lookUp)
    lines: list[str] = []
    sited = Sited(log=AccessLog(lines.append))
    sited.receive(HELLO + b"GET / HTTP/1.0\r\n\r\n")
    assert sited.codes == [200, 200]
    assert all(" 192.0.2.1 " in line for line in lines)


# Pages

SCRIPT = b"<script>alert(1)</script>"


def failing(request: Any) -> Any:
    raise HTTPError(404, request.uri.decode())


def leaving(request: Any) -> Any:
    return Response.redirect(b"/?" + b"%3Cscript%3E", 302)


INJECTED: dict[str, tuple[Any, bytes]] = {
    "G3 not found": (Resource(), b"GET /%3Cscript%3E HTTP/1.1\r\n" + HOST),
    "G3 not found, with a query": (
        Resource(),
        b"GET /x?" + SCRIPT + b" HTTP/1.1\r\n" + HOST,
    ),
    "G3 not found, with a Referer": (
        Resource(),
        b"GET /x HTTP/1.1\r\n" + HOST + b"Referer: " + SCRIPT + b"\r\n",
    ),
    "G3 a method": (Resource(), b"<script> / HTTP/1.1\r\n" + HOST),
    "G3 a host": (Resource(), GET + b"Host: " + SCRIPT + b"\r\n"),
    "G3 malformed": (Resource(), b"GET /" + SCRIPT + b" HTTP/1.1\r\n" + HOST),
    "G3 a version": (Resource(), b"GET / " + SCRIPT + b"\r\n" + HOST),
    "G3 a field": (Resource(), GET + HOST + SCRIPT + b"\r\n"),
    "G3 a media type": (
        Resource(),
        GET + HOST + b"Accept: " + SCRIPT + b";q=0\r\nContent-Length: 0\r\n",
    ),
}


@pytest.mark.parametrize(("root", "head"), INJECTED.values(), ids=INJECTED)
def test_injected(root: Any, head: bytes) -> None:
    """
    No page of ours has anything of a request in it, that isn't made harmless.
    """
    for pieces in deliveries(head, b"\r\n"):
        sited = Sited(root)
        sited.receive(*pieces)
        assert b"<script" not in sited.wire.sent.lower()
        assert sited.codes[0] >= 400


@pytest.mark.parametrize("accept", [b"text/html", b"application/problem+json", b"*/*"])
def test_messages(accept: bytes) -> None:
    """
    G3: nor has one that an application writes with what it was given.
    """

    class Missing(Noting):
        def render(self, request: Any) -> Any:
            raise HTTPError(404, f"There is no {request.args['a'][0]}")

    sited = Sited(Missing())
    sited.receive(
        b"GET /?a=%3Cscript%3E%22 HTTP/1.1\r\n"
        + HOST
        + b"Accept: "
        + accept
        + b"\r\n\r\n"
    )
    head, _, body = sited.wire.sent.partition(b"\r\n\r\n")
    assert sited.codes == [404]
    assert b"script" in body
    if b"json" not in accept:
        assert b"<script" not in body
    assert b"script" not in head


# Redirects


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("sub", "evil.example", "a b", '"><script>'):
        (root / name).mkdir(parents=True)
    (root / "sub" / "sub").mkdir()
    (root / "a.txt").write_text("fine")
    (tmp_path / "outside.txt").write_text("secret")
    return root


SLASHES: dict[str, tuple[bytes, int, bytes | None]] = {
    "G4 a folder": (b"/sub", 308, b"./sub/"),
    "G4 a folder in a folder": (b"/sub/sub", 308, b"./sub/"),
    "G4 a host": (b"//evil.example", 404, None),
    "G4 a host that is a folder": (b"/evil.example", 308, b"./evil.example/"),
    "G4 slashes": (b"///sub", 404, None),
    "G4 a backslash": (b"/\\evil.example", 400, None),
    "G4 an encoded backslash": (b"/%5cevil.example", 404, None),
    "G4 an encoded slash": (b"/%2fevil.example", 404, None),
    "G4 a scheme": (b"http://evil.example/sub", 308, b"./sub/"),
    "G4 a query of a host": (b"/sub?//evil.example", 308, b"./sub/?//evil.example"),
    "G4 a query with quotes": (
        b'/sub?a="<script>\\',
        308,
        b"./sub/?a=%22%3Cscript%3E%5C",
    ),
    "G4 a query that is encoded": (b"/sub?a=%22%0d%0a", 308, b"./sub/?a=%22%0d%0a"),
    "G4 quotes in a name": (
        b"/%22%3e%3cscript%3e",
        308,
        b"./%22%3E%3Cscript%3E/",
    ),
    "G4 a line end": (b"/sub%0d%0aX:%20y", 400, None),
}


def overHTTP(root: Any, target: bytes) -> tuple[int, bytes | None, bytes]:
    sited = Sited(root)
    sited.receive(b"GET " + target + b" HTTP/1.1\r\n" + HOST + b"\r\n")
    head, _, body = sited.wire.sent.partition(b"\r\n\r\n")
    _, mark, rest = head.lower().partition(b"\r\nlocation: ")
    start = len(head) - len(rest)
    found = head[start:].partition(b"\r\n")[0] if mark else None
    return sited.codes[0], found, body


def overRPC(root: Any, target: bytes) -> tuple[int, bytes | None, bytes]:
    called = Called(root)
    called.receive(OPENING, frame(request(1, path=target)))
    (head,) = called.peer.take(WriteHeaders)
    fields = {
        name.lower(): value
        for name, value in zip(head.fields[::2], head.fields[1::2], strict=True)
    }
    return head.code, fields.get(b"location"), head.content or b""


def inMemory(root: Any, target: bytes) -> tuple[int, bytes | None, bytes]:
    with MemoryClient(root) as client:
        answer = client.get(target)
        return answer.code or 0, answer.headers.get("location"), answer.body


WAYS = {"http": overHTTP, "rpc": overRPC, "memory": inMemory}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request: Any) -> Any:
    """
    Each transport.
    """
    return request.param


@pytest.mark.parametrize(("target", "code", "location"), SLASHES.values(), ids=SLASHES)
def test_slashes(
    way: Any, folder: Path, target: bytes, code: int, location: bytes | None
) -> None:
    """
    What adds a slash leads nowhere else.
    """
    found = way(File(folder), target)
    assert found[:2] == (code, location)
    if code == 308:
        assert found[2] == b""


def test_redirectsLeadWhereTheyWereTold(way: Any) -> None:
    """
    G4: nothing of the request is in the place.
    """
    root = Redirect("https://b.example/c")
    for target in (b"/", b"//evil.example", b"/x?//evil.example"):
        assert way(root, target) == (308, b"https://b.example/c", b"")


@pytest.mark.parametrize(
    "location", ["/\r\nX: y", "/\x00", "/\u010d\u010a", "/\\evil.example\n"]
)
def test_badPlaces(location: str) -> None:
    """
    G4.
    """
    with pytest.raises((InvalidField, ValueError)):
        Redirect(location)


# Files

OUTSIDE: dict[str, bytes] = {
    "G5 dots": b"/../outside.txt",
    "G5 dots further on": b"/sub/../../outside.txt",
    "G5 encoded dots": b"/%2e%2e/outside.txt",
    "G5 half encoded dots": b"/.%2e/outside.txt",
    "G5 an encoded slash": b"/..%2foutside.txt",
    "G5 an encoded slash inside": b"/sub%2f..%2f..%2foutside.txt",
    "G5 an encoded backslash": b"/..%5coutside.txt",
    "G5 a backslash": b"/..\\outside.txt",
    "G5 encoded twice": b"/%252e%252e/outside.txt",
    "G5 a slash encoded twice": b"/..%252foutside.txt",
    "G5 overlong UTF-8": b"/%c0%ae%c0%ae/outside.txt",
    "G5 a full-width dot": b"/%EF%BC%8E%EF%BC%8E/outside.txt",
    "G5 NUL": b"/a.txt%00.html",
    "G5 NUL after dots": b"/..%00/outside.txt",
    "G5 an absolute path": b"//etc/passwd",
    "G5 an encoded absolute path": b"/%2fetc%2fpasswd",
    "G5 a drive": b"/c:/windows/win.ini",
    "G5 an encoded drive": b"/c%3a%5cwindows",
    "G5 a share": b"/%5c%5cevil%5cshare",
    "G5 a device": b"/CON",
    "G5 a device with an ending": b"/aux.txt",
    "G5 a stream": b"/a.txt::$DATA",
    "G5 another stream": b"/a.txt:x",
    "G5 a dot at the end": b"/a.txt.",
    "G5 a space at the end": b"/a.txt%20",
    "G5 a short name": b"/A~1.TXT",
    "G5 another case": b"/A.TXT",
    "G5 a file as a folder": b"/a.txt/",
    "G5 a file as a folder of dots": b"/a.txt/../a.txt",
    "G5 a semicolon": b"/..;/outside.txt",
    "G5 a very long name": b"/" + b"x" * 5000,
    "G5 very deep": b"/" + b"x/" * 3000,
    "G5 a bad escape": b"/%zz",
    "G5 half an escape": b"/a.txt%2",
}


@pytest.mark.parametrize("target", OUTSIDE.values(), ids=OUTSIDE)
def test_outside(way: Any, folder: Path, target: bytes) -> None:
    """
    No spelling of a path leads out of a folder, or to a file of another name.
    """
    code, location, body = way(File(folder, dotFiles=True, listing=True), target)
    assert code in (400, 404)
    assert location is None
    assert b"secret" not in body
    assert b"fine" not in body


def test_links(way: Any, folder: Path, tmp_path: Path) -> None:
    """
    G5: nor does a link.
    """
    (folder / "link").symlink_to(tmp_path / "outside.txt")
    (folder / "up").symlink_to(tmp_path)
    (folder / "round").symlink_to(folder / "round")
    os.mkfifo(folder / "pipe")
    for target in (b"/link", b"/up/outside.txt", b"/up/", b"/round", b"/pipe"):
        code, _, body = way(File(folder, listing=True), target)
        assert code == 404, target
        assert b"secret" not in body


# Decoding


def targets(size: int) -> Iterator[tuple[str, bytes]]:
    yield "escapes", b"/" + b"%41" * size
    yield "percent signs", b"/" + b"%" * size
    yield "segments", b"/" + b"/%41" * size
    yield "dots", b"/" + b"a./" * size
    yield "bad UTF-8", b"/" + b"%ff" * size


@pytest.mark.parametrize("kind", [name for name, _ in targets(1)])
def test_linear(kind: str) -> None:
    """
    G6: decoding takes a time that grows with the target, and no faster.
    """

    def took(size: int) -> float:
        target = dict(targets(size))[kind]
        times = []
        for _ in range(5):
            began = time.process_time()
            try:
                parseTarget(b"GET", target)
            except TargetError:
                pass
            times.append(time.process_time() - began)
        return min(times)

    # Quadratic, this would be 256 times.
    assert took(16000) < 6 * 16 * max(took(1000), 1e-5)


def test_manyQueryFields(way: Any) -> None:
    """
    G6: nor is a query a way to keep us busy.
    """

    class Counting(Noting):
        def render(self, request: Any) -> Any:
            return str(len(request.args)).encode()

    assert way(Counting(), b"/?" + b"a&" * 999)[0] == 200
    assert way(Counting(), b"/?" + b"a&" * 8000)[0] == 400
