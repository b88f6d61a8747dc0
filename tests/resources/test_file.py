"""
Tests for L{penstock.resources.file}.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from penstock.core.server import Site
from penstock.resources.file import File
from penstock.resources.mediatypes import mediaType

from ..core.fakes import Wire, ask


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "with index").mkdir()
    (root / "a.txt").write_text("0123456789")
    (root / "ä b.html").write_text("<p>")
    (root / "empty").write_text("")
    (root / ".hidden").write_text("secret")
    (root / "sub" / "c.svg").write_text("<svg/>")
    (root / "with index" / "index.html").write_text("index")
    (tmp_path / "outside.txt").write_text("secret")
    (tmp_path / "root2").mkdir()
    (tmp_path / "root2" / "x").write_text("secret")
    (root / "link in").symlink_to(root / "a.txt")
    (root / "link out").symlink_to(tmp_path / "outside.txt")
    (root / "link dir").symlink_to(tmp_path)
    os.mkfifo(root / "pipe")
    return root


def get(
    folder: Path, target: bytes, fields: Any = (), method: bytes = b"GET", **named: Any
) -> Wire:
    wire, _ = ask(
        Site(File(folder, **named)), method=method, target=target, headers=fields
    )
    wire.turn()
    return wire


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("target", "code", "body"),
    [
        (b"/a.txt", 200, b"0123456789"),
        (b"/%61.txt", 200, b"0123456789"),
        (b"/a.txt?q", 200, b"0123456789"),
        (b"/%C3%A4%20b.html", 200, b"<p>"),
        (b"/empty", 200, b""),
        (b"/sub/c.svg", 200, b"<svg/>"),
        (b"/with%20index/", 200, b"index"),
        (b"/link%20in", 200, b"0123456789"),
        (b"/a.txt/", 404, None),
        (b"/a.txt/x", 404, None),
        (b"/none", 404, None),
        (b"/sub/", 404, None),
        (b"/.hidden", 404, None),
        (b"/pipe", 404, None),
        (b"/link%20out", 404, None),
        (b"/link%20dir/outside.txt", 404, None),
        (b"/sub//c.svg", 404, None),
    ],
)
def test_get(folder: Path, target: bytes, code: int, body: bytes | None) -> None:
    """
    A path leads to its file.
    """
    wire = get(folder, target)
    assert wire.code == code
    assert wire.ended
    if body is not None:
        assert wire.body == body


@pytest.mark.everywhere
@pytest.mark.parametrize(
    "target",
    [
        b"/../outside.txt",
        b"/sub/../../outside.txt",
        b"/%2e%2e/outside.txt",
        b"/..%2foutside.txt",
        b"/..%5coutside.txt",
        b"/%2e%2e%2foutside.txt",
        b"/%252e%252e/outside.txt",
        b"/..%00/outside.txt",
        b"/a.txt%00.html",
        b"//etc/passwd",
        b"/%2fetc%2fpasswd",
        b"/../root2/x",
        b"/%c0%ae%c0%ae/outside.txt",
        b"http://h/../outside.txt",
        b"/" + b"x" * 5000,
        b"/" + b"x/" * 3000,
    ],
)
def test_outside(folder: Path, target: bytes) -> None:
    """
    No spelling leads out of the folder.
    """
    wire = get(folder, target, dotFiles=True, listing=True)
    assert wire.code in (400, 404)
    assert b"secret" not in wire.body


@pytest.mark.everywhere
@pytest.mark.requirement("9110-8.8.2.1-1", "9110-8.8.3.1-1")
def test_fields(folder: Path) -> None:
    """
    A file has a type, a length and validators.
    """
    os.utime(folder / "a.txt", (784111777, 784111777))
    wire = get(folder, b"/a.txt")
    assert wire.headers.get(b"content-type") == b"text/plain; charset=utf-8"
    assert wire.headers.get(b"content-length") == b"10"
    assert wire.headers.get(b"last-modified") == b"Sun, 06 Nov 1994 08:49:37 GMT"
    assert wire.headers.get(b"accept-ranges") == b"bytes"
    etag = wire.headers.get(b"etag")
    assert etag is not None
    assert get(folder, b"/a.txt", [(b"if-none-match", etag)]).code == 304
    os.utime(folder / "a.txt", (784111778, 784111778))
    assert get(folder, b"/a.txt", [(b"if-none-match", etag)]).code == 200


@pytest.mark.everywhere
@pytest.mark.requirement("9110-9.3.2-1")
def test_head(folder: Path) -> None:
    """
    HEAD says the same, without content.
    """
    wire = get(folder, b"/a.txt", method=b"HEAD")
    assert (wire.code, wire.body) == (200, b"")
    assert wire.headers.get(b"content-length") == b"10"


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("range", "code", "body"),
    [
        (b"bytes=0-0", 206, b"0"),
        (b"bytes=5-", 206, b"56789"),
        (b"bytes=-4", 206, b"6789"),
        (b"BYTES=1-2", 206, b"12"),
        (b"bytes=4-2", 200, b"0123456789"),
        (b"bytes=99-", 416, None),
    ],
)
@pytest.mark.requirement("9110-14.2-9", "9110-14.2-10")
def test_range(folder: Path, range: bytes, code: int, body: bytes | None) -> None:
    """
    A single range is served.
    """
    wire = get(folder, b"/a.txt", [(b"range", range)])
    assert wire.code == code
    if body is not None:
        assert wire.body == body


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("target", "location"),
    [
        (b"/sub", b"./sub/"),
        (b"/sub?a=b", b"./sub/?a=b"),
        (b"/sub/deep", b"./deep/"),
        (b"/with%20index", b"./with%20index/"),
    ],
)
def test_slash(folder: Path, target: bytes, location: bytes) -> None:
    """
    A folder is redirected to its slash, relative to itself.
    """
    wire = get(folder, target)
    assert (wire.code, wire.headers.get(b"location")) == (308, location)


@pytest.mark.everywhere
def test_listing(folder: Path) -> None:
    """
    A folder is listed when that is wanted: escaped, without what isn't served.
    """
    (folder / "<b>.txt").write_text("")
    text = get(folder, b"/", listing=True).body.decode()
    assert "&lt;b&gt;.txt" in text
    assert "<b>" not in text
    assert "./%3Cb%3E.txt" in text
    assert "sub/" in text
    assert ".hidden" not in text


@pytest.mark.everywhere
def test_methods(folder: Path) -> None:
    """
    Files are read only.
    """
    wire = get(folder, b"/a.txt", method=b"PUT")
    assert (wire.code, wire.headers.get(b"allow")) == (405, b"GET, HEAD, OPTIONS")


@pytest.mark.everywhere
def test_closed(folder: Path) -> None:
    """
    Whatever is asked, no file stays open.
    """
    before = len(os.listdir("/proc/self/fd"))
    for method, fields in [
        (b"GET", []),
        (b"HEAD", []),
        (b"GET", [(b"if-none-match", b"*")]),
        (b"GET", [(b"range", b"bytes=99-")]),
        (b"GET", [(b"range", b"bytes=1-2")]),
    ]:
        get(folder, b"/a.txt", fields, method)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.png", "image/png"),
        ("a.tar.gz", "application/gzip"),
        ("a.tar.br", "application/octet-stream"),
        ("a.css.zst", "application/zstd"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a.MJS", "text/javascript; charset=utf-8"),
        ("a.svg", "image/svg+xml; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.js.map", "application/json"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.wasm", "application/wasm"),
        ("a.woff2", "font/woff2"),
        ("a.webp", "image/webp"),
        ("a.avif", "image/avif"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.log", "text/plain; charset=utf-8"),
        ("a.yml", "application/yaml"),
        ("a.m4a", "audio/mp4"),
        ("a.mkv", "video/matroska"),
        (
            "a.docx",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        ("a", "application/octet-stream"),
        ("a.unheardof", "application/octet-stream"),
    ],
)
def test_mediaType(name: str, type: str) -> None:
    """
    The ending tells the type.
    """
    assert mediaType(name) == type
