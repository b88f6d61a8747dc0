"""
Serve a tree until somebody says that it is enough.
"""

from __future__ import annotations

import gc
import resource
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import click
from twisted.internet.defer import Deferred, DeferredList

from penstock.cli.bounds import Bound, choose
from penstock.cli.connecting import connect
from penstock.cli.endpoints import Endpoint
from penstock.cli.journal import Lines, reportProblems
from penstock.cli.listening import Listening
from penstock.cli.location import Location
from penstock.cli.running import Run, chooseReactor
from penstock.cli.target import loadTarget
from penstock.core.accesslog import AccessLog
from penstock.core.networks import Networks
from penstock.core.server import Site
from penstock.resources.forward import Forward
from penstock.resources.trusted import TrustedProxies
from penstock.transports.http1 import HTTPFactory, Limits, Timeouts
from penstock.transports.rpc import RPCFactory

_DEBUGGING: Final = (
    "Warning: developer mode: pages of errors show tracebacks to everybody who can "
    "make a request."
)

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
    @ivar limits: of HTTP, where they aren't the default.
    @ivar timeouts: the same.
    @ivar trust: where proxies and gateways are: see L{Networks}.
    @ivar trustedFields: a policy of L{TrustedProxies}.
    @ivar anyHost: take requests for hosts that the certificate isn't valid
        for.
    @ivar debug: developer mode.
    @ivar reactor: its name, L{None} for the default.
    """

    served: str | Location
    http: tuple[Endpoint, ...]
    rpc: tuple[Endpoint, ...]
    host: str
    accessLog: bool
    drain: float
    reactor: str | None
    limits: tuple[Bound, ...] = ()
    timeouts: tuple[Bound, ...] = ()
    trust: tuple[str, ...] = ()
    trustedFields: str = "x-forwarded"
    anyHost: bool = False
    debug: bool = False


def raiseDescriptors(limits: Limits) -> None:
    """
    Let the process open as many files as C{limits} have connections, if it
    may.  Shells start programs with 1024 for the sake of those that use
    select().
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard
    if limits.connections is not None:
        wanted = limits.connections + limits.overflow + limits.descriptors
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        # Some systems name a hard limit that they don't grant.
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def serve(order: Order) -> int:
    """
    @return: the exit status.
    @raise click.UsageError: if something in C{order} doesn't make sense.
    """
    limits = choose(Limits, order.limits, "--limit")
    timeouts = choose(Timeouts, order.timeouts, "--timeout")
    try:
        Networks(order.trust)
    except ValueError as problem:
        raise click.UsageError(f"--trust: {problem}") from None
    reactor = chooseReactor(order.reactor)
    if order.reactor != "select":
        raiseDescriptors(limits)
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
    if order.anyHost:
        site.anyHost = True
    if order.debug:
        site.debug = True
    if site.debug:
        click.echo(_DEBUGGING, err=True)
    if order.trust:
        site.root = TrustedProxies(site.root, order.trust, order.trustedFields)
    makeHTTP = partial(
        HTTPFactory, site, reactor, limits, timeouts, trusted=order.trust
    )
    service = Service(reactor, order, site, makeHTTP, requester, lines)
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
        self,
        reactor: Any,
        order: Order,
        site: Site,
        makeHTTP: Callable[..., HTTPFactory],
        requester: Any,
        lines: Lines,
    ) -> None:
        """
        @param makeHTTP: makes what serves a port; for C{peers}, if there are.
        @param requester: L{penstock.core.interfaces.IRequester} to close at
            the end, if not L{None}.
        """
        self._order = order
        self._site = site
        self._makeHTTP = makeHTTP
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
        # What is there now stays.  To look at all of it now and then for garbage
        # would keep clients waiting for some 40 milliseconds each time.
        gc.collect()
        gc.freeze()
        await self._stopped
        await self._close(self._order.drain)
        return 0

    async def _open(self) -> None:
        for endpoint in self._order.http:
            peers = self._order.trust if endpoint.proxied else None
            await self._listen("http", endpoint, self._makeHTTP(peers=peers))
        for endpoint in self._order.rpc:
            factory = RPCFactory(
                self._site, reactor=self._reactor, trustFacts=self._order.trust
            )
            await self._listen("rpc", endpoint, factory)

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
