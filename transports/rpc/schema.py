"""
What each message must be: its items, their types and their ranges.

Nothing here looks at more than one message, and what is wrong with a head is
none of its business: see L{penstock.transports.rpc.heads}.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

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
    Method,
    Ping,
    Pong,
    Request,
    StopProducing,
    WriteData,
    WriteHeaders,
    WriteIntermediateResponse,
)

# Characters of a text for a log.
_TEXT: Final = 256


class NotAMessage(Exception):
    """
    The peer has sent what isn't a message.  Stays inside this package.
    """


# One check for each kind of item: it says what is wrong as NotAMessage.
Check = Callable[[Any], None]


def _integer(
    least: int, most: int, problem: str = "a number is out of its range"
) -> Check:
    def check(value: Any) -> None:
        if type(value) is not int or not least <= value <= most:
            raise NotAMessage(problem)

    return check


_exchange: Final = _integer(1, MAX_NUMBER, "not the number of an exchange")
_connection: Final = _integer(0, 0, "not about the connection")
_either: Final = _integer(0, MAX_NUMBER)
_number: Final = _either


def _interimCode(value: Any) -> None:
    if type(value) is not int or not 100 <= value <= 199 or value == 101:
        raise NotAMessage("not the code of an interim response")


def _boolean(value: Any) -> None:
    if type(value) is not bool:
        raise NotAMessage("not a boolean")


def _octets(value: Any) -> None:
    if type(value) is not bytes:
        raise NotAMessage("not octets")


def _maybeOctets(value: Any) -> None:
    if value is not None and type(value) is not bytes:
        raise NotAMessage("neither octets nor nil")


def _content(value: Any) -> None:
    if type(value) is not bytes or not value:
        raise NotAMessage("no content in a message for content")


_ONLY_BYTES: Final = {bytes}


def _fields(value: Any) -> None:
    if type(value) is not tuple or len(value) & 1:
        raise NotAMessage("fields aren't pairs")
    if value and {*map(type, value)} != _ONLY_BYTES:
        raise NotAMessage("fields aren't octets")


def _trailers(value: Any) -> None:
    if value is not None:
        _fields(value)


def _pairs(value: Any) -> None:
    if type(value) is not tuple or len(value) & 1:
        raise NotAMessage("not pairs")
    keys = value[::2]
    if any(type(key) is not str for key in keys) or len(set(keys)) < len(keys):
        raise NotAMessage("a key isn't a text, or there twice")


def _facts(value: Any) -> None:
    if value is not None:
        _pairs(value)


def _text(value: Any) -> None:
    if type(value) is not str or len(value) > _TEXT:
        raise NotAMessage("not a short text")
    if not (value.isascii() and value.isprintable()):
        # It is for a log.
        raise NotAMessage("a text isn't printable ASCII")


SCHEMA: Final[dict[type, tuple[Check, ...]]] = {
    Hello: (_connection, _number, _boolean, _pairs),
    Request: (
        _exchange,
        _octets,
        _octets,
        _integer(10, 99),
        _fields,
        _maybeOctets,
        _boolean,
        _facts,
    ),
    HandleContentChunk: (_exchange, _content),
    HandleContentComplete: (_exchange, _trailers),
    WriteIntermediateResponse: (_exchange, _interimCode, _fields, _maybeOctets),
    WriteHeaders: (
        _exchange,
        _integer(200, 999),
        _fields,
        _maybeOctets,
        _maybeOctets,
        _boolean,
    ),
    WriteData: (_exchange, _content),
    Finish: (_exchange, _trailers),
    AbortConnection: (_exchange, _number, _text),
    StopProducing: (_exchange,),
    Credit: (_either, _integer(1, MAX_CREDIT)),
    Ping: (_connection, _number),
    Pong: (_connection, _number),
    GoAway: (_connection, _number, _number, _text),
}
"""What the items of each message must be, behind the number of its method."""

Reader = Callable[[Any], Message]

# As NamedTuple._make, which is a function in Python around this.
_make: Final[Any] = tuple.__new__


def reader(kind: type) -> Reader:
    """
    @return: what makes a C{kind} of an array, or raises L{NotAMessage}.
    """
    checks = SCHEMA[kind]
    count = len(checks) + 1

    def read(item: Any) -> Message:
        # A str or bytes has items too.
        if type(item) is not tuple or len(item) != count:
            raise NotAMessage("a message has not its number of items")
        items = item[1:]
        for check, value in zip(checks, items, strict=True):
            check(value)
        message: Message = _make(kind, items)
        return message

    return read


# There is one of each of these for every exchange: they take 0.5 microseconds,
# where those that reader makes take 1.2, and tests/rpc/test_schema.py shows that
# they do the same.


def _readRequest(item: Any) -> Request:
    if type(item) is not tuple or len(item) != 9:
        raise NotAMessage("a message has not its number of items")
    _, exchange, command, path, version, fields, content, complete, facts = item
    if type(exchange) is not int or not 0 < exchange <= MAX_NUMBER:
        raise NotAMessage("not the number of an exchange")
    if type(command) is not bytes or type(path) is not bytes:
        raise NotAMessage("not octets")
    if type(version) is not int or not 10 <= version <= 99:
        raise NotAMessage("a number is out of its range")
    _fields(fields)
    if content is not None and type(content) is not bytes:
        raise NotAMessage("neither octets nor nil")
    if type(complete) is not bool:
        raise NotAMessage("not a boolean")
    if facts is not None:
        _pairs(facts)
    message: Request = _make(Request, item[1:])
    return message


def _readWriteHeaders(item: Any) -> WriteHeaders:
    if type(item) is not tuple or len(item) != 7:
        raise NotAMessage("a message has not its number of items")
    _, exchange, code, fields, reason, content, complete = item
    if type(exchange) is not int or not 0 < exchange <= MAX_NUMBER:
        raise NotAMessage("not the number of an exchange")
    if type(code) is not int or not 200 <= code <= 999:
        raise NotAMessage("a number is out of its range")
    _fields(fields)
    if reason is not None and type(reason) is not bytes:
        raise NotAMessage("neither octets nor nil")
    if content is not None and type(content) is not bytes:
        raise NotAMessage("neither octets nor nil")
    if type(complete) is not bool:
        raise NotAMessage("not a boolean")
    message: WriteHeaders = _make(WriteHeaders, item[1:])
    return message


READERS: Final[dict[int, Reader]] = {
    **{int(method): reader(kind) for kind, method in METHODS.items()},
    Method.request: _readRequest,
    Method.writeHeaders: _readWriteHeaders,
}
"""By the numbers of methods: as L{reader}."""
