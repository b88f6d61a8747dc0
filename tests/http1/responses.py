"""
What a reader makes of a response.
"""

from __future__ import annotations

from itertools import pairwise

from penstock.transports.http1.events import Data
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.response_reader import Event, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"

NORMAL = Limits()

SMALL = Limits(
    startLine=40,
    fieldBlock=60,
    fields=4,
    chunkLine=20,
    extensions=30,
    trailers=40,
    trailerFields=2,
)


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """
    C{data} cut at each of C{cuts}.
    """
    edges = [0, *sorted(cuts), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


def joined(events: list[Event]) -> list[Event]:
    """
    C{events} with content that is in one piece.
    """
    result: list[Event] = []
    for event in events:
        if type(event) is Data and result and type(result[-1]) is Data:
            result[-1] = Data(result[-1].data + event.data)
        else:
            result.append(event)
    return result


def read(
    parts: list[bytes], isHead: bool = False, limits: Limits = NORMAL
) -> tuple[ResponseReader, list[Event]]:
    """
    Let a reader that expects one response have C{parts}.
    """
    reader = ResponseReader(limits)
    reader.expect(isHead)
    events: list[Event] = []
    for part in parts:
        events += reader.receive(part)
    return reader, joined(events)
