"""
What each side says of itself before anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

from penstock.transports.rpc.messages import MAX_CREDIT, VERSION, Hello
from penstock.transports.rpc.violation import Violation

# What this side knows beside the protocol itself.
FEATURES: Final[frozenset[str]] = frozenset()

# Bounds on what a peer may announce, so that it can't make us send crumbs.
MIN_WINDOW: Final = 1024
MIN_FRAME: Final = 32 * 1024
MAX_FRAME: Final = 16 * 1024 * 1024


class NotUnderstood(Exception):
    """
    The peer speaks, or needs, something that this side doesn't have.
    """


@dataclass(frozen=True, slots=True)
class Greeting:
    """
    The parameters of a hello.
    """

    window: int = 64 * 1024
    """Octets of content that the sender takes ahead for each exchange."""

    connectionWindow: int = 64 * 1024
    """The same for all exchanges together."""

    exchanges: int = 0
    """How many exchanges the sender serves at a time; 0 for none."""

    frame: int = 128 * 1024
    """Octets of a frame that the sender takes."""

    features: tuple[str, ...] = ()
    """What the sender knows beside the protocol itself."""

    requires: tuple[str, ...] = ()
    """What of that the receiver must know."""

    def hello(self, dialled: bool) -> Hello:
        """
        @return: the message that says this.
        """
        parameters: list[object] = []
        for field in fields(self):
            parameters += (field.name, getattr(self, field.name))
        return Hello(0, VERSION, dialled, tuple(parameters))


RANGES: Final = {
    "window": (MIN_WINDOW, MAX_CREDIT),
    "connectionWindow": (MIN_WINDOW, MAX_CREDIT),
    "exchanges": (0, MAX_CREDIT),
    "frame": (MIN_FRAME, MAX_FRAME),
}


def readHello(message: Hello) -> Greeting:
    """
    @return: what it says, as far as it is known here.

    @raise NotUnderstood: if both sides don't have what they need in common.
    @raise Violation: if it says what may not be.
    """
    if message.version < VERSION:
        raise NotUnderstood(f"version {message.version} is too old")
    said: dict[str, Any] = {}
    for key, value in zip(
        message.parameters[::2], message.parameters[1::2], strict=True
    ):
        if key in RANGES:
            least, most = RANGES[str(key)]
            if type(value) is not int or not least <= value <= most:
                raise Violation(f"{key} is out of its range")
            said[str(key)] = value
        elif key in ("features", "requires"):
            if type(value) is not tuple or any(type(name) is not str for name in value):
                raise Violation(f"{key} isn't a list of texts")
            said[str(key)] = value
    greeting = Greeting(**said)
    if not FEATURES.issuperset(greeting.requires):
        raise NotUnderstood("a feature is required that isn't known here")
    return greeting
