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
from penstock.transports.rpc.messages import METHODS, Hello, Message
from penstock.transports.rpc.schema import READERS, NotAMessage

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

# Pieces of a frame that are kept apart, and one for each 256 octets: so small
# ones are copied seldom, and cost little.
_MAX_PARTS: Final = 64


class Rejected(NamedTuple):
    """
    The peer broke the rules.  No message follows.
    """

    problem: ExchangeLost


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
        except NotAMessage as problem:
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
            raise NotAMessage("not this protocol")

    def _unpack(self, data: bytes, messages: list[Message | Rejected]) -> None:
        """
        Take one frame.
        """
        try:
            items = _unpack(data)
        except (ValueError, TypeError, RecursionError) as problem:
            # Bad msgpack, bad UTF-8, too many items, too deep, too short, or
            # too long.
            raise NotAMessage(f"a frame isn't msgpack: {type(problem).__name__}") from (
                None
            )
        if type(items) is not tuple or not items:
            raise NotAMessage("a frame isn't an array of messages")
        taken: list[Message] = []
        try:
            for item in items:
                method = item[0]
                if type(method) is not int:
                    raise NotAMessage("a method isn't a number")
                taken.append(READERS[method](item))
        except (KeyError, IndexError, TypeError):
            raise NotAMessage("not a message") from None
        if self.state is State.HELLO:
            if type(taken[0]) is not Hello:
                raise NotAMessage("no hello")
            self.state = State.OPEN
            self._limit = self._maxFrame
            again = taken[1:]
        else:
            again = taken
        for message in again:
            if type(message) is Hello:
                raise NotAMessage("a second hello")
        messages += taken

    def _reject(
        self, messages: list[Message | Rejected], problem: ExchangeLost
    ) -> list[Message | Rejected]:
        self.state = State.FAILED
        self._parts = []
        messages.append(Rejected(problem))
        return messages
