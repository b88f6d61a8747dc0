"""
Tests for L{penstock.resources.hosts}.
"""

from __future__ import annotations

from typing import Any

import pytest
from zope.interface.verify import verifyObject

from penstock.core.interfaces import IResource
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.resources.data import Data
from penstock.resources.hosts import Hosts
from penstock.transports.http1.factory import HTTPFactory
from penstock.transports.memory import MemoryRequester

from ..requirements.ends import Call, Headers, Origin
from ..requirements.ways import CALLS, Calls


def site() -> Hosts:
    below = Resource()
    below.putChild("", Data("org"))
    below.putChild("x", Data("x"))
    return Hosts(
        {
            "example.org": below,
            "*.Example.org": Data("any"),
            "www.example.org": Data("www"),
            "192.0.2.1": Data("four"),
            "2001:DB8::0:1": Data("six"),
            "localhost.": Data("local"),
        }
    )


ROWS: list[tuple[str, str, bytes | None]] = [
    ("example.org", "/", b"org"),
    ("EXAMPLE.org:8080", "/x", b"x"),
    ("example.org.", "/x", b"x"),
    ("example.org", "/none", b""),
    ("www.example.org", "/", b"www"),
    ("a.example.org", "/", b"any"),
    ("a.b.example.org", "/", None),
    ("aexample.org", "/", None),
    ("example.com", "/", None),
    ("192.0.2.1:1", "/", b"four"),
    ("192.0.2.2", "/", None),
    ("[2001:db8::1]", "/", b"six"),
    ("[2001:db8:0::1]:80", "/", b"six"),
    ("[::1]", "/", None),
    ("localhost", "/", b"local"),
    ("org", "/", None),
]


@pytest.fixture(params=CALLS.values(), ids=CALLS.keys(), scope="module")
def way(request: Any) -> Any:
    """
    Each transport, with both its ends.
    """
    made: Calls = request.param
    return made(site())


@pytest.mark.requirement("9110-7.4-1")
@pytest.mark.parametrize(("host", "path", "content"), ROWS)
@pytest.mark.parametrize("isURI", [False, True])
def test_hosts(
    way: Any, host: str, path: str, content: bytes | None, isURI: bool
) -> None:
    """
    By Host or by the whole URI; who isn't meant gets 421.
    """
    if isURI:
        asked = way.call(uri=f"http://{host}{path}")
    else:
        asked = way.call(uri=path, fields=[("Host", host)])
    if content is None:
        assert asked.response.code == 421
    elif not content:
        assert asked.response.code == 404
    else:
        assert (asked.response.code, asked.content) == (200, content)


@pytest.mark.requirement("9110-7.4-1")
@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(("host", "code"), [(b"example.org", 200), (b"b", 421)])
def test_secured(secure: bool, host: bytes, code: int) -> None:
    """
    As for https, which is what the rule is about.
    """
    requester = MemoryRequester(Site(site()), host=host, secure=secure)
    call = Call(requester.request("GET", "/", Headers()))
    assert call.response.code == code


def test_noHost() -> None:
    """
    HTTP/1.0 needs to name none, and then means none.
    """
    (answer,) = Origin(site()).ask(b"GET / HTTP/1.0\r\n\r\n")
    assert answer.code == 421


@pytest.mark.parametrize(
    "host", ["", "*", "*.", "a:80", "[::1]", "a b", "http://a", "a/b", "*.a:80", "u@a"]
)
def test_notAHost(host: str) -> None:
    with pytest.raises(ValueError):
        Hosts({host: Data("x")})


def test_interface() -> None:
    hosts = site()
    verifyObject(IResource, hosts)
    assert HTTPFactory(Site(hosts))
