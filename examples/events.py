"""
Server-sent events: a response that goes on until the client has had enough.

::

    penstock serve examples.events:root
    curl -N http://localhost:8080/

Whoever comes back after a pause says which second was the last one, as
browsers do by themselves, and goes on from there::

    curl -N -H 'Last-Event-ID: 41' http://localhost:8080/
"""

from twisted.internet.task import deferLater

from penstock.core.events import Event, EventStream, lastEventId
from penstock.core.resource import Resource


class Ticks(Resource):
    """
    Counts the seconds that the client has been there.
    """

    def __init__(self, clock):
        """
        @param clock: the reactor; or, in a test, a clock that stands still
            until it is told otherwise.
        """
        super().__init__()
        self.clock = clock
        self.listeners = 0

    def render_GET(self, request):
        last = lastEventId(request) or ""
        first = int(last) + 1 if last.isdecimal() and len(last) < 10 else 0
        return EventStream(self.events(first), self.clock).response()

    async def events(self, second):
        self.listeners += 1
        try:
            while True:
                yield Event(f"{second} s", id=str(second))
                await deferLater(self.clock, 1)
                second += 1
        finally:
            # The client went away, or the server is ending.
            self.listeners -= 1


def root():
    """
    Called by C{penstock serve} when a reactor has been chosen.
    """
    from twisted.internet import reactor

    return Ticks(reactor)
