"""
The outgoing message of an exchange: the order of calls, a Content-Length that
is kept, producers and files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, Final

from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger

from penstock.core.errors import LocalProtocolError
from penstock.core.flow import FileProducer, Puller
from penstock.core.headers import Headers
from penstock.core.order import LATE, TRANSITIONS, Action, Stage

_log: Final = Logger()

# Late calls are kept for tests and debugging; more than a few tell no more.
MAX_LATE_CALLS: Final = 16

_WAITING: Final = Stage.WAITING
_WRITING: Final = Stage.WRITING
_BODILESS: Final = Stage.BODILESS
_FINISHED: Final = Stage.FINISHED
_LOST: Final = Stage.LOST


def _tooLong() -> LocalProtocolError:
    return LocalProtocolError("the content is longer than its Content-Length")


class Outgoing:
    """
    A message on its way out.  L{penstock.core.exchange} makes an exchange of
    it.

    @ivar written: octets of content that were written so far.
    """

    # Defaults on the class: most exchanges never change most of these, and
    # setting them all up costs a request a twentieth of its time.
    written: int = 0
    _stage: Stage = _WAITING
    # Octets that Content-Length still promises, where there is one.
    _remaining: int | None = None
    # What writes: a push producer, or a Puller around a pull producer.
    _producer: Any = None
    # Fires when the file that is being sent isn't needed any more.
    _file: Deferred[None] | None = None
    _blocked: bool = False
    _late: list[str] | None = None

    # Facts

    @property
    def lateCalls(self) -> tuple[str, ...]:
        """
        Names of the calls made after the end.
        """
        return tuple(self._late or ())

    @property
    def stage(self) -> Stage:
        """
        How far the outgoing message has got.
        """
        return self._stage

    # What a transport supplies

    def _sendData(self, data: bytes) -> None:
        """
        Put some content on the wire.  Never empty.
        """
        raise NotImplementedError

    def _sendEnd(self, trailers: Headers | None) -> None:
        """
        Put the end of the message on the wire.
        """
        raise NotImplementedError

    def _sendAbort(self) -> None:
        """
        Make the peer see that the message will never be whole, or that its
        own isn't wanted any more.
        """
        raise NotImplementedError

    def _sendFile(
        self, file: BinaryIO, offset: int, length: int, done: Callable[[], None]
    ) -> None:
        """
        Put a part of a file on the wire, then call C{done}, unless the
        exchange is over before that.  Override it where there is a better
        way than through L{_sendData}.
        """

        def write(data: bytes) -> None:
            self._sendData(data)
            puller.wrote()

        def sent(short: bool) -> None:
            puller.cease()
            self._producer = None
            if short:
                _log.error("A file became shorter while it was being sent")
                self.abortConnection()
            else:
                done()

        puller = Puller(
            FileProducer(file, offset, length, write, sent),
            self._later,
            self._producerFailed,
        )
        self._produce(puller)

    def _later(self, call: Callable[[], None]) -> None:
        """
        Call C{call} from the event loop, soon.
        """
        raise NotImplementedError

    # What a request calls

    def writeData(self, data: bytes) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        bodiless = False
        if self._stage is not _WRITING or self._file is not None:
            if not self._may(Action.DATA):
                return
            bodiless = self._stage is _BODILESS
        if type(data) is not bytes:
            # What is sent later mustn't have changed by then.
            data = bytes(memoryview(data))
        size = len(data)
        left = self._remaining
        if left is not None:
            if size > left:
                raise _tooLong()
            self._remaining = left - size
        producer = self._producer
        if size and not bodiless:
            self.written += size
            self._sendData(data)
        if producer is not None and type(producer) is Puller:
            producer.wrote()

    def writeFile(self, file: BinaryIO, offset: int, length: int) -> Deferred[None]:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        if offset < 0 or length < 0:
            raise LocalProtocolError("a part of a file must not be negative")
        if not self._may(Action.FILE) or self._stage is _BODILESS or not length:
            return succeed(None)
        left = self._remaining
        if left is not None:
            if length > left:
                raise _tooLong()
            self._remaining = left - length
        self.written += length
        finished: Deferred[None] = Deferred()
        self._file = finished
        self._sendFile(file, offset, length, self._fileDone)
        return finished

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        if self._producer is not None and self._file is None:
            raise RuntimeError("a producer is registered already")
        if not self._may(Action.PRODUCER):
            producer.stopProducing()
            return
        if not streaming:
            producer = Puller(producer, self._later, self._producerFailed)
        self._produce(producer)

    def unregisterProducer(self) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        producer = self._producer
        if producer is not None and self._file is None:
            self._producer = None
            if type(producer) is Puller:
                producer.cease()

    def finish(self, trailers: Headers | None = None) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        if self._stage is not _WRITING or self._file is not None:
            if not self._may(Action.FINISH):
                return
        if self._producer is not None:
            raise LocalProtocolError("finish() while a producer is registered")
        if self._remaining and self._stage is _WRITING:
            self.abortConnection()
            raise LocalProtocolError("the content is shorter than its Content-Length")
        if trailers is not None and (
            self._remaining is not None or self._stage is not _WRITING
        ):
            # There is only room for them behind content of unknown length.
            trailers = None
        self._stage = _FINISHED
        self._sent(trailers)

    def abortConnection(self) -> None:
        """
        See L{penstock.core.interfaces.IExchange}.
        """
        if not self._isOver():
            self._end()
            self._sendAbort()
        else:
            self._recordLate("abortConnection")

    def outputBlocked(self) -> None:
        """
        For the transport: the wire takes no more just now.
        """
        if not self._blocked:
            self._blocked = True
            producer = self._producer
            if producer is not None:
                try:
                    producer.pauseProducing()
                except Exception:
                    self._producerFailed()

    def outputReady(self) -> None:
        """
        For the transport: undo L{outputBlocked}.
        """
        if self._blocked:
            self._blocked = False
            producer = self._producer
            if producer is not None:
                try:
                    producer.resumeProducing()
                except Exception:
                    self._producerFailed()

    def _producerFailed(self) -> None:
        """
        A producer raised: its exchange can't be completed any more, others on
        the connection can.
        """
        _log.failure("A producer failed; its exchange is aborted")
        if not self._isOver():
            self.abortConnection()

    def _produce(self, producer: Any) -> None:
        self._producer = producer
        if self._blocked:
            producer.pauseProducing()
        elif type(producer) is Puller:
            producer.resumeProducing()

    def _fileDone(self) -> None:
        finished, self._file = self._file, None
        if finished is not None:
            finished.callback(None)

    def _may(self, action: Action) -> bool:
        """
        @return: whether C{action} is to be carried out; L{False} if it comes
            late.

        @raise LocalProtocolError: if it comes out of order.
        """
        step = (self._stage, action)
        if step in LATE or self._isOver():
            self._recordLate(action.value)
            return False
        if step not in TRANSITIONS:
            raise LocalProtocolError(
                f"{action.value} is not allowed while {self._stage.name.lower()}"
            )
        if self._file is not None:
            raise LocalProtocolError(f"{action.value} while a file is being sent")
        if self._producer is not None and action is Action.FILE:
            raise LocalProtocolError("writeFile while a producer is registered")
        return True

    def _recordLate(self, name: str) -> None:
        """
        Count a call that comes after the end.
        """
        if self._late is None:
            self._late = []
        if len(self._late) < MAX_LATE_CALLS:
            self._late.append(name)

    # The end

    def _isOver(self) -> bool:
        """
        @return: whether the callbacks are done with the exchange.
        """
        raise NotImplementedError

    def _sent(self, trailers: Headers | None) -> None:
        """
        The message is whole: put its end on the wire.
        """
        raise NotImplementedError

    def _end(self) -> None:
        """
        End the exchange.
        """
        raise NotImplementedError

    def _loseOutflow(self) -> None:
        """
        Nothing is written from now on.
        """
        self._stage = _LOST
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.stopProducing()
            except Exception:
                _log.failure("A producer failed to stop")
        self._fileDone()
