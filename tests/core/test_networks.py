"""
Tests for L{penstock.core.networks}.
"""

from __future__ import annotations

from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress

from penstock.core.networks import Networks, ipOf


def peer(host: str) -> Any:
    return (IPv6Address if ":" in host else IPv4Address)("TCP", host, 1)


UNIX = UNIXAddress("/run/socket")
NAMELESS = UNIXAddress(None)

CASES: list[tuple[list[str], Any, bool]] = [
    ([], peer("192.0.2.1"), False),
    ([], UNIX, False),
    ([], None, False),
    (["0.0.0.0/0", "::/0", "unix"], None, False),
    (["0.0.0.0/0", "::/0", "unix"], "an address", False),
    (["192.0.2.1"], peer("192.0.2.1"), True),
    (["192.0.2.1"], peer("192.0.2.2"), False),
    (["192.0.2.0/24"], peer("192.0.2.255"), True),
    (["192.0.2.0/24"], peer("192.0.3.0"), False),
    (["198.51.100.0/24", "192.0.2.0/24"], peer("192.0.2.1"), True),
    (["2001:db8::/32"], peer("2001:db8:ffff::1"), True),
    (["2001:db8::/32"], peer("2001:db9::1"), False),
    (["192.0.2.0/24"], peer("::ffff:192.0.2.1"), True),
    (["::ffff:0:0/96"], peer("::ffff:192.0.2.1"), False),
    (["::/0"], peer("192.0.2.1"), False),
    (["fe80::/10"], peer("fe80::1%eth0"), True),
    (["unix"], UNIX, True),
    (["unix"], NAMELESS, True),
    (["unix"], peer("127.0.0.1"), False),
    (["127.0.0.0/8"], UNIX, False),
    (["192.0.2.0/24"], peer("example.com"), False),
    (["192.0.2.0/24"], peer("192.0.2.1, 10.0.0.1"), False),
]


@pytest.mark.parametrize(
    ("texts", "address", "inside"),
    CASES,
    ids=lambda value: ",".join(value) if isinstance(value, list) else str(value),
)
def test_contains(texts: list[str], address: Any, inside: bool) -> None:
    assert (address in Networks(texts)) is inside


@pytest.mark.parametrize(
    "text", ["", "example.com", "192.0.2.1/24", "192.0.2.0/33", "UNIX", "*", "192.0.2"]
)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Networks([text])


def test_oneText() -> None:
    with pytest.raises(ValueError, match="not one"):
        Networks("192.0.2.1")


def test_anybody() -> None:
    assert not Networks()
    assert Networks(["unix"])
    assert Networks(["192.0.2.1"])


def test_ipOf() -> None:
    assert ipOf(None) is None
    assert ipOf(UNIX) is None
    assert str(ipOf(peer("::ffff:192.0.2.1"))) == "192.0.2.1"
    assert str(ipOf(peer("2001:DB8::0:1"))) == "2001:db8::1"
