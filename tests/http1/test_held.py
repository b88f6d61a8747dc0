"""
What outlives a request: nothing that a peer can choose the size of.
"""

from __future__ import annotations

from penstock.transports.http1 import head
from penstock.transports.http1.events import Rejected
from penstock.transports.http1.head import parseFields
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_reader import RequestReader


def test_rejectedReaderHoldsOnePiece() -> None:
    """
    Whatever is fed to a reader that has rejected isn't put together.
    """
    reader = RequestReader(Limits())
    reader.receive(b"\0")
    assert type(reader.nextEvent()) is Rejected
    for _ in range(5):
        reader.receive(b"x" * 1000)
        assert reader.nextEvent() is None
        assert reader.buffered <= 1000


def test_longNamesAreNotKept() -> None:
    """
    A name is remembered for all connections, unless it is long.
    """
    short, long = b"x-held-" + b"a" * 57, b"x-held-" + b"a" * 58
    parseFields(short + b": 1\r\n" + long + b": 2", 2)
    assert short in head._known
    assert long not in head._known


def test_manyNamesDontFillItForGood() -> None:
    """
    Whoever sends names that nobody uses doesn't keep others from being known.
    """
    names = [b"x-held-%d" % number for number in range(3000)]
    block = b"\r\n".join(name + b": 1" for name in names)
    fields, framing = parseFields(block, len(names))
    assert [name for name, _ in fields] == names
    assert not framing
    assert len(head._known) <= head._MAX_KNOWN
    assert names[-1] in head._known
    again = parseFields(b"x-held-0: 1\r\nContent-Length: 2", 2)
    assert again.framing == {b"content-length": [b"2"]}
