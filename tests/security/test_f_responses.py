"""
F: responses that an application should not have made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.core.errors import HTTPError, InvalidField, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.response import Response
from penstock.core.values.setcookie import SetCookie
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.codec import frame
from penstock.transports.rpc.messages import (
    AbortConnection,
    Finish,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)

from ..http1.wires import Server, answerNothing
from ..rpc.wires import Scene, request
from .bad_input import (
    HELLO,
    OPENING,
    Called,
    Noting,
    Sited,
)

Act = Callable[[Any], Any]


class Acting(Noting):
    """
    Does as it is told.
    """

    def __init__(self, act: Act) -> None:
        super().__init__()
        self.act = act

    def render(self, request: Any) -> Any:
        return self.act(request)


class Answer:
    """
    What a client of one transport gets from a resource.
    """

    def __init__(
        self, code: int | None, body: bytes, whole: bool, octets: bytes, interim: int
    ) -> None:
        """
        @param octets: all that was sent, as far as there are octets.
        @param interim: how many interim responses.
        """
        self.code = code
        self.body = body
        self.whole = whole
        self.octets = octets
        self.interim = interim


def overHTTP(root: Any, method: bytes = b"GET") -> Answer:
    sited = Sited(root)
    sited.receive(HELLO.replace(b"GET", method))
    sent = sited.wire.sent
    code, body, interim = None, b"", 0
    rest = sent
    while rest.startswith(b"HTTP/1.1 "):
        head, _, rest = rest.partition(b"\r\n\r\n")
        code = int(head[9:12])
        if code >= 200:
            body = rest
            break
        interim += 1
    return Answer(code, body, not sited.wire.aborted, sent, interim)


def overRPC(root: Any, method: bytes = b"GET") -> Answer:
    called = Called(root)
    called.receive(OPENING, frame(request(1, method=method)))
    code, body, whole, interim = None, b"", False, 0
    for message in called.peer.received:
        match message:
            case WriteIntermediateResponse():
                interim += 1
            case WriteHeaders(code=code, content=content, complete=whole):
                body += content or b""
            case WriteData(data=data):
                body += data
            case Finish():
                whole = True
            case AbortConnection():
                whole = False
    return Answer(code, body, whole, bytes(called.pipe.left.written), interim)


def inMemory(root: Any, method: bytes = b"GET") -> Answer:
    client = MemoryClient(root, strict=False)
    asked = client.open(method, "/")
    client.pump()
    found = Answer(
        asked.code,
        asked.body,
        asked.complete,
        repr(asked.headers).encode(),
        len(asked.intermediate),
    )
    client.close()
    return found


WAYS = {"http": overHTTP, "rpc": overRPC, "memory": inMemory}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def way(request: Any) -> Callable[..., Answer]:
    """
    Each transport.
    """
    found: Callable[..., Answer] = request.param
    return found


EVIL = b"evil-value"


def setting(name: Any, value: Any) -> Act:
    def act(request: Any) -> Any:
        request.out_headers.setRaw(name, value)
        return b"fine"

    return act


def returning(make: Callable[[], Any]) -> Act:
    return lambda request: make()


def reason(phrase: Any) -> Act:
    def act(request: Any) -> Any:
        request.code_message = phrase
        return b"fine"

    return act


def status(code: Any) -> Act:
    def act(request: Any) -> Any:
        request.code = code
        return b"fine"

    return act


def cookie(**attributes: Any) -> Act:
    def act(request: Any) -> Any:
        made = SetCookie(**{"name": "a", "value": "b", **attributes})
        request.out_headers.setHeader("set-cookie", [made])
        return b"fine"

    return act


def failing(headers: Callable[[], Any]) -> Act:
    def act(request: Any) -> Any:
        raise HTTPError(401, headers=headers())

    return act


def trailing(fields: list[tuple[Any, Any]]) -> Act:
    def act(request: Any) -> Any:
        return Response(iter([b"fine"]), trailers=Headers(fields))

    return act


def typed(contentType: Any) -> Act:
    def act(request: Any) -> Any:
        request.resource.contentType = contentType
        return b"fine"

    return act


def twoLengths(request: Any) -> None:
    request.out_headers.addRaw("Content-Length", "4")
    request.out_headers.addRaw("Content-Length", "4")
    request.write(b"fine")


def badLength(request: Any) -> None:
    request.out_headers.addRaw("Content-Length", "0x4")
    request.write(b"fine")


CONTROLS = (0x00, 0x01, 0x08, 0x0A, 0x0B, 0x0C, 0x0D, 0x1B, 0x1C, 0x1E, 0x1F, 0x7F)

# Nothing of these goes out; the client gets 500.
WRONG: dict[str, Act] = {
    **{
        f"F1 {octet:#04x} in a value": setting("X-Foo", EVIL + b"%c: y" % octet)
        for octet in CONTROLS
    },
    "F1 a value of another alphabet": setting("X-Foo", "evil-value\u010a"),
    "F1 a line end in a name": setting(b"X-Foo\r\nevil-value", b"y"),
    "F1 a space in a name": setting("X Foo", EVIL),
    "F1 a colon in a name": setting("X-Foo: evil-value", b"y"),
    "F1 an empty name": setting("", EVIL),
    "F1 a bytearray, which may change": setting("X-Foo", bytearray(EVIL)),
    **{
        f"F1 {octet:#04x} in a reason": reason(EVIL + b"%c" % octet)
        for octet in CONTROLS
    },
    "F1 a reason as text": reason("evil-value"),
    "F1 a status that is text": status("200 evil-value\r\n"),
    "F1 a status below all": status(99),
    "F1 a status beyond all": status(1000),
    "F1 a negative status": status(-200),
    "F1 a line end in Location": returning(
        lambda: Response.redirect("/\r\nSet-Cookie: evil-value")
    ),
    "F1 Location of another alphabet": returning(
        lambda: Response.redirect("/evil-value\u010d\u010a")
    ),
    "F1 a field of a Response": returning(
        lambda: Response(b"", headers=[("X-Foo", "evil-value\n")])
    ),
    "F1 a line end in a cookie": cookie(value="evil-value\r\n"),
    "F1 an attribute in a cookie": cookie(value="evil-value; Path=/"),
    "F1 a name of a cookie": cookie(name="evil-value\n"),
    "F1 a path of a cookie": cookie(path="/evil-value; Domain=b"),
    "F1 a line end in a path of a cookie": cookie(path="/evil-value\n"),
    "F1 a domain of a cookie": cookie(domain="evil-value\r\nX: y"),
    "F1 a negative age of a cookie": cookie(maxAge=-1),
    "F1 a raw cookie": setting("Set-Cookie", b"a=evil-value\r\nX: y"),
    "F1 a field of an error": failing(lambda: Headers([("X-Foo", "evil-value\r")])),
    "F1 a trailer's value": trailing([("X-Foo", b"evil-value\n")]),
    "F1 a trailer's name": trailing([("X-Foo: evil-value", b"y")]),
    "F1 a media type": typed("text/plain\r\nX-Foo: evil-value"),
    "F2 two lengths": twoLengths,
    "F2 a length that is none": badLength,
}


@pytest.mark.parametrize("act", WRONG.values(), ids=WRONG)
def test_wrong(way: Callable[..., Answer], act: Act, loggedErrors: Any) -> None:
    """
    It raises where it is set or written, is answered with 500, and what it
    was isn't in the answer or the exception.
    """
    answer = way(Acting(act))
    assert (answer.code, answer.whole) == (500, True)
    assert b"evil" not in answer.octets
    (problem,) = loggedErrors.flush("the resource failed")
    assert isinstance(
        problem, (InvalidField, LocalProtocolError, TypeError, ValueError)
    )
    assert "evil" not in str(problem)


HINTS: dict[str, list[tuple[Any, Any]]] = {
    "F1 a hint's value": [("Link", "</evil>\r\nX: y")],
    "F1 a hint's name": [("Link\r\nX", "evil")],
}


@pytest.mark.parametrize("fields", HINTS.values(), ids=HINTS)
def test_hints(
    way: Callable[..., Answer], fields: list[tuple[Any, Any]], loggedErrors: Any
) -> None:
    def act(request: Any) -> Any:
        request.writeEarlyHints(fields)

    answer = way(Acting(act))
    assert (answer.code, answer.interim) == (500, 0)
    assert b"evil" not in answer.octets
    assert len(loggedErrors.flush("the resource failed")) == 1


PHRASES: dict[str, bytes] = {
    "F1 a line end in an interim reason": b"evil\r\nX: y",
    "F1 NUL in an interim reason": b"evil\x00",
}


@pytest.mark.parametrize("phrase", PHRASES.values(), ids=PHRASES)
def test_interimReason(
    way: Callable[..., Answer], phrase: bytes, loggedErrors: Any
) -> None:
    def act(request: Any) -> Any:
        request.chanRequest.writeIntermediateResponse(103, None, phrase)

    answer = way(Acting(act))
    assert (answer.code, answer.interim) == (500, 0)
    assert b"evil" not in answer.octets
    assert len(loggedErrors.flush("the resource failed")) == 1


def test_partsOfAMultipart(way: Callable[..., Answer], loggedErrors: Any) -> None:
    """
    F1: what stands in the heads of parts was checked as any field is.
    """

    def act(request: Any) -> Any:
        request.in_headers.setRaw("range", "bytes=0-1,3-4")
        request.out_headers.setRaw("content-type", "text/evil\r\nX: y")
        return b"0123456789"

    answer = way(Acting(act))
    assert answer.code == 500
    assert b"evil" not in answer.octets
    assert len(loggedErrors.flush("the resource failed")) == 1


# Framing that isn't the application's


def test_ownFraming() -> None:
    """
    F2: Transfer-Encoding is the transport's to say, so an application's is
    left out, with whatever else is of the hop; the length stands.
    """
    server = Server(answerNothing)
    server.receive(HELLO)
    channel = server.asked[0].channel
    channel.writeHeaders(
        200,
        Headers(
            [
                ("Content-Length", "2"),
                ("Transfer-Encoding", "chunked"),
                ("Connection", "close, x-foo"),
                ("X-Foo", "y"),
                ("Keep-Alive", "5"),
                ("Upgrade", "h2c"),
            ]
        ),
    )
    channel.writeData(b"ab")
    channel.finish()
    assert server.take() == b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab"
    assert server.wire.open


def test_ownFramingElsewhere() -> None:
    """
    F2.
    """

    def act(request: Any) -> Any:
        return Response(
            b"ab",
            headers=[("Transfer-Encoding", "chunked"), ("Connection", "close")],
        )

    called = Called(Acting(act))
    called.receive(OPENING, frame(request(1)))
    (head,) = called.peer.take(WriteHeaders)
    assert [name.lower() for name in head.fields[::2]] == [b"content-length"]
    with MemoryClient(Acting(act)) as client:
        asked = client.get("/")
        assert asked.headers == Headers([("content-length", "2")])
        assert asked.body == b"ab"


# Content where there is none


NONE: dict[str, tuple[bytes, int, bytes]] = {
    "F3 HEAD": (b"HEAD", 200, b"content-length: 4\r\n"),
    "F3 204": (b"GET", 204, b""),
    "F3 205": (b"GET", 205, b"Content-Length: 0\r\n"),
    "F3 304": (b"GET", 304, b""),
    "F3 HEAD and 404": (b"HEAD", 404, b"content-length: 4\r\n"),
}


@pytest.mark.parametrize(("method", "code", "fields"), NONE.values(), ids=NONE)
def test_none(method: bytes, code: int, fields: bytes) -> None:
    """
    What is written as content is dropped, and the next answer is where it is
    expected.
    """

    def act(request: Any) -> Any:
        request.code = code
        if fields.startswith(b"content"):
            request.out_headers.setRaw("content-length", "4")
        request.write(b"evil")
        request.finish()

    sited = Sited(Acting(act))
    sited.receive(HELLO.replace(b"GET", method) * 2)
    sent = sited.wire.sent
    assert sited.codes == [code] * 2
    assert b"evil" not in sent
    head = sent[: len(sent) // 2]
    assert sent == head * 2
    assert head.endswith(b"\r\n\r\n")
    for field in fields.split(b"\r\n"):
        assert field.lower() in head.lower()
    for way in (overRPC, inMemory):
        answer = way(Acting(act), method)
        assert (answer.code, answer.body, answer.whole) == (code, b"", True)


def test_noneInterim(way: Callable[..., Answer]) -> None:
    """
    F3: an interim response has neither content nor a length.
    """

    def act(request: Any) -> Any:
        request.writeEarlyHints([("Content-Length", "4"), ("Link", "</a>")])
        return b""

    answer = way(Acting(act))
    assert (answer.code, answer.interim, answer.body) == (200, 1, b"")
    assert b"Content-Length: 4" not in answer.octets


# Content that isn't what was promised


def less(request: Any) -> None:
    request.out_headers.setRaw("content-length", "5")
    request.write(b"abcd")
    request.finish()


def more(request: Any) -> None:
    request.out_headers.setRaw("content-length", "3")
    request.write(b"ab")
    request.write(b"evil")


def moreAtOnce(request: Any) -> None:
    request.out_headers.setRaw("content-length", "3")
    request.write(b"evil")


def lessOfAnIterator(request: Any) -> Any:
    request.out_headers.setRaw("content-length", "5")
    return Response(iter([b"ab", b"cd"]))


def moreOfAnIterator(request: Any) -> Any:
    request.out_headers.setRaw("content-length", "3")
    return Response(iter([b"ab", b"evil"]))


def givingUp(request: Any) -> None:
    request.write(b"ab")
    request.abort()


def failingInTheMiddle(request: Any) -> Any:
    def blocks() -> Iterator[bytes]:
        yield b"ab"
        raise KeyError("evil")

    return Response(blocks())


UNTRUE: dict[str, tuple[Act, int]] = {
    "F4 less": (less, 1),
    "F4 more": (more, 1),
    "F4 more at once": (moreAtOnce, 1),
    "F4 less of an iterator": (lessOfAnIterator, 1),
    "F4 more of an iterator": (moreOfAnIterator, 1),
    "F5 given up": (givingUp, 0),
    "F5 failing": (failingInTheMiddle, 1),
}


@pytest.mark.parametrize(("act", "errors"), UNTRUE.values(), ids=UNTRUE)
def test_untrue(
    way: Callable[..., Answer], act: Act, errors: int, loggedErrors: Any
) -> None:
    """
    It is broken off so that the client sees it: nobody takes it for whole,
    and nothing is where the next answer begins.
    """
    answer = way(Acting(act))
    assert not answer.whole
    assert b"evil" not in answer.body
    if way is overHTTP:
        assert not answer.octets.endswith(b"0\r\n\r\n")
        assert answer.octets.count(b"HTTP/1.1 ") == 1
    assert len(loggedErrors.flush("the resource failed")) == errors


def test_fileThatShrinks(
    way: Callable[..., Answer], tmp_path: Path, loggedErrors: Any
) -> None:
    """
    F5: nor is a file that becomes shorter made up for.
    """
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)

    def act(request: Any) -> Any:
        # It was twice as long when somebody looked.
        file = path.open("rb")
        request.out_headers.setRaw("content-length", "200000")
        done = request.writeFile(file, 0, 200_000)
        done.addBoth(lambda ignored: file.close())

    answer = way(Acting(act))
    assert not answer.whole
    assert len(answer.body) < 200_000
    assert len(loggedErrors.flush("became shorter")) == 1


def test_truncatedIsVisibleToACaller() -> None:
    """
    F5: the calling end of RPC takes no part for the whole.
    """
    scene = Scene()
    asked = scene.ask()
    scene.settle()
    scene.say(WriteHeaders(2, 200, (), None, b"ab", False), AbortConnection(2, 0, ""))
    assert asked.calls == ["head", "lost"]
