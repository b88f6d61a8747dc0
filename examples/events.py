"""
Server-sent events: a response that goes on until the client has had enough.

::

    penstock serve examples.events:root
    curl -N http://localhost:8080/
"""

from twisted.internet.task import deferLater

from penstock.core.resource import Resource
from penstock.core.response import Response


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
        return Response(
            self.events(),
            headers=[
                ("content-type", "text/event-stream"),
                ("cache-control", "no-store"),
            ],
        )

    async def events(self):
        self.listeners += 1
        try:
            second = 0
            while True:
                yield b"id: %d\ndata: %d s\n\n" % (second, second)
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
