"""
What is logged as an error while a check runs.
"""

from __future__ import annotations

from types import TracebackType

from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import implementer


@implementer(ILogObserver)
class ErrorLog:
    """
    A context manager, inside which errors are noted.

    @ivar errors: each error's exception; or its text, if it has none.
    """

    def __init__(self) -> None:
        self.errors: list[BaseException | str] = []

    def __enter__(self) -> ErrorLog:
        globalLogPublisher.addObserver(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        globalLogPublisher.removeObserver(self)

    def __call__(self, event: LogEvent) -> None:
        """
        See L{ILogObserver}.
        """
        failure = event.get("log_failure")
        if failure is not None:
            self.errors.append(failure.value)
        elif event.get("log_level", LogLevel.debug) >= LogLevel.error:
            self.errors.append(str(event.get("log_format")))
