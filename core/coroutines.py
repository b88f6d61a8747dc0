"""
Values that may come now or later.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from contextvars import Context, copy_context
from types import CoroutineType
from typing import Any

from twisted.internet.defer import Deferred


def settle(value: Any) -> Any:
    """
    Run C{value}, if it is a coroutine, as far as it goes without waiting.

    A coroutine that never waits costs neither a Deferred nor a turn of the
    event loop (0.5 against 2.5 microseconds).

    @return: a L{Deferred} if C{value} comes later; else what it came to.
    """
    if type(value) is CoroutineType:
        context = copy_context()
        try:
            pending = context.run(value.send, None)
        except StopIteration as stop:
            return settle(stop.value)
        later = Deferred.fromCoroutine(_resume(value, pending, context))
        return later.addCallback(settle)
    return value


def _resume(
    coroutine: Coroutine[Any, Any, Any], pending: Any, context: Context
) -> Generator[Any, Any, Any]:
    """
    The rest of C{coroutine}, which waits for C{pending}, in the C{context} that
    it began in: what it has set there, it may want to put back.
    """
    while True:
        try:
            value: Any = yield pending
        except GeneratorExit:
            context.run(coroutine.close)
            raise
        except BaseException as problem:
            step: Callable[[Any], Any] = coroutine.throw
            value = problem
        else:
            step = coroutine.send
        try:
            pending = context.run(step, value)
        except StopIteration as stop:
            return stop.value
