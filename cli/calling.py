"""
Send one request, and write out what comes back.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import click
from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred, DeferredList
from twisted.logger import LogLevel

from penstock.cli.connecting import connect
from penstock.cli.descriptors import Outlet
from penstock.cli.failures import CallProblem, Status, explain
from penstock.cli.journal import reportProblems
from penstock.cli.location import Location
from penstock.cli.progress import Progress
from penstock.cli.running import Run, chooseReactor
from penstock.cli.upload import Upload
from penstock.core.client import Response
from penstock.core.headers import Headers
from penstock.core.phrases import phrase

RECEIVING: Final = "Receiving"

# Seconds that connections get to close at the end.
FAREWELL: Final = 1.0


@dataclass(frozen=True, slots=True)
class Order:
    """
    What to call: the arguments of C{penstock call}.

    @ivar upload: what to send, L{None} for nothing.
    @ivar output: the path of a file to write, L{None} for standard output.
    @ivar head: whether the head of the response is written too.
    @ivar fail: whether an error code of the server is a failure.
    @ivar maxTime: seconds for all of it, or L{None}.
    @ivar progress: whether to draw a bar.
    @ivar reactor: its name, L{None} for the default.
    """

    method: bytes
    location: Location
    headers: Headers
    upload: Upload | None
    output: str | None
    head: bool
    fail: bool
    maxTime: float | None
    progress: bool
    reactor: str | None


def call(order: Order) -> int:
    """
    @return: the exit status.
    @raise click.UsageError: if something in C{order} doesn't make sense.
    """
    reactor = chooseReactor(order.reactor)
    # Who calls hears of what went wrong in one sentence, at the end.
    reportProblems(sys.stderr, LogLevel.error)
    requester = connect(reactor, order.location.origin, patient=True)
    caller = Caller(reactor, order, requester)
    return Run(reactor, caller.run, caller.stop).run()


class Caller:
    """
    A call, from its request to its exit status.
    """

    def __init__(self, reactor: Any, order: Order, requester: Any) -> None:
        """
        @param requester: L{penstock.core.interfaces.IRequester}; it is closed
            at the end.
        """
        self._reactor = reactor
        self._order = order
        self._requester = requester
        self._progress = Progress(sys.stderr, order.progress)
        self._response: Response | None = None
        self._calling: Deferred[None] | None = None
        self._signal = 0

    def run(self) -> Deferred[int]:
        """
        @return: fires with the exit status.
        """
        return Deferred.fromCoroutine(self._run())

    def stop(self, signal: int) -> None:
        """
        Give up.
        """
        self._signal = signal
        if self._calling is not None:
            self._calling.cancel()

    async def _run(self) -> int:
        self._calling = calling = Deferred.fromCoroutine(self._call())
        if self._order.maxTime is not None:
            calling.addTimeout(self._order.maxTime, self._reactor)
        status = int(Status.DONE)
        message = ""
        try:
            await calling
        except CallProblem as problem:
            status, message = problem.status, str(problem)
        except defer.TimeoutError:
            status, message = Status.TIMEOUT, "it took longer than --max-time"
        except CancelledError:
            status = 128 + self._signal
        self._progress.end()
        if message:
            click.echo(f"Error: {message}", err=True)
        await self._close()
        return int(status)

    async def _close(self) -> None:
        if self._response is not None and not self._response.content.complete:
            self._response.cancel()
        closing = DeferredList([self._requester.close()], consumeErrors=True)
        closing.addTimeout(FAREWELL, self._reactor, lambda result, timeout: None)
        await closing

    async def _call(self) -> None:
        try:
            response = await self._ask()
            self._response = response
            if self._order.fail and response.code >= 400:
                raise CallProblem(
                    Status.REFUSED, f"the server says {_codeAndPhrase(response)}"
                )
            await self._receive(response)
        except (CallProblem, CancelledError):
            raise
        except Exception as problem:
            raise explain(problem, self._response is not None) from None

    async def _ask(self) -> Response:
        order = self._order
        headers = order.headers
        body = None
        if order.upload is not None:
            try:
                body, length = order.upload.open(self._reactor, self._progress)
            except OSError as problem:
                raise CallProblem(
                    Status.READ, f"can't read {order.upload.name}: {problem.strerror}"
                ) from None
            if length is not None:
                headers.setRaw(b"content-length", b"%d" % length)
        try:
            response: Response = await self._requester.request(
                order.method, order.location.target, headers, body
            )
        except OSError as problem:
            raise CallProblem(
                Status.READ, f"what was to be sent can't be read: {problem}"
            ) from None
        return response

    async def _receive(self, response: Response) -> None:
        try:
            with _opened(self._order.output) as descriptor:
                outlet = Outlet(self._reactor, descriptor)
                try:
                    await self._write(response, outlet)
                finally:
                    outlet.close()
        except OSError as problem:
            raise self._unwritable(problem) from None

    async def _write(self, response: Response, outlet: Outlet) -> None:
        if self._order.head:
            await outlet.write(_head(response))
        length = None
        if self._order.method != b"HEAD":
            length = response.headers.getStandard(b"content-length")
        self._progress.begin(RECEIVING, length)
        async for block in response.content:
            await outlet.write(block)
            self._progress.advance(RECEIVING, len(block))

    def _unwritable(self, problem: OSError) -> CallProblem:
        if isinstance(problem, BrokenPipeError):
            # Whoever was to read it has had enough, and knows it.
            return CallProblem(Status.WRITE)
        where = self._order.output or "standard output"
        return CallProblem(Status.WRITE, f"can't write {where}: {problem.strerror}")


@contextmanager
def _opened(path: str | None) -> Iterator[int]:
    """
    @return: gives a descriptor of the file at C{path}, emptied, or of
        standard output.
    """
    if path is None:
        if sys.stdout is None:
            # Closed before we began: its number may be something else by now.
            raise OSError(errno.EBADF, "it is closed")
        yield sys.stdout.fileno()
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o666)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _codeAndPhrase(response: Response) -> str:
    message = response.message
    text = phrase(response.code) if message is None else message.decode("latin-1")
    return f"{response.code} {text}".rstrip(" ")


def _head(response: Response) -> bytes:
    """
    The head as HTTP/1.1 has it, whatever it came over, with the line ends of
    this system.
    """
    lines = [b"HTTP/1.1 " + _codeAndPhrase(response).encode("latin-1")]
    lines.extend(name + b": " + value for name, value in response.headers)
    return b"\n".join(lines) + b"\n\n"
