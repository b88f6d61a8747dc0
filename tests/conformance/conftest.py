"""
How a check is run on a transport of ours: its errors in the log count too.
"""

from collections.abc import Callable
from typing import Any

import pytest

from penstock.core.testing import Check, Deliberate, Harness


@pytest.fixture
def run(loggedErrors: Any) -> Callable[[Check, Harness], None]:
    """
    Runs a check, and forgets the errors that it is about.
    """

    def run(check: Check, harness: Harness) -> None:
        check(harness)
        loggedErrors.events = [
            event
            for event in loggedErrors.events
            if not ("log_failure" in event and event["log_failure"].check(Deliberate))
        ]
        if check.name.startswith("shortFile"):
            assert loggedErrors.flush("became shorter")

    return run
