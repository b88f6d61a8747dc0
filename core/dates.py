"""
Dates of HTTP (RFC 9110, section 5.6.7).

All three formats are read, one is written.
"""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final

from penstock.core.errors import InvalidField

_DAYS: Final = (b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun")
_MONTHS: Final = (
    b"Jan",
    b"Feb",
    b"Mar",
    b"Apr",
    b"May",
    b"Jun",
    b"Jul",
    b"Aug",
    b"Sep",
    b"Oct",
    b"Nov",
    b"Dec",
)
_MONTH_NUMBERS: Final = {name: number for number, name in enumerate(_MONTHS, 1)}

_MONTH: Final = rb"(" + b"|".join(_MONTHS) + rb")"
_TIME: Final = rb"([0-9]{2}):([0-9]{2}):([0-9]{2})"

# Sun, 06 Nov 1994 08:49:37 GMT
_FIXDATE: Final = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), "
    rb"([0-9]{2}) " + _MONTH + rb" ([0-9]{4}) " + _TIME + rb" GMT"
)
# Sunday, 06-Nov-94 08:49:37 GMT
_RFC850: Final = re.compile(
    rb"(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday), "
    rb"([0-9]{2})-" + _MONTH + rb"-([0-9]{2}) " + _TIME + rb" GMT"
)
# Sun Nov  6 08:49:37 1994
_ASCTIME: Final = re.compile(
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) "
    + _MONTH
    + rb" ([0-9 ][0-9]) "
    + _TIME
    + rb" ([0-9]{4})"
)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = 86400

# The first second of year 1, and the last of year 9999.
_EARLIEST: Final = -62135596800
_LATEST: Final = 253402300799

# The longest date there is, "Wednesday, 06-Nov-94 08:49:37 GMT", has 33.
_MAX_LENGTH: Final = 33


def parseDate(value: bytes, now: float | None = None) -> datetime:
    """
    The name of the day is not compared with the date: senders get it wrong,
    and it adds nothing.  A leap second is taken for the second after it.

    @param now: seconds since the epoch, for dates in the format of RFC 850,
        which have two digits for the year; L{None} for the system's clock.

    @return: in UTC, and aware of it.

    @raise ValueError: if C{value} isn't a date.
    """
    if len(value) > _MAX_LENGTH:
        raise ValueError("it is too long for a date")
    found = _FIXDATE.fullmatch(value)
    if found is not None:
        day, month, year, hour, minute, second = found.groups()
        return _make(int(year), month, day, hour, minute, second)
    found = _RFC850.fullmatch(value)
    if found is not None:
        day, month, year, hour, minute, second = found.groups()
        today = _today(now)
        century = int(year)
        full = _fullYear(century, today.year)
        made = _make(full, month, day, hour, minute, second)
        # Within the fiftieth year the rest of the date decides.
        if made.year == today.year + 50 and _later(made, today):
            made = _make(full - 100, month, day, hour, minute, second)
        return made
    found = _ASCTIME.fullmatch(value)
    if found is not None:
        month, day, hour, minute, second, year = found.groups()
        return _make(int(year), month, day.lstrip(b" "), hour, minute, second)
    raise ValueError("it is not a date in any of the three formats")


def _today(now: float | None) -> datetime:
    return _EPOCH + timedelta(seconds=time.time() if now is None else now)


def _fullYear(short: int, thisYear: int) -> int:
    """
    @return: the last year that ends in C{short} and isn't more than 50 years
        after C{thisYear}.
    """
    latest = min(thisYear + 50, 9999)
    return latest - (latest - short) % 100


def _later(one: datetime, other: datetime) -> bool:
    """
    @return: whether C{one} comes later in its year than C{other} in its own.
    """
    return (one.month, one.day, one.hour, one.minute, one.second) > (
        other.month,
        other.day,
        other.hour,
        other.minute,
        other.second,
    )


def _make(
    year: int, month: bytes, day: bytes, hour: bytes, minute: bytes, second: bytes
) -> datetime:
    seconds = int(second)
    leap = seconds == 60 and hour == b"23" and minute == b"59"
    try:
        made = datetime(
            year,
            _MONTH_NUMBERS[month],
            int(day),
            int(hour),
            int(minute),
            59 if leap else seconds,
            tzinfo=UTC,
        )
        return made + _SECOND if leap else made
    except (ValueError, OverflowError):
        raise ValueError("there is no such date") from None


def toSeconds(moment: datetime) -> int:
    """
    @param moment: aware of its time zone.

    @return: whole seconds since the epoch, the fraction cut off, as a date of
        HTTP has it.

    @raise InvalidField: if C{moment} is naive; or if it is not within the years
        1 to 9999 in UTC, which where its time zone is it may be.
    """
    if moment.tzinfo is None:
        raise InvalidField("a date must be aware of its time zone")
    seconds = (moment - _EPOCH) // _SECOND
    if not _EARLIEST <= seconds <= _LATEST:
        raise InvalidField("a date must be within the years 1 to 9999")
    return seconds


def generateDate(moment: datetime) -> bytes:
    """
    @param moment: aware of its time zone; a fraction of a second is cut off.

    @return: an IMF-fixdate.

    @raise InvalidField: see L{toSeconds}.
    """
    return _format(toSeconds(moment))


def formatDate(epochSeconds: float) -> bytes:
    """
    @param epochSeconds: seconds since the epoch; a fraction is cut off.

    @return: an IMF-fixdate.

    @raise ValueError: if it is not within the years 1 to 9999.
    """
    return _format(
        epochSeconds if type(epochSeconds) is int else math.floor(epochSeconds)
    )


# A server sends the same few moments again and again: now, and when its files
# were changed.  A hit costs 0.1 µs, a miss 1 µs.
@lru_cache(maxsize=1024)
def _format(seconds: int) -> bytes:
    if not _EARLIEST <= seconds <= _LATEST:
        raise InvalidField("a date must be within the years 1 to 9999")
    days, rest = divmod(seconds, _DAY)
    ordinal = days + _EPOCH_ORDINAL
    day = date.fromordinal(ordinal)
    minutes, second = divmod(rest, 60)
    hour, minute = divmod(minutes, 60)
    return b"%s, %02d %s %04d %02d:%02d:%02d GMT" % (
        _DAYS[(ordinal - 1) % 7],
        day.day,
        _MONTHS[day.month - 1],
        day.year,
        hour,
        minute,
        second,
    )
