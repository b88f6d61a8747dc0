"""
Tests for what L{penstock.resources.file.File} can be told, and for
L{penstock.resources.listing}.
"""

from __future__ import annotations

import errno
import gzip
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from penstock.core.codings import CODINGS
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.resources import listing as listings
from penstock.resources.file import File, Links
from penstock.resources.listing import readable

from ..core.fakes import Wire, ask

CSS = b"body { color: red }\n" * 100


def encoded(coding: str, data: bytes) -> bytes:
    encoder = CODINGS[coding].encoder()
    return encoder.feed(data) + encoder.finish()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "sub" / "a.txt").write_text("in sub")
    (root / "style.css").write_bytes(CSS)
    return root


def get(
    folder: Path, target: bytes, fields: Any = (), method: bytes = b"GET", **named: Any
) -> Wire:
    wire, _ = ask(
        Site(File(folder, **named)), method=method, target=target, headers=fields
    )
    wire.turn()
    return wire


# Precompressed files


ENDINGS = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}


@pytest.fixture
def precompressed(folder: Path) -> Path:
    for coding, ending in ENDINGS.items():
        (folder / f"style.css{ending}").write_bytes(encoded(coding, CSS))
    for path in folder.iterdir():
        os.utime(path, (784111777, 784111777))
    return folder


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        (None, None),
        (b"", None),
        (b"gzip", "gzip"),
        (b"x-gzip", "gzip"),
        (b"zstd, gzip", "zstd"),
        (b"br, zstd, gzip", "br"),
        (b"br;q=0.1, gzip;q=0.2", "gzip"),
        (b"*", "br"),
        (b"identity, *;q=0", None),
        (b"deflate", None),
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_precompressed(
    precompressed: Path, accept: bytes | None, coding: str | None, method: bytes
) -> None:
    """
    Who likes a coding gets the file that has it.
    """
    fields = [] if accept is None else [(b"accept-encoding", accept)]
    wire = get(precompressed, b"/style.css", fields, method, precompressed=True)
    expected = CSS if coding is None else encoded(coding, CSS)
    assert wire.code == 200
    assert wire.body == (expected if method == b"GET" else b"")
    said = wire.headers.get(b"content-encoding")
    assert said == (None if coding is None else coding.encode())
    assert wire.headers.get(b"content-length") == b"%d" % len(expected)
    assert wire.headers.get(b"content-type") == b"text/css; charset=utf-8"
    assert wire.headers.get(b"vary") == b"accept-encoding"


@pytest.mark.everywhere
def test_precompressedTags(precompressed: Path) -> None:
    """
    Each has a tag of its own, and ranges of its own octets.
    """
    tags = set()
    for accept in (b"", b"gzip", b"br", b"zstd"):
        fields = [(b"accept-encoding", accept)]
        wire = get(precompressed, b"/style.css", fields, precompressed=True)
        tag = wire.headers.get(b"etag")
        assert tag is not None
        tags.add(tag)
        again = [*fields, (b"if-none-match", tag)]
        wire = get(precompressed, b"/style.css", again, precompressed=True)
        assert (wire.code, wire.headers.get(b"vary")) == (304, b"accept-encoding")
        some = [*fields, (b"range", b"bytes=0-3"), (b"if-range", tag)]
        wire = get(precompressed, b"/style.css", some, precompressed=True)
        assert wire.code == 206
        expected = CSS if accept == b"" else encoded(accept.decode(), CSS)
        assert wire.body == expected[:4]
    assert len(tags) == 4


@pytest.mark.everywhere
def test_precompressedOnRequestOnly(precompressed: Path) -> None:
    """
    Nothing of it happens to whoever doesn't ask for it; and only some, to
    whoever asks for some.
    """
    fields = [(b"accept-encoding", b"br, zstd;q=0.9, gzip;q=0.8")]
    wire = get(precompressed, b"/style.css", fields)
    assert (wire.body, b"vary" in wire.headers) == (CSS, False)
    wire = get(precompressed, b"/style.css", fields, precompressed=["gzip"])
    assert wire.headers.get(b"content-encoding") == b"gzip"
    with pytest.raises(ValueError, match="deflate"):
        File(precompressed, precompressed=["deflate"])


