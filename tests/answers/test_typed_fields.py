"""
Fields arrive with the values that they were sent with, over each transport.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.headers import Headers
from penstock.core.hop import HOP_BY_HOP
from penstock.core.resource import Resource
from penstock.core.response import Response

from ..core.examples import BAD, GOOD
from ..requirements.ways import CALLS, Calls

# What no request has a say in: that of the hop, and what says how long the
# content is and whom it is for.
NOT_OURS = HOP_BY_HOP | {b"content-length", b"host"}

NAMES = sorted({it[0] for it in GOOD if it[0].lower().encode() not in NOT_OURS})


class Exchanging(Resource):
    """
    Notes what it is sent, and sends what it is told.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: Any = None
        self.lines: list[tuple[str, bytes]] = []

    def render_POST(self, request: Any) -> Response:
        self.asked = request.in_headers
        return Response(b"x", headers=list(self.lines))


@pytest.fixture(params=CALLS.values(), ids=CALLS.keys(), scope="module")
def way(request: Any) -> Any:
    """
    Each transport, with both its ends.
    """
    made: Calls = request.param
    return made(Exchanging())


def sent(way: Any, name: str, lines: list[bytes]) -> tuple[Headers, Headers]:
    """
    @return: the fields that arrive of a request with C{lines}, and of a
        response.
    """
    fields = [(name, line) for line in lines]
    way.root.lines = fields
    raw = b"".join(b"%b: %b\r\n" % (name.encode(), line) for line in lines)
    # One that request() wouldn't send, too.
    talk = way.talk(b"POST", b"/", raw, 1)
    talk.write(b"x")
    talk.end()
    return way.root.asked, Headers(talk.answers[-1].fields)


@pytest.mark.parametrize("name", NAMES)
def test_values(way: Any, name: str) -> None:
    """
    Every row of the table, both ways, by example; and as the typed value is
    written.
    """
    for field, line, _ in GOOD:
        if field != name:
            continue
        before = Headers([(name, line)])
        value = before.getHeader(name)
        assert value is not None
        written = Headers()
        written.setHeader(name, value)
        for lines in (before.getRaw(name), written.getRaw(name)):
            for headers in sent(way, name, list(lines)):
                assert headers.getRaw(name) == lines
                assert headers.getHeader(name) == value


@pytest.mark.parametrize("name", sorted({it[0] for it in BAD} & set(NAMES)))
def test_noValues(way: Any, name: str) -> None:
    """
    What can't be understood arrives as it is, and has no value there either.
    """
    for field, line in BAD:
        if field != name:
            continue
        try:
            Headers([(name, line)])
        except ValueError:
            # It can't be sent by anybody.
            continue
        for headers in sent(way, name, [line]):
            assert headers.getRaw(name) == (line.strip(b" \t"),)
            assert headers.getHeader(name) is None
            assert headers.whyAbsent(name)
