"""
Serve a tree until somebody says that it is enough.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final

import click
from twisted.internet.defer import Deferred, DeferredList

from penstock.cli.connecting import connect
from penstock.cli.endpoints import Endpoint
from penstock.cli.journal import Lines, reportProblems
from penstock.cli.listening import Listening
from penstock.cli.location import Location
from penstock.cli.running import Run, chooseReactor
from penstock.cli.target import loadTarget
from penstock.core.accesslog import AccessLog
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.transports.http1 import HTTPFactory
from penstock.transports.rpc import RPCFactory

# Seconds after which somebody who has pressed Ctrl-C begins to wonder.
TELL_AFTER: Final = 0.2

# Seconds that connections to another server get to close at the end.
FAREWELL: Final = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """
    What to serve, and where: the arguments of C{penstock serve}.

    @ivar served: a target (see L{loadTarget}), or where the server is that
        everything is passed on to.
    @ivar drain: seconds for what is under way at the end.
    @ivar reactor: its name, L{None} for the default.
    """

    served: str | Location
    http: tuple[Endpoint, ...]
    rpc: tuple[Endpoint, ...]
    host: str
    accessLog: bool
    drain: float
    reactor: str | None


def serve(order: Order) -> int:
    """
    @return: the exit status.
    @raise click.UsageError: if something in C{order} doesn't make sense.
    """
    reactor = chooseReactor(order.reactor)
    reportProblems(sys.stderr)
    lines = Lines(sys.stdout, reactor)
    requester: Any = None
    if isinstance(order.served, Location):
        requester = connect(reactor, order.served.origin)
        served: Any = Forward(requester)
    else:
        served = loadTarget(order.served)
    site = served if isinstance(served, Site) else Site(served)
    if order.accessLog and site.accessLog is None:
        site.accessLog = AccessLog(lines.write, reactor.seconds)
    service = Service(reactor, order, site, requester, lines)
    run = Run(reactor, service.run, service.stop)
    try:
        return run.run()
    finally:
        lines.flush()


class Service:
    """
    A server, from its first port to its last exchange.
    """

    def __init__(
        self, reactor: Any, order: Order, site: Site, requester: Any, lines: Lines
    ) -> None:
        """
        @param requester: L{penstock.core.interfaces.IRequester} to close at
            the end, if not L{None}.
        """
        self._order = order
        self._site = site
        self._requester = requester
        self._lines = lines
        self._reactor = reactor
        self._listening = Listening(reactor, order.host)
        self._stopped: Deferred[None] = Deferred()

    def run(self) -> Deferred[int]:
        """
        @return: fires with the exit status.
        """
        return Deferred.fromCoroutine(self._run())

    def stop(self, signal: int) -> None:
        """
        Finish what is under way, then end.
        """
        self._stopped.callback(None)

    async def _run(self) -> int:
        try:
            await self._open()
        except click.ClickException as problem:
            problem.show()
            await self._close(0)
            return problem.exit_code
        await self._stopped
        await self._close(self._order.drain)
        return 0

    async def _open(self) -> None:
        for endpoint in self._order.http:
            await self._listen(
                "http", endpoint, HTTPFactory(self._site, clock=self._reactor)
            )
        for endpoint in self._order.rpc:
            await self._listen(
                "rpc", endpoint, RPCFactory(self._site, reactor=self._reactor)
            )

    async def _listen(self, scheme: str, endpoint: Endpoint, factory: Any) -> None:
        listener = await self._listening.open(scheme, endpoint, factory)
        self._lines.write(f"Listening on {listener.url}\n")
        self._lines.flush()

    async def _close(self, seconds: float) -> None:
        telling = self._reactor.callLater(TELL_AFTER, self._tell, seconds)
        await self._listening.close(seconds)
        if telling.active():
            telling.cancel()
        if self._requester is not None:
            closing = DeferredList([self._requester.close()], consumeErrors=True)
            closing.addTimeout(FAREWELL, self._reactor, lambda result, timeout: None)
            await closing

    def _tell(self, seconds: float) -> None:
        click.echo(
            f"Finishing what is under way, for {seconds:g} s at most. "
            "Ctrl-C again quits at once.",
            err=True,
        )
