"""
Conditions and locks of WebDAV: If, Lock-Token, Timeout and Depth (RFC 4918,
section 10).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from penstock.core.errors import InvalidField
from penstock.core.etag import EntityTag, generateTag, parseTag
from penstock.core.grammar import (
    SEPARATOR,
    TOKEN,
    asciiBytes,
    checkMany,
    parseClamped,
    scan,
)

_URI: Final = rb"[!#-;=?-\[\]^_`a-~]++"
_CODED: Final = re.compile(rb"<(" + _URI + rb")>")
_URI_ALONE: Final = re.compile(_URI)
_PART: Final = re.compile(
    rb"""[\t ]*+(?:(\()|(\))|([Nn][Oo][Tt](?![A-Za-z]))|<("""
    + _URI
    + rb""")>|\[((?:W/)?"[!#-~\x80-\xff]*+")\])"""
)
_CLASS: Final = TOKEN + rb"|<" + _URI + rb">"
_CLASS_ALONE: Final = re.compile(_CLASS)
_CLASS_MEMBER: Final = re.compile(rb"(" + _CLASS + rb")" + SEPARATOR)
_TIME: Final = re.compile(rb"(?:[Ss]econd-([0-9]++)|([Ii]nfinite))" + SEPARATOR)

# RFC 4918, section 10.7.
MAX_TIMEOUT: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class StateToken:
    """
    The name of a lock, or of another state: the value of Lock-Token.

    @ivar uri: absolute, without the angle brackets.
    """

    uri: str


@dataclass(frozen=True, slots=True)
class Condition:
    """
    Something that must be so.

    @ivar state: what a resource must have.
    @ivar negated: or must not.
    """

    state: StateToken | EntityTag
    negated: bool = False


@dataclass(frozen=True, slots=True)
class StateList:
    """
    Conditions that must all be met.

    @ivar conditions: at least one.
    @ivar resource: which resource must meet them, a reference to a URI;
        L{None} for that of the request.
    """

    conditions: tuple[Condition, ...]
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class StateLists:
    """
    The value of If: one of the lists must be met.

    @ivar lists: at least one; either all of them name a resource, or none.
    """

    lists: tuple[StateList, ...]


def parseIf(value: bytes) -> StateLists:
    """
    @raise ValueError: unless C{value} is lists of conditions.
    """
    lists: list[StateList] = []
    resource: str | None = None
    # None outside of a list.
    conditions: list[Condition] | None = None
    negated = False
    # A resource that was named needs a list after it.
    wanting = True
    position, end = 0, len(value)
    while position < end:
        found = _PART.match(value, position)
        if found is None:
            raise ValueError("it is not lists of conditions")
        position = found.end()
        opening, closing, no, uri, tag = found.groups()
        if conditions is None:
            if opening is not None:
                conditions = []
            elif uri is not None and (resource is not None or not lists):
                if wanting and resource is not None:
                    raise ValueError("it names a resource and has no list for it")
                resource, wanting = uri.decode("ascii"), True
            else:
                raise ValueError("it is not lists of conditions")
        elif no is not None and not negated:
            negated = True
        elif uri is not None or tag is not None:
            state = StateToken(uri.decode("ascii")) if uri else parseTag(tag)
            conditions.append(Condition(state, negated))
            negated = False
        elif closing is not None and conditions and not negated:
            lists.append(StateList(tuple(conditions), resource))
            conditions, wanting = None, False
        else:
            raise ValueError("it is not lists of conditions")
    if wanting or conditions is not None:
        raise ValueError("it ends before a list does")
    return StateLists(tuple(lists))


def generateIf(value: StateLists) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    parts = []
    previous: str | None = None
    if len({found.resource is None for found in value.lists}) != 1:
        raise InvalidField("it has no lists, or some that name a resource and others")
    for found in value.lists:
        if found.resource is not None and found.resource != previous:
            previous = found.resource
            parts.append(_generateCoded(found.resource))
        if not found.conditions:
            raise InvalidField("a list is empty")
        conditions = [_generateCondition(each) for each in found.conditions]
        parts.append(b"(" + b" ".join(conditions) + b")")
    return b" ".join(parts)


def _generateCondition(condition: Condition) -> bytes:
    if isinstance(condition.state, StateToken):
        raw = _generateCoded(condition.state.uri)
    else:
        raw = b"[" + generateTag(condition.state) + b"]"
    return b"Not " + raw if condition.negated else raw


def _generateCoded(uri: str) -> bytes:
    raw = asciiBytes(uri)
    if _URI_ALONE.fullmatch(raw) is None:
        raise InvalidField("it has something that is no URI")
    return b"<" + raw + b">"


def parseLockToken(value: bytes) -> StateToken:
    """
    @raise ValueError: unless C{value} is a URI in angle brackets.
    """
    found = _CODED.fullmatch(value)
    if found is None:
        raise ValueError("it is not a URI in angle brackets")
    return StateToken(found[1].decode("ascii"))


def generateLockToken(value: StateToken) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    return _generateCoded(value.uri)


def parseClasses(value: bytes) -> tuple[str, ...]:
    """
    What a resource knows of WebDAV: DAV (section 10.1).

    @return: names, and URIs with their angle brackets.

    @raise ValueError: unless C{value} is a list of such.
    """
    return tuple([found[1].decode("ascii") for found in scan(_CLASS_MEMBER, value)])


def generateClasses(value: Iterable[str]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    checkMany(value)
    classes = [asciiBytes(each) for each in value]
    if not all(map(_CLASS_ALONE.fullmatch, classes)):
        raise InvalidField("it has a class that can't be written")
    return b", ".join(classes)


Timeouts = tuple[int | Literal["infinite"], ...]
"""How long a client would like to have a lock, in seconds, the best first."""


def parseTimeouts(value: bytes) -> Timeouts:
    """
    @raise ValueError: unless C{value} is a list of times.
    """
    times: list[int | Literal["infinite"]] = []
    for found in scan(_TIME, value):
        if found[2] is not None:
            times.append("infinite")
        else:
            times.append(parseClamped(found[1], MAX_TIMEOUT))
    if not times:
        raise ValueError("it has no time")
    return tuple(times)


def generateTimeouts(value: Timeouts) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    checkMany(value)
    times = []
    for time in value:
        if time == "infinite":
            times.append(b"Infinite")
        elif type(time) is int and 0 <= time <= MAX_TIMEOUT:
            times.append(b"Second-%d" % time)
        else:
            raise InvalidField("it has a time that is none")
    if not times:
        raise InvalidField("it has no time")
    return b", ".join(times)


Depth = Literal[0, 1, "infinity"]
"""How far below a resource something is done."""

_DEPTHS: Final[dict[bytes, Depth]] = {b"0": 0, b"1": 1, b"infinity": "infinity"}


def parseDepth(value: bytes) -> Depth:
    """
    @raise ValueError: unless C{value} is 0, 1 or infinity.
    """
    depth = _DEPTHS.get(value.lower())
    if depth is None:
        raise ValueError("it is not 0, 1 or infinity")
    return depth


def generateDepth(value: Depth) -> bytes:
    """
    @raise InvalidField: unless C{value} is 0, 1 or C{"infinity"}.
    """
    for raw, depth in _DEPTHS.items():
        if depth == value and type(depth) is type(value):
            return raw
    raise InvalidField('it must be 0, 1 or "infinity"')
