"""
RFC 9110, section 12, at the serving end: codings, languages and types.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import pytest

from penstock.core.choice import chooseLanguage, chooseType
from penstock.core.codings import CODINGS
from penstock.core.content import Buffer, Form
from penstock.core.errors import HTTPError
from penstock.core.resource import Resource
from penstock.resources.compressed import Compressed
from penstock.resources.data import Data
from penstock.resources.file import File

from .ends import Message, Seen, plain
from .ways import Serve


@pytest.mark.requirement("9110-12.5.3-2")
@pytest.mark.parametrize(
    "coding", [b"", b"gzip", b"br, zstd", b"*", b"identity", b"gzip;q=1, *;q=0.1", b"x"]
)
@pytest.mark.parametrize("root", [Data("hello"), Seen()])
def test_noCoding(serve: Serve, coding: bytes, root: Any) -> None:
    answer = serve(root).get(b"Accept-Encoding: " + coding + b"\r\n")
    assert b"content-encoding" not in answer.names
    assert answer.content == b"hello"


@pytest.mark.requirement("9110-12.5.3-3")
def test_415(serve: Serve) -> None:
    root = Seen()
    root.policy = Form()
    answer = serve(root).get(b"Content-Type: text/x\r\n", method=b"POST", content=b"x")
    assert answer.code == 415
    assert b"accept-encoding" not in answer.names


class Coded(Resource):
    """
    Takes content in any coding there is.
    """

    isLeaf = True
    policy = Buffer(decode=True)

    def render_PUT(self, request: Any) -> bytes:
        content: bytes = request.body
        return content


@pytest.mark.requirement("9110-8.4-3", "9110-8.4.1.3-1")
@pytest.mark.parametrize(
    ("coding", "code"),
    [
        (b"gzip", 200),
        (b"x-gzip", 200),
        (b"GZIP", 200),
        (b"frob", 415),
        (b"gzip, frob", 415),
        (b"frob, gzip", 415),
    ],
)
def test_codingOfContent(serve: Serve, coding: bytes, code: int) -> None:
    """
    Our choice: taken off if it is known and wanted; else 415, with those that
    would be taken.
    """
    field = b"Content-Encoding: " + coding + b"\r\n"
    content = gzip.compress(b"hello")
    answer = serve(Coded()).get(field, method=b"PUT", content=content)
    assert answer.code == code
    if code == 200:
        assert answer.content == b"hello"
    else:
        assert b"gzip" in (answer.get(b"accept-encoding") or b"")


TEXT = b"Once upon a time. " * 200


def unpacked(answer: Message) -> bytes:
    """
    The content, by what its fields say.
    """
    content = answer.content
    for coding in reversed((answer.get(b"content-encoding") or b"").split(b", ")):
        if coding:
            content = CODINGS[coding.decode()].decoder().feed(content, 1 << 20)
    return content


@pytest.mark.requirement("9110-8.4-1", "9110-8.4-2", "9110-12.5.3-2")
@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (b"gzip", b"gzip"),
        (b"br", b"br"),
        (b"zstd", b"zstd"),
        (b"deflate", b"deflate"),
        (b"br;q=0.1, gzip;q=0.5", b"gzip"),
        (b"identity", None),
        (b"frob", None),
        (b"gzip;q=0", None),
        (b"", None),
    ],
)
def test_codingIsSaid(serve: Serve, accept: bytes, coding: bytes | None) -> None:
    """
    What is applied, and nothing else: never that there is none.
    """
    root = Compressed(Data(TEXT, "text/plain"))
    answer = serve(root).get(b"Accept-Encoding: " + accept + b"\r\n")
    assert answer.all(b"content-encoding") == ([] if coding is None else [coding])
    assert (answer.content == TEXT) is (coding is None)
    assert unpacked(answer) == TEXT


@pytest.mark.requirement("9110-8.4-1", "9110-8.4-2")
def test_codingOnACoding(serve: Serve) -> None:
    """
    A resource that has applied one says so; it isn't covered up.
    """
    packed = plain(
        gzip.compress(TEXT), ("Content-Encoding", "gzip"), ("Content-Type", "text/x")
    )
    root = Compressed(Seen(lambda request: packed))
    answer = serve(root).get(b"Accept-Encoding: br, gzip\r\n")
    assert answer.all(b"content-encoding") == [b"gzip"]
    assert unpacked(answer) == TEXT


@pytest.mark.requirement("9110-8.4-1", "9110-8.4-2")
@pytest.mark.parametrize("accept", [b"gzip", b"identity"])
def test_codingOfAFile(serve: Serve, tmp_path: Path, accept: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(TEXT)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(TEXT))
    origin = serve(File(tmp_path, precompressed=True))
    answer = origin.get(b"Accept-Encoding: " + accept + b"\r\n", b"/a.txt")
    assert answer.all(b"content-encoding") == ([b"gzip"] if accept == b"gzip" else [])
    assert unpacked(answer) == TEXT


def chosen(request: Any) -> Any:
    kind = chooseType(request, ["text/html", "application/json"])
    if kind is None:
        raise HTTPError(406)
    return plain("x", ("Content-Type", kind))


def chosenLanguage(request: Any) -> str:
    return chooseLanguage(request, ["de", "en"]) or "de"


@pytest.mark.requirement("9110-12.5.5-3")
@pytest.mark.parametrize(
    ("root", "field", "values"),
    [
        (Seen(chosen), b"accept", [b"application/json", b"*/*", b"image/png"]),
        (Seen(chosenLanguage), b"accept-language", [b"en", b"de", b"x"]),
        (
            Compressed(Data(TEXT, "text/plain")),
            b"accept-encoding",
            [b"gzip", b"identity", b""],
        ),
        # The page of an error.
        (Resource(), b"accept", [b"text/html", b"application/json"]),
    ],
    ids=["type", "language", "coding", "error"],
)
def test_vary(serve: Serve, root: Any, field: bytes, values: list[bytes]) -> None:
    """
    Whatever was chosen: what it depended on is said; also of an error.
    """
    origin = serve(root)
    target = b"/x" if type(root) is Resource else b"/"
    for line in (b"", *(field + b": " + value + b"\r\n" for value in values)):
        vary = origin.get(line, target).get(b"vary") or b""
        assert field in vary.split(b", "), line


@pytest.mark.requirement("9110-8.8.1-1", "9110-8.8.3-1")
def test_weakTagsChange(serve: Serve, tmp_path: Path) -> None:
    """
    A weak tag, too, is another as soon as the content is.
    """
    accept = b"Accept-Encoding: gzip\r\n"
    one = serve(Compressed(Data(TEXT, "text/x"))).get(accept).get(b"etag") or b""
    two = serve(Compressed(Data(TEXT + b".", "text/x"))).get(accept).get(b"etag")
    assert one.startswith(b"W/")
    assert one != two
    path = tmp_path / "a"
    found = set()
    for number in range(3):
        path.write_bytes(b"x")
        os.utime(path, ns=(10**18, 10**18 + number))
        origin = serve(File(tmp_path, seconds=lambda: 10**9))
        found.add(origin.get(target=b"/a").get(b"etag"))
    assert len(found) == 3
    assert all((tag or b"").startswith(b"W/") for tag in found)
