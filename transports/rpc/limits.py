"""
How much of something is taken from a peer, and how long it is waited for.
"""

from __future__ import annotations

from dataclasses import dataclass

from penstock.transports.rpc.greeting import RANGES


@dataclass(frozen=True, slots=True)
class RPCLimits:
    """
    Bounds on what a peer may send.  Octets, unless said otherwise.

    What a connection can make us hold: C{connectionWindow} of content,
    C{exchanges} heads, one frame that is incomplete, and C{unsent}.
    """

    window: int = 256 * 1024
    """Content of one exchange that may be on its way to us or wait to be
    consumed.  Fills 100 Mbit/s at 20 ms; a reader that has stopped costs as
    much memory."""

    connectionWindow: int = 16 * 1024 * 1024
    """The same for all exchanges of a connection together.  So sixty readers
    may stand still before they stop the others."""

    exchanges: int = 1024
    """Number of exchanges that the peer may have open; 0 to serve nothing.
    Further ones are refused, and may be tried again."""

    waiting: int = 1024
    """Number of our own requests that wait for a connection, or for the peer
    to take more."""

    frame: int = 128 * 1024
    """A frame, which is buffered until it is complete.  Must have room for
    the largest head or block of content, 64 KiB each."""

    command: int = 256
    """A method.  The longest that is registered has 17."""

    path: int = 16 * 1024
    """A request target: as in HTTP/1.1."""

    head: int = 64 * 1024
    """The names and values of all fields of a head: as in HTTP/1.1."""

    fields: int = 128
    """Number of fields in a head: as in HTTP/1.1."""

    trailers: int = 16 * 1024
    """A trailer section: as in HTTP/1.1."""

    trailerFields: int = 32
    """Number of fields in a trailer section: as in HTTP/1.1."""

    resets: int = 16 * 1024
    """Number of requests that the peer may give up, or start beyond
    C{exchanges}, for nothing: each costs one, each that is answered gives one
    back, and so does each millisecond.  High, since whoever leaves in front of
    an honest gateway makes it give up requests."""

    unsent: int = 1024 * 1024
    """Replies to the peer's own messages (pings, refusals, interim responses)
    that wait because it doesn't read."""

    def __post_init__(self) -> None:
        """
        @raise ValueError: for what a peer may not be told.
        """
        for name, (least, most) in RANGES.items():
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} must be {least} to {most}")


@dataclass(frozen=True, slots=True)
class RPCTimeouts:
    """
    How long a peer is waited for.  Seconds; L{None} for ever.

    Looked at every few seconds, so each may last a little longer.
    """

    hello: float | None = 10.0
    """From the connection to the peer's hello."""

    heartbeat: float = 15.0
    """Between pings.  Shorter than the 30 seconds after which some address
    translators forget a connection."""

    silence: float | None = 40.0
    """Without an octet from the peer, although it was pinged at least twice."""

    stall: float | None = 60.0
    """Without the peer taking an octet of the content of an exchange that
    waits to be sent, or of anything at all."""

    close: float = 5.0
    """After the end, without the peer taking an octet of what is still to be
    sent, or closing."""

    farewell: float = 60.0
    """For all of that, and again after the peer's goodbye: else a peer that
    takes an octet now and then would never be gone."""
