"""
Tests of the notes in tested.py: the real path of a request, without sockets
and without a reactor.

::

    python -m pytest examples/test_tested.py
"""

import pytest

from examples.tested import Notes
from penstock.transports.memory import MemoryClient


@pytest.fixture
def client():
    with MemoryClient(Notes()) as client:
        yield client


def test_none(client):
    assert client.get("/").json() == {}


def test_add(client):
    added = client.post("/", "Oil the gate")
    assert added.code == 201
    assert added.headers.get("location") == b"./1"
    assert client.get("/1").text == "Oil the gate"
    assert client.get("/").json() == {"1": "Oil the gate"}


def test_delete(client):
    client.post("/", "Oil the gate")
    assert client.delete("/1").code == 204
    assert client.get("/1").code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", 400), (b"\xff", 400), (b"x" * 4096, 201), (b"x" * 4097, 413)],
    ids=["empty", "not text", "long", "too long"],
)
def test_whatIsANote(client, body, code):
    assert client.post("/", body).code == code


def test_methods(client):
    refused = client.put("/", "What now?")
    assert refused.code == 405
    assert refused.headers.get("allow") == b"GET, HEAD, OPTIONS, POST"


def test_tooLongIsNotRead(client):
    """
    The length is in the head: nothing of the rest need be sent.
    """
    exchange = client.open("POST", "/", contentLength=1_000_000)
    assert exchange.code == 413


def test_theClientGoesAway(client):
    """
    Half a note is no note.
    """
    exchange = client.open("POST", "/", contentLength=10)
    exchange.send(b"Oil ")
    exchange.disconnect()
    assert client.get("/").json() == {}
