"""
RFC 9110 where two transports meet: what a gateway passes on, whatever carries
the request to it and on to the server.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.content import Buffer
from penstock.core.headers import Headers
from penstock.core.response import Response
from penstock.resources.forward import Forward

from .ends import Message, Seen, plain
from .test_9110_gateway import REQUEST_FIELDS, RESPONSE_FIELDS, lines
from .ways import CALLS, Calls, Facility, Serve


class All(Seen):
    """
    Answers to more methods.
    """

    render_OPTIONS = render_TRACE = render_FROB = Seen.render_GET


class Between:
    """
    Asks a gateway that asks a server.

    @ivar behind: the resource of the server.
    """

    def __init__(self, serve: Serve, onward: Calls, answer: Any = "hello") -> None:
        self.behind = All(answer)
        self.inner = onward(self.behind)
        self.front = serve(Forward(self.inner.requester), self.inner.clock)

    def talk(
        self,
        method: bytes = b"GET",
        target: bytes = b"/",
        fields: bytes = b"",
        length: int | None = 0,
        version: bytes = b"1.1",
    ) -> Any:
        """
        Send a head; see L{Way.talk}.
        """
        talk = self.front.talk(method, target, fields, length, version)
        self.settle()
        return talk

    def settle(self) -> None:
        """
        Let both ends move.
        """
        for _ in range(6):
            self.inner.settle()
            self.front.settle()

    def ask(
        self,
        fields: bytes = b"",
        method: bytes = b"GET",
        target: bytes = b"/",
        content: bytes | None = None,
    ) -> list[Message]:
        """
        @return: all answers to a request.
        """
        talk = self.talk(method, target, fields, len(content or b""))
        if content:
            talk.write(content)
            talk.end()
            self.settle()
        answers: list[Message] = talk.answers
        return answers

    def get(self, *args: Any, **named: Any) -> Message:
        """
        @return: the final answer.
        """
        return self.ask(*args, **named)[-1]

    @property
    def asked(self) -> Any:
        """
        The request that arrived.
        """
        (request,) = self.behind.seen
        return request


@pytest.fixture(params=CALLS.values(), ids=[f"to-{name}" for name in CALLS])
def onward(request: pytest.FixtureRequest) -> Any:
    """
    What carries a request from the gateway to the server.
    """
    return request.param


# What the hop to the gateway, or the one from it, adds.
OWN = {b"host", b"content-length", b"via", b"x-forwarded-for", b"x-forwarded-proto"}


@pytest.mark.requirement(
    "9110-5.1-1",
    "9110-5.3-2",
    "9110-7.7-6",
    "9110-10.1.3-6",
    "9110-11.6.2-1",
    "9110-13.2.1-3",
    "9110-13.2.1-4",
    "9111-5.2-1",
)
@pytest.mark.parametrize("method", [b"GET", b"PUT", b"FROB"])
def test_fieldsOfARequest(serve: Serve, onward: Calls, method: bytes) -> None:
    """
    All, in order, conditions too: none is for the gateway to judge.
    """
    between = Between(serve, onward)
    # The server has no such thing, and says so of a GET.
    assert between.get(REQUEST_FIELDS, method).code == (
        412 if method == b"GET" else 200
    )
    request = between.asked
    assert request.method == method
    got = [field for field in request.in_headers if field[0].lower() not in OWN]
    assert lines(got) == REQUEST_FIELDS


@pytest.mark.requirement(
    "9110-5.1-1",
    "9110-5.3-2",
    "9110-7.7-4",
    "9110-7.7-6",
    "9110-10.2.1-3",
    "9110-11.6.1-3",
    "9110-12.5.5-1",
    "9111-5.2-1",
    "9111-5.2.2.6-1",
)
@pytest.mark.parametrize("code", [200, 299, 401, 404, 405, 503])
def test_fieldsOfAResponse(serve: Serve, onward: Calls, code: int) -> None:
    """
    All, in order; and the content as it is.
    """
    fields = [
        tuple(line.split(b": ", 1)) for line in RESPONSE_FIELDS.split(b"\r\n")[:-1]
    ]
    made = plain(b"hi", *fields, code=code)  # type: ignore[arg-type]
    answer = Between(serve, onward, lambda request: made).get()
    assert (answer.code, answer.content) == (code, b"hi")
    got = [field for field in answer.fields if field[0].lower() not in OWN]
    assert lines(got) == RESPONSE_FIELDS


@pytest.mark.requirement("9110-11.6.1-3", "9110-15.5.6-1", "9110-7.7-6")
@pytest.mark.parametrize("code", [401, 405, 407])
def test_nothingIsMadeUp(serve: Serve, onward: Calls, code: int) -> None:
    """
    What a server leaves out is not for the gateway to say.
    """

    def render(request: Any) -> None:
        request.chanRequest.writeHeaders(code, Headers([("Content-Length", "0")]))
        request.chanRequest.finish()

    answer = Between(serve, onward, render).get()
    assert answer.code == code
    assert not {b"www-authenticate", b"proxy-authenticate", b"allow"} & set(
        answer.names
    )


@pytest.mark.requirement("9110-14.4-2", "9110-15.4.5-3")
@pytest.mark.parametrize(
    ("code", "field", "value"),
    [(206, "Content-Range", "lines 1-2/3"), (304, "ETag", '"a"')],
)
def test_partsAndNothing(
    serve: Serve, onward: Calls, code: int, field: str, value: str
) -> None:
    made = plain(b"" if code == 304 else b"hi", (field, value), code=code)
    answer = Between(serve, onward, lambda request: made).get()
    assert (answer.code, answer.get(field.lower().encode())) == (code, value.encode())
    assert answer.content == (b"" if code == 304 else b"hi")


@pytest.mark.needs(Facility.DATE)
@pytest.mark.requirement("9110-6.6.1-5")
def test_dateIsAdded(serve: Serve, onward: Calls) -> None:
    """
    Where the server, over whatever, has sent none.
    """
    answer = Between(serve, onward).get()
    assert answer.get(b"date") == b"Thu, 01 Jan 1970 00:00:00 GMT"


@pytest.mark.requirement("9110-7.6.3-2", "9110-7.6.3-4", "9110-7.6.3-10")
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"", [b"1.1 penstock"]),
        (b"Via: 1.0 x (y)\r\n", [b"1.0 x (y)", b"1.1 penstock"]),
    ],
)
def test_via(serve: Serve, onward: Calls, before: bytes, after: list[bytes]) -> None:
    between = Between(serve, onward)
    between.get(before)
    assert list(between.asked.in_headers.getRaw("via")) == after


@pytest.mark.requirement("9110-7.6.3-8", "9110-7.6.3-9")
@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([], []),
        (["1.1 inside:8080"], [b"1.1 penstock"]),
        (
            ["1.1 db.inside (x/1), 1.0 10.0.0.1", "HTTP/2.0 [::1]:80"],
            [b"1.1 penstock, 1.0 penstock, 2.0 penstock"],
        ),
        (["inside"], []),
    ],
)
def test_hostsBehindAreNotTold(
    serve: Serve, onward: Calls, sent: list[str], told: list[bytes]
) -> None:
    """
    Only that there are some.
    """
    made = plain("hi", *(("Via", line) for line in sent))
    answer = Between(serve, onward, lambda request: made).get()
    assert answer.code == 200
    assert answer.all(b"via") == told


@pytest.mark.requirement("9110-7.7-2", "9110-7.7-3")
@pytest.mark.parametrize(
    "target", [b"/", b"/a/b", b"/a%2Fb?c=%41&d", b"//a//b", b"/a;b=c?", b"/~%7e"]
)
def test_target(serve: Serve, onward: Calls, target: bytes) -> None:
    between = Between(serve, onward)
    between.get(target=target)
    assert between.asked.uri == target
    assert between.asked.host == b"a"


@pytest.mark.requirement(
    "9110-7.6.2-1",
    "9110-7.6.2-2",
    "9110-7.6.2-3",
    "9110-7.6.2-4",
    "9110-7.6.2-5",
    "9110-9.3.7-3",
)
@pytest.mark.parametrize("method", [b"OPTIONS", b"TRACE", b"GET"])
@pytest.mark.parametrize("left", [None, 0, 1, 5])
def test_maxForwards(
    serve: Serve, onward: Calls, method: bytes, left: int | None
) -> None:
    """
    One less, or answered here; our choice: nothing of the kind for others.
    """
    between = Between(serve, onward)
    fields = b"" if left is None else b"Max-Forwards: %d\r\n" % left
    assert between.get(fields, method).code == 200
    if left == 0 and method != b"GET":
        assert between.behind.seen == []
        return
    value = between.asked.in_headers.get("max-forwards")
    if left is None:
        assert value is None
    else:
        assert value == b"%d" % (left if method == b"GET" else left - 1)


@pytest.mark.requirement("9110-10.1.1-13", "9110-15.2-4")
def test_expectation(serve: Serve, onward: Calls) -> None:
    """
    It is passed on, and so is what becomes of it.
    """
    between = Between(serve, onward, lambda request: request.body)
    talk = between.talk(b"PUT", b"/", b"Expect: 100-continue\r\n", 2)
    assert talk.codes == [100]
    talk.write(b"hi")
    talk.end()
    between.settle()
    assert talk.codes == [100, 200]
    assert talk.answers[-1].content == b"hi"
    assert between.asked.in_headers.get("expect") == b"100-continue"


@pytest.mark.requirement("9110-10.1.1-13")
def test_refusedExpectation(serve: Serve, onward: Calls) -> None:
    between = Between(serve, onward)
    between.behind.policy = Buffer(1)
    talk = between.talk(b"PUT", b"/", b"Expect: 100-continue\r\n", 2)
    assert talk.codes == [413]
    assert between.behind.seen == []


@pytest.mark.requirement("9110-15.2-4")
@pytest.mark.parametrize("code", [100, 102, 103, 150])
def test_interim(serve: Serve, onward: Calls, code: int) -> None:
    """
    Also those that nobody has asked for.
    """

    def render(request: Any) -> str:
        request.chanRequest.writeIntermediateResponse(code, Headers([("Link", "<a>")]))
        return "hi"

    first, second = Between(serve, onward, render).ask()
    assert (first.code, first.get(b"link")) == (code, b"<a>")
    assert (second.code, second.content) == (200, b"hi")


@pytest.mark.needs(Facility.VERSION)
@pytest.mark.requirement("9110-15.2-1", "9110-7.6.3-2", "9110-10.1.1-7")
def test_oldClient(serve: Serve, onward: Calls) -> None:
    """
    Whatever the server says in between, and whatever it takes its client for:
    who speaks HTTP/1.0 gets the answer, and nothing that it can't know.
    """

    def render(request: Any) -> Response:
        for code in (100, 102, 103):
            request.chanRequest.writeIntermediateResponse(code)
        return Response(iter([b"hi"]), trailers=Headers([("X", "1")]))

    between = Between(serve, onward, render)
    talk = between.talk(b"GET", b"/", b"Expect: 100-continue\r\n", 0, b"1.0")
    (answer,) = talk.answers
    assert (answer.code, answer.content, answer.trailers) == (200, b"hi", [])
    assert b"transfer-encoding" not in answer.names
    assert between.asked.in_headers.getRaw("via") == (b"1.0 penstock",)


@pytest.mark.requirement("9110-6.5.1-2", "9110-6.5.2-2")
def test_trailers(serve: Serve, onward: Calls) -> None:
    """
    They stay trailers.
    """
    made = Headers([("X", "1"), ("Set-Cookie", "a=b")])
    between = Between(
        serve, onward, lambda request: Response(iter([b"hi"]), trailers=made)
    )
    answer = between.get()
    assert (answer.content, answer.trailers) == (b"hi", [(b"X", b"1")])
    assert b"x" not in answer.names


@pytest.mark.requirement("9110-9.3.2-1", "9110-9.3.2-2")
@pytest.mark.parametrize("body", [b"hi", None])
def test_head(serve: Serve, onward: Calls, body: Any) -> None:
    between = Between(
        serve, onward, lambda request: Response(iter([b"hi"]) if body is None else body)
    )
    head, get = between.get(method=b"HEAD"), between.get()
    assert (head.content, get.content) == (b"", b"hi")
    assert head.get(b"content-length") == get.get(b"content-length")
