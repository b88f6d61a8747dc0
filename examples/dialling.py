"""
A worker that nobody can connect to, since it is behind a NAT or a firewall: it
connects to the gateway, and gets its requests over that connection.

The gateway, where the internet is::

    penstock serve examples.dialling:gateway --http 8080

and the worker, anywhere; any number of them, which take turns::

    WORKERS=tcp:127.0.0.1:7780 python -m examples.dialling

Whoever connects to the gateway as a worker is sent requests.  So let only
workers do so: by a firewall, or over TLS with certificates for both sides.
"""

import os

from twisted.internet import endpoints
from twisted.internet.task import LoopingCall

from examples.hello import Hello
from penstock.core.errors import HTTPError
from penstock.core.resource import Wrapper
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.rpc import RPCFactory, connectRPC

# Where the gateway waits for workers, and where a worker finds it.
LISTEN = os.environ.get("WORKERS", "tcp:7780:interface=127.0.0.1")
CONNECT = os.environ.get("WORKERS", "tcp:127.0.0.1:7780")


class Workers(Wrapper):
    """
    Whatever is asked, one of the workers answers.
    """

    def __init__(self):
        super().__init__(None)
        self.sessions = []

    def arrived(self, session):
        """
        A worker has connected.
        """
        self.sessions.append(session)

    def before(self, request):
        self.sessions = [each for each in self.sessions if each.isUsable]
        if not self.sessions:
            raise HTTPError(503, "No worker is there.")
        # The one that has waited the longest.
        session = self.sessions.pop(0)
        self.sessions.append(session)
        return Forward(session.requester)


def gateway():
    """
    Called by C{penstock serve} when a reactor has been chosen.
    """
    from twisted.internet import reactor

    workers = Workers()
    factory = RPCFactory(reactor=reactor, onSession=workers.arrived)
    endpoints.serverFromString(reactor, LISTEN).listen(factory)
    return workers


def work(reactor):
    """
    Connect, and again whenever the connection is lost.
    """
    client = connectRPC(reactor, CONNECT, requestFactory=Site(Hello()))

    def connect():
        # There is one already, mostly.
        return client.connect().addErrback(
            lambda failure: print(failure.getErrorMessage())
        )

    LoopingCall(connect).start(1)


if __name__ == "__main__":
    from twisted.internet import reactor

    work(reactor)
    reactor.run()
