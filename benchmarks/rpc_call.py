"""
A call with 100 octets each way, 64 in flight: calls per second over penstock's
RPC and over Perspective Broker, in turn.

Run as C{python rpc_call.py [ROUNDS]}.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from operator import attrgetter
from typing import Any

from process import HERE, serving
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint

IN_FLIGHT = 64
SECONDS = 3.0
DATA = b"x" * 100


def drive(call: Any, read: Any) -> Deferred[float]:
    """
    Keep L{IN_FLIGHT} calls under way.

    @param call: returns a Deferred.
    @param read: finds the data in what it fires with.
    @return: fires with calls per second.
    """
    finished: Deferred[float] = Deferred()
    calls = 0
    begin = reactor.seconds()

    def again(result: Any = None) -> None:
        nonlocal calls
        if result is not None:
            if read(result) != DATA:
                raise RuntimeError("wrong answer")
            calls += 1
        if reactor.seconds() - begin < SECONDS:
            call().addCallbacks(again, failed)
        elif not finished.called:
            finished.callback(calls / (reactor.seconds() - begin))

    def failed(failure: Any) -> None:
        # When it is over, what is still in flight may fail.
        if not finished.called:
            finished.errback(failure)

    for _ in range(IN_FLIGHT):
        again()
    return finished


async def penstock(port: int) -> float:
    """
    POST.
    """
    from penstock.transports.rpc import RPCClient

    client = RPCClient(reactor, TCP4ClientEndpoint(reactor, "127.0.0.1", port))

    def call() -> Any:
        return client.call(b"POST", b"/", None, DATA)

    await call()
    return await drive(call, attrgetter("body"))


async def pb(port: int) -> float:
    """
    callRemote.
    """
    from twisted.spread.pb import PBClientFactory

    factory = PBClientFactory()
    reactor.connectTCP("127.0.0.1", port, factory)
    root: Any = await factory.getRootObject()
    return await drive(lambda: root.callRemote("echo", DATA), lambda data: data)


def client(name: str, port: int) -> None:
    """
    Measure once, and print.
    """

    async def run() -> None:
        print(await {"penstock": penstock, "pb": pb}[name](port), flush=True)

    def end(result: Any) -> None:
        if result is not None:
            result.printTraceback()
        reactor.stop()

    reactor.callWhenRunning(lambda: Deferred.fromCoroutine(run()).addBoth(end))
    reactor.run()


def main() -> None:
    """
    Print medians and their ratio.
    """
    if len(sys.argv) == 3:
        client(sys.argv[1], int(sys.argv[2]))
        return
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    pairs = []
    with (
        serving("echo_servers.py", "penstock") as ours,
        serving("echo_servers.py", "pb") as theirs,
    ):
        for _ in range(rounds):
            rates = [
                float(
                    subprocess.run(
                        [sys.executable, str(HERE / "rpc_call.py"), name, str(port)],
                        capture_output=True,
                        text=True,
                        check=True,
                    ).stdout
                )
                for name, port in (("penstock", ours[1]), ("pb", theirs[1]))
            ]
            pairs.append((rates[0], rates[1]))
    print(f"penstock     {statistics.median(a for a, _ in pairs):10,.0f} calls/s")
    print(f"PB           {statistics.median(b for _, b in pairs):10,.0f} calls/s")
    print(f"ratio        {statistics.median(a / b for a, b in pairs):10.2f}")


if __name__ == "__main__":
    main()
