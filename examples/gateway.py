"""
An HTTP gateway in front of an RPC worker in another process.

The worker, which nobody but the gateway needs to reach::

    penstock serve examples.site:root --rpc 7780

and the gateway::

    penstock serve examples.gateway:root --http 8080

Bodies pass through it in both directions, piece by piece.  If the client goes
away, the worker learns of it; a slow client makes the worker wait.
"""

import os

from penstock.resources.forward import Forward
from penstock.transports.rpc import connectRPC

WORKER = os.environ.get("WORKER", "rpc://127.0.0.1:7780")


def root():
    """
    Called by C{penstock serve} when a reactor has been chosen.
    """
    from twisted.internet import reactor

    worker = connectRPC(reactor, WORKER)
    return Forward(worker)
