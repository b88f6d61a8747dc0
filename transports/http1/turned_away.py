"""
A connection for which there is no room.
"""

from __future__ import annotations

from typing import Final

from penstock.transports.http1.channel import HTTPChannel
from penstock.transports.http1.request_head import RequestHead, requestLine

# Seconds.  Others leave all the time; but not everybody is to come back at once.
RETRY_AFTER: Final = 5


class TurnedAway(HTTPChannel):
    """
    Answers its first request with 503, whatever it is, and closes.

    Not before that request: who gets an answer without having asked can't
    make much of it.
    """

    def _begin(self, head: RequestHead) -> None:
        self._tellRefusal(503, "too many connections", requestLine(head))
        self._answer(503, head.method != b"HEAD", (b"Retry-After: %d" % RETRY_AFTER,))
