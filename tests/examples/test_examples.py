"""
The examples, in memory.
"""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.transports.memory import MemoryClient

ROOT = Path(__file__).resolve().parent.parent.parent

Example = Callable[[str], Any]

NAMES = ["hello", "upload", "events", "tested", "gateway", "showcase"]
NAMES += ["form", "dialling"]


def test_hello(example: Example) -> None:
    with MemoryClient(example("hello").Hello()) as client:
        assert client.get("/").text == "Hello, world!\n"
        assert client.get("/?name=Ada").text == "Hello, Ada!\n"


def test_upload(example: Example) -> None:
    """
    Each piece is hashed as it comes, so none waits for the next.
    """
    with MemoryClient(example("upload").Upload()) as client:
        exchange = client.open("PUT", "/name", contentLength=None)
        digest = hashlib.sha256()
        for number in range(100):
            piece = b"%d" % number * 1000
            digest.update(piece)
            exchange.send(piece)
            assert exchange.maxRequestBacklog <= len(piece)
        exchange.end()
        assert exchange.json() == {"sha256": digest.hexdigest(), "size": 190_000}


def test_uploadIsBrokenOff(example: Example) -> None:
    with MemoryClient(example("upload").Upload()) as client:
        exchange = client.open("PUT", "/", contentLength=10)
        exchange.send(b"half")
        exchange.disconnect()
        assert exchange.code is None


def test_uploadSaysContinueWhenItReads(example: Example) -> None:
    with MemoryClient(example("upload").Upload()) as client:
        exchange = client.open("PUT", "/", {"Expect": "100-continue"}, contentLength=4)
        assert ("intermediate", 100) in exchange.events


def test_events(example: Example) -> None:
    """
    One each second, until the client has had enough.
    """
    ticks = example("events").Ticks(None)
    with MemoryClient(ticks) as client:
        ticks.clock = client.clock
        exchange = client.open("GET", "/")
        assert exchange.headers.get("content-type") == b"text/event-stream"
        assert exchange.body == b"id: 0\ndata: 0 s\n\n"
        client.advance(2)
        assert exchange.body.count(b"data: ") == 3
        assert ticks.listeners == 1
        exchange.disconnect()
        assert ticks.listeners == 0
        client.advance(5)
        assert exchange.body.count(b"data: ") == 3


def test_eventsForASlowReader(example: Example) -> None:
    """
    Nothing piles up for somebody who doesn't read.
    """
    ticks = example("events").Ticks(None)
    with MemoryClient(ticks, window=1) as client:
        ticks.clock = client.clock
        exchange = client.open("GET", "/", paused=True)
        client.advance(100)
        assert exchange.maxResponseBacklog < 100
        exchange.disconnect()


def test_tested() -> None:
    """
    The example's own tests hold.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        + ["examples/test_tested.py"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_siteHasAllOfThem(example: Example) -> None:
    """
    Each link on the first page leads somewhere.
    """
    site = example("site")
    with MemoryClient(site.tree(None)) as client:
        assert b"From the lake to the lamp" in client.get("/").body
        for path, kind in [
            ("/style.css", b"css"),
            ("/site.js", b"javascript"),
            ("/gallery.html", b"html"),
            ("/images/lake.svg", b"svg"),
            ("/images/", b"html"),
            ("/hello?name=Ada", b"plain"),
            ("/notes", b"json"),
            ("/upload", b"plain"),
        ]:
            found = client.get(path)
            assert found.code == 200, path
            assert kind in found.headers.get("content-type"), path
        assert client.get("/none").code == 404


def test_showcase(example: Example) -> None:
    """
    Each path of its table answers; how, is looked at by tests/answers.
    """
    showcase = example("showcase")
    table = showcase.__doc__.split("=\n")[1]
    paths = [row.split(" ")[0] for row in table.split("\n") if row[:1] == "/"]
    assert len(paths) == 9
    with MemoryClient(showcase.tree(Clock())) as client:
        for path in paths:
            exchange = client.open("GET", path)
            assert exchange.code == (301 if path == "/old" else 200), path
            if not exchange.complete:
                exchange.disconnect()


MULTIPART = {"content-type": "multipart/form-data; boundary=xx"}


def sent(*files: tuple[str, bytes]) -> bytes:
    """
    A form with C{files}.
    """
    parts = [
        b'--xx\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'
        % name.encode()
        + content
        + b"\r\n"
        for name, content in files
    ]
    return b"".join(parts) + b"--xx--\r\n"


def test_form(example: Example, tmp_path: Path) -> None:
    """
    Files are kept under their hashes, and told of as the client likes it.
    """
    hashes = [hashlib.sha256(content).hexdigest() for content in (b"abc", b"")]
    with MemoryClient(example("form").Uploads(tmp_path)) as client:
        assert "<form" in client.get("/").text
        body = sent(("<a>", b"abc"), ("b", b""))
        page = client.post("/", body, MULTIPART)
        assert "&lt;a&gt;" in page.text
        told = client.post("/", body, {**MULTIPART, "accept": "application/json"})
        assert [(file["sha256"], file["size"]) for file in told.json()] == [
            (hashes[0], 3),
            (hashes[1], 0),
        ]
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(hashes)
        stored = client.get(f"/files/{hashes[0]}")
        assert stored.body == b"abc"
        assert stored.headers.get("content-disposition").startswith(b"attachment")


@pytest.mark.parametrize(
    ("files", "code"),
    [([], 422), ([("", b"")], 422), ([("a", b"x")] * 11, 413)],
    ids=["none", "none chosen", "too many"],
)
def test_formRefused(example: Example, tmp_path: Path, files: Any, code: int) -> None:
    with MemoryClient(example("form").Uploads(tmp_path)) as client:
        assert client.post("/", sent(*files), MULTIPART).code == code
        assert [path for path in tmp_path.iterdir() if path.name[0] == "."] == []


def test_formBrokenOff(example: Example, tmp_path: Path) -> None:
    """
    While a file comes it has no name that is served; if it ends early, it
    never was.
    """
    with MemoryClient(example("form").Uploads(tmp_path)) as client:
        exchange = client.open("POST", "/", MULTIPART, contentLength=100_000)
        exchange.send(sent(("a", b"x" * 1000))[:500])
        (path,) = tmp_path.iterdir()
        assert client.get(f"/files/{path.name}").code == 404
        exchange.disconnect()
        assert list(tmp_path.iterdir()) == []


def test_linksOfTheSite() -> None:
    """
    What the pages refer to is there.
    """
    files = ROOT / "examples" / "files"
    for page in files.glob("*.html"):
        for part in page.read_text("utf-8").split('src="')[1:]:
            assert (files / part.split('"')[0].split("?")[0]).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_saysHowToRunIt(example: Example, name: str) -> None:
    assert f"penstock serve examples.{name}:" in example(name).__doc__
