"""
Tests for L{penstock.core.conditions}.
"""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from penstock.core.conditions import Outcome, evaluate, rangeApplies
from penstock.core.dates import generateDate
from penstock.core.errors import InvalidField
from penstock.core.etag import EntityTag
from penstock.core.headers import Headers

PROCEED = Outcome.PROCEED
NOT_MODIFIED = Outcome.NOT_MODIFIED
FAILED = Outcome.PRECONDITION_FAILED

TAG = EntityTag("now")
MODIFIED = datetime(2020, 2, 2, 2, 2, 2, tzinfo=UTC)
EARLIER = generateDate(MODIFIED - timedelta(seconds=1))
SAME = generateDate(MODIFIED)
LATER = generateDate(MODIFIED + timedelta(seconds=1))


def fields(**given: bytes | None) -> Headers:
    return Headers(
        [
            (name.replace("_", "-"), value)
            for name, value in given.items()
            if value is not None
        ]
    )


# One field at a time

SINGLE: list[tuple[str, bytes, Outcome, Outcome]] = [
    # field, value, outcome for GET, outcome for PUT
    ("if-match", b'"now"', PROCEED, PROCEED),
    ("if-match", b'"then", "now"', PROCEED, PROCEED),
    ("if-match", b"*", PROCEED, PROCEED),
    ("if-match", b'"then"', FAILED, FAILED),
    ("if-match", b'W/"now"', FAILED, FAILED),
    ("if-match", b"", FAILED, FAILED),
    ("if-match", b"now", FAILED, FAILED),
    ("if-match", b'*, "now"', FAILED, FAILED),
    ("if-none-match", b'"now"', NOT_MODIFIED, FAILED),
    ("if-none-match", b'W/"now"', NOT_MODIFIED, FAILED),
    ("if-none-match", b'"then", W/"now"', NOT_MODIFIED, FAILED),
    ("if-none-match", b"*", NOT_MODIFIED, FAILED),
    ("if-none-match", b'"then"', PROCEED, PROCEED),
    ("if-none-match", b"", PROCEED, PROCEED),
    ("if-none-match", b"now", PROCEED, PROCEED),
    ("if-modified-since", EARLIER, PROCEED, PROCEED),
    ("if-modified-since", SAME, NOT_MODIFIED, PROCEED),
    ("if-modified-since", LATER, NOT_MODIFIED, PROCEED),
    ("if-modified-since", b"now", PROCEED, PROCEED),
    ("if-modified-since", SAME + b", " + SAME, PROCEED, PROCEED),
    ("if-unmodified-since", EARLIER, FAILED, FAILED),
    ("if-unmodified-since", SAME, PROCEED, PROCEED),
    ("if-unmodified-since", LATER, PROCEED, PROCEED),
    ("if-unmodified-since", b"now", PROCEED, PROCEED),
    ("if-unmodified-since", EARLIER + b", " + EARLIER, PROCEED, PROCEED),
]


@pytest.mark.parametrize(
    ("name", "value", "get", "put"), SINGLE, ids=[f"{n} {v!r}" for n, v, *_ in SINGLE]
)
@pytest.mark.requirement(
    "9110-13.1.1-1", "9110-13.1.2-1", "9110-13.1.2-5", "9110-13.1.3-2", "9110-13.1.4-2"
)
def test_single(name: str, value: bytes, get: Outcome, put: Outcome) -> None:
    headers = Headers([(name, value)])
    for method in (b"GET", b"HEAD"):
        assert evaluate(method, headers, TAG, MODIFIED) is get
    for method in (b"PUT", b"POST", b"PATCH", b"DELETE", b"FROB", b"get"):
        assert evaluate(method, headers, TAG, MODIFIED) is put


