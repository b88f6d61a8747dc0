"""
What each parser makes of the octets of one connection, in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum
from typing import Any, Final, NamedTuple

import h11
import httptools

from penstock.core.hop import withoutHop
from penstock.transports.http1.events import Data, End, Rejected
from penstock.transports.http1.limits import Limits
from penstock.transports.http1.request_head import RequestHead
from penstock.transports.http1.request_reader import RequestReader, State

Fields = tuple[tuple[bytes, bytes], ...]


class Verdict(Enum):
    """
    What becomes of the connection after the messages that are whole.
    """

    OPEN = "open"
    """Another request may come, and nothing of one is there."""

    CLOSED = "closed"
    """There was the last one.  What follows is not HTTP, or isn't read."""

    INCOMPLETE = "incomplete"
    """Some of a request is there."""

    REJECTED = "rejected"

    LOST = "lost"
    """What follows isn't seen, but could be."""


class Message(NamedTuple):
    """
    A request that is whole.
    """

    method: bytes
    target: bytes
    version: str
    fields: Fields
    """Names in lower case, without those of the hop."""

    content: bytes
    last: bool
    """Whether the connection ends with it."""


class Outcome(NamedTuple):
    """
    What becomes of all octets.
    """

    verdict: Verdict
    messages: tuple[Message, ...]
    reason: str
    """Why something was rejected; else empty."""


def endToEnd(fields: Iterable[tuple[bytes, bytes]]) -> Fields:
    """
    @return: C{fields} as L{Message} has them.
    """
    found = [(name.lower(), value.strip(b" \t")) for name, value in fields]
    connection = [value for name, value in found if name == b"connection"]
    return withoutHop(found, connection)


class _Messages:
    """
    Messages in the making.
    """

    def __init__(self) -> None:
        self.whole: list[Message] = []
        self.begun = False
        self._content: list[bytes] = []
        self._message = Message(b"", b"", "", (), b"", False)

    def begin(self, message: Message) -> None:
        """
        A head is complete.
        """
        self._message = message
        self._content = []
        self.begun = True

    def content(self, data: bytes) -> None:
        """
        There is some content.
        """
        self._content.append(data)

    def end(self) -> None:
        """
        The message is whole.
        """
        self.whole.append(self._message._replace(content=b"".join(self._content)))
        self.begun = False

    @property
    def closed(self) -> bool:
        """
        Whether the last request has ended.
        """
        return not self.begun and bool(self.whole) and self.whole[-1].last

    def outcome(self, verdict: Verdict, reason: str = "") -> Outcome:
        """
        @return: all that there was.
        """
        return Outcome(verdict, tuple(self.whole), reason)


_LIMITS: Final = Limits()


def penstock(data: bytes) -> Outcome:
    """
    The reader, as the channel uses it: CONNECT is refused, and the last one.
    """
    reader = RequestReader(_LIMITS)
    reader.receive(data)
    messages = _Messages()
    while (event := reader.nextEvent()) is not None:
        if type(event) is RequestHead:
            connects = event.method == b"CONNECT"
            messages.begin(
                Message(
                    event.method,
                    event.target,
                    f"{event.version[0]}.{event.version[1]}",
                    tuple((name.lower(), value) for name, value in event.fields),
                    b"",
                    connects or not event.keepAlive,
                )
            )
            if connects:
                messages.end()
        elif type(event) is Data:
            messages.content(event.data)
        elif type(event) is End:
            messages.end()
        elif type(event) is Rejected:
            return messages.outcome(Verdict.REJECTED, event.reason)
        if messages.closed:
            return messages.outcome(Verdict.CLOSED)
    if reader.state is State.HEAD and not reader.buffered:
        return messages.outcome(Verdict.OPEN)
    return messages.outcome(Verdict.INCOMPLETE)


