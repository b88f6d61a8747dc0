"""
Frames and messages: bytes in, messages out, and back.

::

    magic | frame | frame | ...

    frame = length (4 octets) | msgpack array of 1 to 512 messages

A frame is taken when all of it is there, or refused as a whole.  Its length is
compared with the limit before anything is kept, and no length inside of it can
name more than it has; so a peer can't make us allocate more than it sends,
but for empty arrays: see L{MAX_ITEMS}.

    - data only: nil, booleans, integers, floats, strings, binary, arrays.
      Maps and extension types (timestamps too) are refused.
    - the first wrong octet ends it: C{HTTP} or TLS on this port is refused
      with its first octet.
    - refusal is absorbing: after one L{Rejected} nothing is accepted, however
      the bytes are cut.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import partial
from typing import Any, Final, NamedTuple

from msgpack import Packer, unpackb

from penstock.core.errors import ExchangeLost, LimitExceeded, PeerProtocolError
from penstock.transports.rpc.messages import (
    MAX_CREDIT,
    MAX_NUMBER,
    METHODS,
    AbortConnection,
    Credit,
    Finish,
    GoAway,
    HandleContentChunk,
    HandleContentComplete,
    Hello,
    Message,
    Ping,
    Pong,
    Request,
    StopProducing,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)

# Not ASCII, so that no text protocol begins like it; with a line end, so that
# a carrier that converts them is found out.
MAGIC: Final = b"\x89PENSTK\n"

# Items of an array: fields and their values, or messages of a frame.  An array
# is allocated when its length is read, so 1024 nested ones (more msgpack's C
# code doesn't take, with less Python's doesn't) cost 4 MiB for a moment.
MAX_ITEMS: Final = 512

# A string: texts and what a hello says.  Content and fields are binary.
MAX_TEXT: Final = 8 * 1024

# What is known of a stranger: the first frame has a hello and nothing large.
MAX_FIRST_FRAME: Final = 32 * 1024

_TEXT: Final = 256

# Pieces of a frame that are kept apart, and one for each 256 octets: so small
# ones are copied seldom, and cost little.
_MAX_PARTS: Final = 64


class Rejected(NamedTuple):
    """
    The peer broke the rules.  No message follows.
    """

    problem: ExchangeLost


class _Malformed(Exception):
    """
    Not a message.  Stays inside this module.
    """


class State(Enum):
    """
    Where a decoder is.
    """

    MAGIC = auto()
    """Nothing but the magic octets is taken."""

    HELLO = auto()
    """Nothing but a hello is taken."""

    OPEN = auto()
    """Anything but a hello is taken."""

    FAILED = auto()
    """Nothing is taken any more."""


# Writing

_packer: Final = Packer(autoreset=True)


def encode(message: Message) -> bytes:
    """
    @return: C{message}, without a frame.
    """
    packed: bytes = _packer.pack((METHODS[type(message)], *message))
    return packed


def encodeParts(*parts: object) -> bytes:
    """
    @param parts: a method, and the parts of its message.

    @return: as L{encode}, without the making of a L{Message}.
    """
    packed: bytes = _packer.pack(parts)
    return packed


def encodeContent(method: int, exchange: int, size: int) -> bytes:
    """
    @return: what comes before C{size} octets of content, in place of
        C{encode(WriteData(exchange, content))}.  Saves two copies of it.
    """
    head: bytes = _packer.pack((method, exchange, b""))
    # Without the header of an empty bin 8.
    return head[:-2] + b"\xc6" + size.to_bytes(4, "big")


def frameHead(size: int, count: int) -> bytes:
    """
    @param size: octets of the messages.
    @param count: how many they are.

    @return: what comes before them.
    """
    if count < 16:
        return b"%b%c" % ((size + 1).to_bytes(4, "big"), 0x90 | count)
    return b"%b\xdc%b" % ((size + 3).to_bytes(4, "big"), count.to_bytes(2, "big"))


def frame(*messages: Message) -> bytes:
    """
    @return: one frame with C{messages}.
    """
    body = b"".join(map(encode, messages))
    return frameHead(len(body), len(messages)) + body


# Reading


def _refuseExtension(code: int, data: bytes) -> None:
    raise ValueError("an extension type")


_unpack: Final[Callable[..., Any]] = partial(
    unpackb,
    use_list=False,
    raw=False,
    strict_map_key=True,
    ext_hook=_refuseExtension,
    max_str_len=MAX_TEXT,
    max_array_len=MAX_ITEMS,
    max_map_len=0,
    max_ext_len=0,
)


class Decoder:
    """
    Makes messages of octets.
    """

    def __init__(self, maxFrame: int) -> None:
        """
        @param maxFrame: octets of a frame.
        """
        self.state = State.MAGIC
        self._maxFrame = maxFrame
        self._limit = min(maxFrame, MAX_FIRST_FRAME)
        # What came of an incomplete frame, its octets, and how many are needed
        # to go on.
        self._parts: list[bytes] = []
        self._size = 0
        self._needed = len(MAGIC)

    def receive(self, data: bytes) -> list[Message | Rejected]:
        """
        @return: what C{data} completes; a L{Rejected}, if there is one, last.
        """
        messages: list[Message | Rejected] = []
        try:
            if self._parts:
                self._parts.append(data)
                self._size += len(data)
                if self.state is State.MAGIC:
                    self._checkMagic(b"".join(self._parts))
                if self._size < self._needed:
                    if len(self._parts) > _MAX_PARTS + (self._size >> 8):
                        # Each costs forty octets besides what is in it.
                        self._parts = [b"".join(self._parts)]
                    return messages
                data = b"".join(self._parts)
                self._parts = []
            taken = self._take(data, messages)
        except _Malformed as problem:
            return self._reject(messages, PeerProtocolError(str(problem)))
        except LimitExceeded as problem:
            return self._reject(messages, problem)
        if taken < len(data):
            self._parts = [data[taken:] if taken else data]
            self._size = len(data) - taken
        return messages

    def _take(self, data: bytes, messages: list[Message | Rejected]) -> int:
        """
        @return: how much of C{data} was taken.
        """
        start, end = 0, len(data)
        if self.state is State.FAILED:
            return end
        if self.state is State.MAGIC:
            self._checkMagic(data)
            if end < len(MAGIC):
                return 0
            self.state = State.HELLO
            start = len(MAGIC)
        while True:
            body = start + 4
            if end < body:
                self._needed = 4
                return start
            length = int.from_bytes(data[start:body], "big")
            if length > self._limit:
                raise LimitExceeded("a frame is too long")
            if end < body + length:
                self._needed = 4 + length
                return start
            start = body + length
            self._unpack(data[body:start], messages)

    def _checkMagic(self, data: bytes) -> None:
        size = len(MAGIC)
        if data[:size] != MAGIC[: len(data)]:
            raise _Malformed("not this protocol")

    def _unpack(self, data: bytes, messages: list[Message | Rejected]) -> None:
        """
        Take one frame.
        """
        try:
            items = _unpack(data)
        except (ValueError, TypeError, RecursionError) as problem:
            # Bad msgpack, bad UTF-8, too many items, too deep, too short, or
            # too long.
            raise _Malformed(f"a frame isn't msgpack: {type(problem).__name__}") from (
                None
            )
        if type(items) is not tuple or not items:
            raise _Malformed("a frame isn't an array of messages")
        taken: list[Message] = []
        try:
            for item in items:
                method = item[0]
                if type(method) is not int:
                    raise _Malformed("a method isn't a number")
                taken.append(_READERS[method](item))
        except (KeyError, IndexError, TypeError):
            raise _Malformed("not a message") from None
        if self.state is State.HELLO:
            if type(taken[0]) is not Hello:
                raise _Malformed("no hello")
            self.state = State.OPEN
            self._limit = self._maxFrame
            again = taken[1:]
        else:
            again = taken
        for message in again:
            if type(message) is Hello:
                raise _Malformed("a second hello")
        messages += taken

    def _reject(
        self, messages: list[Message | Rejected], problem: ExchangeLost
    ) -> list[Message | Rejected]:
        self.state = State.FAILED
        self._parts = []
        messages.append(Rejected(problem))
        return messages


# One reader for each method: each takes the whole array, and says what is
# wrong with it as _Malformed.


def _exchange(value: object) -> None:
    if type(value) is not int or not 0 < value <= MAX_NUMBER:
        raise _Malformed("not the number of an exchange")


def _connection(value: object) -> None:
    if type(value) is not int or value:
        raise _Malformed("not about the connection")


_ONLY_BYTES: Final = {bytes}

# As NamedTuple._make, which is a function in Python around this.
_make: Final[Any] = tuple.__new__


def _fields(value: object) -> None:
    if type(value) is not tuple or len(value) & 1:
        raise _Malformed("fields aren't pairs")
    if value and {*map(type, value)} != _ONLY_BYTES:
        raise _Malformed("fields aren't octets")


def _trailers(value: object) -> None:
    if value is not None:
        _fields(value)


def _octets(value: object) -> None:
    if type(value) is not bytes:
        raise _Malformed("not octets")


def _maybeOctets(value: object) -> None:
    if value is not None and type(value) is not bytes:
        raise _Malformed("neither octets nor nil")


def _boolean(value: object) -> None:
    if type(value) is not bool:
        raise _Malformed("not a boolean")


def _number(value: object, least: int, most: int) -> None:
    if type(value) is not int or not least <= value <= most:
        raise _Malformed("a number is out of its range")


def _text(value: object) -> None:
    if type(value) is not str or len(value) > _TEXT:
        raise _Malformed("not a short text")
    if not (value.isascii() and value.isprintable()):
        # It is for a log.
        raise _Malformed("a text isn't printable ASCII")


def _pairs(value: object) -> None:
    if type(value) is not tuple or len(value) & 1:
        raise _Malformed("not pairs")
    keys = value[::2]
    if any(type(key) is not str for key in keys) or len(set(keys)) < len(keys):
        raise _Malformed("a key isn't a text, or there twice")


def _items(item: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    # A str has items too: b"..."[0] is refused before, "..."[0] isn't an int.
    if type(item) is not tuple or len(item) != count:
        raise _Malformed("a message has not its number of items")
    return item[1:]


def _readHello(item: tuple[Any, ...]) -> Hello:
    message = Hello._make(_items(item, 5))
    _connection(message.exchange)
    _number(message.version, 0, MAX_NUMBER)
    _boolean(message.dialled)
    _pairs(message.parameters)
    return message


# The next, and _readWriteHeaders, are there once for each exchange; so what the
# functions above do is written out.


def _readRequest(item: tuple[Any, ...]) -> Request:
    if type(item) is not tuple or len(item) != 9:
        raise _Malformed("a message has not its number of items")
    _, exchange, command, path, version, fields, content, complete, facts = item
    if type(exchange) is not int or not 0 < exchange <= MAX_NUMBER:
        raise _Malformed("not the number of an exchange")
    if type(command) is not bytes or type(path) is not bytes:
        raise _Malformed("not octets")
    if type(version) is not int or not 10 <= version <= 99:
        raise _Malformed("a number is out of its range")
    _fields(fields)
    if content is not None and type(content) is not bytes:
        raise _Malformed("neither octets nor nil")
    if type(complete) is not bool:
        raise _Malformed("not a boolean")
    if facts is not None:
        _pairs(facts)
    made: Request = _make(Request, item[1:])
    return made


def _readHandleContentChunk(item: tuple[Any, ...]) -> HandleContentChunk:
    message = HandleContentChunk._make(_items(item, 3))
    _exchange(message.exchange)
    _octets(message.data)
    if not message.data:
        raise _Malformed("no content in a message for content")
    return message


def _readHandleContentComplete(item: tuple[Any, ...]) -> HandleContentComplete:
    message = HandleContentComplete._make(_items(item, 3))
    _exchange(message.exchange)
    _trailers(message.trailers)
    return message


def _readWriteIntermediateResponse(item: tuple[Any, ...]) -> WriteIntermediateResponse:
    message = WriteIntermediateResponse._make(_items(item, 5))
    _exchange(message.exchange)
    _number(message.code, 100, 199)
    if message.code == 101:
        raise _Malformed("101 can't be sent here")
    _fields(message.fields)
    _maybeOctets(message.reason)
    return message


def _readWriteHeaders(item: tuple[Any, ...]) -> WriteHeaders:
    if type(item) is not tuple or len(item) != 7:
        raise _Malformed("a message has not its number of items")
    _, exchange, code, fields, reason, content, complete = item
    if type(exchange) is not int or not 0 < exchange <= MAX_NUMBER:
        raise _Malformed("not the number of an exchange")
    if type(code) is not int or not 200 <= code <= 999:
        raise _Malformed("a number is out of its range")
    _fields(fields)
    if reason is not None and type(reason) is not bytes:
        raise _Malformed("neither octets nor nil")
    if content is not None and type(content) is not bytes:
        raise _Malformed("neither octets nor nil")
    if type(complete) is not bool:
        raise _Malformed("not a boolean")
    made: WriteHeaders = _make(WriteHeaders, item[1:])
    return made


def _readWriteData(item: tuple[Any, ...]) -> WriteData:
    message = WriteData._make(_items(item, 3))
    _exchange(message.exchange)
    _octets(message.data)
    if not message.data:
        raise _Malformed("no content in a message for content")
    return message


def _readFinish(item: tuple[Any, ...]) -> Finish:
    message = Finish._make(_items(item, 3))
    _exchange(message.exchange)
    _trailers(message.trailers)
    return message


def _readAbortConnection(item: tuple[Any, ...]) -> AbortConnection:
    message = AbortConnection._make(_items(item, 4))
    _exchange(message.exchange)
    _number(message.reason, 0, MAX_NUMBER)
    _text(message.text)
    return message


def _readStopProducing(item: tuple[Any, ...]) -> StopProducing:
    message = StopProducing._make(_items(item, 2))
    _exchange(message.exchange)
    return message


def _readCredit(item: tuple[Any, ...]) -> Credit:
    message = Credit._make(_items(item, 3))
    _number(message.exchange, 0, MAX_NUMBER)
    _number(message.octets, 1, MAX_CREDIT)
    return message


def _readPing(item: tuple[Any, ...]) -> Ping:
    message = Ping._make(_items(item, 3))
    _connection(message.exchange)
    _number(message.token, 0, MAX_NUMBER)
    return message


def _readPong(item: tuple[Any, ...]) -> Pong:
    message = Pong._make(_items(item, 3))
    _connection(message.exchange)
    _number(message.token, 0, MAX_NUMBER)
    return message


def _readGoAway(item: tuple[Any, ...]) -> GoAway:
    message = GoAway._make(_items(item, 5))
    _connection(message.exchange)
    _number(message.last, 0, MAX_NUMBER)
    _number(message.reason, 0, MAX_NUMBER)
    _text(message.text)
    return message


_READERS: Final[dict[int, Callable[[tuple[Any, ...]], Message]]] = {
    METHODS[Hello]: _readHello,
    METHODS[Request]: _readRequest,
    METHODS[HandleContentChunk]: _readHandleContentChunk,
    METHODS[HandleContentComplete]: _readHandleContentComplete,
    METHODS[WriteIntermediateResponse]: _readWriteIntermediateResponse,
    METHODS[WriteHeaders]: _readWriteHeaders,
    METHODS[WriteData]: _readWriteData,
    METHODS[Finish]: _readFinish,
    METHODS[AbortConnection]: _readAbortConnection,
    METHODS[StopProducing]: _readStopProducing,
    METHODS[Credit]: _readCredit,
    METHODS[Ping]: _readPing,
    METHODS[Pong]: _readPong,
    METHODS[GoAway]: _readGoAway,
}
