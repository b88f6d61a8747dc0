"""
How much of something is taken from a peer, and how long it is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """
    Bounds on what a peer may send.  Octets, unless said otherwise.
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
    stops: as much as one read gives, so that it is overshot by one read at
    most."""

    drain: int = 256 * 1024
    """Content that is read and dropped to save a connection whose request was
    answered early.  A new connection costs about as much time."""

    linger: int = 4 * 1024 * 1024
    """What is read and dropped after our side was closed, so that the peer
    can read the answer: as much as may be on its way in a fast network."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """
    How long a server waits for a peer.  Seconds; L{None} for ever.

    Looked at every half second, so each may last a second longer.
    """

    head: float | None = 15.0
    """From the first octet of a head, or the connection, to the end of that
    head: several retransmissions, and no more."""

    idle: float | None = 75.0
    """Between requests.  Longer than the 60 seconds after which common
    clients and balancers close, so that it is they who do."""

    content: float | None = 30.0
    """Without an octet of content that the request waits for."""

    write: float | None = 30.0
    """Without the peer taking an octet of what waits to be sent."""

    linger: float | None = 5.0
    """For what is read and dropped, before and after closing our side."""