@pytest.mark.everywhere
def test_precompressedUnreadable(
    precompressed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    A sibling that can't be opened doesn't keep anybody from the file itself.
    """
    openFile = os.open

    def refuse(path: Any, *args: Any, **named: Any) -> int:
        if str(path).endswith(".gz"):
            raise PermissionError(errno.EACCES, "no")
        return openFile(path, *args, **named)

    monkeypatch.setattr(os, "open", refuse)
    fields = [(b"accept-encoding", b"gzip")]
    wire = get(precompressed, b"/style.css", fields, precompressed=True)
    assert (wire.code, wire.body) == (200, CSS)
    assert b"content-encoding" not in wire.headers
    assert wire.headers.get(b"vary") == b"accept-encoding"


@pytest.mark.everywhere
def test_precompressedIndex(folder: Path) -> None:
    """
    An index can have it too.
    """
    (folder / "index.html").write_bytes(CSS)
    (folder / "index.html.gz").write_bytes(gzip.compress(CSS))
    fields = [(b"accept-encoding", b"gzip")]
    wire = get(folder, b"/", fields, precompressed=True)
    assert gzip.decompress(wire.body) == CSS
    assert wire.headers.get(b"content-type") == b"text/html; charset=utf-8"


@pytest.mark.everywhere
def test_precompressedOthers(folder: Path, tmp_path: Path) -> None:
    """
    What is older, no file, or no file that may be served is left alone.
    """
    fields = [(b"accept-encoding", b"gzip, br, zstd")]
    old = folder / "style.css.gz"
    old.write_bytes(b"old")
    os.utime(old, (1, 1))
    (folder / "style.css.br").mkdir()
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    (folder / "style.css.zst").symlink_to(outside)
    wire = get(folder, b"/style.css", fields, precompressed=True)
    assert (wire.body, b"vary" in wire.headers) == (CSS, False)
    # By its own name it is what it is.
    wire = get(folder, b"/style.css.gz", fields, precompressed=True)
    assert wire.body == b"old"
    assert wire.headers.get(b"content-type") == b"application/gzip"
    assert wire.headers.get(b"content-encoding") is None


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("after", "isFresh"),
    [(1, True), (0, True), (-1, False), (-(10**8), True), (-(10**9), False)],
    ids=["after", "at once", "before", "whole seconds", "a second before"],
)
def test_precompressedWhen(folder: Path, after: int, isFresh: bool) -> None:
    """
    What was compressed before the file was changed is out of date.
    """
    sibling = folder / "style.css.gz"
    sibling.write_bytes(gzip.compress(CSS))
    modified = 784111777 * 10**9 + 10**8
    os.utime(folder / "style.css", ns=(modified, modified))
    os.utime(sibling, ns=(modified + after, modified + after))
    fields = [(b"accept-encoding", b"gzip")]
    wire = get(folder, b"/style.css", fields, precompressed=True)
    assert (wire.headers.get(b"content-encoding") == b"gzip") is isFresh


# Names for saving


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("a.txt", b'attachment; filename="a.txt"'),
        ("a b;c.txt", b'attachment; filename="a b;c.txt"'),
        ("ä.txt", b"attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A4.txt"),
        ('a"b.txt', b"attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%22b.txt"),
    ],
)
def test_attachment(folder: Path, name: str, field: bytes) -> None:
    """
    A file is saved under its own name.
    """
    (folder / name).write_text("x")
    target = b"/" + "".join(f"%{octet:02x}" for octet in name.encode()).encode()
    assert get(folder, target).headers.get(b"content-disposition") is None
    wire = get(folder, target, attachment=True)
    assert wire.headers.get(b"content-disposition") == field


@pytest.mark.everywhere
def test_attachmentOfSome(folder: Path) -> None:
    """
    Not all need be.
    """
    for target, expected in [(b"/style.css", False), (b"/sub/a.txt", True)]:
        wire = get(folder, target, attachment=lambda name: name.endswith(".txt"))
        assert (b"content-disposition" in wire.headers) is expected


@pytest.mark.everywhere
@pytest.mark.parametrize("name", ["a\x01b", "a\nb", "a\udcffb"], ids=ascii)
def test_unspeakableName(tmp_path: Path, name: str) -> None:
    """
    Nothing gets into a field that may not.
    """
    (tmp_path / name).write_text("x")
    root = Resource()
    root.putChild("x", File(tmp_path / name, attachment=True))
    wire, _ = ask(Site(root), target=b"/x")
    assert wire.code == 200
    said = wire.headers.get(b"content-disposition")
    assert said is not None
    assert said.startswith(b"attachment")
    assert not {1, 10} & set(said)


@pytest.mark.everywhere
def test_types(folder: Path) -> None:
    """
    An ending can be given another type.
    """
    (folder / "a.md").write_text("x")
    (folder / "b.MD").write_text("x")
    types = {".Md": "text/x-md"}
    for target in (b"/a.md", b"/b.MD"):
        wire = get(folder, target, types=types)
        assert wire.headers.get(b"content-type") == b"text/x-md"
    wire = get(folder, b"/style.css", types=types)
    assert wire.headers.get(b"content-type") == b"text/css; charset=utf-8"


@pytest.mark.everywhere
def test_typeOfALink(folder: Path) -> None:
    """
    It is as its own name says, wherever it leads.
    """
    (folder / "4f2a").write_bytes(CSS)
    (folder / "a.css").symlink_to("4f2a")
    wire = get(folder, b"/a.css")
    assert wire.headers.get(b"content-type") == b"text/css; charset=utf-8"


@pytest.mark.everywhere
def test_replaced(folder: Path) -> None:
    """
    What has the size and the time of what was there before has another tag.
    """
    path = folder / "a.txt"
    tags = set()
    for text in ("one", "two"):
        path.write_text(text)
        changed = path.stat().st_ctime_ns
        while path.stat().st_ctime_ns == changed:
            # The system's clock goes by milliseconds.
            os.utime(path, (784111777, 784111777))
        tags.add(get(folder, b"/a.txt").headers.get(b"etag"))
    assert len(tags) == 2


# What is served


@pytest.fixture
def linked(folder: Path, tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "b.txt").write_text("outside")
    (folder / "file").symlink_to(folder / "sub" / "a.txt")
    (folder / "dir").symlink_to(folder / "sub")
    (folder / "out").symlink_to(tmp_path / "outside" / "b.txt")
    (folder / "outdir").symlink_to(tmp_path / "outside")
    (folder / "up").symlink_to("..")
    (folder / "loop").symlink_to("loop")
    (folder / "broken").symlink_to("none")
    return folder


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        (b"/sub/a.txt", {Links.NONE, Links.INSIDE, Links.ALL}),
        (b"/file", {Links.INSIDE, Links.ALL}),
        (b"/dir/a.txt", {Links.INSIDE, Links.ALL}),
        (b"/dir/", {Links.INSIDE, Links.ALL}),
        (b"/out", {Links.ALL}),
        (b"/outdir/b.txt", {Links.ALL}),
        (b"/up/outside/b.txt", {Links.ALL}),
        (b"/loop", set()),
        (b"/broken", set()),
    ],
)
@pytest.mark.parametrize("links", Links, ids=lambda links: links.name)
def test_links(linked: Path, target: bytes, allowed: set[Links], links: Links) -> None:
    """
    Links are followed as far as that is allowed, and shown if they are.
    """
    wire = get(linked, target, links=links, listing=True)
    assert wire.code == (200 if links in allowed else 404)
    page = get(linked, b"/", links=links, listing=True).body.decode()
    name = target.split(b"/")[1].decode()
    assert (f'href="./{name}' in page) is (links in allowed)


@pytest.mark.everywhere
def test_linkedIndex(folder: Path, tmp_path: Path) -> None:
    """
    An index that may not be served isn't there, and another one may be.
    """
    (tmp_path / "x.html").write_text("outside")
    (folder / "index.html").symlink_to(tmp_path / "x.html")
    (folder / "index.txt").write_text("inside")
    assert get(folder, b"/").code == 404
    wire = get(folder, b"/", index=["index.html", "index.txt"])
    assert (wire.code, wire.body) == (200, b"inside")


@pytest.mark.everywhere
def test_rootIsALink(folder: Path, tmp_path: Path) -> None:
    """
    Whoever names the folder may do so by a link.
    """
    (tmp_path / "alias").symlink_to(folder)
    for links in Links:
        assert get(tmp_path / "alias", b"/sub/a.txt", links=links).code == 200


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("dotFiles", "served"),
    [
        (False, set()),
        (True, {".well-known", ".env"}),
        ((), set()),
        ((".well-known",), {".well-known"}),
        ({".env"}, {".env"}),
        (None, {".well-known"}),
    ],
)
def test_dotFiles(folder: Path, dotFiles: Any, served: set[str]) -> None:
    """
    Of the names with a dot, only those that are named are served.
    """
    named = {} if dotFiles is None else {"dotFiles": dotFiles}
    for name in (".well-known", ".env"):
        (folder / name).mkdir()
        (folder / name / "x").write_text("x")
    page = get(folder, b"/", listing=True, **named).body.decode()
    for name in (".well-known", ".env"):
        wire = get(folder, f"/{name}/x".encode(), **named)
        assert wire.code == (200 if name in served else 404)
        assert (name in page) is (name in served)


# Listings


class Page(HTMLParser):
    """
    The links of a page, in order, and whether its tags are in order.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.sorted: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        if tag == "a":
            self.links.append(found["href"])
        if "aria-sort" in found:
            self.sorted.append((tag, found["aria-sort"]))

    @property
    def entries(self) -> list[str]:
        return [link[2:] for link in self.links if re.match(r"\./.", link)]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    root = tmp_path / "many"
    root.mkdir()
    for number, (name, size) in enumerate(
        [("b", 20), ("A", 300), ("c", 1), ("a", 4000)]
    ):
        (root / name).write_bytes(b"x" * size)
        os.utime(root / name, (1000 - number, 1000 - number))
    for name in ("z", "y"):
        (root / name).mkdir()
        os.utime(root / name, (5, 5))
    return root


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("query", "files", "folders"),
    [
        (b"", "Aabc", "yz"),
        (b"?sort=name", "Aabc", "yz"),
        (b"?sort=-name", "cbaA", "zy"),
        (b"?sort=size", "cbAa", "yz"),
        (b"?sort=-size", "aAbc", "zy"),
        (b"?sort=time", "acAb", "yz"),
        (b"?sort=-time", "bAca", "zy"),
        (b"?sort=nonsense", "Aabc", "yz"),
        (b"?sort=--name", "Aabc", "yz"),
        (b"?sort=%3Cscript%3E", "Aabc", "yz"),
        (b"?sort=", "Aabc", "yz"),
        (b"?other", "Aabc", "yz"),
    ],
)
def test_sorted(many: Path, query: bytes, files: str, folders: str) -> None:
    """
    Folders come first; each column sorts.
    """
    wire = get(many, b"/" + query, listing=True)
    text = wire.body.decode()
    page = Page(text)
    assert "<script" not in text
    names = page.entries
    assert names == [name + "/" for name in folders] + list(files)
    assert len(page.sorted) == 1


