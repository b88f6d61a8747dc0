"""
Both ends of exchanges in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from penstock.core.headers import Headers
from penstock.core.testing.recorder import RequestRecorder, ResponseRecorder
from penstock.transports.memory import MemoryRequester

Process = Callable[[RequestRecorder], None]


class Pair:
    """
    A requester and the requests that have come out at its other end.
    """

    def __init__(self, process: Process | None = None, **terms: Any) -> None:
        self.process = process
        self.served: list[RequestRecorder] = []
        self.reactions: dict[str, Any] = {}
        self.requester = MemoryRequester(self._factory, **terms)

    def _factory(self, *args: Any) -> RequestRecorder:
        request = RequestRecorder(*args, self.reactions)
        self.served.append(request)
        if self.process is not None:
            self.process(request)
        return request

    def ask(
        self,
        method: bytes = b"GET",
        uri: bytes = b"/",
        fields: Any = (),
        hasContent: bool = False,
        reactions: Any = None,
    ) -> tuple[ResponseRecorder, RequestRecorder]:
        client = ResponseRecorder(reactions)
        self.requester.startRequest(method, uri, Headers(fields), client, hasContent)
        return client, self.served[-1]

    def upload(
        self, fields: Any = (), reactions: Any = None
    ) -> tuple[ResponseRecorder, RequestRecorder]:
        return self.ask(b"POST", b"/", fields, True, reactions)

    def download(self, fields: Any = ()) -> tuple[ResponseRecorder, RequestRecorder]:
        client, server = self.ask()
        server.exchange.writeHeaders(200, Headers(fields))
        return client, server

    @property
    def idle(self) -> bool:
        """
        Whether nothing waits for the event loop.
        """
        return not self.requester.clock.getDelayedCalls()

    def settle(self) -> None:
        self.requester.clock.advance(0)
