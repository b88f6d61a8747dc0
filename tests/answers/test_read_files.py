"""
Files, and what is read like one, as bodies, over each transport.
"""

from __future__ import annotations

import gzip
import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile, SpooledTemporaryFile
from typing import Any

import pytest

from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request
from penstock.transports.memory import MemoryClient

CONTENT = b"a line\n" * 30_000


def zipped(path: Path) -> Any:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("member", CONTENT)
    # The archive stays open for its member, and no longer.
    with zipfile.ZipFile(path) as archive:
        return archive.open("member")


def gzipped(path: Path) -> Any:
    path.write_bytes(gzip.compress(CONTENT))
    return gzip.open(path)


def buffered(path: Path) -> Any:
    return io.BufferedReader(gzipped(path))


def temporary(path: Path) -> Any:
    file = NamedTemporaryFile(dir=path.parent)
    file.write(b"skipped" + CONTENT)
    file.seek(7)
    return file


def spooled(path: Path) -> Any:
    file = SpooledTemporaryFile()
    file.write(CONTENT)
    file.seek(0)
    return file


def memory(path: Path) -> Any:
    file = io.BytesIO(b"skipped" + CONTENT)
    file.seek(7)
    return file


def onDisk(path: Path) -> Any:
    path.write_bytes(CONTENT)
    return path.open("rb")


def plain(path: Path) -> Any:
    path.write_bytes(CONTENT)
    return path.open("rb", buffering=0)


class Read(Resource):
    """
    Answers with a file.
    """

    def __init__(self, file: Any) -> None:
        super().__init__()
        self.file = file

    def render_GET(self, request: Request) -> Response:
        return Response(self.file)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("make", "isMeasured"),
    [
        (onDisk, True),
        (plain, True),
        (temporary, True),
        (spooled, True),
        (memory, True),
        (zipped, False),
        (gzipped, False),
        (buffered, False),
    ],
)
def test_whatIsRead(
    way: Any, tmp_path: Path, make: Any, isMeasured: bool, method: str
) -> None:
    """
    The content is what reading gives, from where the file stands, and its
    length is told where it is known.
    """
    file = make(tmp_path / "file")
    answer = way.ask(Read(file), method)
    assert answer.code == 200
    assert answer.body == (CONTENT if method == "GET" else b"")
    length = answer.headers.get("content-length")
    assert length == (b"%d" % len(CONTENT) if isMeasured else None)
    assert file.closed or make is memory


@pytest.mark.parametrize("kind", ["pipe", "device", "text", "text on disk"])
def test_notRead(way: Any, kind: str, loggedErrors: Any) -> None:
    """
    What keeps all waiting, or isn't octets, is no body.
    """
    reading, writing = os.pipe()
    os.close(writing)
    with (
        os.fdopen(reading, "rb") as pipe,
        open("/dev/zero", "rb") as device,
        open(__file__, encoding="ascii") as text,
    ):
        files = {
            "pipe": pipe,
            "device": device,
            "text": io.StringIO("text"),
            "text on disk": text,
        }
        assert way.ask(MadeLate(lambda: files[kind])).code == 500
    assert [type(it) for it in loggedErrors.flush()] == [TypeError]


class Dry(io.RawIOBase):
    """
    Has some, and then nothing yet.
    """

    def __init__(self, block: bytes) -> None:
        super().__init__()
        self.blocks: list[bytes | None] = [block, None]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes | None:
        return self.blocks.pop(0)


def test_nothingYet(loggedErrors: Any) -> None:
    """
    A content isn't taken for whole where its file has nothing yet.
    """
    file = Dry(b"some")
    with MemoryClient(Read(file)) as client, pytest.raises(TypeError, match="None"):
        client.get("/")
    assert file.closed
    loggedErrors.flush()


def test_noBlock(loggedErrors: Any) -> None:
    """
    Nor where an iterator makes something that is no block.
    """
    body = iter([b"some", None])
    with MemoryClient(Read(body)) as client, pytest.raises(TypeError, match="None"):
        client.get("/")
    loggedErrors.flush()


class MadeLate(Resource):
    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__()
        self.make = make

    def render_GET(self, request: Request) -> Response:
        return Response(self.make())
