"""
Endpoints, as they are written on a command line.
"""

from typing import Any

import pytest
from click import BadParameter
from twisted.internet.endpoints import serverFromString

from penstock.cli.endpoints import Endpoint, endpoint

from ..loop import Loop


@pytest.mark.parametrize(
    ("text", "string", "secure"),
    [
        ("8080", r"tcp:8080:interface=192.0.2.1", False),
        ("0", r"tcp:0:interface=192.0.2.1", False),
        ("65535", r"tcp:65535:interface=192.0.2.1", False),
        ("127.0.0.1:80", r"tcp:80:interface=127.0.0.1", False),
        ("localhost:80", r"tcp:80:interface=localhost", False),
        ("[::1]:80", r"tcp:80:interface=\:\:1", False),
        ("[::]:80", r"tcp:80:interface=\:\:", False),
        ("tcp:8080", r"tcp:8080:interface=192.0.2.1", False),
        ("tcp:port=80", r"tcp:port=80:interface=192.0.2.1", False),
        ("tcp:8080:127.0.0.1", r"tcp:8080:127.0.0.1", False),
        ("tcp6:80", r"tcp6:80:interface=192.0.2.1", False),
        ("tcp:8080:interface=::1", r"tcp:8080:interface=::1", False),
        ("unix:/run/site.sock", r"unix:/run/site.sock", False),
        ("systemd:domain=INET:index=0", r"systemd:domain=INET:index=0", False),
        (
            r"ssl:443:privateKey=a\:k.pem",
            r"ssl:443:privateKey=a\:k.pem:interface=192.0.2.1",
            True,
        ),
        ("ssl:443:k.pem", r"ssl:443:k.pem:interface=192.0.2.1", True),
        ("ssl:443:interface=", r"ssl:443:interface=", True),
        ("haproxy:tcp:80", r"haproxy:tcp:80:interface=192.0.2.1", False),
        ("haproxy:ssl:443", r"haproxy:ssl:443:interface=192.0.2.1", True),
        ("haproxy:unix:/a", r"haproxy:unix:/a", False),
    ],
)
def test_parse(text: str, string: str, secure: bool) -> None:
    found = endpoint(text)
    assert found.describe("192.0.2.1").removesuffix(":backlog=1024") == string
    assert found.secure is secure
    assert found.text == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "65536",
        "99999",
        "123456",
        "-1",
        "8080 ",
        "٣",
        "localhost",
        ":8080",
        "[]:80",
        "[::1]",
        "::1:80",
        "localhost:65536",
        "localhost:",
        "tcp:",
        "tcp:many",
        "tcp:80s",
        "tcp:interface=::1",
        "tcp:port=",
        "ssl:443443",
        "haproxy:tcp:many",
        "/run/site.sock",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        endpoint(text)


@pytest.mark.parametrize(
    ("text", "proxied"),
    [
        ("haproxy:tcp:80", True),
        ("haproxy:unix:/a", True),
        ("tcp:80", False),
        ("80", False),
    ],
)
def test_proxied(text: str, proxied: bool) -> None:
    assert Endpoint.parse(text).proxied is proxied


@pytest.mark.parametrize(
    ("host", "sixth"),
    [("127.0.0.1", r"\:\:1"), ("0.0.0.0", r"\:\:"), ("::1", r"\:\:1")],
)
def test_addressOfTheSixthKind(host: str, sixth: str) -> None:
    described = Endpoint.parse("tcp6:80").describe(host)
    assert described == f"tcp6:80:interface={sixth}:backlog=1024"


@pytest.mark.parametrize(
    ("text", "backlog"),
    [
        ("80", 1024),
        ("tcp:80", 1024),
        ("tcp:80:127.0.0.1", 1024),
        ("tcp:80:127.0.0.1:7", 7),
        ("tcp:80:backlog=7", 7),
        ("tcp:port=80", 1024),
        ("unix:/run/site.sock", 1024),
        ("unix:/run/site.sock:666", 1024),
        ("unix:/run/site.sock:666:7", 7),
    ],
)
def test_backlog(loop: Loop, text: str, backlog: int) -> None:
    """
    A crowd that comes all at once finds room to wait.
    """
    described = Endpoint.parse(text).describe("127.0.0.1")
    server: Any = serverFromString(loop.reactor, described)
    found = getattr(server, "_backlog", None) or server._kwargs["backlog"]
    assert found == backlog


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_twistedTakesIt(loop: Loop, host: str) -> None:
    """
    The addresses survive Twisted's quoting.
    """
    server: Any = serverFromString(loop.reactor, Endpoint.parse("0").describe(host))
    assert server._interface == host
