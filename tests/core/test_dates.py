"""
Tests for L{penstock.core.dates}.
"""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.dates import formatDate, generateDate, parseDate, toSeconds
from penstock.core.errors import InvalidField

DAY = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
LONG_DAYS = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
]
MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]

moments = st.datetimes(
    datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))


def epoch(*moment: int) -> float:
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]


def rfc850(moment: datetime) -> bytes:
    return (
        f"{LONG_DAYS[moment.weekday()]}, {moment.day:02}-{MONTHS[moment.month - 1]}"
        f"-{moment.year % 100:02} {moment:%H:%M:%S} GMT"
    ).encode()


def asctime(moment: datetime) -> bytes:
    return (
        f"{LONG_DAYS[moment.weekday()][:3]} {MONTHS[moment.month - 1]}"
        f" {moment.day:2} {moment:%H:%M:%S} {moment.year:04}"
    ).encode()


@pytest.mark.parametrize(
    "line",
    [
        # RFC 9110, section 5.6.7.
        b"Sun, 06 Nov 1994 08:49:37 GMT",
        b"Sunday, 06-Nov-94 08:49:37 GMT",
        b"Sun Nov  6 08:49:37 1994",
        b"Sun Nov 06 08:49:37 1994",
        # The day's name is not looked at.
        b"Mon, 06 Nov 1994 08:49:37 GMT",
    ],
)
@pytest.mark.requirement("9110-5.6.7-1")
def test_formats(line: bytes) -> None:
    parsed = parseDate(line)
    assert parsed == DAY
    assert parsed.tzinfo is UTC


@given(moments)
@pytest.mark.requirement("9110-5.6.7-2")
def test_roundTrip(moment: datetime) -> None:
    written = generateDate(moment)
    assert parseDate(written) == moment
    assert formatDate(toSeconds(moment)) == written
    assert len(written) == 29


@given(moments.filter(lambda moment: moment.year >= 1000))
@pytest.mark.requirement("9110-5.6.7-3")
def test_anotherWriter(moment: datetime) -> None:
    """
    The standard library writes the same.
    """
    assert generateDate(moment).decode() == format_datetime(moment, usegmt=True)


@given(moments)
@pytest.mark.requirement("9110-5.6.7-1")
def test_asctime(moment: datetime) -> None:
    assert parseDate(asctime(moment)) == moment


@given(
    st.datetimes(datetime(1100, 1, 1), datetime(9800, 1, 1), timezones=st.just(UTC)),
    st.integers(-(50 * 365 - 30) * 86400, (50 * 365 + 10) * 86400),
)
@pytest.mark.requirement("9110-5.6.7-1")
def test_rfc850(now: datetime, distance: int) -> None:
    """
    What lies within fifty years is found again.
    """
    moment = (now + timedelta(seconds=distance)).replace(microsecond=0)
    assert parseDate(rfc850(moment), now.timestamp()) == moment


@given(st.integers(0, 99), moments)
@pytest.mark.requirement("9110-5.6.7-4")
def test_twoDigits(short: int, now: datetime) -> None:
    """
    The year ends in the digits, is not more than 50 years ahead, and is the
    last such year.
    """
    line = b"Monday, 15-Jun-%02d 12:00:00 GMT" % short
    try:
        year = parseDate(line, now.timestamp()).year
    except ValueError:
        # Before the year 1.
        assert now.year < 150
        return
    assert year % 100 == short
    ahead = datetime(year, 6, 15, 12, tzinfo=UTC).replace(year=2000)
    limit = now.year + 50 - (ahead > now.replace(year=2000))
    assert year <= limit
    assert year + 100 > min(limit, 9999)


@pytest.mark.parametrize(
    ("line", "now", "year"),
    [
        (b"Sunday, 06-Nov-94 08:49:37 GMT", epoch(2026, 1, 1), 1994),
        (b"Friday, 06-Nov-76 08:49:37 GMT", epoch(2026, 11, 6, 8, 49, 37), 2076),
        (b"Friday, 06-Nov-76 08:49:38 GMT", epoch(2026, 11, 6, 8, 49, 37), 1976),
        (b"Friday, 06-Nov-77 08:49:37 GMT", epoch(2026, 12, 1), 1977),
        (b"Friday, 06-Nov-26 08:49:37 GMT", epoch(2026, 1, 1), 2026),
        (b"Friday, 06-Nov-00 08:49:37 GMT", epoch(1999, 12, 31), 2000),
        (b"Friday, 06-Nov-99 08:49:37 GMT", epoch(2000, 1, 1), 1999),
        (b"Friday, 06-Nov-05 08:49:37 GMT", epoch(2099, 1, 1), 2105),
        (b"Tuesday, 29-Feb-00 08:49:37 GMT", epoch(2026, 1, 1), 2000),
        (b"Friday, 06-Nov-10 08:49:37 GMT", epoch(9990, 1, 1), 9910),
        (b"Friday, 06-Nov-99 08:49:37 GMT", epoch(9990, 1, 1), 9999),
    ],
)
@pytest.mark.requirement("9110-5.6.7-4")
def test_century(line: bytes, now: float, year: int) -> None:
    assert parseDate(line, now).year == year


