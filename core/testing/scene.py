"""
What checks are played on: recorders at both ends of a transport.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, BinaryIO

from penstock.core.headers import Headers
from penstock.core.interfaces import Version
from penstock.core.testing.expectation import expect
from penstock.core.testing.harness import Capability, Harness
from penstock.core.testing.recorder import (
    Reactions,
    Recorder,
    RequestRecorder,
    ResponseRecorder,
)

# How often a harness may settle before what was waited for may need time.
PATIENCE = 5

# Seconds that may pass then.  Some carriers only notice that the other end
# has gone when they look, and are to look once a second.
WAIT = 3.0

Fields = Iterable[tuple[bytes, bytes]]
Process = Callable[[RequestRecorder], None]


@contextmanager
def openFile(data: bytes = b"", size: int | None = None) -> Iterator[BinaryIO]:
    """
    @param size: if given, zeros follow C{data} up to this size.

    @return: a regular file with C{data} in it, to be closed in the end.
    """
    with tempfile.TemporaryFile() as file:
        file.write(data)
        if size is not None:
            file.truncate(size)
        file.flush()
        yield file


class Scene:
    """
    A harness with a recording server.

    @ivar served: the requests that have reached the server, in order.
    """

    def __init__(
        self,
        harness: Harness,
        process: Process | None = None,
        reactions: Reactions | None = None,
    ) -> None:
        """
        @param process: called inside the factory.
        @param reactions: of each request at the server.
        """
        self.harness = harness
        self.served: list[RequestRecorder] = []
        self._process = process
        self._reactions = reactions
        harness.serve(self._factory)

    def _factory(
        self,
        chanRequest: Any,
        command: bytes,
        path: bytes,
        version: Version,
        in_headers: Headers,
    ) -> RequestRecorder:
        request = RequestRecorder(
            chanRequest, command, path, version, in_headers, self._reactions
        )
        self.served.append(request)
        if self._process is not None:
            self._process(request)
        return request

    @property
    def tooMuch(self) -> int:
        """
        Octets of content that don't all go to a reader who takes none.
        """
        return self.harness.bound + 256 * 1024

    def settle(self) -> None:
        """
        Let everything happen that will.
        """
        self.harness.settle()

    def until(self, condition: Callable[[], object], what: str) -> None:
        """
        @raise AssertionError: if C{condition} doesn't become true.
        """
        for _ in range(PATIENCE):
            if condition():
                return
            self.harness.settle()
        if Capability.VIRTUAL_TIME in self.harness.capabilities:
            for _ in range(int(WAIT * 10)):
                if condition():
                    return
                self.harness.advance(0.1)
        else:
            deadline = time.monotonic() + WAIT
            while not condition() and time.monotonic() < deadline:
                self.harness.settle()
        expect(condition(), what)

    def whole(self, *ends: Recorder) -> None:
        """
        Wait for the messages that C{ends} are told of to be whole.
        """
        for end in ends:
            self.until(partial(getattr, end, "complete"), f"the {end.hears} is whole")

    def lost(self, *ends: Recorder) -> None:
        """
        Wait for C{ends} to be told of a loss.
        """
        for end in ends:
            self.until(
                partial(getattr, end, "lost"), f"the loss of the {end.hears} is told"
            )

    def arrives(self, end: Recorder, content: bytes) -> None:
        """
        Wait for the content that C{end} has had to be C{content}.
        """
        self.until(
            lambda: end.content == content,
            f"content of the {end.hears} arrives without more behind it",
        )

    def begins(self, *clients: ResponseRecorder) -> None:
        """
        Wait for the head of a response.
        """
        for client in clients:
            self.until(partial(getattr, client, "code"), "the response begins")

    def fires(self, outcome: list[Any], what: str) -> None:
        """
        Wait for a Deferred that adds to C{outcome}.

        @param what: a sentence that says so.
        """
        self.until(lambda: outcome, what)

    def reached(self) -> RequestRecorder:
        """
        Wait for the first request to reach the server.
        """
        self.until(lambda: self.served, "the request reaches the server")
        return self.served[0]

    def ask(
        self,
        method: bytes = b"GET",
        uri: bytes = b"/",
        fields: Fields = (),
        hasContent: bool = False,
        reactions: Reactions | None = None,
    ) -> ResponseRecorder:
        """
        Start a request.
        """
        client = ResponseRecorder(reactions)
        self.harness.requester.startRequest(
            method, uri, Headers(fields), client, hasContent
        )
        return client

    def asked(
        self,
        method: bytes = b"GET",
        uri: bytes = b"/",
        fields: Fields = (),
        hasContent: bool = False,
        reactions: Reactions | None = None,
    ) -> tuple[ResponseRecorder, RequestRecorder]:
        """
        Start a request, and wait for it to reach the server.
        """
        before = len(self.served)
        client = self.ask(method, uri, fields, hasContent, reactions)
        self.until(lambda: len(self.served) > before, "the request reaches the server")
        return client, self.served[-1]

    def answered(
        self, code: int = 200, fields: Fields = ()
    ) -> tuple[ResponseRecorder, RequestRecorder]:
        """
        Start a request whose response has begun.
        """
        client, server = self.asked()
        server.exchange.writeHeaders(code, Headers(fields))
        self.begins(client)
        return client, server

    def uploading(
        self, fields: Fields = ()
    ) -> tuple[ResponseRecorder, RequestRecorder]:
        """
        Start a request whose content is to come.
        """
        return self.asked(b"POST", b"/", fields, True)

    def works(self) -> None:
        """
        @raise AssertionError: if an ordinary exchange doesn't work now.
        """
        process, self._process = self._process, None
        reactions, self._reactions = self._reactions, None
        client, server = self.asked()
        self._process, self._reactions = process, reactions
        server.answer(b"works")
        self.whole(client)
        expect(client.content == b"works", "another exchange is unharmed")
