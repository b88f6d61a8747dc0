"""
H: what is said of who a client is.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory

from penstock.core.accesslog import AccessLog
from penstock.core.server import Site
from penstock.resources.trusted import TrustedProxies
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.memory import MemoryClient
from penstock.transports.rpc.codec import frame

from ..rpc.wires import request
from .bad_input import (
    HELLO,
    HOST,
    OPENING,
    REFUSALS,
    Called,
    Case,
    End,
    Noting,
    Sited,
    checkHTTP,
    deliveries,
)

PROXY = IPv4Address("TCP", "10.0.0.1", 1)
STRANGER = IPv4Address("TCP", "198.51.100.9", 1)
TRUSTED = ("10.0.0.0/8",)


class Facts(Noting):
    """
    Says who the client is, how it speaks, and what fields say so.
    """

    def render(self, request: Any) -> bytes:
        info = request.connectionInfo
        fields = [
            name
            for name, _ in request.in_headers
            if b"orward" in name.lower() or b"real" in name.lower()
        ]
        host = getattr(info.peer, "host", None)
        return b"%b %b %b" % (
            str(host).encode(),
            request.scheme,
            b",".join(fields) or b"-",
        )


def believed(
    fields: bytes, peer: Any = PROXY, policy: str = "x-forwarded", target: bytes = b"/"
) -> bytes:
    """
    @return: what is known of a request with C{fields}, however it is cut.
    """
    found = set()
    for pieces in deliveries(b"GET %b HTTP/1.1\r\n" % target + HOST, fields, b"\r\n"):
        networks = (*TRUSTED, "unix") if policy != "none" else ()
        style = policy if policy != "none" else "x-forwarded"
        lines: list[str] = []
        sited = Sited(
            TrustedProxies(Facts(), networks, style), peer, AccessLog(lines.append)
        )
        sited.receive(*pieces)
        found.add(sited.wire.sent.partition(b"\r\n\r\n")[2])
        # One line, which nothing that was said can make two of, or read so.
        (line,) = lines
        assert line.endswith("\n")
        assert line[:-1].isprintable()
        assert line.count('"') == 2
    (only,) = found
    return only


ALL = (
    b"X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Proto: https\r\n"
    b"X-Forwarded-Host: evil\r\nX-Forwarded-Port: 1\r\nX-Real-IP: 203.0.113.1\r\n"
    b"Forwarded: for=203.0.113.2;proto=https;host=evil\r\n"
    b"X_Forwarded_For: 203.0.113.3\r\nX-Forwarded_Proto: https\r\n"
)

SCHEMES = b"X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n"

KNOWN: dict[str, tuple[tuple[Any, ...], bytes]] = {
    "H1 a stranger": ((ALL, STRANGER), b"198.51.100.9 http -"),
    "H1 nobody is trusted": ((ALL, PROXY, "none"), b"10.0.0.1 http -"),
    "H1 a proxy": ((ALL,), b"203.0.113.1 https -"),
    "H1 a proxy that writes the other": (
        (ALL, PROXY, "forwarded"),
        b"203.0.113.2 https -",
    ),
    "H1 what the client has put before": (
        (b"X-Forwarded-For: 127.0.0.1, 203.0.113.1\r\n",),
        b"203.0.113.1 http -",
    ),
    "H1 a proxy that the client has made up": (
        (b"X-Forwarded-For: 127.0.0.1, 10.9.9.9, 203.0.113.1, 10.0.0.2\r\n",),
        b"203.0.113.1 http -",
    ),
    "H1 what the client has put before, in Forwarded": (
        (b"Forwarded: for=127.0.0.1, for=203.0.113.1\r\n", PROXY, "forwarded"),
        b"203.0.113.1 http -",
    ),
    "H1 a quote that the client has left open": (
        (b'Forwarded: for="127.0.0.1, for=203.0.113.1\r\n', PROXY, "forwarded"),
        b"203.0.113.1 http -",
    ),
    "H1 only fields of others": (
        (b"X-Real-IP: 203.0.113.1\r\nX-Client-IP: 203.0.113.1\r\n",),
        b"10.0.0.1 http -",
    ),
    "H1 an address of IPv4 in IPv6": (
        (b"X-Forwarded-For: 203.0.113.1\r\n", IPv6Address("TCP", "::ffff:10.0.0.1", 1)),
        b"203.0.113.1 http -",
    ),
    "H2 two lines": (
        (b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.1\r\n",),
        b"203.0.113.1 http -",
    ),
    "H2 two schemes": (
        (b"X-Forwarded-For: 203.0.113.1\r\n" + SCHEMES,),
        b"203.0.113.1 http -",
    ),
    "H2 empty": ((b"X-Forwarded-For:\r\n",), b"10.0.0.1 http -"),
    "H2 empty members": (
        (b"X-Forwarded-For: , 203.0.113.1 ,,\r\nX-Forwarded-Proto: ,https,\r\n",),
        b"203.0.113.1 https -",
    ),
    "H2 an empty scheme": (
        (b"X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Proto:\r\n",),
        b"203.0.113.1 http -",
    ),
    "H2 no address": ((b"X-Forwarded-For: evil\r\n",), b"unknown http -"),
    "H2 an address and more": (
        (b"X-Forwarded-For: 203.0.113.1 evil\r\n",),
        b"unknown http -",
    ),
    "H2 an address with quotes": (
        (b'X-Forwarded-For: "127.0.0.1\r\n',),
        b"unknown http -",
    ),
    "H2 a name that hides": (
        (b"Forwarded: for=_hidden\r\n", PROXY, "forwarded"),
        b"_hidden http -",
    ),
    "H2 a name that isn't one": (
        (b'Forwarded: for="_hid den"\r\n', PROXY, "forwarded"),
        b"unknown http -",
    ),
    "H2 a name with a quote": (
        (b'Forwarded: for="_\\"evil"\r\n', PROXY, "forwarded"),
        b"unknown http -",
    ),
    "H2 a client twice": (
        (b"Forwarded: for=203.0.113.1;for=127.0.0.1\r\n", PROXY, "forwarded"),
        b"unknown http -",
    ),
    "H2 no client": (
        (b"Forwarded: proto=https\r\n", PROXY, "forwarded"),
        b"unknown https -",
    ),
    "H2 a great many": (
        (b"X-Forwarded-For: " + b"10.0.0.1, " * 5000 + b"10.0.0.2\r\n",),
        b"10.0.0.1 http -",
    ),
    "H3 a unix socket that is trusted": (
        (ALL, UNIXAddress("/run/a")),
        b"203.0.113.1 https -",
    ),
    "H3 a unix socket without a name": (
        (ALL, UNIXAddress(None)),
        b"203.0.113.1 https -",
    ),
    "H3 a unix socket that isn't": (
        (ALL, UNIXAddress("/run/a"), "none"),
        b"None http -",
    ),
    "H5 a scheme in the target": (
        (b"X-Foo: a\r\n", STRANGER, "x-forwarded", b"http://a/"),
        b"198.51.100.9 http -",
    ),
    "H5 a scheme that no proxy speaks of": (
        (b"X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-Proto: javascript\r\n",),
        b"203.0.113.1 http -",
    ),
    "H5 a stranger's scheme": (
        (b"X-Forwarded-Proto: https\r\nFront-End-Https: on\r\n", STRANGER),
        b"198.51.100.9 http -",
    ),
}


@pytest.mark.parametrize(("asked", "known"), KNOWN.values(), ids=KNOWN)
def test_known(asked: tuple[Any, ...], known: bytes) -> None:
    assert believed(*asked) == known


def test_schemeOfTheTarget() -> None:
    """
    H5: a target can't make a plain connection a secure one.
    """
    sited = Sited(Facts())
    sited.receive(b"GET https://a/ HTTP/1.1\r\n" + HOST + b"\r\n")
    assert sited.codes == [421]
    assert sited.root.seen == []


def factsOver(peer: Any, trustFacts: bool, facts: Any) -> bytes:
    """
    @return: what is known of a request over RPC.
    """
    called = Called(TrustedProxies(Facts(), TRUSTED), trustFacts=trustFacts)
    message = request(1, b"X-Forwarded-For", b"127.0.0.1", b"X-Real-IP", b"127.0.0.1")
    called.receive(OPENING, frame(message._replace(facts=facts)))
    (answer,) = called.peer.received[-1:]
    found: bytes = answer.content
    return found


FACTS: dict[str, tuple[bool, Any, bytes]] = {
    "H1 fields of a client": (
        True,
        ("peer", "203.0.113.1", "port", 1),
        b"203.0.113.1 http -",
    ),
    "H3 a gateway that isn't trusted": (
        False,
        ("peer", "10.0.0.1", "secure", True),
        b"127.0.0.1 http -",
    ),
    "H3 a client of which nothing is known": (
        True,
        ("peer", "unknown"),
        b"unknown http -",
    ),
    "H3 a client without sense": (
        True,
        ("peer", "evil\n", "port", 1),
        b"unknown http -",
    ),
    "H5 a secure connection": (
        True,
        ("peer", "203.0.113.1", "port", 1, "secure", True),
        b"203.0.113.1 https -",
    ),
    "H5 a secure connection that isn't a truth": (
        True,
        ("peer", "203.0.113.1", "port", 1, "secure", "yes"),
        b"203.0.113.1 http -",
    ),
}


@pytest.mark.parametrize(("trust", "facts", "known"), FACTS.values(), ids=FACTS)
def test_rpc(trust: bool, facts: Any, known: bytes) -> None:
    assert factsOver(None, trust, facts) == known


def test_memory() -> None:
    """
    H1, H3: a caller in memory is who it says that it is, and no more.
    """
    fields = [("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Proto", "https")]
    for peer, known in (
        (STRANGER, b"198.51.100.9 http -"),
        (PROXY, b"127.0.0.1 https -"),
        (None, b"None http -"),
    ):
        root = TrustedProxies(Facts(), TRUSTED)
        with MemoryClient(root, peer=peer) as client:
            assert client.get("/", fields).body == known


# The PROXY protocol

ANNOUNCED = b"PROXY TCP4 203.0.113.1 192.0.2.2 4321 80\r\n"

CASES: dict[str, Case] = {
    "H4 where it isn't spoken": Case(
        (ANNOUNCED, HELLO),
        REFUSALS[400],
        End.LINGERS,
        (),
        ("400, malformed request line",),
    ),
    "H4 in binary, where it isn't spoken": Case(
        (b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12), HELLO),
        REFUSALS[400],
        End.LINGERS,
        (),
        ("400, malformed request line",),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_http(case: Case) -> None:
    checkHTTP(case)


@pytest.mark.parametrize(
    ("peer", "known"),
    [(PROXY, b"203.0.113.1 http -"), (STRANGER, None)],
    ids=["H4 a proxy", "H4 a stranger"],
)
def test_announced(peer: Any, known: bytes | None) -> None:
    """
    Only those who are to speak it get a connection.
    """
    clock = Sited().clock
    factory = HTTPFactory(Site(Facts()), clock, peers=TRUSTED)
    protocol: Any = HAProxyWrappingFactory(factory).buildProtocol(peer)
    transport = StringTransportWithDisconnection()
    transport.protocol = protocol
    transport.peer = peer  # type: ignore[attr-defined]
    protocol.makeConnection(transport)
    protocol.dataReceived(ANNOUNCED)
    for piece in (HELLO[:10], HELLO[10:]):
        if transport.connected:
            protocol.dataReceived(piece)
    clock.advance(0)
    assert transport.value().partition(b"\r\n\r\n")[2] == (known or b"")
