"""
What requests look like on the wire.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import LocalProtocolError

from .calling import House

WIRE: dict[str, tuple[dict[str, Any], bytes]] = {
    "path": ({"uri": b"/a?b"}, b"GET /a?b HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "absolute": (
        {"uri": b"http://example.org:81/a?b=http://c"},
        b"GET /a?b=http://c HTTP/1.1\r\nHost: example.org:81\r\n\r\n",
    ),
    "absolute without a path": (
        {"uri": b"HTTP://example.org"},
        b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
    ),
    "absolute with a query": (
        {"uri": b"http://example.org?a"},
        b"GET /?a HTTP/1.1\r\nHost: example.org\r\n\r\n",
    ),
    "absolute with a fragment": (
        {"uri": b"https://[::1]:8443/a#b"},
        b"GET /a HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n",
    ),
    "asterisk": (
        {"method": b"OPTIONS", "uri": b"*"},
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ),
    "absolute for OPTIONS": (
        {"method": b"OPTIONS", "uri": b"http://a"},
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "Host": (
        {"fields": [(b"A", b"b"), (b"hOST", b"c")]},
        b"GET / HTTP/1.1\r\nHost: c\r\nA: b\r\n\r\n",
    ),
    "absolute and Host": (
        {"uri": b"http://a/", "fields": [(b"Host", b"b")]},
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    "method": ({"method": b"get"}, b"get / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "fields of the hop": (
        {
            "fields": [
                (b"Connection", b"close, x"),
                (b"X", b"y"),
                (b"TE", b"trailers"),
                (b"Upgrade", b"h2c"),
                (b"Transfer-Encoding", b"gzip"),
                (b"Keep-Alive", b"5"),
                (b"A", b"b"),
            ]
        },
        b"GET / HTTP/1.1\r\nHost: localhost\r\nA: b\r\n\r\n",
    ),
    "content": (
        {"method": b"POST", "hasContent": True},
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
    ),
    "content with a length": (
        {"method": b"PUT", "hasContent": True, "fields": [(b"Content-Length", b"5")]},
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n",
    ),
    "no content": (
        {"method": b"POST"},
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ),
    "no content, and said so": (
        {"method": b"POST", "fields": [(b"Content-Length", b"0")]},
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ),
    "Expect with content": (
        {
            "method": b"PUT",
            "hasContent": True,
            "fields": [(b"Content-Length", b"5"), (b"Expect", b"100-continue")],
        },
        (
            b"PUT / HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        ),
    ),
    "Expect without content": (
        {"method": b"PUT", "fields": [(b"Expect", b"100-continue")]},
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n",
    ),
}


@pytest.mark.parametrize(("request_", "expected"), WIRE.values(), ids=WIRE)
@pytest.mark.requirement("9112-3.2-3", "9112-3.2.1-1")
def test_wire(request_: dict[str, Any], expected: bytes) -> None:
    """
    The head of a request.
    """
    assert House().wire(**request_) == expected


@pytest.mark.parametrize(
    "request_",
    [
        {"uri": b""},
        {"uri": b"a"},
        {"uri": b"/a b"},
        {"uri": b"/a\r\nB: c"},
        {"uri": b"/\xc3\xa9"},
        {"uri": b"/\x7f"},
        {"uri": b"/a#b"},
        {"uri": b"*"},
        {"uri": b"a:80"},
        {"uri": b"ftp://a/"},
        {"uri": b"http:///a"},
        {"uri": b"http:/a/"},
        {"uri": b"http://user@a/"},
        {"uri": b"http://a b/"},
        {"uri": b"http://a:b/"},
        {"uri": b"http://[1/"},
        {"uri": b"http://a\\b/"},
        {"method": b""},
        {"method": b"G T"},
        {"method": b"GET\r\n"},
        {"method": b"G\xc9T"},
        {"method": b"CONNECT"},
        {"method": b"CONNECT", "uri": b"a:443"},
        {"fields": [(b"Content-Length", b"5")]},
        {"hasContent": True, "fields": [(b"Content-Length", b"+5")]},
        {"hasContent": True, "fields": [(b"Content-Length", b"5")] * 2},
        {"fields": [(b"Host", b"a"), (b"Host", b"b")]},
        {"fields": [(b"Host", b"a b")]},
    ],
    ids=repr,
)
@pytest.mark.requirement("9110-4.2.4-1", "9110-7.1-1")
def test_misuse(request_: dict[str, Any]) -> None:
    """
    What may not go on the wire is the caller's mistake, and costs nothing.
    """
    house = House()
    with pytest.raises(LocalProtocolError):
        house.ask(**request_)
    assert house.endpoint.attempts == []
    assert house.clock.getDelayedCalls() == []


def test_together() -> None:
    """
    What is written at once goes out with the head, also on a connection that
    is there already.
    """

    def send(caller: Any) -> None:
        caller.exchange.writeData(b"hello")
        caller.exchange.finish()

    house = House()
    transport = house.warm()
    house.ask(b"PUT", b"/", [(b"Content-Length", b"5")], True, {"requestStarted": send})
    assert transport.writes == [
        b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
    ]


def test_expects() -> None:
    """
    Content is held back if the caller wants that, for so long.
    """
    house = House(continueTimeout=3)
    caller = house.ask(b"PUT", fields=[(b"Expect", b"100-Continue")], hasContent=True)
    caller.exchange.writeData(b"a")
    transport = house.endpoint.accept()
    assert transport.take().endswith(b"\r\n\r\n")
    house.clock.advance(2)
    assert transport.take() == b""
    house.clock.advance(1)
    assert transport.take() == b"1\r\na\r\n"