@pytest.mark.parametrize("method", [b"CONNECT", b"OPTIONS", b"TRACE"])
@pytest.mark.parametrize(("name", "value"), [row[:2] for row in SINGLE])
@pytest.mark.requirement("9110-13.2.1-5")
def test_methodsWithoutConditions(method: bytes, name: str, value: bytes) -> None:
    """
    RFC 9110, section 13.2.1.
    """
    assert evaluate(method, Headers([(name, value)]), TAG, MODIFIED) is PROCEED


@pytest.mark.parametrize(
    ("name", "value", "outcome"),
    [
        ("if-match", b"*", FAILED),
        ("if-match", b'"now"', FAILED),
        ("if-none-match", b"*", PROCEED),
        ("if-none-match", b'"now"', PROCEED),
        ("if-modified-since", LATER, PROCEED),
        ("if-unmodified-since", EARLIER, PROCEED),
    ],
)
@pytest.mark.parametrize("method", [b"GET", b"PUT"])
def test_withoutRepresentation(
    method: bytes, name: str, value: bytes, outcome: Outcome
) -> None:
    """
    Nothing is there yet: validators that are given all the same don't count.
    """
    headers = Headers([(name, value)])
    assert evaluate(method, headers, TAG, MODIFIED, exists=False) is outcome
    assert evaluate(method, headers, None, None, exists=False) is outcome


@pytest.mark.parametrize(
    ("name", "value", "get", "put"),
    [
        ("if-match", b"*", PROCEED, PROCEED),
        ("if-match", b'"now"', FAILED, FAILED),
        ("if-none-match", b"*", NOT_MODIFIED, FAILED),
        ("if-none-match", b'"now"', PROCEED, PROCEED),
        ("if-modified-since", LATER, PROCEED, PROCEED),
        ("if-unmodified-since", EARLIER, PROCEED, PROCEED),
    ],
)
@pytest.mark.requirement("9110-13.1.3-3", "9110-13.1.4-3")
def test_withoutValidators(name: str, value: bytes, get: Outcome, put: Outcome) -> None:
    """
    There is something, but it has neither a tag nor a date.
    """
    headers = Headers([(name, value)])
    assert evaluate(b"GET", headers, None, None) is get
    assert evaluate(b"PUT", headers, None, None) is put


@pytest.mark.requirement("9110-13.1.1-1", "9110-13.1.2-1")
def test_weakTag() -> None:
    """
    A weak tag of ours matches weakly only.
    """
    weak = EntityTag("now", weak=True)
    for value in (b'"now"', b'W/"now"'):
        assert evaluate(b"PUT", fields(if_match=value), weak, None) is FAILED
        assert evaluate(b"GET", fields(if_none_match=value), weak, None) is NOT_MODIFIED


# All together

IF_MATCH = {None: None, b'"now"': True, b'"then"': False, b"now": False}
IF_NONE_MATCH = {None: None, b'"then"': True, b'"now"': False, b"now": True}
# Dates that aren't ones count as absent.
IF_UNMODIFIED = {None: None, SAME: True, EARLIER: False, b"now": None}
IF_MODIFIED = {None: None, EARLIER: True, SAME: False, b"now": None}


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"PUT", b"DELETE"])
@pytest.mark.requirement("9110-13.2.2-1")
def test_order(method: bytes) -> None:
    """
    RFC 9110, section 13.2.2, step by step, for all combinations.
    """
    reading = method in (b"GET", b"HEAD")
    for match, noneMatch, unmodified, modified in product(
        IF_MATCH, IF_NONE_MATCH, IF_UNMODIFIED, IF_MODIFIED
    ):
        expected = PROCEED
        first = IF_MATCH[match] if match is not None else IF_UNMODIFIED[unmodified]
        if first is False:
            expected = FAILED
        elif noneMatch is not None:
            if IF_NONE_MATCH[noneMatch] is False:
                expected = NOT_MODIFIED if reading else FAILED
        elif reading and IF_MODIFIED[modified] is False:
            expected = NOT_MODIFIED
        headers = fields(
            if_match=match,
            if_none_match=noneMatch,
            if_unmodified_since=unmodified,
            if_modified_since=modified,
        )
        assert evaluate(method, headers, TAG, MODIFIED) is expected, headers


