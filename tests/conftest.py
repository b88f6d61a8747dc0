"""
What every test gets.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher

from .loop import Loop

# How long something takes says little where others are at work too.
settings.register_profile("unhurried", deadline=None)
if settings.get_current_profile_name() == "default":
    settings.load_profile("unhurried")


class LoggedErrors:
    """
    The errors that were logged while a test ran.
    """

    def __init__(self) -> None:
        self.events: list[LogEvent] = []

    def observe(self, event: LogEvent) -> None:
        """
        See L{twisted.logger.ILogObserver}.
        """
        if "log_failure" in event or event.get("log_level", LogLevel.debug) >= (
            LogLevel.error
        ):
            self.events.append(event)

    def flush(self, text: str = "") -> list[BaseException | None]:
        """
        Forget the errors whose message has C{text} in it.

        @return: their exceptions.
        """
        flushed = [event for event in self.events if text in formatEvent(event)]
        self.events = [event for event in self.events if event not in flushed]
        failures = [event.get("log_failure") for event in flushed]
        return [failure and failure.value for failure in failures]


@pytest.fixture(autouse=True)
def loggedErrors() -> Iterator[LoggedErrors]:
    """
    Errors in the log that the test doesn't flush fail it.
    """
    logged = LoggedErrors()
    globalLogPublisher.addObserver(logged.observe)
    try:
        yield logged
    finally:
        globalLogPublisher.removeObserver(logged.observe)
    left = [
        formatEvent(event)
        + (f"\n{event['log_failure'].getTraceback()}" if "log_failure" in event else "")
        for event in logged.events
    ]
    assert not left, "\n".join(left)


@pytest.fixture
def loop() -> Iterator[Loop]:
    """
    A reactor for real sockets: see L{Loop}.
    """
    loop = Loop()
    try:
        yield loop
    finally:
        loop.close()
