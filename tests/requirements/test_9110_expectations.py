"""
RFC 9110, sections 10.1.1 and 15.2, at the serving end: who waits for 100, and
what is said before the response.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.content import Buffer, Stream
from penstock.core.errors import HTTPError
from penstock.core.resource import Resource

from .ends import HELLO, Origin, Seen, answers
from .ways import Serve


@pytest.mark.requirement("9110-10.1.1-7", "9110-15.2-1")
def test_expectationOfOld() -> None:
    origin = Origin(Seen())
    found = origin.ask(
        b"PUT / HTTP/1.0\r\nHost: a\r\n"
        b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx"
    )
    assert [it.code for it in found] == [200]


@pytest.mark.requirement("9110-15.2-1")
@pytest.mark.parametrize("code", [100, 102, 103])
def test_noInterimForOld(code: int) -> None:
    def render(request: Any) -> str:
        request.chanRequest.writeIntermediateResponse(code)
        return "hello"

    origin = Origin(Seen(render))
    assert [it.code for it in origin.ask(HELLO)] == [code, 200]
    assert [it.code for it in origin.ask(HELLO.replace(b"1.1", b"1.0"))] == [200]


EXPECTS = b"Expect: 100-Continue\r\n"
EXPECT = (
    b"PUT %b HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: %d\r\n\r\n"
)


class Choosy(Resource):
    """
    Refuses what is below /no.
    """

    isLeaf = True

    def __init__(self, policy: Any) -> None:
        super().__init__()
        self.policy = policy
        self.rendered = 0

    def locateChild(self, request: Any, segments: Any) -> Any:
        if segments[0] == "no":
            raise HTTPError(403)
        return super().locateChild(request, segments)

    async def render_PUT(self, request: Any) -> str:
        self.rendered += 1
        if isinstance(self.policy, Stream):
            await request.content.read()
        return "done"


@pytest.mark.requirement("9110-10.1.1-11", "9110-10.1.1-12", "9110-10.1.1-9")
@pytest.mark.parametrize("policy", [Buffer(), Stream()], ids=["buffer", "stream"])
@pytest.mark.parametrize("length", [3, None])
def test_continue(serve: Serve, policy: Any, length: int | None) -> None:
    """
    100 at once, before any content; and then the answer.
    """
    talk = serve(Choosy(policy)).talk(b"PUT", b"/", EXPECTS, length)
    assert talk.codes == [100]
    talk.write(b"abc")
    talk.end()
    assert talk.codes == [100, 200]
    assert talk.answers[-1].content == b"done"


@pytest.mark.requirement("9110-10.1.1-11", "9110-5.6.1.2-1")
@pytest.mark.parametrize(
    "lines",
    [
        b"Expect: x=y, 100-continue\r\n",
        b"Expect: ,100-Continue, ,\r\n",
        b"Expect: x\r\nExpect: 100-continue\r\n",
    ],
)
@pytest.mark.parametrize("policy", [Buffer(), Stream()], ids=["buffer", "stream"])
def test_continueAmongOthers(serve: Serve, lines: bytes, policy: Any) -> None:
    talk = serve(Choosy(policy)).talk(b"PUT", b"/", lines, 3)
    assert talk.codes == [100]
    talk.write(b"abc")
    talk.end()
    assert talk.codes == [100, 200]


@pytest.mark.requirement("9110-10.1.1-9")
def test_continueAndFailure(serve: Serve, loggedErrors: Any) -> None:
    """
    There is a final answer even if all goes wrong.
    """

    def render(request: Any) -> Any:
        raise RuntimeError

    talk = serve(Seen(render)).talk(b"PUT", b"/", EXPECTS, 3)
    assert talk.codes == [100]
    talk.write(b"abc")
    talk.end()
    assert talk.codes == [100, 500]
    assert len(loggedErrors.flush()) == 1


REFUSALS = [(b"/no", 3, 403), (b"/", 10, 413), (b"/%00", 3, 400)]


@pytest.mark.requirement("9110-10.1.1-11")
@pytest.mark.parametrize(("target", "length", "code"), REFUSALS)
def test_refusedInsteadOf100(
    serve: Serve, target: bytes, length: int, code: int
) -> None:
    origin = serve(Choosy(Buffer(5)))
    assert origin.talk(b"PUT", target, EXPECTS, length).codes == [code]
    assert origin.root.rendered == 0


@pytest.mark.requirement("9110-10.1.1-11", "9110-10.1.1-10")
@pytest.mark.parametrize(("target", "length", "code"), REFUSALS)
def test_refusedBeforeContent(target: bytes, length: int, code: int) -> None:
    """
    A final answer instead, that says that the connection ends.
    """
    origin = Origin(Choosy(Buffer(5)))
    origin.send(EXPECT % (target, length))
    (answer,) = answers(origin.take())
    assert answer.code == code
    assert answer.get(b"connection") == b"close"
    assert not origin.wire.open
    assert origin.root.rendered == 0


@pytest.mark.requirement("9110-10.1.1-10", "9110-15.5.14-1", "9110-15.5.14-2")
@pytest.mark.parametrize(("length", "kept"), [(1000, True), (10_000_000, False)])
def test_earlyAnswerSaysWhatWillBe(length: int, kept: bool) -> None:
    """
    Our choice: it reads on through little, and closes on much.
    """
    origin = Origin(Choosy(Buffer(5)))
    origin.send(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length)
    (answer,) = answers(origin.take())
    assert answer.code == 413
    assert answer.get(b"connection") == (None if kept else b"close")
    assert origin.wire.open is kept


@pytest.mark.requirement("9110-10.1.1-8", "9110-10.1.1-1")
@pytest.mark.parametrize(
    ("method", "fields", "content"),
    [
        (b"PUT", EXPECTS, b""),
        (b"GET", EXPECTS, None),
        (b"GET", b"Expect: something\r\n", None),
        (b"PUT", b"Expect: x=y\r\n", b"x"),
    ],
)
def test_noContinue(
    serve: Serve, method: bytes, fields: bytes, content: bytes | None
) -> None:
    """
    Our choice: no 100 where no content follows, and nothing said of other
    expectations.
    """
    found = serve().ask(method, b"/", fields, content)
    assert [it.code for it in found] == [200]
