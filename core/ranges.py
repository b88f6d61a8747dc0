"""
Ranges of a representation (RFC 9110, section 14).

Positions are as in Python slices wherever this module hands them out: a range
goes from its start up to, and without, its stop.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final, Literal

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    MAX_NUMBER,
    PADDING,
    SEPARATOR,
    TOKEN,
    asciiBytes,
    generateNumber,
    generateToken,
    parseClamped,
    parseNumber,
    scan,
)

# More ranges than this in one request are ignored, all of them: whoever asks
# for so many pieces is better served with the whole (section 14.2).
MAX_RANGES: Final = 100

# RFC 9110, section 14.1.1: range-unit "=" range-set.
_SPEC: Final = re.compile(rb"(" + TOKEN + rb")=([\t -~]*+)")
_BYTE_RANGE: Final = re.compile(rb"([0-9]*+)-([0-9]*+)" + SEPARATOR)
_OTHER_RANGE: Final = re.compile(rb"[!-+\--~]++")
_OTHER_MEMBER: Final = re.compile(rb"([!-+\--~]++)" + SEPARATOR)

_CONTENT_RANGE: Final = re.compile(
    rb"(" + TOKEN + rb") (?:([0-9]++)-([0-9]++)/(?:([0-9]++)|\*)|\*/([0-9]++))"
)


class Unsatisfiable(Enum):
    """
    The type of L{UNSATISFIABLE}.
    """

    UNSATISFIABLE = auto()
    """None of the ranges lies in the representation: answer 416."""


UNSATISFIABLE: Final = Unsatisfiable.UNSATISFIABLE

Interval = tuple[int | None, int | None]
"""C{(first, last)}, inclusive, as in the field; C{(first, None)} to the end;
C{(None, length)} the last so many."""


@dataclass(frozen=True, slots=True)
class RangeSpec:
    """
    What a Range field asks for.

    @ivar unit: in lower case.
    @ivar intervals: if C{unit} is C{"bytes"}; numbers of more than 18 digits
        have become 10**18 - 1, which is beyond the end of anything.
    @ivar others: if it is another one.
    """

    unit: str
    intervals: tuple[Interval, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContentRange:
    """
    Which part of a representation a message has.

    @ivar start: position of the first octet (or other unit); L{None} if the
        message has none of it, since the range wasn't satisfiable.
    @ivar stop: the position after the last; L{None} along with C{start}.
    @ivar length: of the whole representation; L{None} if it isn't known.
    @ivar unit: in lower case.
    """

    start: int | None
    stop: int | None
    length: int | None
    unit: str = "bytes"

    def __bytes__(self) -> bytes:
        """
        As a field has it.

        @raise InvalidField: if it makes no sense.
        """
        unit = generateToken(self.unit)
        start, stop, length = self.start, self.stop, self.length
        if start is None or stop is None:
            if length is None or start is not stop:
                raise InvalidField("it has neither a range nor a length")
            return unit + b" */" + generateNumber(length)
        if not start < stop <= (MAX_NUMBER if length is None else length):
            raise InvalidField("the range is empty, or goes beyond the length")
        return b"%s %s-%s/%s" % (
            unit,
            generateNumber(start),
            generateNumber(stop - 1),
            b"*" if length is None else generateNumber(length),
        )


def parseRange(value: bytes) -> RangeSpec:
    """
    @raise ValueError: if C{value} is invalid, which includes a last position
        before the first, and more than L{MAX_RANGES} ranges.
    """
    found = _SPEC.fullmatch(value)
    if found is None:
        raise ValueError("it is not a unit and ranges")
    unit, ranges = found[1].lower().decode("ascii"), found[2].strip(PADDING)
    if not ranges:
        raise ValueError("it has no range")
    if unit != "bytes":
        others: list[str] = []
        for found in scan(_OTHER_MEMBER, ranges):
            if len(others) == MAX_RANGES:
                raise ValueError("it has too many ranges")
            others.append(found[1].decode("ascii"))
        return RangeSpec(unit, (), tuple(others))
    intervals: list[Interval] = []
    for found in scan(_BYTE_RANGE, ranges):
        if len(intervals) == MAX_RANGES:
            raise ValueError("it has too many ranges")
        intervals.append(_interval(found[1], found[2]))
    return RangeSpec(unit, tuple(intervals))


def _interval(first: bytes, last: bytes) -> Interval:
    if not first:
        return None, parseClamped(last)
    start = parseClamped(first)
    if not last:
        return start, None
    end = parseClamped(last)
    if end < start:
        raise ValueError("a range ends before it starts")
    return start, end


def generateRange(value: RangeSpec) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, RangeSpec):
        raise InvalidField("it must be a RangeSpec")
    unit = generateToken(value.unit)
    ofBytes = unit.lower() == b"bytes"
    if value.others if ofBytes else value.intervals:
        raise InvalidField("it has ranges of another unit")
    if ofBytes:
        members = [_generateInterval(*interval) for interval in value.intervals]
    else:
        members = [asciiBytes(other) for other in value.others]
        if None in map(_OTHER_RANGE.fullmatch, members):
            raise InvalidField("a range is malformed")
    if not 0 < len(members) <= MAX_RANGES:
        raise InvalidField("there are no ranges, or too many")
    return unit + b"=" + b",".join(members)


def _generateInterval(first: int | None, last: int | None) -> bytes:
    if last is None:
        if first is None:
            raise InvalidField("a range has neither a first nor a last position")
        return generateNumber(first) + b"-"
    if first is None:
        return b"-" + generateNumber(last)
    if last < first:
        raise InvalidField("a range ends before it starts")
    return generateNumber(first) + b"-" + generateNumber(last)


def parseContentRange(value: bytes) -> ContentRange:
    """
    @raise ValueError: if C{value} is invalid (section 14.4).
    """
    found = _CONTENT_RANGE.fullmatch(value)
    if found is None:
        raise ValueError("it is not a range and a length")
    name, first, last, complete, length = found.groups()
    unit = name.lower().decode("ascii")
    if first is None:
        return ContentRange(None, None, parseNumber(length), unit)
    start, stop = parseNumber(first), parseNumber(last) + 1
    whole = None if complete is None else parseNumber(complete)
    if start >= stop:
        raise ValueError("the range ends before it starts")
    if whole is not None and stop > whole:
        raise ValueError("the range goes beyond the length")
    if stop > MAX_NUMBER:
        raise ValueError("it is too long for a number")
    return ContentRange(start, stop, whole, unit)


def generateContentRange(value: ContentRange) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, ContentRange):
        raise InvalidField("it must be a ContentRange")
    return bytes(value)


def selectRanges(
    value: RangeSpec, length: int
) -> list[tuple[int, int]] | Literal[Unsatisfiable.UNSATISFIABLE] | None:
    """
    Apply what a Range field asks for to a representation.

    Ranges that overlap or touch become one, in the place of the first of them
    (section 15.3.7.2), so no octet is ever sent twice.

    @param length: of the representation, in octets.

    @return: C{(start, stop)} of each range that lies in the representation at
        least partly, in the order of the request, never empty; L{None} if the
        field is to be ignored: another unit, too many ranges, or nothing to
        take a part of; or L{UNSATISFIABLE}.
    """
    intervals = value.intervals
    if value.unit != "bytes" or not 0 < len(intervals) <= MAX_RANGES or length <= 0:
        return None
    found: list[tuple[int, int]] = []
    for first, last in intervals:
        if first is None:
            if last:
                found.append((max(0, length - last), length))
        elif first < length and (last is None or last >= first):
            found.append((first, length if last is None else min(last + 1, length)))
    if not found:
        return UNSATISFIABLE
    return found if len(found) == 1 else _coalesce(found)


def _coalesce(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """
    @param ranges: in order of request.
    """
    # The place in the request, the start and the stop of each.
    merged: list[tuple[int, int, int]] = []
    for place in sorted(range(len(ranges)), key=ranges.__getitem__):
        start, stop = ranges[place]
        if merged and start <= merged[-1][2]:
            earlier, begin, end = merged[-1]
            merged[-1] = (min(earlier, place), begin, max(end, stop))
        else:
            merged.append((place, start, stop))
    return [(start, stop) for place, start, stop in sorted(merged)]