@pytest.mark.everywhere
def test_turnedRound(many: Path) -> None:
    """
    The heading of the column that sorts turns it round.
    """
    page = Page(get(many, b"/", listing=True).body.decode())
    assert [link for link in page.links if link.startswith("?")] == [
        "?sort=-name",
        "?sort=-size",
        "?sort=-time",
    ]
    page = Page(get(many, b"/?sort=-size", listing=True).body.decode())
    assert "?sort=size" in page.links
    assert page.sorted == [("th", "descending")]


@pytest.mark.everywhere
def test_trail(folder: Path) -> None:
    """
    The way up is a link for each folder.
    """
    (folder / "sub" / "<deep>").mkdir()
    wire = get(folder, b"/sub/%3Cdeep%3E/", listing=True)
    page = Page(wire.body.decode())
    assert page.links[:3] == ["../../", "../", "./"]
    assert "../" in page.links[3:]
    assert "<title>/sub/&lt;deep&gt;/</title>" in wire.body.decode()
    assert "deep" not in page.tags
    root = Page(get(folder, b"/", listing=True).body.decode())
    assert root.links[0] == "./"
    assert "../" not in root.links


@pytest.mark.everywhere
def test_fieldsOfListings(many: Path) -> None:
    """
    A listing that hasn't changed isn't sent again.
    """
    wire = get(many, b"/", listing=True)
    assert wire.headers.get(b"content-type") == b"text/html; charset=utf-8"
    tag = wire.headers.get(b"etag") or b""
    assert get(many, b"/", [(b"if-none-match", tag)], listing=True).code == 304
    (many / "new").write_text("")
    assert get(many, b"/", [(b"if-none-match", tag)], listing=True).code == 200


