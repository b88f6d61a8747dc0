"""
The examples in processes of their own, on real sockets.
"""

import hashlib
import http.client
import json
import os
import re
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ..cli.process import PATIENCE, Process, run

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = ROOT / "examples" / "files"

BIG = os.urandom(5 * 1024 * 1024)


def connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(parts.hostname or "", parts.port, PATIENCE)


def ask(
    url: str,
    method: str,
    path: str,
    body: bytes | None = None,
    codes: tuple[int, ...] = (200, 201, 204),
) -> bytes:
    with closing(connect(url)) as connection:
        connection.request(method, path, body)
        response = connection.getresponse()
        assert response.status in codes
        return response.read()


def upload(data: bytes) -> dict[str, object]:
    return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}


@pytest.mark.parametrize(
    ("target", "method", "path", "body", "answer"),
    [
        ("hello:Hello", "GET", "/", None, b"Hello, world!\n"),
        ("upload:Upload", "PUT", "/", b"abc", json.dumps(upload(b"abc")).encode()),
        ("tested:Notes", "GET", "/", None, b"{}"),
        ("showcase:root", "GET", "/theme", None, b"Your theme is light.\n"),
    ],
)
def test_example(
    target: str, method: str, path: str, body: bytes | None, answer: bytes
) -> None:
    """
    Each runs by the command that its docstring names.
    """
    with Process("serve", f"examples.{target}", "--http", "0", cwd=ROOT) as process:
        (url,) = process.listening()
        assert ask(url, method, path, body) == answer
        process.interrupt()
        assert process.end() == 0
        assert process.complained == b""


def test_events() -> None:
    """
    They come as they happen, and stop when the client goes.
    """
    with Process("serve", "examples.events:root", "--http", "0", cwd=ROOT) as process:
        (url,) = process.listening()
        with closing(connect(url)) as connection:
            connection.request("GET", "/")
            response = connection.getresponse()
            assert response.getheader("content-type") == "text/event-stream"
            lines = [response.readline() for _ in range(6)]
            assert lines[0::3] == [b"id: 0\n", b"id: 1\n"]
            response.close()
        process.expect(b'"GET /" 200- ')
        process.interrupt()
        assert process.end() == 0
        assert process.complained == b""


def test_site() -> None:
    """
    All of them at once, on both carriers, and a page with many images on one
    connection.
    """
    arguments = ("serve", "examples.site:root", "--http", "0", "--rpc", "0")
    with Process(*arguments, cwd=ROOT) as process:
        url, rpc = process.listening(2)
        for path in ("", "hello", "style.css", "images/", "gallery.html"):
            assert run("call", rpc + path).stdout == ask(url, "GET", "/" + path)
        assert json.loads(ask(url, "PUT", "/upload", BIG)) == upload(BIG)
        ask(url, "POST", "/notes", b"Oil the gate")
        assert run("call", rpc + "notes/1").stdout == b"Oil the gate"
        page = (FILES / "gallery.html").read_text()
        images = re.findall('src="([^"]+)"', page)
        assert len(images) == 100
        with closing(connect(url)) as connection:
            for image in images:
                connection.request("GET", "/" + image)
                content = connection.getresponse().read()
                assert content == (FILES / image.split("?")[0]).read_bytes()
        process.interrupt()
        assert process.end() == 0
        assert process.complained == b""


def test_gateway() -> None:
    """
    HTTP in front, RPC behind, a process for each.
    """
    target = ("serve", "examples.site:root", "--rpc", "0")
    with Process(*target, cwd=ROOT) as worker:
        (behind,) = worker.listening()
        with Process(
            *("serve", "examples.gateway:root", "--http", "0"),
            cwd=ROOT,
            env={"WORKER": behind},
        ) as gateway:
            (url,) = gateway.listening()
            assert ask(url, "GET", "/hello?name=Ada") == b"Hello, Ada!\n"
            assert ask(url, "GET", "/") == (FILES / "index.html").read_bytes()
            assert json.loads(ask(url, "PUT", "/upload", BIG)) == upload(BIG)
            with closing(connect(url)) as connection:
                connection.request("GET", "/events")
                response = connection.getresponse()
                assert response.readline() == b"id: 0\n"
                response.close()
            # The worker learns that the gateway's client has gone.
            worker.expect(b'"GET /events" 200- ')
            gateway.interrupt()
            assert gateway.end() == 0
            assert gateway.complained == b""
        worker.interrupt()
        assert worker.end() == 0
        assert worker.complained == b""


def test_dialling(tmp_path: Path) -> None:
    """
    A gateway that its workers connect to: it waits for them, and they for it.
    """
    carrier = {"WORKERS": f"unix:{tmp_path / 'workers'}"}
    worker = subprocess.Popen(
        [sys.executable, "-m", "examples.dialling"],
        cwd=ROOT,
        env={**os.environ, **carrier},
        stdout=subprocess.DEVNULL,
    )
    try:
        with Process(
            # Nobody would read the lines of all who come too early.
            *("serve", "examples.dialling:gateway", "--http", "0", "--no-access-log"),
            cwd=ROOT,
            env=carrier,
        ) as gateway:
            (url,) = gateway.listening()
            deadline = time.monotonic() + PATIENCE
            while ask(url, "GET", "/?name=Ada", None, (200, 503)) != b"Hello, Ada!\n":
                assert time.monotonic() < deadline
            worker.terminate()
            worker.wait(PATIENCE)
            assert b"No worker is there." in ask(url, "GET", "/", None, (503,))
            gateway.interrupt()
            assert gateway.end() == 0
    finally:
        worker.kill()
        worker.wait(PATIENCE)
