"""
A client on a plain socket, which takes nothing that isn't right.

It knows nothing of penstock: that the two agree is the point.
"""

from __future__ import annotations

import re
import select
import socket
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass

from orders import Answer, Order

# Seconds in which something must happen, on a machine that is busy with others.
PATIENCE = 120.0

# Seconds that content is held back for 100 (Continue).
CONTINUE = 1.0

_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9][0-9]) [\t\x20-\x7e\x80-\xff]*")
_FIELD = re.compile(
    rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*((?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*"
    rb"[!-~\x80-\xff])?)?)[ \t]*"
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})(?:;[\t -~]*)?")
_IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE")
_ABRUPTLY = struct.pack("ii", 1, 0)


class Wrong(Exception):
    """
    What came is no response, or none to what was asked.
    """


class Stale(Exception):
    """
    A connection that was kept is gone, before anything came.
    """


@dataclass(slots=True)
class Head:
    """
    Of a response.
    """

    minor: int
    code: int
    fields: list[tuple[str, str]]

    def tokens(self, name: str) -> set[str]:
        """
        @return: the members of a list, in lower case.
        """
        return {
            token.strip(" \t").lower()
            for known, value in self.fields
            if known == name
            for token in value.split(",")
        }


class Connection:
    """
    One connection.
    """

    def __init__(self, address: tuple[str, int] | str, source: str | None) -> None:
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(address)
        else:
            bound = None if source is None else (source, 0)
            self.socket = socket.create_connection(address, PATIENCE, bound)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.used = False
        self.open = True
        self.silent = True
        self.last = ""
        self._waiting = b""

    # Octets

    def isQuiet(self) -> bool:
        """
        Whether nothing has come, not even the end.
        """
        return not self._waiting and not select.select([self.socket], [], [], 0)[0]

    def receive(self) -> bytes:
        """
        @return: the next octets; none at the end.
        """
        try:
            data = self.socket.recv(1 << 18)
        except ConnectionResetError:
            if self.used and self.silent:
                raise Stale from None
            raise
        if data:
            self.silent = False
        return data

    def line(self) -> bytes:
        """
        @return: the next line, without its end.
        """
        while b"\r\n" not in self._waiting:
            if len(self._waiting) > 1 << 17:
                raise Wrong("a line without an end")
            data = self.receive()
            if not data:
                if self.used and self.silent:
                    raise Stale
                raise Wrong(f"closed in a head, after {self._waiting[:80]!r}")
            self._waiting += data
        line, _, self._waiting = self._waiting.partition(b"\r\n")
        if b"\n" in line or b"\r" in line:
            raise Wrong(f"line ends that are none: {line[:80]!r}")
        return line

    def exactly(self, size: int) -> bytes:
        """
        @return: the next C{size} octets.
        """
        parts = [self._waiting[:size]]
        missing = size - len(parts[0])
        self._waiting = self._waiting[size:]
        while missing:
            data = self.receive()
            if not data:
                raise Wrong(f"closed, {missing} of {size} octets before the end")
            parts.append(data[:missing])
            self._waiting = data[missing:]
            missing -= len(parts[-1])
        return b"".join(parts)

    def rest(self) -> bytes:
        """
        @return: all until the end.
        """
        parts = [self._waiting]
        self._waiting = b""
        while data := self.receive():
            parts.append(data)
        return b"".join(parts)

    def close(self, abruptly: bool = False) -> None:
        """
        @param abruptly: by a reset.
        """
        if abruptly and self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPTLY)
        self.open = False
        self.socket.close()

    # Requests

    def send(self, data: bytes, expecting: bool) -> bool:
        """
        Send, and look for an answer meanwhile.

        @param expecting: whether an answer may come.

        @return: whether all of it was sent.
        """
        view = memoryview(data)
        self.socket.setblocking(False)
        try:
            while view:
                readable, writable, _ = select.select(
                    [self.socket] if expecting else [], [self.socket], [], PATIENCE
                )
                if readable:
                    return False
                if not writable:
                    raise Wrong("nothing is taken any more")
                try:
                    view = view[self.socket.send(view[: 1 << 16]) :]
                except (BrokenPipeError, ConnectionResetError):
                    return False
        finally:
            self.socket.settimeout(PATIENCE)
        return True

    def request(self, order: Order) -> bool:
        """
        @return: whether all of it was sent.
        """
        self.silent = True
        head = head_(order)
        if order.body is None:
            return self.send(head, False)
        if order.expect:
            if not self.send(head, False):
                return False
            if select.select([self.socket], [], [], CONTINUE)[0]:
                return False
        elif not self.send(head + framed(order, order.body[0]), True):
            return False
        return self.content(order, 0 if order.expect else 1)

    def content(self, order: Order, since: int) -> bool:
        """
        Send the content, without the first C{since} pieces.

        @return: whether all of it was sent.
        """
        body = order.body or ()
        if order.leave:
            body = body[: len(body) // 2]
        if not all(self.send(framed(order, piece), True) for piece in body[since:]):
            return False
        if not order.chunked or order.leave:
            return True
        lines = ["0", *map(": ".join, order.trailers), "", ""]
        # If the answer is there, this end harms nobody.
        return self.send("\r\n".join(lines).encode("latin-1"), False)

    # Responses

    def head(self) -> Head:
        """
        @return: the next head.
        """
        line = self.line()
        status = _STATUS.fullmatch(line)
        if status is None:
            raise Wrong(f"not a status line: {line[:80]!r}")
        return Head(int(status[1]), int(status[2]), self.fields())

    def fields(self) -> list[tuple[str, str]]:
        """
        @return: field lines until the empty one.
        """
        fields = []
        while line := self.line():
            field = _FIELD.fullmatch(line)
            if field is None:
                raise Wrong(f"not a field line: {line[:80]!r}")
            fields.append(
                (field[1].decode("ascii").lower(), field[2].decode("latin-1"))
            )
        return fields

    def answer(self, order: Order, sent: bool, keep: bool) -> Answer:
        """
        @param sent: whether all of C{order} was.
        @param keep: whether to keep all content.

        @return: the response to C{order}.
        """
        answer = Answer()
        started = time.monotonic()
        self.silent = not self._waiting
        while (head := self.head()).code < 200:
            answer.interim.append(head.code)
            if head.code == 100 and order.expect and not sent:
                sent = self.content(order, 0)
        answer.code, answer.fields = head.code, head.fields
        lengths = head.tokens("content-length")
        codings = head.tokens("transfer-encoding")
        if len(lengths) > 1 or (lengths and codings) or len(codings) > 1:
            raise Wrong(f"framed twice: {head.fields!r}")
        close = "close" in head.tokens("connection") or (
            (order.old or head.minor == 0)
            and "keep-alive" not in head.tokens("connection")
        )
        if order.method == "HEAD" or head.code in (204, 304):
            content = b""
            if codings and head.code == 204:
                raise Wrong("framing without content")
        elif codings:
            if codings != {"chunked"} or order.old:
                raise Wrong(f"codings nobody asked for: {codings!r}")
            content = self.chunks(answer)
        elif lengths:
            (length,) = lengths
            if re.fullmatch("[0-9]{1,12}", length) is None:
                raise Wrong(f"not a length: {length!r}")
            content = self.exactly(int(length))
        else:
            content = self.rest()
            close = True
        answer.take(content, keep or order.isEcho)
        answer.seconds = time.monotonic() - started
        self.used = True
        self.last = order.kind + " " + order.method
        if order.close and not close:
            raise Wrong("the connection was to be closed, and stays")
        if close and sent:
            self.ended()
        if close or not sent:
            self.close()
        return answer

    def chunks(self, answer: Answer) -> bytes:
        """
        @return: the content; the trailers go to C{answer}.
        """
        parts: list[bytes] = []
        while True:
            line = self.line()
            size = _CHUNK.fullmatch(line)
            if size is None:
                raise Wrong(f"not a chunk: {line[:80]!r}")
            length = int(size[1], 16)
            if not length:
                answer.trailers = self.fields()
                return b"".join(parts)
            parts.append(self.exactly(length))
            if self.exactly(2) != b"\r\n":
                raise Wrong("a chunk that doesn't end where it should")

    def ended(self) -> None:
        """
        The other side has said that it closes: it does.
        """
        left = self.rest()
        if left:
            raise Wrong(f"more after the last response: {left[:80]!r}")


def head_(order: Order) -> bytes:
    """
    @return: the head of the request.
    """
    lines = [
        f"{order.method} {order.target} HTTP/1.{0 if order.old else 1}",
        f"Host: {order.host}",
    ]
    if order.close and not order.old:
        lines.append("Connection: close")
    elif order.old and not order.close:
        lines.append("Connection: keep-alive")
    lines += map(": ".join, order.fields)
    if order.expect:
        lines.append("Expect: 100-continue")
    if order.body is not None:
        if order.chunked:
            lines.append("Transfer-Encoding: chunked")
            if order.trailers:
                lines.append(
                    "Trailer: " + ", ".join(name for name, _ in order.trailers)
                )
        else:
            lines.append(f"Content-Length: {order.size}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def framed(order: Order, piece: bytes) -> bytes:
    """
    @return: a piece of the content as it is sent.
    """
    if order.chunked:
        return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
    return piece


class Caller:
    """
    Sends orders one after the other, over a connection that is kept as long as
    it may be.

    @ivar connections: how many there were.
    @ivar retried: orders that were sent again, since the connection was gone.
    """

    def __init__(
        self,
        address: tuple[str, int] | str,
        source: str | None = None,
        keep: bool = False,
    ) -> None:
        """
        @param address: host and port, or the path of a unix socket.
        @param source: the address to come from.
        @param keep: whether to keep all content.
        """
        self.connections = 0
        self.retried = 0
        self._address = address
        self._source = source
        self._keep = keep
        self._connection: Connection | None = None

    def call(self, orders: Sequence[Order]) -> list[Answer]:
        """
        Send C{orders} without waiting in between.

        @return: the answers to them.
        """
        answers: list[Answer] = []
        stale = 0
        while len(answers) < len(orders):
            left = orders[len(answers) :]
            connection = None
            try:
                connection = self._connected()
                answers += self._exchange(connection, left)
            except Stale:
                last = "" if connection is None else connection.last
                self.close()
                stale += 1
                if stale > 2 or left[0].method not in _IDEMPOTENT or left[0].body:
                    gone = f"the connection was gone, after {last}"
                    answers.append(Answer(lost=gone))
            except (Wrong, OSError) as problem:
                self.close()
                lost = Answer(lost=f"{type(problem).__name__}: {problem}")
                answers += [lost] * len(left)
        self.retried += stale
        return answers

    def _exchange(
        self, connection: Connection, orders: Sequence[Order]
    ) -> list[Answer]:
        """
        @return: the answers that have come; there may be fewer than C{orders}.
        """
        answers: list[Answer] = []
        sent = True
        for order in orders:
            sent = connection.request(order)
            if order.leave:
                connection.close(order.number % 2 == 0)
                return [Answer(lost="left")]
        for order in orders:
            try:
                answers.append(connection.answer(order, sent, self._keep))
            except Stale:
                if not answers:
                    raise
                connection.close()
            if not connection.open:
                break
        return answers

    def close(self) -> None:
        """
        Done.
        """
        if self._connection is not None and self._connection.open:
            self._connection.close()

    def _connected(self) -> Connection:
        connection = self._connection
        if connection is not None and connection.open:
            if connection.isQuiet():
                return connection
            if connection.socket.recv(1 << 16):
                raise Wrong("something came that nobody asked for")
            connection.close()
        self._connection = connection = Connection(self._address, self._source)
        self.connections += 1
        return connection