@pytest.mark.everywhere
def test_whatIsNotListed(many: Path) -> None:
    """
    What can't be had isn't shown.
    """
    os.mkfifo(many / "pipe")
    (many / "back\\slash").write_text("")
    (os.fsencode(many) + b"/\xff").decode("utf-8", "surrogateescape")
    os.close(os.open(os.fsencode(many) + b"/\xff", os.O_CREAT | os.O_WRONLY))
    # Whose names no target may have.
    for name in ("line\nend", "\x01", "\x7f", "\x85"):
        (many / name).write_text("")
    page = Page(get(many, b"/", listing=True).body.decode())
    assert sorted(page.entries) == ["A", "a", "b", "c", "y/", "z/"]


@pytest.mark.everywhere
def test_turningNames(tmp_path: Path) -> None:
    """
    No name makes itself, or what stands beside it, look like something else.
    """
    name = "a\u202egnp.exe"
    (tmp_path / "\u2067").mkdir()
    (tmp_path / "\u2067" / name).write_text("x")
    (tmp_path / "\u2067" / "\u05d0.txt").write_text("y")
    text = get(tmp_path, b"/%E2%81%A7/", listing=True).body.decode()
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", text)
    assert "<title>/\ufffd/</title>" in text
    for shown in ("\ufffd", "a\ufffdgnp.exe", "\u05d0.txt"):
        assert f"<bdi>{shown}</bdi>" in text
    page = Page(text)
    assert len(page.entries) == 2
    for link in page.entries:
        assert get(tmp_path, f"/%E2%81%A7/{link}".encode()).code == 200


