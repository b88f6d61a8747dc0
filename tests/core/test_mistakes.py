"""
What is said to who makes one of the first mistakes: in time, and in words that
help.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock

from penstock.core.errors import LocalProtocolError
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.http1 import HTTPFactory
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc import RPCFactory


@pytest.fixture(autouse=True)
def itIsLogged(loggedErrors: Any) -> Iterator[None]:
    yield
    loggedErrors.flush("GET /: the resource failed")


class Page(Resource):
    def __init__(self, answer: Any = b"a page") -> None:
        # Without super().__init__(), as happens.
        self.answer = answer

    def render_GET(self, request: Any) -> Any:
        return self.answer(request) if callable(self.answer) else self.answer


def test_ownInit() -> None:
    """
    A resource has children without having been asked to.
    """
    root = Page()
    root.putChild("child", Page(b"another"))
    with MemoryClient(root) as client:
        assert client.get("/").body == b"a page"
        assert client.get("/child").body == b"another"
        assert client.get("/none").code == 404
    assert not Page().children


@pytest.mark.parametrize(
    ("name", "child", "problem"),
    [
        (b"name", Page(), "text"),
        (1, Page(), "text"),
        ("/name", Page(), "without slash"),
        ("name", Page, "Page is a class"),
    ],
    ids=["octets", "number", "slash", "class"],
)
def test_putChild(name: Any, child: Any, problem: str) -> None:
    with pytest.raises((TypeError, ValueError), match=problem):
        Resource().putChild(name, child)


def test_lowerCase() -> None:
    with pytest.raises(TypeError, match=r"Lower.render_get: .* render_GET"):
        type("Lower", (Resource,), {"render_get": lambda self, request: b""})
    # Whatever else there is, may be.
    type("Other", (Resource,), {"render_list": lambda self, request: b""})


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"a": 1}, "Page has returned a dict. What may be: .*Response.json"),
        ([b"a"], "a list"),
        (5, "a int"),
        (True, "a bool"),
        (bytearray(b"a"), "a bytearray"),
        ((b"a", 404), "a tuple"),
        (lambda request: Page, "a type. That is a class: call it"),
    ],
    ids=["dict", "list", "int", "bool", "bytearray", "tuple", "class"],
)
def test_noAnswer(answer: Any, said: str) -> None:
    with (
        MemoryClient(Page(answer)) as client,
        pytest.raises(TypeError, match=said),
    ):
        client.get("/")


def test_writtenAndReturned() -> None:
    def both(request: Any) -> bytes:
        request.write(b"a")
        return b"b"

    with (
        MemoryClient(Page(both)) as client,
        pytest.raises(LocalProtocolError, match="one of both is enough"),
    ):
        client.get("/")


def test_writtenText() -> None:
    """
    Before anything is sent, so that the client hears of it.
    """

    def text(request: Any) -> None:
        request.write("text")

    with MemoryClient(Page(text)) as client, client.expecting(TypeError) as problems:
        assert client.get("/").code == 500
    assert "write() takes bytes" in str(problems[0])


def test_classForRoot() -> None:
    for make in (Site, MemoryClient):
        with pytest.raises(TypeError, match="Page is a class"):
            make(Page)


def test_resourceForSite() -> None:
    root: Any = Page()
    with pytest.raises(TypeError, match="around a resource put a Site"):
        HTTPFactory(root)
    with pytest.raises(TypeError, match="around a resource put a Site"):
        RPCFactory(root, reactor=Clock())


def test_urlForRequester() -> None:
    with pytest.raises(TypeError, match="not a str, but connectHTTP"):
        Forward("http://localhost")


def test_logNamesTheRequest(loggedErrors: Any) -> None:
    with MemoryClient(Page({}), strict=False) as client:
        assert client.get("/?a%22").code == 500
    (problem,) = loggedErrors.flush("GET /?a%22: the resource failed")
    assert isinstance(problem, TypeError)


@pytest.mark.parametrize("body", [{"a": 1}, 5])
def test_strangeBody(body: Any) -> None:
    with MemoryClient(Page()) as client, pytest.raises(TypeError, match="a body is"):
        client.put("/", body)


def test_sentText() -> None:
    text: Any = "text"
    with MemoryClient(Page()) as client:
        exchange = client.open("PUT", "/", contentLength=4)
        with pytest.raises(TypeError, match="takes bytes"):
            exchange.send(text)
        exchange.disconnect()


@pytest.mark.parametrize(
    ("name", "policy"),
    [("form", "Form"), ("files", "Form"), ("parts", "Parts"), ("content", "Stream")],
)
def test_otherPolicy(name: str, policy: str) -> None:
    """
    Whoever reads what the policy doesn't read is told which one does.
    """
    with (
        MemoryClient(Page(lambda request: getattr(request, name))) as client,
        client.expecting(AttributeError) as problems,
    ):
        assert client.get("/").code == 500
    assert f"policy = {policy}()" in str(problems[0])
