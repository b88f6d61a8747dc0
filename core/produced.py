"""
Bodies that producers write.

::

    def start(consumer):
        return FileSender().beginFileTransfer(file, consumer)

    return Response(Produced(start))
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IConsumer, IPushProducer
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.coroutines import settle


class Produced:
    """
    A body that a push producer or a pull producer writes: see
    L{twisted.internet.interfaces.IPushProducer} and
    L{twisted.internet.interfaces.IPullProducer}.

    @ivar start: see L{__init__}.
    @ivar length: octets, L{None} if nobody knows.
    """

    __slots__ = ("_unsent", "length", "start")

    def __init__(
        self,
        start: Callable[[Any], Any],
        length: int | None = None,
        unsent: Callable[[], Any] | None = None,
    ) -> None:
        """
        @param start: called once, when the head is out, with an
            L{IConsumer}; it registers its producer there, as with any
            consumer, which may be told to pause before C{registerProducer}
            returns.  If it returns a Deferred or coroutine, the body is
            complete when that fires, and broken off where that fails; else
            when the producer is unregistered, or at once without one.
        @param length: octets that will be written, where that is known.
        @param unsent: called instead of C{start} where the body isn't sent,
            as in the answer to HEAD: to close what is open.
        """
        self.start = start
        self.length = length
        self._unsent = unsent

    @classmethod
    def byBodyProducer(cls, producer: Any) -> Produced:
        """
        @param producer: C{twisted.web.iweb.IBodyProducer}.
        """
        length = getattr(producer, "length", None)
        return cls(
            partial(_startBodyProducer, producer),
            # Theirs is a string where it isn't known.
            length if isinstance(length, int) else None,
            producer.stopProducing,
        )

    def discard(self) -> None:
        """
        It won't be sent.
        """
        if self._unsent is not None:
            try:
                self._unsent()
            except Exception:
                # A producer that never began may say so; nobody asked.
                return


def _startBodyProducer(producer: Any, consumer: Any) -> Any:
    # The other way round it might be told to pause before it has begun,
    # which it need not bear.
    finished = producer.startProducing(consumer)
    if not finished.called:
        consumer.registerProducer(producer, True)
    return finished


@implementer(IConsumer, IPushProducer)
class Production:
    """
    Stands between a producer and the exchange that it writes to, to hear when
    either is done.
    """

    def __init__(self, exchange: Any) -> None:
        """
        @param exchange: L{penstock.core.interfaces.IExchange}, whose head is
            out.
        """
        self._exchange = exchange
        self._producer: Any = None
        # What start() returned, if that fires later.
        self._finishing: Deferred[Any] | None = None
        self._starting = False
        self._registered = False
        self._done: Deferred[None] | None = Deferred(self._cancelled)

    def run(self, start: Callable[[Any], Any]) -> Deferred[None] | None:
        """
        Begin to write.

        @param start: see L{Produced}.
        @return: see L{penstock.core.body.writeBody}.
        """
        done = self._done
        self._starting = True
        try:
            finishing = settle(start(self))
        except Exception:
            self._release()
            raise
        self._starting = False
        if isinstance(finishing, Deferred):
            self._finishing = finishing
            finishing.addCallbacks(self._finished, self._failed)
            if self._done is None and not finishing.called:
                # Nobody wanted it even before it began.
                finishing.cancel()
        elif not self._registered:
            self._end(None)
        return done

    # What the producer calls

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """
        See L{IConsumer}.
        """
        if self._registered:
            raise RuntimeError("a producer is registered already")
        self._producer = producer
        self._registered = True
        self._exchange.registerProducer(self, streaming)

    def unregisterProducer(self) -> None:
        """
        See L{IConsumer}.
        """
        if self._registered:
            self._producer = None
            self._registered = False
            if self._done is not None:
                self._exchange.unregisterProducer()
            if self._finishing is None and not self._starting:
                self._end(None)

    def write(self, data: bytes) -> None:
        """
        See L{IConsumer}.
        """
        self._exchange.writeData(data)

    # What the exchange calls

    def pauseProducing(self) -> None:
        """
        See L{IPushProducer}.
        """
        if self._producer is not None:
            self._producer.pauseProducing()

    def resumeProducing(self) -> None:
        """
        See L{IPushProducer}.
        """
        if self._producer is not None:
            self._producer.resumeProducing()

    def stopProducing(self) -> None:
        """
        Nobody wants the rest.
        """
        done, self._done = self._done, None
        producer, self._producer = self._producer, None
        try:
            if producer is not None:
                producer.stopProducing()
        finally:
            if done is not None:
                done.callback(None)

    # The end

    def _finished(self, ignored: Any) -> None:
        self._end(None)

    def _failed(self, failure: Failure) -> None:
        # After stopProducing, some say that they were stopped.
        self._end(failure)

    def _end(self, result: Failure | None) -> None:
        done, self._done = self._done, None
        if done is not None:
            self._release()
            done.callback(result)

    def _release(self) -> None:
        self._done = None
        if self._registered:
            self._producer = None
            self._registered = False
            self._exchange.unregisterProducer()

    def _cancelled(self, done: Deferred[None]) -> None:
        producer = self._producer
        self._release()
        if producer is not None:
            producer.stopProducing()
        elif self._finishing is not None:
            self._finishing.cancel()
