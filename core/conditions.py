"""
Conditional requests (RFC 9110, section 13).

Pure: fields and validators in, an outcome out.
"""

from __future__ import annotations

import time
from datetime import datetime
from enum import Enum, auto
from typing import Final

from penstock.core.dates import parseDate, toSeconds
from penstock.core.etag import EntityTag
from penstock.core.headers import Headers


class Outcome(Enum):
    """
    What the conditions of a request come to.
    """

    PROCEED = auto()
    """Perform the method."""

    NOT_MODIFIED = auto()
    """Answer 304: the client has the representation already."""

    PRECONDITION_FAILED = auto()
    """Answer 412."""


# RFC 9110, section 13.2.1: methods that neither select nor modify a
# representation.
_UNCONDITIONAL: Final = frozenset((b"CONNECT", b"OPTIONS", b"TRACE"))


def evaluate(
    method: bytes,
    in_headers: Headers,
    etag: EntityTag | None,
    lastModified: datetime | None,
    exists: bool = True,
    now: float | None = None,
) -> Outcome:
    """
    Evaluate the conditions in C{in_headers} in the order of section 13.2.2,
    but for If-Range, which is L{rangeApplies}'.

    For whoever would answer C{2xx} or 412 without conditions: they don't
    count otherwise (section 13.2.1).

    A date that isn't one is ignored, as the RFC demands.  For entity tags it
    says that what isn't C{*} and doesn't match is false for If-Match, and
    true for If-None-Match; so it is for what doesn't parse.  Either way the
    safe thing happens: nothing is overwritten, and nothing stale is kept.

    @param etag: of the current representation, if it has one.
    @param lastModified: when the current representation was last modified,
        if that is known; aware of its time zone.
    @param exists: whether there is a current representation.
    @param now: seconds since the epoch, for dates with two digits for the
        year; L{None} for the system's clock.

    @raise InvalidField: if C{lastModified} is naive.
    """
    if method in _UNCONDITIONAL:
        return Outcome.PROCEED
    if not exists:
        etag = lastModified = None
    # Steps 1 and 2.
    if b"if-match" in in_headers:
        if not _ifMatch(in_headers, etag, exists):
            return Outcome.PRECONDITION_FAILED
    elif lastModified is not None:
        since = _date(in_headers, b"if-unmodified-since", now)
        if since is not None and toSeconds(lastModified) > toSeconds(since):
            return Outcome.PRECONDITION_FAILED
    # Steps 3 and 4.
    reading = method in (b"GET", b"HEAD")
    if b"if-none-match" in in_headers:
        if not _ifNoneMatch(in_headers, etag, exists):
            return Outcome.NOT_MODIFIED if reading else Outcome.PRECONDITION_FAILED
    elif reading and lastModified is not None:
        since = _date(in_headers, b"if-modified-since", now)
        if since is not None and toSeconds(lastModified) <= toSeconds(since):
            return Outcome.NOT_MODIFIED
    return Outcome.PROCEED


def _ifMatch(in_headers: Headers, etag: EntityTag | None, exists: bool) -> bool:
    """
    Section 13.1.1: the strong comparison.
    """
    tags = in_headers.getStandard(b"if-match", ())
    if tags == "*":
        return exists
    return etag is not None and any(etag.equalsStrongly(tag) for tag in tags)


def _ifNoneMatch(in_headers: Headers, etag: EntityTag | None, exists: bool) -> bool:
    """
    Section 13.1.2: the weak comparison.
    """
    tags = in_headers.getStandard(b"if-none-match", ())
    if tags == "*":
        return not exists
    return etag is None or not any(etag.equalsWeakly(tag) for tag in tags)


def _date(in_headers: Headers, name: bytes, now: float | None) -> datetime | None:
    lines = in_headers.getRaw(name)
    if len(lines) != 1:
        return None
    try:
        return parseDate(lines[0], now)
    except ValueError:
        return None


def rangeApplies(
    in_headers: Headers,
    etag: EntityTag | None,
    lastModified: datetime | None,
    now: float | None = None,
) -> bool:
    """
    Evaluate If-Range (section 13.1.5).

    For a GET of a representation that ranges can be taken of, after
    L{evaluate} came to PROCEED.

    A C{lastModified} within the current second doesn't count: there may be
    another change before it is over, which nobody could tell by the date
    (section 8.8.2.2).

    @param now: seconds since the epoch; L{None} for the system's clock.

    @return: whether there is a Range field, and it isn't to be ignored.
    """
    if b"range" not in in_headers:
        return False
    if b"if-range" not in in_headers:
        return True
    validator = in_headers.getStandard(b"if-range")
    if isinstance(validator, EntityTag):
        return etag is not None and etag.equalsStrongly(validator)
    if not isinstance(validator, datetime) or lastModified is None:
        return False
    modified = toSeconds(lastModified)
    if modified != toSeconds(validator):
        return False
    return (time.time() if now is None else now) >= modified + 1
