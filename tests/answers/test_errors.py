"""
Pages that say what went wrong, over each transport.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from twisted.internet.defer import succeed

from penstock.core.choice import addVary
from penstock.core.errors import HTTPError
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site

from ..core.fakes import Wire, ask

HTML = b"text/html; charset=utf-8"
PROBLEM = b"application/problem+json"


class Failing(Resource):
    """
    Raises what it is given.
    """

    def __init__(self, problem: Exception) -> None:
        super().__init__()
        self.problem = problem

    def render_GET(self, request: Request) -> Any:
        raise self.problem


class FailingLater(Failing):
    async def render_GET(self, request: Request) -> Any:
        await succeed(None)
        raise self.problem


ACCEPTED: dict[str, tuple[str | None, bytes]] = {
    "nothing": (None, HTML),
    "all": ("*/*", HTML),
    "browser": ("text/html,application/xhtml+xml,*/*;q=0.8", HTML),
    "json": ("application/json", PROBLEM),
    "problem": ("application/problem+json", PROBLEM),
    "json first": ("application/json, text/html;q=0.9", PROBLEM),
    "html first": ("application/json;q=0.9, text/html", HTML),
    "applications": ("application/*", PROBLEM),
    "neither": ("image/png", HTML),
    "no html": ("text/html;q=0, */*", PROBLEM),
    "malformed": ("text html", HTML),
}


@pytest.mark.parametrize(("accept", "kind"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_kinds(way: Any, accept: str | None, kind: bytes) -> None:
    """
    The page is of the kind that the client likes best.
    """
    fields = [] if accept is None else [("accept", accept)]
    answer = way.ask(Failing(HTTPError(404, "<b> & ä")), "GET", "/", fields)
    assert answer.code == 404
    assert answer.headers.get("content-type") == kind
    assert answer.headers.get("vary") == b"accept"
    assert answer.headers.get("content-length") == b"%d" % len(answer.body)
    if kind == HTML:
        assert b"<h1>404 Not Found</h1>" in answer.body
        assert "&lt;b&gt; &amp; ä".encode() in answer.body
        assert b"<b>" not in answer.body
    else:
        assert json.loads(answer.body) == {
            "status": 404,
            "title": "Not Found",
            "detail": "<b> & ä",
        }


JSON = [("accept", "application/json")]


def get(root: Any, fields: Any = JSON, **named: Any) -> Wire:
    site = Site(root, **named)
    wire, _ = ask(
        site, headers=[(name.encode(), value.encode()) for name, value in fields]
    )
    wire.turn()
    return wire


@pytest.mark.everywhere
def test_standardMessage() -> None:
    """
    Without a message there is the standard one; a code that nobody knows has
    neither that nor a title.
    """
    assert json.loads(get(Failing(HTTPError(404))).body) == {
        "status": 404,
        "title": "Not Found",
        "detail": "There is nothing at this address.",
    }
    assert json.loads(get(Failing(HTTPError(499))).body) == {"status": 499}
    assert b"<h1>499</h1>" in get(Failing(HTTPError(499)), []).body


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("problems", "accept", "kind"),
    [
        (False, None, "text/html; charset=utf-8"),
        (False, "image/png", "text/html; charset=utf-8"),
        (False, "*/*", "text/html; charset=utf-8"),
        (True, None, "application/problem+json"),
        (True, "image/png", "application/problem+json"),
        (True, "*/*", "application/problem+json"),
        (True, "text/html, */*;q=0.8", "text/html; charset=utf-8"),
    ],
)
def test_problemsForAll(problems: bool, accept: str | None, kind: str) -> None:
    """
    What those get who don't say what they like is the site's choice.
    """
    fields = [] if accept is None else [("accept", accept)]
    wire = get(Failing(HTTPError(404)), fields, problems=problems)
    assert wire.headers.get(b"content-type") == kind.encode()


@pytest.mark.everywhere
def test_details() -> None:
    """
    A problem has what a program may want to know (RFC 9457, section 3.2).
    """
    problem = HTTPError(
        403,
        "Your balance is 30, but that costs 50.",
        details={
            "type": "https://example.com/probs/out-of-credit",
            "title": "You do not have enough credit.",
            "balance": 30,
            "accounts": ["/account/12345"],
        },
    )
    wire = get(Failing(problem))
    assert json.loads(wire.body) == {
        "type": "https://example.com/probs/out-of-credit",
        "title": "You do not have enough credit.",
        "status": 403,
        "detail": "Your balance is 30, but that costs 50.",
        "balance": 30,
        "accounts": ["/account/12345"],
    }


@pytest.mark.everywhere
@pytest.mark.parametrize("resource", [Failing, FailingLater])
@pytest.mark.parametrize("fields", [[], JSON], ids=["html", "json"])
def test_noInternals(resource: Any, fields: Any, loggedErrors: Any) -> None:
    """
    Nobody learns what went wrong inside.
    """
    wire = get(resource(ZeroDivisionError("secret")), fields)
    assert wire.code == 500
    for word in (b"secret", b"ZeroDivision", b"Traceback", b".py"):
        assert word not in wire.body
    assert len(loggedErrors.flush()) == 1


@pytest.mark.everywhere
@pytest.mark.parametrize("resource", [Failing, FailingLater])
def test_developerMode(resource: Any, loggedErrors: Any) -> None:
    """
    Only who runs the server can have it otherwise.
    """
    root = resource(ZeroDivisionError("<secret>"))
    wire = get(root, [], debug=True)
    assert b"ZeroDivisionError" in wire.body
    assert b"&lt;secret&gt;" in wire.body
    assert b"<secret>" not in wire.body
    traceback = json.loads(get(root, debug=True).body)["traceback"]
    assert any("raise self.problem" in line for line in traceback)
    assert len(loggedErrors.flush()) == 2
    # What is meant for the client has no more to say.
    assert b"Traceback" not in get(Failing(HTTPError(404)), [], debug=True).body


@pytest.mark.everywhere
@pytest.mark.parametrize(
    ("fields", "code"),
    [([("if-match", '"x"')], 412), ([("range", "bytes=9-")], 416)],
)
def test_conditions(fields: Any, code: int) -> None:
    """
    A condition that fails, or a range that isn't there, has the same pages.
    """

    class Short(Resource):
        def render_GET(self, request: Request) -> bytes:
            return b"short"

    wire = get(Short(), [*JSON, *fields])
    assert wire.code == code
    assert json.loads(wire.body)["status"] == code
    assert wire.headers.get(b"content-type") == PROBLEM
    assert wire.headers.get(b"content-length") == b"%d" % len(wire.body)


@pytest.mark.everywhere
def test_head() -> None:
    """
    HEAD is told as much, without the page.
    """
    wire, _ = ask(Site(Failing(HTTPError(404))), b"HEAD")
    assert (wire.code, wire.body, wire.ended) == (404, b"", True)
    assert wire.headers.get(b"vary") == b"accept"


def test_ownPages(loggedErrors: Any) -> None:
    """
    A site may have pages of its own; if they fail, nothing is sent as whole.
    """

    class Own(Site):
        def errorPage(self, request: Any, code: int, message: Any) -> Response:
            if code == 404:
                return Response(f"No {message}", code)
            raise ZeroDivisionError

    wire, _ = ask(Own(Failing(HTTPError(404, "x"))))
    assert (wire.code, wire.body) == (404, b"No x")
    wire, _ = ask(Own(Failing(HTTPError(403))))
    assert (wire.ended, wire.aborted) == (False, True)
    # That of the 403, and of the 500 in its place.
    assert len(loggedErrors.flush("error page failed")) == 2


@pytest.mark.everywhere
def test_varyIsKept() -> None:
    """
    What the answer depended on before it went wrong, it depends on still.
    """

    class Choosy(Resource):
        def render_GET(self, request: Request) -> Any:
            addVary(request.out_headers, "accept-language")
            request.out_headers.setRaw("etag", '"x"')
            raise HTTPError(406, headers={"vary": "Cookie"})

    wire = get(Choosy())
    assert wire.headers.get(b"vary") == b"accept-language, accept, cookie"
    assert b"etag" not in wire.headers


@pytest.mark.parametrize("kind", ["text/html", "application/json"])
@pytest.mark.parametrize("debug", [False, True])
def test_halfACharacter(way: Any, kind: str, debug: bool, loggedErrors: Any) -> None:
    """
    A client's JSON may have what no text has; it can be told so.
    """

    class Told(Resource):
        def render_POST(self, request: Request) -> Any:
            value = request.json()
            if debug:
                raise ValueError(value)
            raise HTTPError(422, f"<{value}> is wrong.", details={"given": value})

    site = Site(Told(), debug=debug)
    fields = [("content-type", "application/json"), ("accept", kind)]
    answer = way.ask(site, "POST", "/", fields, b'"\\ud800"')
    assert answer.code == (500 if debug else 422)
    assert b"\\ud800" in answer.body
    assert b"<\\" not in answer.body or kind != "text/html"
    assert len(loggedErrors.flush()) == debug
