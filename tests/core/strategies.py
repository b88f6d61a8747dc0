"""
Values of the fields of RFC 9110, 9111 and 9112, for properties.
"""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from penstock.core.authority import Authority
from penstock.core.cachecontrol import CacheControl
from penstock.core.etag import EntityTag
from penstock.core.mediatype import MediaType
from penstock.core.members import Expectation, TransferCoding, WantedCoding
from penstock.core.negotiation import (
    MOST,
    Accept,
    AcceptCharset,
    AcceptEncoding,
    AcceptLanguage,
    MediaRange,
    Weighted,
)
from penstock.core.ranges import ContentRange, RangeSpec
from penstock.core.values.protocol import Protocol
from penstock.core.values.via import Via

TCHAR = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
tokens = st.text(TCHAR, min_size=1, max_size=12)
lowerTokens = tokens.map(str.lower)
texts = st.text(
    [chr(c) for c in range(256) if c == 9 or (c >= 32 and c != 127)], max_size=20
)
parameterValues = st.one_of(tokens, texts)
parameters = st.dictionaries(lowerTokens, parameterValues, max_size=3).map(
    lambda found: tuple(found.items())
)
rangeParameters = st.dictionaries(
    lowerTokens.filter(lambda name: name != "q"), parameterValues, max_size=3
).map(lambda found: tuple(found.items()))
numbers = st.integers(0, 10**18 - 1)
seconds = st.integers(0, 2**31)
weights = st.integers(0, MOST)
moments = st.datetimes(
    datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=st.just(UTC)
).map(lambda moment: moment.replace(microsecond=0))
tags = st.builds(
    EntityTag,
    st.text([chr(c) for c in range(0x21, 256) if c not in (0x22, 0x7F)], max_size=12),
    st.booleans(),
)
tagLists = st.one_of(st.just("*"), st.lists(tags, max_size=4).map(tuple))
ports = st.one_of(st.none(), st.integers(0, 65535))
authorities = st.one_of(
    st.builds(
        Authority, st.text("abc019.-_~!$&'()*+,;=", min_size=1, max_size=20), ports
    ),
    st.builds(Authority, st.sampled_from(["%c3%a4.example", "127.0.0.1"]), ports),
    st.builds(Authority, st.ip_addresses(v=6).map(str), ports),
)
# Those with an authority can't have any.
references = st.one_of(
    st.text(
        [chr(c) for c in range(0x21, 0x7F) if chr(c) not in '"<>\\'], min_size=1
    ).filter(lambda text: not text.lower().startswith(("//", "http"))),
    st.sampled_from(["//a.example", "https://a.example:8443/b?c#d", "HTTP://[::1]/"]),
)
languages = st.lists(
    st.from_regex(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8}){0,2}", fullmatch=True), max_size=4
).map(tuple)
tokenLists = st.lists(tokens, max_size=5).map(tuple)
lowerTokenLists = st.lists(lowerTokens, max_size=5).map(tuple)
lines = texts.map(lambda text: text.strip(" \t")).filter(bool)
intervals = st.one_of(
    st.tuples(numbers, st.none()),
    st.tuples(st.none(), numbers),
    st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair))),
)
others = st.text(
    [chr(c) for c in range(0x21, 0x7F) if chr(c) != ","], min_size=1, max_size=9
)
rangeSpecs = st.one_of(
    st.lists(intervals, min_size=1, max_size=5).map(
        lambda found: RangeSpec("bytes", tuple(found))
    ),
    st.builds(
        RangeSpec,
        lowerTokens.filter(lambda unit: unit != "bytes"),
        st.just(()),
        st.lists(others, min_size=1, max_size=5).map(tuple),
    ),
)
contentRanges = st.one_of(
    st.builds(ContentRange, st.none(), st.none(), numbers, lowerTokens),
    st.builds(
        lambda start, size, rest, unit: ContentRange(
            start, start + size, None if rest is None else start + size + rest, unit
        ),
        st.integers(0, 10**15),
        st.integers(1, 10**15),
        st.one_of(st.none(), st.integers(0, 10**15)),
        lowerTokens,
    ),
)
members = st.lists(st.builds(Weighted, lowerTokens, weights), max_size=5).map(tuple)
mediaRanges = st.one_of(
    st.builds(
        MediaRange,
        lowerTokens.filter(lambda kind: kind != "*"),
        lowerTokens,
        rangeParameters,
        weights,
    ),
    st.builds(MediaRange, st.just("*"), st.just("*"), rangeParameters, weights),
)
expectations = st.one_of(
    st.builds(Expectation, lowerTokens),
    st.builds(Expectation, lowerTokens, parameterValues, parameters),
)

cacheControls = st.lists(
    st.tuples(lowerTokens, st.one_of(st.none(), parameterValues)), max_size=4
).map(lambda found: CacheControl(tuple(found)))
comments = st.one_of(st.none(), texts)
steps = st.builds(
    Via,
    version=tokens,
    receivedBy=st.from_regex(r"[A-Za-z0-9.:\[\]_-]{1,12}", fullmatch=True),
    protocol=st.one_of(st.just("HTTP"), tokens),
    comment=comments,
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Accept": st.lists(mediaRanges, max_size=4).map(lambda r: Accept(tuple(r))),
    "Accept-Charset": members.map(AcceptCharset),
    "Accept-Encoding": members.map(AcceptEncoding),
    "Accept-Language": members.map(AcceptLanguage),
    "Accept-Ranges": lowerTokenLists.filter(bool),
    "Age": seconds,
    "Allow": tokenLists,
    "Cache-Control": cacheControls,
    "Connection": lowerTokenLists,
    "Content-Encoding": lowerTokenLists,
    "Content-Language": languages,
    "Content-Length": numbers,
    "Content-Location": references,
    "Content-Range": contentRanges,
    "Content-Type": st.builds(MediaType, lowerTokens, lowerTokens, parameters),
    "Date": moments,
    "ETag": tags,
    "Expect": st.lists(expectations, max_size=3).map(tuple),
    "Expires": moments,
    "Host": authorities,
    "If-Match": tagLists,
    "If-Modified-Since": moments,
    "If-None-Match": tagLists,
    "If-Range": st.one_of(tags, moments),
    "If-Unmodified-Since": moments,
    "Last-Modified": moments,
    "Location": references,
    "Max-Forwards": numbers,
    "Pragma": cacheControls,
    "Range": rangeSpecs,
    "Referer": references,
    "Retry-After": st.one_of(seconds, moments),
    "Server": lines,
    "TE": st.lists(
        st.builds(WantedCoding, lowerTokens, rangeParameters, weights), max_size=3
    ).map(tuple),
    "Trailer": lowerTokenLists,
    "Transfer-Encoding": st.lists(
        st.builds(TransferCoding, lowerTokens, parameters), max_size=3
    ).map(tuple),
    "Upgrade": st.lists(
        st.builds(Protocol, lowerTokens, st.one_of(st.none(), tokens)), max_size=3
    ).map(tuple),
    "User-Agent": lines,
    "Vary": lowerTokenLists,
    "Via": st.lists(steps, max_size=3).map(tuple),
}
