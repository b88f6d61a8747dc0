"""
What ends a session.
"""

from __future__ import annotations

from penstock.core.errors import ExchangeLost, LimitExceeded, PeerProtocolError


class Violation(Exception):
    """
    The peer broke the rules: the session can't go on.  Raised where it is
    noticed, and stays inside this package.
    """

    def __init__(self, text: str, kind: type[ExchangeLost] = PeerProtocolError) -> None:
        super().__init__(text)
        self.problem = kind(text)

    @classmethod
    def ofLimit(cls, text: str) -> Violation:
        """
        There was too much of something.
        """
        return cls(text, LimitExceeded)
