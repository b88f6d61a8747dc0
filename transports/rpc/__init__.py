"""
The seam over msgpack messages, on any stream: see C{docs/rpc.md}.

The way of a call and its answer, by module::

    asked:     requester > caller, places > calling_exchange > output > codec > carrier
    served:    session > codec, schema > multiplex > server > serving_exchange
    answered:  serving_exchange > output > codec > carrier
    received:  session > codec, schema > multiplex > caller > calling_exchange

Heads are checked by C{heads}, credit is counted by C{room} and the exchanges,
and who takes too long is found by C{watch} and C{deadlines}.  What is the same in
both directions is in C{direction} and C{exchange} (C{progress}, C{backlog}).

C{client} and C{factory} make sessions; C{greeting} and C{phases} say how one
begins and ends, C{violation} what ends it at once.  C{messages} is what can be
said, C{facts} what goes along with requests that are passed on, and C{limits} how
much of anything is taken.
"""

from penstock.transports.rpc.client import (
    DEFAULT_PORT as DEFAULT_PORT,
)
from penstock.transports.rpc.client import (
    RPCClient as RPCClient,
)
from penstock.transports.rpc.client import (
    connectRPC as connectRPC,
)
from penstock.transports.rpc.factory import RPCFactory as RPCFactory
from penstock.transports.rpc.limits import (
    RPCLimits as RPCLimits,
)
from penstock.transports.rpc.limits import (
    RPCTimeouts as RPCTimeouts,
)
from penstock.transports.rpc.session import RPCSession as RPCSession
