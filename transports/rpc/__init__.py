"""The seam over msgpack messages, on any stream: see C{docs/rpc.md}."""

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
