"""
The seam by method calls: no bytes, no reactor.

L{MemoryClient} is for tests of resources; L{MemoryRequester} for whoever wants
an L{penstock.core.interfaces.IRequester} to something in the same process.

The way of a request and its response, by module::

    asked:    client (composing) > requester > exchange > lane > the request
    answered: exchange > lane > visit

C{clock} is the time there, C{watch} sees what goes wrong out of sight, and
C{plugin} is the fixture for pytest.
"""

from penstock.transports.memory.client import MemoryClient
from penstock.transports.memory.clock import NeverIdle, VirtualClock
from penstock.transports.memory.requester import MemoryRequester
from penstock.transports.memory.visit import MemoryExchange, StillWaiting
from penstock.transports.memory.watch import ContractBroken

__all__ = [
    "ContractBroken",
    "MemoryClient",
    "MemoryExchange",
    "MemoryRequester",
    "NeverIdle",
    "StillWaiting",
    "VirtualClock",
]
