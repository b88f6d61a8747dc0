"""
C{penstock serve}.
"""

from __future__ import annotations

import sys

import click

from penstock.cli.bounds import Bound, bound
from penstock.cli.endpoints import Endpoint, endpoint
from penstock.cli.location import Location, location

DEFAULT_HTTP = "8080"


@click.command(short_help="Serve a folder, a resource or another server.")
@click.argument("target", required=False)
@click.option(
    "--http",
    type=endpoint,
    multiple=True,
    metavar="ENDPOINT",
    help="Listen for HTTP on this endpoint.  May be repeated.  By default"
    f" {DEFAULT_HTTP}, if there is no --rpc.",
)
@click.option(
    "--rpc",
    type=endpoint,
    multiple=True,
    metavar="ENDPOINT",
    help="Listen for penstock's RPC on this endpoint.  May be repeated.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    metavar="ADDRESS",
    help="The address to listen on where ENDPOINT names none.  0.0.0.0 means"
    " every address of this machine, and :: those of IPv6, too.",
)
@click.option(
    "--forward",
    type=location,
    metavar="URL",
    help="Instead of serving TARGET, pass every request on to the server at this"
    " http, https, rpc or rpcs URL.",
)
@click.option(
    "--access-log/--no-access-log",
    "accessLog",
    default=True,
    show_default=True,
    help="Write a line to standard output for each exchange.",
)
@click.option(
    "--drain",
    type=click.FloatRange(min=0),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait, at the end, for what is under way.",
)
@click.option(
    "--limit",
    "limits",
    type=bound,
    multiple=True,
    metavar="NAME=NUMBER",
    help="Bound what HTTP clients may send, or how many there may be, such as"
    " connections=500.  NAME=none removes a bound.  docs/limits.md lists all"
    " names.  May be repeated.",
)
@click.option(
    "--timeout",
    "timeouts",
    type=bound,
    multiple=True,
    metavar="NAME=SECONDS",
    help="How long to wait for HTTP clients, such as idle=30.  May be repeated.",
)
@click.option(
    "--trust",
    multiple=True,
    metavar="NETWORK",
    help="Trust proxies and RPC gateways there to say who their clients are.  An"
    " address, a network (10.0.0.0/8), or unix for peers on unix sockets.  May be"
    " repeated.  They don't count for --limit connectionsPerAddress.",
)
@click.option(
    "--trusted-fields",
    "trustedFields",
    type=click.Choice(["x-forwarded", "forwarded"]),
    default="x-forwarded",
    show_default=True,
    help="Where trusted proxies say so: in X-Forwarded-For and"
    " X-Forwarded-Proto, or in Forwarded.  At an endpoint haproxy:... they use"
    " the PROXY protocol instead, and only they may connect.",
)
@click.option(
    "--any-host",
    "anyHost",
    is_flag=True,
    help="Over TLS, serve also hosts that the certificate isn't valid for.  Only"
    " --trust may ask for them otherwise; all others get 421.",
)
@click.option(
    "--debug",
    is_flag=True,
    help="Developer mode: error pages show tracebacks, with your source code, to"
    " everybody who can make a request.",
)
@click.option(
    "--reactor",
    metavar="NAME",
    help="Use this reactor of Twisted: asyncio, epoll, poll, select ...",
)
def serve(
    target: str | None,
    http: tuple[Endpoint, ...],
    rpc: tuple[Endpoint, ...],
    host: str,
    forward: Location | None,
    accessLog: bool,
    drain: float,
    limits: tuple[Bound, ...],
    timeouts: tuple[Bound, ...],
    trust: tuple[str, ...],
    trustedFields: str,
    anyHost: bool,
    debug: bool,
    reactor: str | None,
) -> None:
    """
    Serve TARGET over HTTP, over RPC, or both.

    TARGET is a folder, or MODULE:NAME: a resource or a site in a module that
    can be imported from here, or something that returns one when called
    without arguments.

    ENDPOINT is a port (8080; 0 for one that is free), an address with a port
    (0.0.0.0:8080, [::1]:8080), or an endpoint string of Twisted
    (unix:/run/site.sock, ssl:8443:privateKey=key.pem:certKey=chain.pem).

    Ctrl-C or SIGTERM ends it: what is under way is finished first.  Twice
    ends it at once.
    """
    served = target or forward
    if served is None:
        raise click.UsageError("there is nothing to serve: name TARGET or --forward")
    if target is not None and forward is not None:
        raise click.UsageError("TARGET and --forward exclude each other")
    if forward is not None and forward.target != "/":
        raise click.UsageError("--forward is for a whole server: it has no path")
    if not http and not rpc:
        http = (Endpoint.parse(DEFAULT_HTTP),)
    if not trust and any(endpoint.proxied for endpoint in http):
        raise click.UsageError(
            "anybody could lie to an endpoint haproxy:...: name your proxies with"
            " --trust"
        )
    # Only now: whoever asks for help or mistypes needn't wait for Twisted.
    from penstock.cli import serving

    sys.exit(
        serving.serve(
            serving.Order(
                served=served,
                http=http,
                rpc=rpc,
                host=host,
                accessLog=accessLog,
                drain=drain,
                limits=limits,
                timeouts=timeouts,
                trust=trust,
                trustedFields=trustedFields,
                anyHost=anyHost,
                debug=debug,
                reactor=reactor,
            )
        )
    )
