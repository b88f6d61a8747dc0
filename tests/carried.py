"""
A response that came over a transport, for tests that were made for the fake
one of L{tests.core.fakes}.
"""

from __future__ import annotations

from typing import Any

from penstock.core.headers import Headers
from penstock.core.interfaces import RequestFactory

from .requirements.ends import Message
from .requirements.ways import Way


class Carried:
    """
    What L{tests.core.fakes.Wire} has, as far as it can be seen at the other
    end of a connection.
    """

    aborted = False

    def __init__(self, way: Way, talk: Any, method: bytes) -> None:
        self._way = way
        self._talk = talk
        self._isHead = method == b"HEAD"

    # For who sends

    def contentReceived(self, data: bytes) -> None:
        """
        Send some content.
        """
        self._talk.write(data)

    def contentEnded(self) -> None:
        """
        That was all of it.
        """
        self._talk.end()

    def turn(self) -> None:
        """
        Let everything happen.
        """
        self._way.settle()

    # For who looks

    @property
    def _answers(self) -> list[Message]:
        self._way.settle()
        answers: list[Message] = self._talk.answers
        return answers

    @property
    def _final(self) -> Message:
        return self._answers[-1]

    @property
    def ended(self) -> bool:
        """
        Whether there is a whole response.
        """
        return any(it.code >= 200 for it in self._answers)

    @property
    def intermediate(self) -> list[int]:
        return [it.code for it in self._answers if it.code < 200]

    @property
    def code(self) -> int:
        return self._final.code

    @property
    def headers(self) -> Headers:
        return Headers(self._final.fields)

    @property
    def body(self) -> bytes:
        return self._final.content

    @property
    def trailers(self) -> Headers | None:
        found = self._final.trailers
        return Headers(found) if found else None


class Carrier:
    """
    Asks over one transport.
    """

    def __init__(self, way: type[Way]) -> None:
        self._way = way

    def ask(
        self,
        factory: RequestFactory,
        method: bytes,
        target: bytes,
        headers: Any,
        body: bytes | None,
        length: int | None,
    ) -> tuple[Carried, Any]:
        """
        See L{tests.core.fakes.ask}.
        """
        made: list[Any] = []

        def keep(*args: Any) -> Any:
            made.append(factory(*args))
            return made[-1]

        way = self._way(site=keep)
        fields = b"".join(b"%b: %b\r\n" % field for field in Headers(headers))
        talk = way.talk(method, target, fields, length)
        if body is not None and length != 0:
            if body:
                talk.write(body)
            talk.end()
        return Carried(way, talk, method), made[0] if made else None
