"""
Tests for L{penstock.core.forwarding}: whom to believe, and what.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from penstock.core.forwarding import (
    Style,
    Unnamed,
    announce,
    believe,
    dropForwarding,
)
from penstock.core.headers import Headers
from penstock.core.interfaces import ConnectionInfo
from penstock.core.networks import Networks

PROXY = IPv4Address("TCP", "10.0.0.1", 5000)
INNER = IPv4Address("TCP", "10.0.0.2", 0)
CLIENT = IPv4Address("TCP", "192.0.2.1", 0)
STRANGER = IPv4Address("TCP", "203.0.113.9", 5000)
TRUSTED = Networks(["10.0.0.0/8", "unix"])
CERTIFICATE = object()


def info(peer: Any, secure: bool = False) -> ConnectionInfo:
    return ConnectionInfo(
        "http1",
        "id",
        peer,
        IPv4Address("TCP", "10.0.0.3", 80),
        secure,
        CERTIFICATE,
        5.0,
    )


def found(
    fields: list[tuple[str, str]],
    peer: Any = PROXY,
    style: Style = Style.X_FORWARDED,
    secure: bool = False,
) -> tuple[Any, bool]:
    hop = info(peer, secure)
    known = believe(Headers(fields), hop, TRUSTED, style)
    if known is not hop:
        # Nothing else changes; but the certificate is somebody else's.
        assert known.peerCertificate is None
        assert known == hop._replace(
            peer=known.peer, secure=known.secure, peerCertificate=None
        )
    return known.peer, known.secure


def ipv4(host: str, port: int = 0) -> IPv4Address:
    return IPv4Address("TCP", host, port)


def ipv6(host: str, port: int = 0) -> IPv6Address:
    return IPv6Address("TCP", host, port)


FOR, PROTO = "X-Forwarded-For", "X-Forwarded-Proto"

X_FORWARDED: dict[str, tuple[list[tuple[str, str]], Any, bool]] = {
    "nothing": ([], PROXY, False),
    "client": ([(FOR, "192.0.2.1")], CLIENT, False),
    "https": ([(FOR, "192.0.2.1"), (PROTO, "https")], CLIENT, True),
    "HTTPS": ([(FOR, "192.0.2.1"), (PROTO, "HTTPS")], CLIENT, True),
    "other scheme": ([(FOR, "192.0.2.1"), (PROTO, "gopher")], CLIENT, False),
    "ipv6": ([(FOR, "2001:DB8::0:1")], ipv6("2001:db8::1"), False),
    "ipv6 in brackets": ([(FOR, "[2001:db8::1]")], ipv6("2001:db8::1"), False),
    "port": ([(FOR, "192.0.2.1:77")], ipv4("192.0.2.1", 77), False),
    "ipv6 and port": ([(FOR, "[2001:db8::1]:77")], ipv6("2001:db8::1", 77), False),
    # H1: what stands left of the client may be made up.
    "spoofed": ([(FOR, "10.9.9.9, 192.0.2.1")], CLIENT, False),
    "spoofed line": ([(FOR, "10.9.9.9"), (FOR, "192.0.2.1")], CLIENT, False),
    "spoofed garbage": ([(FOR, "\x80<,,>, 192.0.2.1")], CLIENT, False),
    "spoofed, much": ([(FOR, "1.1.1.1, " * 1000 + "192.0.2.1")], CLIENT, False),
    "chain": ([(FOR, "192.0.2.1, 10.0.0.2")], CLIENT, False),
    "chain, spoofed": ([(FOR, "10.8.8.8, 192.0.2.1, 10.0.0.2")], CLIENT, False),
    "chain, lines": ([(FOR, "192.0.2.1"), (FOR, "10.0.0.2")], CLIENT, False),
    "all are trusted": ([(FOR, "10.0.0.4, 10.0.0.2")], ipv4("10.0.0.4"), False),
    # H2: empty members are none.
    "empty": ([(FOR, "")], PROXY, False),
    "empty members": ([(FOR, ", 192.0.2.1 ,, ")], CLIENT, False),
    "empty lines": ([(FOR, ""), (FOR, "192.0.2.1"), (FOR, "")], CLIENT, False),
    # Of somebody who is unknown nothing is known: not that it is the proxy.
    "unknown": ([(FOR, "192.0.2.1, unknown")], Unnamed(), False),
    "hidden": ([(FOR, "_abc")], Unnamed("_abc"), False),
    "garbage": ([(FOR, "192.0.2.1, example.com")], Unnamed(), False),
    "two in one": ([(FOR, "192.0.2.1 192.0.2.2")], Unnamed(), False),
    "no address": ([(FOR, "192.0.2.256")], Unnamed(), False),
    "digits of others": (
        [(FOR, "١٩٢.0.2.1".encode().decode("latin-1"))],
        Unnamed(),
        False,
    ),
    "None": ([(FOR, "None")], Unnamed(), False),
    "no scheme for it": ([(FOR, "192.0.2.1"), (PROTO, "")], CLIENT, False),
    "scheme alone": ([(PROTO, "https")], PROXY, True),
    "schemes": (
        [(FOR, "192.0.2.1, 10.0.0.2"), (PROTO, "https, http")],
        CLIENT,
        True,
    ),
    "spoofed scheme": ([(FOR, "192.0.2.1"), (PROTO, "https, http")], CLIENT, False),
    "one scheme for all": (
        [(FOR, "192.0.2.1, 10.0.0.2"), (PROTO, "https")],
        CLIENT,
        True,
    ),
    "other style": (
        [("Forwarded", "for=198.51.100.1;proto=https"), (FOR, "192.0.2.1")],
        CLIENT,
        False,
    ),
    "real ip": ([("X-Real-IP", "198.51.100.1")], PROXY, False),
    "underscores": ([("X_Forwarded_For", "198.51.100.1")], PROXY, False),
}


@pytest.mark.parametrize(
    ("fields", "peer", "secure"), X_FORWARDED.values(), ids=X_FORWARDED
)
def test_xForwarded(fields: list[tuple[str, str]], peer: Any, secure: bool) -> None:
    assert found(fields) == (peer, secure)


FORWARDED: dict[str, tuple[list[str], Any, bool]] = {
    "nothing": ([], PROXY, False),
    "client": (["for=192.0.2.1"], CLIENT, False),
    "https": (["for=192.0.2.1;proto=https"], CLIENT, True),
    "any case": (["For=192.0.2.1;PROTO=HTTPS"], CLIENT, True),
    "order": (
        ['by=10.0.0.1;proto="https";for="192.0.2.1:77"'],
        ipv4("192.0.2.1", 77),
        True,
    ),
    "ipv6": (['for="[2001:db8::1]:77"'], ipv6("2001:db8::1", 77), False),
    "hidden port": (['for="192.0.2.1:_x"'], CLIENT, False),
    "spoofed": (["for=10.9.9.9;proto=https, for=192.0.2.1"], CLIENT, False),
    "spoofed line": (["for=10.9.9.9;proto=https", "for=192.0.2.1"], CLIENT, False),
    "chain": (["for=192.0.2.1;proto=https, for=10.0.0.2;proto=http"], CLIENT, True),
    "chain, spoofed": (
        ["for=10.8.8.8, for=192.0.2.1;proto=http, for=10.0.0.2;proto=https"],
        CLIENT,
        False,
    ),
    # The client opens quotes; the proxy's own element is still the last.
    "open quotes": (['for="', "for=192.0.2.1"], CLIENT, False),
    "open quotes around": (['for="10.9.9.9, for=192.0.2.1'], CLIENT, False),
    "quotes and a backslash": (['x="\\', "for=192.0.2.1"], CLIENT, False),
    "commas in quotes": (['for=192.0.2.1;x="a, for=10.9.9.9"'], CLIENT, False),
    "quotes in quotes": (['for=192.0.2.1;x="a, for=\\"10.9.9.9\\""'], CLIENT, False),
    "many commas": (['for=192.0.2.1;x="' + "," * 20 + '"'], Unnamed(), False),
    "empty": ([""], PROXY, False),
    "empty elements": ([", for=192.0.2.1,, "], CLIENT, False),
    "unknown": (["for=192.0.2.1, for=unknown"], Unnamed(), False),
    "hidden": (["for=_abc;proto=https"], Unnamed("_abc"), True),
    "not said": (["for=192.0.2.1, proto=https"], Unnamed(), True),
    "garbage": (["for=192.0.2.1, for"], Unnamed(), False),
    "twice": (["for=192.0.2.1;for=10.0.0.2"], Unnamed(), False),
    "bare ipv6": (["for=2001:db8::1"], Unnamed(), False),
}


@pytest.mark.parametrize(("lines", "peer", "secure"), FORWARDED.values(), ids=FORWARDED)
def test_forwarded(lines: list[str], peer: Any, secure: bool) -> None:
    fields = [("Forwarded", line) for line in lines]
    assert found(fields, style=Style.FORWARDED) == (peer, secure)
    # And the other fields say nothing.
    fields += [(FOR, "198.51.100.1"), (PROTO, "https")]
    assert found(fields, style=Style.FORWARDED) == (peer, secure)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize(
    "peer",
    [STRANGER, ipv6("2001:db8::9"), None, Unnamed(), Unnamed("10.0.0.1x")],
    ids=str,
)
def test_strangersAreNotBelieved(peer: Any, style: Style) -> None:
    """
    H1, H3: and that nobody knows who it is makes nobody trusted.
    """
    fields = [(FOR, "10.0.0.1"), (PROTO, "https"), ("Forwarded", "for=10.0.0.1")]
    assert found(fields, peer, style) == (peer, False)


def test_unixPeer() -> None:
    peer = UNIXAddress(None)
    assert found([(FOR, "192.0.2.1")], peer) == (CLIENT, False)
    hop = info(peer)
    headers = Headers([(FOR, "192.0.2.1")])
    assert believe(headers, hop, Networks(["10.0.0.0/8"]), Style.X_FORWARDED) is hop


def test_secureHop() -> None:
    """
    How the proxy came says nothing of how its client came.
    """
    fields = [(FOR, "192.0.2.1"), (PROTO, "http")]
    assert found(fields, secure=True) == (CLIENT, False)
    assert found(fields[:1], secure=True) == (CLIENT, True)


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize(
    "text",
    [
        "for=10.0.0.2," * 5000,
        "10.0.0.2," * 7000,
        ',a="' * 15000,
        ',a="\\"' * 10000,
        "," * 60000,
        '"' + "," * 60000,
        "for=10.0.0.2;" * 4000,
        ';x="' * 15000,
    ],
    ids=["hops", "addresses", "quotes", "escapes", "commas", "quoted", "pairs", "open"],
)
def test_quick(text: str, style: Style) -> None:
    """
    However long it is.
    """
    fields = [("Forwarded", text), (FOR, text), (PROTO, text)]
    began = time.process_time()
    found(fields, style=style)
    assert time.process_time() - began < 0.5


@given(
    st.text(alphabet='for=, ;"\\10._unk:[]-\t', max_size=60),
    st.sampled_from(Style),
)
def test_lastWordIsTheProxys(text: str, style: Style) -> None:
    """
    Whatever a client sends, its proxy's addition decides.
    """
    fields = [
        ("Forwarded", f"{text}, for=192.0.2.1;proto=https"),
        (FOR, f"{text}, 192.0.2.1"),
        (PROTO, "https"),
    ]
    assert found(fields, style=style) == (CLIENT, True)


DROPPED = [
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Prefix",
    "X-Forwarded-",
    "X_Forwarded_For",
    "x-forwarded_for",
    "X-Real-IP",
    "X_REAL_IP",
    "True-Client-IP",
    "CF-Connecting-IP",
]
KEPT = ["Host", "Via", "X-Forwarded", "X-Forward-For", "X-Request-Id", "Forwarded-For"]


def test_drop() -> None:
    headers = Headers([(name, "1") for name in [*DROPPED, *KEPT, *DROPPED]])
    dropForwarding(headers)
    assert [name.decode() for name, _ in headers] == KEPT


ANNOUNCED: dict[str, tuple[Style, Any, bool, list[tuple[bytes, bytes]]]] = {
    "forwarded": (
        Style.FORWARDED,
        CLIENT,
        True,
        [(b"Forwarded", b"for=192.0.2.1;proto=https")],
    ),
    "forwarded, ipv6": (
        Style.FORWARDED,
        ipv6("2001:db8::1%eth0", 5),
        False,
        [(b"Forwarded", b'for="[2001:db8::1]";proto=http')],
    ),
    "forwarded, unix": (
        Style.FORWARDED,
        UNIXAddress("/a"),
        False,
        [(b"Forwarded", b"for=unknown;proto=http")],
    ),
    "x": (
        Style.X_FORWARDED,
        CLIENT,
        True,
        [(b"X-Forwarded-For", b"192.0.2.1"), (b"X-Forwarded-Proto", b"https")],
    ),
    "x, ipv6": (
        Style.X_FORWARDED,
        ipv6("2001:db8::1"),
        False,
        [(b"X-Forwarded-For", b"2001:db8::1"), (b"X-Forwarded-Proto", b"http")],
    ),
    "x, nobody": (
        Style.X_FORWARDED,
        None,
        False,
        [(b"X-Forwarded-Proto", b"http")],
    ),
    "x, unnamed": (
        Style.X_FORWARDED,
        Unnamed("_a\r\nb"),
        False,
        [(b"X-Forwarded-Proto", b"http")],
    ),
}


@pytest.mark.parametrize(
    ("style", "peer", "secure", "fields"), ANNOUNCED.values(), ids=ANNOUNCED
)
def test_announce(
    style: Style, peer: Any, secure: bool, fields: list[tuple[bytes, bytes]]
) -> None:
    """
    Nothing of what was there before remains.
    """
    headers = Headers([(name, "1") for name in [*DROPPED, *KEPT]])
    announce(headers, info(peer, secure), style)
    assert list(headers)[len(KEPT) :] == fields


@pytest.mark.parametrize("style", Style)
@pytest.mark.parametrize("client", [CLIENT, ipv6("2001:db8::1")], ids=str)
def test_announcedIsBelieved(client: Any, style: Style) -> None:
    headers = Headers()
    announce(headers, info(client, True), style)
    known = believe(headers, info(PROXY), TRUSTED, style)
    assert (known.peer, known.secure) == (client, True)


def test_unnamed() -> None:
    assert Unnamed() == Unnamed("unknown")
    assert Unnamed() != Unnamed("_a")
    assert Unnamed() != "unknown"
    assert hash(Unnamed()) == hash(Unnamed())
    assert Unnamed() not in Networks(["0.0.0.0/0", "::/0", "unix"])
