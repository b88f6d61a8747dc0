"""
A run of the reactor, from its choice to the exit status.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any, Final

import click
from twisted.application.reactors import NoSuchReactor, installReactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ReactorAlreadyInstalledError
from twisted.python.failure import Failure

# What a shell reports for a process that a signal has ended is 128 and its
# number; so do we if we end because of one.
_BY_SIGNAL: Final = 128

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


def chooseReactor(name: str | None) -> Any:
    """
    Install the reactor called C{name}, or the default one.

    @raise click.UsageError: if there is none of this name here.
    """
    if name is not None:
        try:
            installReactor(name)
        except NoSuchReactor:
            raise click.UsageError(f"there is no reactor {name!r}") from None
        except ImportError as problem:
            raise click.UsageError(
                f"the reactor {name!r} doesn't work here: {problem}"
            ) from None
        except ReactorAlreadyInstalledError:
            raise click.UsageError("another reactor is in use already") from None
    from twisted.internet import reactor

    return reactor


class Run:
    """
    Runs the reactor until something is done.

    The first SIGINT or SIGTERM asks it to end, the second stops the reactor,
    the third is the operating system's.
    """

    def __init__(
        self,
        reactor: Any,
        main: Callable[[], Deferred[int]],
        interrupt: Callable[[int], object],
    ) -> None:
        """
        @param main: called when the reactor runs; what it returns fires with
            the exit status.
        @param interrupt: called in the reactor at the first signal, with its
            number.
        """
        self._reactor = reactor
        self._main = main
        self._interrupt = interrupt
        self._signals = 0
        self._ended = False
        self._status = 0

    def run(self) -> int:
        """
        @return: the exit status.
        """
        self._reactor.callWhenRunning(self._begin)
        self._reactor.run()
        return self._status

    def _begin(self) -> None:
        # The reactor has set its own by now, which would stop it at once.
        for number in _STOPPING:
            signal.signal(number, self._signalled)
        maybeDeferred(self._main).addCallbacks(self._end, self._fail)

    def _signalled(self, number: int, frame: object) -> None:
        self._signals += 1
        if self._signals == 1:
            self._reactor.callFromThread(self._interrupt, number)
        else:
            signal.signal(number, signal.SIG_DFL)
            self._reactor.callFromThread(self._end, _BY_SIGNAL + number)

    def _fail(self, failure: Failure) -> None:
        failure.printTraceback()
        self._end(1)

    def _end(self, status: int) -> None:
        if not self._ended:
            self._ended = True
            self._status = status
            self._reactor.stop()