@pytest.mark.everywhere
def test_empty(tmp_path: Path) -> None:
    assert b"Nothing here" in get(tmp_path, b"/", listing=True).body


@pytest.mark.everywhere
def test_large(many: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A folder with too much in it is shown in part, and the page says so.
    """
    monkeypatch.setattr(listings, "MAX_ENTRIES", 4)
    wire = get(many, b"/", listing=True)
    assert len(Page(wire.body.decode()).entries) == 4
    assert b"4 shown, 2 more" in wire.body


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("most", "shown", "footer"),
    [
        (3, 3, b"3 shown, at least 1 more"),
        (5, 4, b"4 shown, at least 2 more"),
        (6, 4, b"4 shown, 2 more"),
    ],
)
def test_veryLarge(
    many: Path, monkeypatch: pytest.MonkeyPatch, most: int, shown: int, footer: bytes
) -> None:
    """
    Nobody waits until all of the names are read.
    """
    monkeypatch.setattr(listings, "MAX_ENTRIES", 4)
    monkeypatch.setattr(listings, "MAX_READ", most)
    wire = get(many, b"/", listing=True)
    assert len(Page(wire.body.decode()).entries) == shown
    assert footer in wire.body


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1234, "1.2 kB"),
        (9949, "9.9 kB"),
        (9950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (5_000_000_000, "5.0 GB"),
        (10**18, "1.0 EB"),
        (2**63, "9.2 EB"),
    ],
)
def test_readable(size: int, text: str) -> None:
    assert readable(size) == text