def test_fractions() -> None:
    """
    Dates of HTTP have no fractions: what was changed within the second that
    the client knows of counts as not changed.
    """
    modified = MODIFIED + timedelta(microseconds=999_999)
    assert evaluate(b"GET", fields(if_modified_since=SAME), None, modified) is (
        NOT_MODIFIED
    )
    assert evaluate(b"PUT", fields(if_unmodified_since=SAME), None, modified) is PROCEED


def test_twoDigitYears() -> None:
    """
    They are read as of C{now}.
    """
    headers = fields(if_modified_since=b"Sunday, 02-Feb-20 02:02:02 GMT")

    def at(year: int) -> Outcome:
        now = datetime(year, 1, 1, tzinfo=UTC).timestamp()
        return evaluate(b"GET", headers, None, MODIFIED, now=now)

    assert at(2030) is NOT_MODIFIED
    assert at(1960) is PROCEED


@pytest.mark.requirement("9110-13.1.3-2", "9110-13.1.4-2")
def test_repeatedDates() -> None:
    """
    More than one line is not a date either.
    """
    headers = Headers([("if-modified-since", LATER)] * 2)
    assert evaluate(b"GET", headers, None, MODIFIED) is PROCEED


def test_naive() -> None:
    """
    That is a mistake of ours.
    """
    with pytest.raises(InvalidField):
        evaluate(b"GET", fields(if_modified_since=SAME), None, datetime(2020, 1, 1))


# If-Range


@pytest.mark.parametrize(
    ("value", "applies"),
    [
        (None, True),
        (b'"now"', True),
        (b'"then"', False),
        (b'W/"now"', False),
        (b'"then", "now"', False),
        (b"*", False),
        (b"now", False),
        (b"", False),
        (SAME, True),
        (EARLIER, False),
        (LATER, False),
    ],
)
@pytest.mark.requirement("9110-13.1.5-6", "9110-13.1.5-7", "9110-13.1.5-8")
def test_ifRange(value: bytes | None, applies: bool) -> None:
    """
    RFC 9110, section 13.1.5: strong, and exact.
    """
    headers = fields(range=b"bytes=0-1", if_range=value)
    assert rangeApplies(headers, TAG, MODIFIED) is applies
    assert not rangeApplies(fields(if_range=value), TAG, MODIFIED)


def test_ifRangeWithoutValidators() -> None:
    for value in (b'"now"', SAME):
        headers = fields(range=b"bytes=0-1", if_range=value)
        assert not rangeApplies(headers, None, None)


@pytest.mark.requirement("9110-13.1.5-7")
def test_ifRangeWithWeakTag() -> None:
    """
    A weak tag doesn't promise the same octets, even of our own.
    """
    weak = EntityTag("now", weak=True)
    for value in (b'"now"', b'W/"now"'):
        assert not rangeApplies(fields(range=b"bytes=0-1", if_range=value), weak, None)


def test_ifRangeTooRecent() -> None:
    """
    As long as the second isn't over, its date doesn't tell states apart.
    """
    now = datetime.now(UTC)
    recent = fields(range=b"bytes=0-1", if_range=generateDate(now))
    assert not rangeApplies(recent, None, now)
    headers = fields(range=b"bytes=0-1", if_range=SAME)
    moment = MODIFIED.timestamp()
    assert not rangeApplies(headers, None, MODIFIED, moment)
    assert not rangeApplies(headers, None, MODIFIED, moment + 0.9)
    assert rangeApplies(headers, None, MODIFIED, moment + 1)


def test_ifRangeTwice() -> None:
    headers = Headers([("range", "bytes=0-1"), *[("if-range", '"now"')] * 2])
    assert not rangeApplies(headers, TAG, None)
