"""
How a call ends, as a number for scripts and a sentence for people.

The numbers are those that curl gives for the same, so that a script needn't
care which of the two it runs.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import Final

from twisted.internet.error import ConnectError, DNSLookupError

from penstock.core.errors import (
    DeadlineExceeded,
    ExchangeLost,
    LimitExceeded,
    LocalProtocolError,
    PeerProtocolError,
    Unavailable,
)

# How OpenSSL's errors look: [('SSL routines', '', 'certificate verify failed')]
_TLS: Final = re.compile(r"\[\('[^']*', '[^']*', '([^']*)'\)\]")


class Status(IntEnum):
    """
    The exit status of C{penstock call}.
    """

    DONE = 0
    """The response is whole, whatever its code."""

    USAGE = 2
    """The command line makes no sense."""

    CONNECT = 7
    """Nobody could be connected to."""

    STRANGE = 8
    """What came back breaks the protocol, or a limit of this side."""

    TRUNCATED = 18
    """The response broke off in the middle."""

    REFUSED = 22
    """The code is 400 or more, and C{--fail} was given."""

    WRITE = 23
    """The response can't be written where it was wanted."""

    READ = 26
    """What was to be sent can't be read."""

    TIMEOUT = 28
    """It took longer than C{--max-time}, or than the server would wait."""

    NOTHING = 52
    """The server went away before it answered."""


class CallProblem(Exception):
    """
    A call that didn't end well.

    @ivar status: L{Status}.
    """

    def __init__(self, status: Status, message: str = "") -> None:
        """
        @param message: empty where there is nobody to read it.
        """
        super().__init__(message)
        self.status = status


def explain(problem: BaseException, answered: bool) -> CallProblem:
    """
    @param problem: what a requester or its response failed with.
    @param answered: whether the head of the response had come.

    @return: the same for who called.
    @raise BaseException: C{problem}, if it is none of what may happen.
    """
    detail = _TLS.sub(r"TLS: \1", str(problem)) or type(problem).__name__
    match problem:
        case Unavailable() | ConnectError() | DNSLookupError():
            reason = detail.removeprefix("no connection: ")
            return CallProblem(Status.CONNECT, f"can't connect: {reason}")
        case DeadlineExceeded():
            return CallProblem(Status.TIMEOUT, f"it took too long: {detail}")
        case ExchangeLost() if answered:
            return CallProblem(Status.TRUNCATED, f"the response broke off: {detail}")
        case PeerProtocolError() | LimitExceeded():
            return CallProblem(Status.STRANGE, f"the response is unusable: {detail}")
        case ExchangeLost():
            return CallProblem(Status.NOTHING, f"there was no response: {detail}")
        case LocalProtocolError():
            return CallProblem(Status.USAGE, f"this can't be sent: {detail}")
    raise problem
