"""
How much of something is taken from a peer, and how long it is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

_OPTIONAL: Final = "None"


def _check(record: Any, least: float) -> None:
    """
    @raise ValueError: if a field of C{record} is less than C{least}, or is no
        number though it must be one.
    """
    for field in fields(record):
        value = getattr(record, field.name)
        if value is None and str(field.type).endswith(_OPTIONAL):
            continue
        isNumber = isinstance(value, int | float) and not isinstance(value, bool)
        # False for NaN, too.
        if not isNumber or not value >= least:
            raise ValueError(f"{field.name} must be a number, {least:g} at least")


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bounds on what a peer may send, and on how many there may be.  Octets,
    unless said otherwise; L{None}, where it may be, for no bound.

    What a connection can make us hold: C{startLine}, C{fieldBlock} and one
    read while its head comes; C{backlog} and one read while it is answered;
    256 KiB while content comes faster than it is taken; and what the
    application holds of content and response.  A read is 64 KiB, and while
    much content comes without TLS, 256 KiB.  Of what is sent, as much waits as
    one read has, before whoever makes it is asked to pause.
    """

    startLine: int = 16 * 1024
    """A request line or status line.  RFC 9112, section 3 recommends to take
    8000 at least; long queries of honest clients go a little beyond."""

    fieldBlock: int = 64 * 1024
    """All field lines of a head.  A browser with many cookies sends 16 KiB;
    this times the connections that are sending a head is what they can make
    us hold."""

    fields: int = 128
    """Number of fields in a head.  Behind a few proxies there are 40."""

    emptyLines: int = 2
    """Number of empty lines skipped before a request line (RFC 9112, section
    2.2 wants at least one, for clients that send one after a body)."""

    chunkLine: int = 1024
    """A chunk-size line with its extensions, which nobody uses."""

    extensions: int = 16 * 1024
    """The chunk extensions of one message, together (RFC 9112, section 7.1.1
    asks for such a bound)."""

    trailers: int = 8 * 1024
    """A trailer section."""

    trailerFields: int = 32
    """Number of fields in a trailer section."""

    backlog: int = 64 * 1024
    """What may wait unparsed while a response is under way, before reading
    stops: as much as one read gives, so that it is overshot by one read of 64
    KiB at most; or up to 256 KiB, where that came with the end of a large
    content."""

    drain: int = 256 * 1024
    """Content that is read and dropped to save a connection whose request was
    answered early.  A new connection costs about as much time."""

    linger: int = 4 * 1024 * 1024
    """What is read and dropped after our side was closed, so that the peer
    can read the answer: as much as may be on its way in a fast network.  TLS
    isn't closed before both sides say so, and there only C{Timeouts.linger}
    bounds this."""

    requests: int | None = 1_000_000
    """Number of requests on one connection.  Whatever slowly adds up with a
    connection ends, and the clients of a balancer are spread anew over the
    servers behind it; yet a new connection for so many costs nothing.  A
    server's limit only, as are all that follow."""

    connections: int | None = 10_000
    """Number of connections in all.  Each is about 5 KiB that does nothing,
    and at worst what is said above: 2.5 GiB for all of these, and as much
    again of responses that nobody takes."""

    connectionsPerAddress: int | None = 500
    """Number of connections from one address (of IPv6, one /64: a customer
    gets that).  An office or a mobile network behind one address has some
    hundred people, and a browser opens six connections for as long as a page
    loads; so it takes twenty addresses to fill the house.  Loopback, unix
    sockets and trusted proxies aren't counted, since others speak through
    them."""

    overflow: int = 64
    """Number of connections beyond these that are answered with 503 at the
    same time.  If there are more, no connection is accepted until one of
    these is gone; but from an address that has too many, they are closed."""

    descriptors: int = 64
    """File descriptors of the process that connections must leave: for files,
    logs, and connections to others.  Without them no connection is accepted
    until one is gone."""

    def __post_init__(self) -> None:
        """
        @raise ValueError: for what is no bound.
        """
        _check(self, 0)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    How long a server waits.  Seconds, unless said otherwise; L{None} for ever.

    Looked at every half second, so each may last a second longer.
    """

    head: float | None = 15.0
    """From the first octet of a head, or the connection, to the end of that
    head: several retransmissions, and no more."""

    idle: float | None = 75.0
    """Between requests.  Longer than the 60 seconds after which common
    clients and balancers close, so that it is they who do."""

    content: float | None = 30.0
    """Without the peer sending content that the request waits for, as fast as
    C{contentRate} says.  As long as common proxies break off."""

    write: float | None = 30.0
    """Without the peer taking what waits to be sent, as fast as C{writeRate}
    says.  What the kernel keeps for it counts as waiting too, where the kernel
    tells."""

    linger: float | None = 5.0
    """For all that is read and dropped: before closing our side, and again
    after it.  An honest peer has it on its way already."""

    first: float | None = 15.0
    """From the connection to the first octet.  Browsers open connections some
    seconds before they know what for."""

    answer: float | None = 600.0
    """From a request, as far as the application wants it, to the head of its
    response or to the last interim one: then the application, not the peer, is
    late, and the answer is 503.  Twice as long as the most patient clients
    wait: this is for those that a bug would leave hanging, and their
    connections."""

    crowded: float | None = 2.0
    """As C{idle}, while nine tenths of the connections that there may be are
    taken: who wants nothing just now makes room (RFC 9112, section 9.5 lets
    either side close at any time)."""

    contentRate: float | None = 100.0
    """Octets each second that content must come with, over the time that
    C{content} says: 3000 octets in 30 seconds.  The worst mobile connection
    brings ten times that; L{None} lets single octets do."""

    writeRate: float | None = 100.0
    """Octets each second that a response must be taken with, over the time
    that C{write} says."""

    def __post_init__(self) -> None:
        """
        @raise ValueError: for what is no time.
        """
        _check(self, 0)