def test_systemClock() -> None:
    """
    Without a time given, it is that of the system.
    """
    now = datetime.now(UTC)
    assert parseDate(rfc850(now)) == now.replace(microsecond=0)


@pytest.mark.parametrize(
    "line",
    [
        b"Sat, 31 Dec 2016 23:59:60 GMT",
        b"Saturday, 31-Dec-16 23:59:60 GMT",
        b"Sat Dec 31 23:59:60 2016",
    ],
)
def test_leapSecond(line: bytes) -> None:
    assert parseDate(line, epoch(2020, 1, 1)) == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"0",
        b"Sun, 06 Nov 1994 08:49:37",
        b"Sun, 06 Nov 1994 08:49:37 UTC",
        b"Sun, 06 Nov 1994 08:49:37 +0000",
        b"Sun, 06 Nov 1994 08:49:37 GMT ",
        b"Sun, 06 Nov 1994 08:49:37 GMT\n",
        b"Sun,  6 Nov 1994 08:49:37 GMT",
        b"Sun, 6 Nov 1994 08:49:37 GMT",
        b"sun, 06 nov 1994 08:49:37 gmt",
        b"Sun 06 Nov 1994 08:49:37 GMT",
        b"Sunday, 06 Nov 1994 08:49:37 GMT",
        b"Sun, 06-Nov-94 08:49:37 GMT",
        b"Sunday, 06-Nov-1994 08:49:37 GMT",
        b"Sun, 06 Nov 94 08:49:37 GMT",
        b"Sun Nov 6 08:49:37 1994",
        b"Sun, 00 Nov 1994 08:49:37 GMT",
        b"Sun, 31 Nov 1994 08:49:37 GMT",
        b"Sun, 29 Feb 1994 08:49:37 GMT",
        b"Sun, 06 Nov 0000 08:49:37 GMT",
        b"Sun, 06 Nov 1994 24:00:00 GMT",
        b"Sun, 06 Nov 1994 08:60:00 GMT",
        b"Sun, 06 Nov 1994 08:49:60 GMT",
        b"Sun, 06 Nov 1994 23:59:61 GMT",
        b"Fri, 31 Dec 9999 23:59:60 GMT",
        b"Sun Nov    08:49:37 1994",
        b"Sun, \xb26 Nov 1994 08:49:37 GMT",
        b"Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
        b"Sunday, " + b"0" * 10000,
    ],
    ids=lambda line: repr(line[:50]),
)
def test_refuses(line: bytes) -> None:
    with pytest.raises(ValueError) as caught:
        parseDate(line)
    assert "1994" not in str(caught.value)


def test_otherZones() -> None:
    """
    Whatever the zone, the date is written in UTC.
    """
    zone = timezone(timedelta(hours=-5, minutes=-30))
    assert generateDate(DAY.astimezone(zone)) == b"Sun, 06 Nov 1994 08:49:37 GMT"


def test_fractions() -> None:
    """
    Fractions are cut off, before the epoch too.
    """
    assert formatDate(0.999) == b"Thu, 01 Jan 1970 00:00:00 GMT"
    assert formatDate(-0.5) == b"Wed, 31 Dec 1969 23:59:59 GMT"
    assert toSeconds(datetime(1969, 12, 31, 23, 59, 59, 500000, UTC)) == -1


def test_naive() -> None:
    """
    Nobody knows when that is.
    """
    with pytest.raises(InvalidField):
        generateDate(datetime(2000, 1, 1))


@pytest.mark.parametrize("seconds", [-62135596801, 253402300800, 10**30])
def test_outOfRange(seconds: int) -> None:
    with pytest.raises(InvalidField):
        formatDate(seconds)


def test_ends() -> None:
    """
    The years 1 to 9999.
    """
    assert formatDate(-62135596800) == b"Mon, 01 Jan 0001 00:00:00 GMT"
    assert formatDate(253402300799) == b"Fri, 31 Dec 9999 23:59:59 GMT"