def h11Server(data: bytes) -> Outcome:
    """
    h11, with a server that answers each request at its end.
    """
    connection = _h11Connection(data)
    messages = _Messages()
    while True:
        try:
            event: Any = connection.next_event()
        except h11.RemoteProtocolError as problem:
            return messages.outcome(Verdict.REJECTED, str(problem).split(":")[0])
        if event is h11.NEED_DATA:
            if not connection.trailing_data[0] and not messages.begun:
                return messages.outcome(Verdict.OPEN)
            return messages.outcome(Verdict.INCOMPLETE)
        if type(event) is h11.Request:
            version = event.http_version.decode()
            fields = list(event.headers)
            options = [
                option.strip(b" \t")
                for name, value in fields
                if name == b"connection"
                for option in value.lower().split(b",")
            ]
            last = (
                event.method == b"CONNECT"
                or b"close" in options
                # It keeps no connection to HTTP/1.0, as it may.
                or (version < "1.1" and b"keep-alive" not in options)
            )
            messages.begin(
                Message(
                    event.method, event.target, version, endToEnd(fields), b"", last
                )
            )
            if event.method == b"CONNECT":
                messages.end()
                return messages.outcome(Verdict.CLOSED)
        elif type(event) is h11.Data:
            messages.content(bytes(event.data))
        elif type(event) is h11.EndOfMessage:
            messages.end()
            if messages.closed:
                return messages.outcome(Verdict.CLOSED)
            # h11 itself takes no second request of HTTP/1.0.
            connection = _h11Connection(connection.trailing_data[0])
        else:
            raise RuntimeError(f"unexpected: {event}")


def _h11Connection(data: bytes) -> Any:
    """
    @return: a connection that has received C{data}.
    """
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    if data:
        # Nothing would be the end of the connection.
        connection.receive_data(data)
    return connection


class _Callbacks:
    """
    What httptools calls.
    """

    def __init__(self, messages: _Messages) -> None:
        self.messages = messages
        self.parser: Any = None
        self.started = False
        # Whether the last message has content, or might have.
        self.framed = False
        self._url = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._inHead = True

    def on_message_begin(self) -> None:
        """
        Something that isn't an empty line has come.
        """
        self.started = True
        self._url = b""
        self._fields = []
        self._inHead = True

    def on_url(self, url: bytes) -> None:
        """
        Some of a target.
        """
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """
        A field, of the head or of a trailer section.
        """
        if self._inHead:
            self._fields.append((name, value))

    def on_headers_complete(self) -> None:
        """
        A head is complete.
        """
        self._inHead = False
        self.framed = any(
            name.lower() in (b"content-length", b"transfer-encoding")
            for name, _ in self._fields
        )
        method = self.parser.get_method()
        last = method == b"CONNECT" or not self.parser.should_keep_alive()
        self.messages.begin(
            Message(
                method,
                self._url,
                self.parser.get_http_version(),
                endToEnd(self._fields),
                b"",
                last,
            )
        )

    def on_body(self, body: bytes) -> None:
        """
        Some content.
        """
        self.messages.content(body)

    def on_message_complete(self) -> None:
        """
        A message is whole.
        """
        self.started = False
        if not self.messages.closed:
            self.messages.end()


def httptoolsServer(data: bytes) -> Outcome:
    """
    httptools, which is llhttp, with a server that takes up no offer to
    change the protocol.
    """
    messages = _Messages()
    while True:
        callbacks = _Callbacks(messages)
        parser = httptools.HttpRequestParser(callbacks)
        callbacks.parser = parser
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if messages.closed:
                return messages.outcome(Verdict.CLOSED)
            if callbacks.framed:
                messages.whole.pop()
                return messages.outcome(
                    Verdict.LOST, "content taken for another protocol"
                )
            data = data[upgrade.args[0] :]
            continue
        except httptools.HttpParserError as problem:
            if messages.closed:
                return messages.outcome(Verdict.CLOSED)
            return messages.outcome(Verdict.REJECTED, str(problem).split(":")[0])
        if messages.closed:
            return messages.outcome(Verdict.CLOSED)
        started = callbacks.started or messages.begun
        return messages.outcome(Verdict.INCOMPLETE if started else Verdict.OPEN)


PEERS: Final[dict[str, Callable[[bytes], Outcome]]] = {
    "h11": h11Server,
    "httptools": httptoolsServer,
}
