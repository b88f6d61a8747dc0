"""
RFC 9110, sections 11 and 15, at the serving end: what a response with a certain
code has, and what none has.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import HTTPError, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Site
from penstock.resources.data import Data
from penstock.resources.redirect import Redirect

from .ends import HELLO, Origin, Seen, blocks, plain
from .ways import Serve


@pytest.mark.requirement(
    "9110-10.2.4-1",
    "9110-10.2.4-2",
    "9110-10.2.4-3",
    "9110-10.1.5-2",
    "9110-10.1.5-3",
    "9110-10.1.5-4",
)
@pytest.mark.parametrize("method", [b"GET", b"FROB", b"TRACE"])
def test_noServerField(serve: Serve, method: bytes) -> None:
    """
    Our choice: penstock doesn't say what it is.
    """
    answer = serve().get(method=method)
    assert b"server" not in answer.names
    assert b"penstock" not in answer.content.lower()


@pytest.mark.requirement("9110-10.2.4-1")
@pytest.mark.parametrize("data", [HELLO, b"x\r\n\r\n", HELLO.replace(b"GET", b"FROB")])
def test_noServerFieldInOctets(data: bytes) -> None:
    """
    Nor where no resource answers.
    """
    (answer,) = Origin().ask(data)
    assert b"server" not in answer.names
    assert b"penstock" not in answer.content.lower()


# Section 11: credentials


def demanding(code: int, how: str, fields: list[tuple[str, str]]) -> Any:
    """
    Answers with C{code}.
    """

    def render(request: Any) -> Any:
        if how == "raised":
            raise HTTPError(code, "No.", Headers(fields))
        if how == "returned":
            return plain("No.", *fields, code=code)
        request.code = code
        for field in fields:
            request.out_headers.setRaw(*field)
        request.write(b"No.")
        request.finish()
        return None

    return Seen(render)


DEMANDS = {
    401: ("WWW-Authenticate", 'Basic realm="a"'),
    407: ("Proxy-Authenticate", 'Basic realm="a"'),
}


@pytest.mark.requirement(
    "9110-11.6.1-1",
    "9110-15.5.2-1",
    "9110-11.7.1-1",
    "9110-15.5.8-1",
    "9110-11.6.1-2",
)
@pytest.mark.parametrize("how", ["raised", "returned", "written"])
@pytest.mark.parametrize("code", DEMANDS)
def test_challenge(serve: Serve, code: int, how: str, loggedErrors: Any) -> None:
    """
    Whoever asks for credentials says for which: without that, it is an error
    of the application's, and answered and logged as such.
    """
    name, value = DEMANDS[code]
    answer = serve(demanding(code, how, [(name, value)])).get()
    assert (answer.code, answer.get(name.lower().encode())) == (code, value.encode())
    assert b"No." in answer.content
    answer = serve(demanding(code, how, [])).get()
    assert answer.code == 500
    assert [type(it) for it in loggedErrors.flush()] == [LocalProtocolError]


@pytest.mark.requirement("9110-15.5.22-1", "9110-7.8-8")
@pytest.mark.parametrize("how", ["raised", "returned", "written"])
def test_426NeedsUpgrade(serve: Serve, how: str, loggedErrors: Any) -> None:
    answer = serve(demanding(426, how, [("Upgrade", "h2c")])).get()
    assert answer.code == 426
    assert serve(demanding(426, how, [])).get().code == 500
    assert [type(it) for it in loggedErrors.flush()] == [LocalProtocolError]


def test_errorPageThatFails(serve: Serve, loggedErrors: Any) -> None:
    """
    A page that can't be made is one of 500 in the end, or nothing at all.
    """

    class Failing(Site):
        only = 404

        def errorPage(self, request: Any, code: int, message: str | None) -> Response:
            if self.only in (code, 0):
                raise RuntimeError
            return super().errorPage(request, code, message)

    site = Failing(Resource())
    assert serve(site.root, site=site).get(target=b"/x").code == 500
    assert len(loggedErrors.flush()) == 1
    site.only = 0
    with pytest.raises(Exception):  # noqa: B017
        serve(site.root, site=site).get(target=b"/x")
    assert len(loggedErrors.flush()) == 2


# Section 15: the others


@pytest.mark.requirement("9110-15.3.6-1")
@pytest.mark.parametrize("body", [b"", b"hello", blocks], ids=["none", "some", "any"])
def test_205(serve: Serve, body: Any) -> None:
    root = Seen(lambda request: Response(body() if callable(body) else body, 205))
    origin = serve(root)
    for _ in range(2):
        answer = origin.get()
        assert (answer.code, answer.content) == (205, b"")


@pytest.mark.requirement("9110-15.3.6-1")
@pytest.mark.parametrize("body", [b"", b"hello", blocks], ids=["none", "some", "any"])
def test_205InOctets(body: Any) -> None:
    def render(request: Any) -> Response:
        return Response(body() if callable(body) else body, 205)

    origin = Origin(Seen(render))
    found = origin.ask(HELLO + HELLO)
    assert [(it.code, it.content) for it in found] == [(205, b"")] * 2


@pytest.mark.requirement(
    "9110-15.4.2-1", "9110-15.4.3-1", "9110-15.4.8-2", "9110-15.4.9-1"
)
@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_location(serve: Serve, code: int) -> None:
    answer = serve(Redirect("/there", code)).get()
    assert (answer.code, answer.get(b"location")) == (code, b"/there")


def boom(request: Any) -> Any:
    raise RuntimeError("secret")


@pytest.mark.requirement("9110-15.5-1", "9110-15.6-1")
@pytest.mark.parametrize("accept", [b"*/*", b"application/json"])
@pytest.mark.parametrize(
    ("root", "method", "target", "phrase"),
    [
        (Seen(), b"GET", b"/%zz", b"Bad Request"),
        (Seen(), b"FROB", b"/", b"Not Implemented"),
        (Data(b""), b"PUT", b"/", b"Method Not Allowed"),
        (Resource(), b"GET", b"/x", b"Not Found"),
        (Seen(boom), b"GET", b"/", b"Internal Server Error"),
    ],
)
def test_errorsExplain(
    serve: Serve,
    root: Any,
    method: bytes,
    target: bytes,
    phrase: bytes,
    accept: bytes,
    loggedErrors: Any,
) -> None:
    """
    In words, with the code's meaning, and without what is nobody's business.
    """
    answer = serve(root).get(b"Accept: " + accept + b"\r\n", target, method)
    assert answer.code >= 400
    kind = answer.get(b"content-type") or b""
    assert kind.startswith(b"text/html" if accept == b"*/*" else b"application/problem")
    assert phrase in answer.content
    assert b"secret" not in answer.content
    loggedErrors.flush()


@pytest.mark.requirement("9110-15.5-1", "9110-15.6-1")
@pytest.mark.parametrize(
    ("root", "data"),
    [
        (Seen(), b"x\r\n\r\n"),
        (Seen(), HELLO.replace(b" /", b" /%zz")),
        (Seen(), HELLO.replace(b"GET", b"FROB")),
        (Data(b""), HELLO.replace(b"GET", b"PUT")),
        (Resource(), HELLO.replace(b" /", b" /x")),
        (Seen(boom), HELLO),
        (Seen(), HELLO.replace(b"1.1", b"7.1")),
        (Seen(), HELLO[:-2] + b"X: " + b"a" * 100_000),
    ],
)
def test_errorsExplainInOctets(root: Any, data: bytes, loggedErrors: Any) -> None:
    """
    In words, with the code's meaning, and without what is nobody's business.
    """
    (answer,) = Origin(root).ask(data)
    assert answer.code >= 400
    assert (answer.get(b"content-type") or b"").startswith(b"text/")
    assert answer.start[2] in answer.content
    assert b"secret" not in answer.content
    loggedErrors.flush()


@pytest.mark.requirement("9110-15.5-1")
def test_ownPages(serve: Serve) -> None:
    """
    What an application has to say is said.
    """

    def render(request: Any) -> Any:
        raise HTTPError(409, "Somebody else has <changed> it.", Headers([("X", "1")]))

    answer = serve(Seen(render)).get()
    assert (answer.code, answer.get(b"x")) == (409, b"1")
    assert b"Somebody else has &lt;changed&gt; it." in answer.content
