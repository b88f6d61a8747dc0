"""
RFC 9110, section 9, at the serving end: methods.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from penstock.core.errors import HTTPError
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.data import Data
from penstock.resources.file import File

from .ends import HELLO, Origin, Seen, answers, blocks, plain
from .ways import Serve

BODIES: dict[str, Any] = {
    "text": lambda request: "hello",
    "octets": lambda request: b"hello",
    "page": lambda request: Response.html("<p>"),
    "unknown length": lambda request: Response(blocks()),
    "nothing": lambda request: Response(),
    "error": lambda request: Response("no", 404),
    "redirect": lambda request: Response.redirect("/"),
}


@pytest.mark.requirement(
    "9110-9.3.2-1", "9110-9.3.2-2", "9110-9.3.2-3", "9110-8.6-3", "9110-8.6-4"
)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_head(serve: Serve, body: Any) -> None:
    """
    All that GET has, but its content: so also the length.
    """
    origin = serve(Seen(body))
    get, head = origin.get(), origin.get(method=b"HEAD")
    assert (head.code, head.fields) == (get.code, get.fields)
    assert head.content == b""
    assert origin.get().content == get.content


@pytest.mark.requirement("9110-9.3.2-1", "9110-9.3.2-2", "9110-9.3.2-3")
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_headInOctets(body: Any) -> None:
    """
    Framing, too; and the head is the last of it.
    """
    origin = Origin(Seen(body))
    get = origin.get()
    origin.send(HELLO.replace(b"GET", b"HEAD"))
    raw = origin.take()
    assert raw.endswith(b"\r\n\r\n")
    (head,) = answers(raw, b"HEAD")
    assert head.fields == get.fields
    assert head.start == get.start
    assert origin.get().content == get.content


@pytest.mark.requirement("9110-9.3.2-2", "9110-8.6-4", "9110-9.1-1")
@pytest.mark.parametrize("name", ["a", "none", ""])
def test_headOfAFile(serve: Serve, tmp_path: Path, name: str) -> None:
    (tmp_path / "a").write_bytes(b"hello")
    origin = serve(File(tmp_path, listing=True))
    target = b"/" + name.encode()
    get, head = origin.get(target=target), origin.get(target=target, method=b"HEAD")
    assert head.fields == get.fields
    assert head.code == get.code


class Putting(Resource):
    """
    Can be put, in whole.
    """

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()
        self.content: dict[bytes, bytes] = {}

    def render_PUT(self, request: Any) -> Response:
        self.content[request.path] = request.body
        return Response(code=204)


@pytest.mark.requirement("9110-8.7-2", "9110-8.7-4")
@pytest.mark.parametrize("place", [b"/b", b"http://evil/b", b"../b"])
def test_contentLocationOfARequest(serve: Serve, place: bytes) -> None:
    origin = serve(Putting())
    assert (
        origin.get(
            b"Content-Location: " + place + b"\r\n", b"/a", b"PUT", content=b"x"
        ).code
        == 204
    )
    assert origin.root.content == {b"/a": b"x"}


@pytest.mark.requirement("9110-14.5-1", "9110-14.4-3")
def test_contentRangeOfAPut(serve: Serve) -> None:
    origin = serve(Putting())
    field = b"Content-Range: bytes 0-0/5\r\n"
    assert origin.get(field, b"/a", b"PUT", content=b"x").code == 400
    assert origin.root.content == {}
    origin.root.partialPut = True
    assert origin.get(field, b"/a", b"PUT", content=b"x").code == 204


@pytest.mark.requirement("9110-14.4-3")
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST", b"DELETE"])
def test_contentRangeOfOthers(serve: Serve, method: bytes) -> None:
    origin = serve()
    assert origin.get(b"Content-Range: bytes 0-0/5\r\n", method=method).code == 200


@pytest.mark.requirement("9110-9.1-1")
@pytest.mark.parametrize("root", [Data(b"x"), Seen(), File(os.devnull)])
def test_getAndHead(serve: Serve, root: Any) -> None:
    """
    Every resource of penstock has both; whether they find anything or not.
    """
    origin = serve(root)
    for method in (b"GET", b"HEAD"):
        assert origin.get(method=method).code in (200, 404)


@pytest.mark.requirement("9110-9.1-3")
@pytest.mark.parametrize(
    "method", [b"FROB", b"get", b"Get", b"M" * 100, b"!#$%&'*+-.^_`|~"]
)
@pytest.mark.parametrize("root", [Data(b"x"), Seen()])
def test_unknownMethod(serve: Serve, method: bytes, root: Any) -> None:
    assert serve(root).get(method=method).code == 501


@pytest.mark.requirement(
    "9110-9.1-4", "9110-10.2.1-1", "9110-15.5.6-1", "9110-9.3.8-1", "9110-9.3.8-3"
)
@pytest.mark.parametrize("method", [b"POST", b"PUT", b"DELETE", b"PATCH", b"TRACE"])
def test_methodThatIsNotThere(serve: Serve, method: bytes) -> None:
    """
    Our choice also for TRACE.
    """
    answer = serve(Data(b"x")).get(b"Cookie: secret\r\n", method=method)
    assert answer.code == 405
    assert answer.get(b"allow") == b"GET, HEAD, OPTIONS"
    assert b"secret" not in answer.content


def raised(request: Any) -> Any:
    raise HTTPError(405)


class Nowhere(Resource):
    """
    Refuses before there is a resource.
    """

    def locateChild(self, request: Any, segments: Any) -> Any:
        raise HTTPError(405)


@pytest.mark.requirement("9110-10.2.1-1", "9110-15.5.6-1")
@pytest.mark.parametrize(
    ("root", "allow"),
    [
        (Seen(raised), b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        (Seen(Response("no", 405)), b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        (Seen(plain("no", ("Allow", "PUT"), code=405)), b"PUT"),
        (Nowhere(), b""),
    ],
    ids=["raised", "returned", "its own", "nowhere"],
)
def test_405(serve: Serve, root: Any, allow: bytes) -> None:
    """
    Also where an application says so, and no more.
    """
    answer = serve(root).get()
    assert (answer.code, answer.get(b"allow")) == (405, allow)


@pytest.mark.requirement("9110-9.3.7-1", "9110-10.2.1-2", "9110-9.1-2")
@pytest.mark.parametrize(
    ("target", "allow"),
    [
        (b"/", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        (b"*", b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
    ],
)
def test_options(serve: Serve, target: bytes, allow: bytes) -> None:
    answer = serve().get(target=target, method=b"OPTIONS")
    assert (answer.code, answer.get(b"allow")) == (200, allow)
    assert serve(Data(b"x")).get(method=b"OPTIONS").get(b"allow") == (
        b"GET, HEAD, OPTIONS"
    )


@pytest.mark.requirement("9110-9.3.1-2", "9110-9.3.2-5")
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_contentOfGet(serve: Serve, method: bytes) -> None:
    """
    It is read and means nothing: what a resource gets is the same.
    """
    origin = serve()
    assert origin.get(method=method, content=b"abc").code == 200
    assert origin.get(method=method).code == 200
    one, two = origin.root.seen
    assert one.body == two.body == b""


@pytest.mark.requirement("9110-9.3.6-2")
@pytest.mark.parametrize(
    "target",
    [b"a", b"a:", b"a:x", b"a:99999", b"a:123456", b":80", b"a:80:80", b"/", b"u@a:80"],
)
def test_connectWithoutAPort(target: bytes) -> None:
    (answer,) = Origin().ask(b"CONNECT " + target + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert 400 <= answer.code < 600
    assert answer.get(b"connection") == b"close"
