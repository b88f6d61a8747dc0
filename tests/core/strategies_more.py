"""
Values of the fields that RFC 9110, 9111 and 9112 don't define, for properties.
"""

from base64 import b64encode
from typing import Any

from hypothesis import strategies as st

from penstock.core.cachecontrol import CacheControl
from penstock.core.mediatype import MediaType
from penstock.core.values.alternatives import DAY, Alternative
from penstock.core.values.challenge import Challenge
from penstock.core.values.contentpolicy import ContentSecurityPolicy, PermissionsPolicy
from penstock.core.values.cookies import Cookies
from penstock.core.values.credentials import Basic, Bearer, Credentials, Digest
from penstock.core.values.delays import Refresh
from penstock.core.values.digests import DigestPreferences, Digests, MD5Digest
from penstock.core.values.disposition import ContentDisposition
from penstock.core.values.embedding import EmbeddingPolicy
from penstock.core.values.forwarded import Hop, Node
from penstock.core.values.keepalive import KeepAlive
from penstock.core.values.link import Link
from penstock.core.values.locks import (
    MAX_TIMEOUT,
    Condition,
    StateList,
    StateLists,
    StateToken,
)
from penstock.core.values.preference import Preference
from penstock.core.values.priority import Priority
from penstock.core.values.setcookie import SameSite, SetCookie
from penstock.core.values.structured import (
    Dictionary,
    DisplayString,
    InnerList,
    Item,
    Token,
)
from penstock.core.values.timing import Metric
from penstock.core.values.trace import TraceParent, TraceState
from penstock.core.values.transportsecurity import StrictTransportSecurity
from penstock.core.values.warnings import CacheWarning
from penstock.core.values.websocket import Extension

from .strategies import (
    authorities,
    lowerTokenLists,
    lowerTokens,
    moments,
    numbers,
    parameters,
    parameterValues,
    references,
    seconds,
    tags,
    texts,
    tokenLists,
    tokens,
)


def tuples(members: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[Any]:
    return st.lists(members, min_size=least, max_size=4).map(tuple)


def named(
    names: st.SearchStrategy[str], values: st.SearchStrategy[Any], least: int = 0
) -> st.SearchStrategy[Any]:
    """
    Pairs, each name once.
    """
    found = st.dictionaries(names, values, min_size=least, max_size=4)
    return found.map(lambda pairs: tuple(pairs.items()))


def without(*names: str) -> st.SearchStrategy[str]:
    return lowerTokens.filter(lambda name: name not in names)


# Structured fields

keys = st.from_regex(r"[a-z*][a-z0-9_.*-]{0,9}", fullmatch=True)
asciiTexts = st.text([chr(c) for c in range(0x20, 0x7F)], max_size=12)
anyTexts = st.text(st.characters(codec="utf-8"), max_size=12)
visibleTexts = anyTexts.map(
    lambda text: "".join(c for c in text if c >= " " and c != "\x7f")
)
structuredTokens = st.from_regex(
    r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,9}", fullmatch=True
)
bareItems = st.one_of(
    st.booleans(),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-(10**12) + 1, 10**12 - 1, places=3),
    asciiTexts,
    st.binary(max_size=12),
    st.builds(Token, structuredTokens),
    st.builds(DisplayString, anyTexts),
    moments,
)
keyed = named(keys, bareItems)
items = st.builds(Item, bareItems, keyed)
innerLists = st.builds(InnerList, tuples(items), keyed)
structuredMembers = st.one_of(items, innerLists)
structuredLists = tuples(structuredMembers, 1)
dictionaries = st.builds(Dictionary, named(keys, structuredMembers, 1))
handling = tuples(
    st.builds(Item, st.one_of(asciiTexts, st.builds(Token, structuredTokens)), keyed), 1
)

# Others

attributes = tuples(st.tuples(lowerTokens, st.one_of(st.none(), parameterValues)))
nonEmptyAttributes = tuples(
    st.tuples(lowerTokens, st.one_of(st.none(), parameterValues.filter(bool)))
)
mediaTypes = tuples(st.builds(MediaType, lowerTokens, lowerTokens, parameters))
token68s = st.from_regex(r"[A-Za-z0-9._~+/-]{1,12}={0,2}", fullmatch=True)
credentials = st.one_of(
    st.builds(
        Basic,
        visibleTexts.map(lambda text: text.replace(":", "")),
        visibleTexts,
    ),
    st.builds(Bearer, token68s),
    st.builds(
        Digest,
        user=st.one_of(asciiTexts, visibleTexts),
        realm=texts,
        nonce=texts,
        uri=references,
        response=texts,
        algorithm=st.one_of(st.none(), parameterValues),
        clientNonce=st.one_of(st.none(), texts),
        opaque=st.one_of(st.none(), texts),
        quality=st.one_of(st.none(), parameterValues),
        count=st.one_of(st.none(), st.integers(0, 2**32 - 1)),
        parameters=named(st.sampled_from(["a", "b"]), parameterValues),
    ),
    st.builds(
        Digest, asciiTexts, texts, texts, references, texts, userHash=st.just(True)
    ),
    st.builds(
        Credentials, st.sampled_from(["Negotiate", "hoba"]), st.none(), parameters
    ),
    st.builds(Credentials, tokens.map(lambda text: "x" + text), token68s),
)
challenges = tuples(
    st.one_of(
        st.builds(Challenge, tokens, st.none(), parameters),
        st.builds(Challenge, tokens, token68s),
    )
)
cookieNames = st.text(
    [chr(c) for c in range(0x21, 0x180) if chr(c) not in "=;\x7f"],
    min_size=1,
    max_size=9,
)
cookieValues = st.text(
    [chr(c) for c in range(0x20, 0x180) if chr(c) not in ";\x7f"], max_size=9
).map(lambda text: text.strip(" "))
paths = st.text([chr(c) for c in range(0x21, 0x180) if chr(c) not in ";\x7f"]).map(
    lambda text: "/" + text
)
domains = st.from_regex(r"[a-z0-9_]([a-z0-9_.-]{0,9}[a-z0-9_])?", fullmatch=True)
setCookies = st.one_of(
    st.builds(
        SetCookie,
        name=cookieNames,
        value=cookieValues,
        expires=st.one_of(
            st.none(), moments.filter(lambda moment: moment.year >= 1601)
        ),
        maxAge=st.one_of(st.none(), seconds),
        domain=st.one_of(st.none(), domains),
        path=st.one_of(st.none(), paths),
        secure=st.booleans(),
        httpOnly=st.booleans(),
        sameSite=st.sampled_from([None, SameSite.STRICT, SameSite.LAX]),
    ),
    st.builds(
        SetCookie,
        name=cookieNames.map(lambda name: "__Secure-" + name),
        value=cookieValues,
        secure=st.just(True),
        sameSite=st.sampled_from([None, *SameSite]),
        partitioned=st.booleans(),
    ),
    st.builds(
        SetCookie,
        name=cookieNames.map(lambda name: "__Host-" + name),
        value=cookieValues,
        path=st.just("/"),
        secure=st.just(True),
        sameSite=st.sampled_from([None, *SameSite]),
        partitioned=st.booleans(),
    ),
    # Those without a name.
    st.builds(SetCookie, st.just(""), cookieValues.filter(bool)),
)
obscured = st.from_regex(r"_[A-Za-z0-9._-]{1,9}", fullmatch=True)
nodes = st.builds(
    Node,
    st.one_of(st.ip_addresses().map(str), st.just("unknown"), obscured),
    st.one_of(st.none(), st.integers(0, 65535).map(str), obscured),
)
schemes = st.from_regex(r"[a-z][a-z0-9+.-]{0,9}", fullmatch=True)
hops = st.builds(
    Hop,
    client=st.one_of(st.none(), nodes),
    by=st.one_of(st.none(), nodes),
    host=st.one_of(st.none(), authorities),
    scheme=st.one_of(st.none(), schemes),
    parameters=named(without("for", "by", "host", "proto"), parameterValues),
).filter(lambda hop: hop != Hop())
hosts = authorities.filter(lambda host: "," not in host.host)
origins = st.one_of(
    st.just("null"),
    st.builds(lambda scheme, host: f"{scheme}://{host}", schemes, hosts),
)
alternatives = st.one_of(
    st.just("clear"),
    tuples(
        st.builds(
            Alternative,
            protocol=st.text([chr(c) for c in range(256)], min_size=1, max_size=9),
            port=st.integers(0, 65535),
            host=st.one_of(st.none(), authorities.map(lambda place: place.host)),
            maxAge=st.one_of(st.just(DAY), seconds),
            persist=st.booleans(),
            parameters=named(without("ma", "persist"), parameterValues),
        ),
        1,
    ),
)
links = tuples(
    st.builds(
        Link,
        target=st.one_of(st.just(""), references),
        relations=tuples(references.map(str.lower)),
        title=st.one_of(st.none(), texts, anyTexts),
        anchor=st.one_of(st.none(), texts),
        parameters=tuples(
            st.tuples(
                without("rel", "anchor", "title", "title*"),
                st.one_of(st.none(), parameterValues),
            )
        ),
    )
)
policyWords = st.text(
    [chr(c) for c in range(0x21, 0x7F) if chr(c) not in ",;"], min_size=1, max_size=9
)
contentPolicies = tuples(
    st.builds(
        ContentSecurityPolicy, named(policyWords.map(str.lower), tuples(policyWords), 1)
    )
)
permissions = st.builds(
    PermissionsPolicy,
    named(
        keys,
        tuples(st.one_of(st.sampled_from(["*", "self", "src"]), asciiTexts)),
        1,
    ),
)
metrics = tuples(
    st.builds(
        Metric,
        name=tokens,
        duration=st.one_of(st.none(), numbers),
        description=st.one_of(st.none(), texts),
        parameters=named(without("dur", "desc"), st.one_of(st.none(), parameterValues)),
    )
)
hexadecimal = "0123456789abcdef"
parents = st.builds(
    TraceParent,
    st.text(hexadecimal, min_size=32, max_size=32).filter(lambda text: text.strip("0")),
    st.text(hexadecimal, min_size=16, max_size=16).filter(lambda text: text.strip("0")),
    st.integers(0, 255),
    st.integers(0, 254),
)
traceKeys = st.from_regex(
    r"[a-z0-9][a-z0-9_*/-]{0,9}(@[a-z][a-z0-9_*/-]{0,9})?", fullmatch=True
)
traceValues = st.from_regex(r"[ -+\--<>-~]{0,9}[!-+\--<>-~]", fullmatch=True)
states = st.one_of(tags, st.builds(StateToken, references))
conditions = tuples(st.builds(Condition, states, st.booleans()), 1)
stateLists = st.one_of(
    tuples(st.builds(StateList, conditions), 1),
    tuples(st.builds(StateList, conditions, references), 1),
).map(StateLists)
embeddingPolicies = st.builds(
    EmbeddingPolicy, structuredTokens, st.one_of(st.none(), asciiTexts)
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Activate-Storage-Access": items,
    "Accept-Patch": mediaTypes,
    "Accept-Post": mediaTypes,
    "Access-Control-Allow-Credentials": st.just(True),
    "Access-Control-Allow-Headers": lowerTokenLists,
    "Access-Control-Allow-Methods": tokenLists,
    "Access-Control-Allow-Origin": st.one_of(st.just("*"), origins),
    "Access-Control-Expose-Headers": lowerTokenLists,
    "Access-Control-Max-Age": seconds,
    "Access-Control-Request-Headers": lowerTokenLists,
    "Access-Control-Request-Method": tokens,
    "Alt-Svc": alternatives,
    "Alt-Used": authorities,
    "Authentication-Info": parameters,
    "Authorization": credentials,
    "CDN-Cache-Control": named(keys, st.one_of(st.none(), asciiTexts), 1).map(
        CacheControl
    ),
    "Cache-Status": handling,
    "Clear-Site-Data": tuples(texts),
    "Content-Digest": named(keys, st.binary(max_size=40), 1).map(Digests),
    "Content-Disposition": st.builds(
        ContentDisposition,
        lowerTokens,
        st.one_of(st.none(), texts, anyTexts),
        named(without("filename", "filename*"), parameterValues),
    ),
    "Content-MD5": st.binary(min_size=16, max_size=16).map(MD5Digest),
    "Content-Security-Policy": contentPolicies,
    "Content-Security-Policy-Report-Only": contentPolicies,
    "Cookie": named(cookieNames, cookieValues).map(Cookies),
    "Cross-Origin-Embedder-Policy": embeddingPolicies,
    "Cross-Origin-Embedder-Policy-Report-Only": embeddingPolicies,
    "Cross-Origin-Opener-Policy": embeddingPolicies,
    "Cross-Origin-Opener-Policy-Report-Only": embeddingPolicies,
    "Cross-Origin-Resource-Policy": st.sampled_from(
        ["same-origin", "same-site", "cross-origin"]
    ),
    "DAV": tuples(st.one_of(tokens, references.map(lambda text: f"<{text}>"))),
    "Deprecation": moments,
    "Depth": st.sampled_from([0, 1, "infinity"]),
    "Destination": references,
    "Early-Data": st.just(True),
    "Forwarded": tuples(hops),
    "From": st.sampled_from(["a@b", "spider-admin@example.org", "A B. <a.b@[::1]>"]),
    "If": stateLists,
    "Keep-Alive": st.one_of(
        st.builds(KeepAlive, numbers, st.one_of(st.none(), numbers)),
        st.builds(KeepAlive, st.none(), numbers),
    ),
    "Last-Event-ID": anyTexts.map(
        lambda text: "".join(c for c in text if c >= " " and c != "\x7f").strip(" \t")
    ).filter(bool),
    "Link": links,
    "Lock-Token": st.builds(StateToken, references),
    "Origin": origins,
    "Overwrite": st.booleans(),
    "Permissions-Policy": permissions,
    "Prefer": tuples(
        st.builds(
            Preference,
            lowerTokens,
            st.one_of(st.none(), parameterValues.filter(bool)),
            nonEmptyAttributes,
        )
    ),
    "Preference-Applied": tuples(
        st.builds(
            Preference, lowerTokens, st.one_of(st.none(), parameterValues.filter(bool))
        )
    ),
    "Priority": st.builds(Priority, st.integers(0, 7), st.booleans()),
    "Proxy-Authenticate": challenges,
    "Proxy-Authentication-Info": parameters,
    "Proxy-Authorization": credentials,
    "Proxy-Status": handling,
    "Referrer-Policy": lowerTokenLists,
    "Refresh": st.builds(
        Refresh,
        seconds,
        st.one_of(st.none(), references.filter(lambda text: text[0] != "'")),
    ),
    "Reporting-Endpoints": dictionaries,
    "Repr-Digest": named(keys, st.binary(max_size=40), 1).map(Digests),
    "Sec-Fetch-Dest": structuredTokens,
    "Sec-Fetch-Mode": structuredTokens,
    "Sec-Fetch-Site": structuredTokens,
    "Sec-Fetch-Storage-Access": structuredTokens,
    "Sec-Fetch-User": st.booleans(),
    "Sec-WebSocket-Accept": st.binary(min_size=20, max_size=20).map(
        lambda raw: b64encode(raw).decode()
    ),
    "Sec-WebSocket-Extensions": tuples(st.builds(Extension, tokens, attributes)),
    "Sec-WebSocket-Key": st.binary(min_size=16, max_size=16).map(
        lambda raw: b64encode(raw).decode()
    ),
    "Sec-WebSocket-Protocol": tokenLists,
    "Sec-WebSocket-Version": tuples(st.integers(0, 255), 1),
    "Server-Timing": metrics,
    "Set-Cookie": tuples(setCookies, 1),
    "Strict-Transport-Security": st.builds(
        StrictTransportSecurity, seconds, st.booleans(), st.booleans()
    ),
    "Sunset": moments,
    "Timeout": tuples(st.one_of(st.just("infinite"), st.integers(0, MAX_TIMEOUT)), 1),
    "Timing-Allow-Origin": tuples(st.one_of(st.just("*"), origins)),
    "Upgrade-Insecure-Requests": st.just(True),
    "Want-Content-Digest": named(keys, st.integers(0, 10), 1).map(DigestPreferences),
    "Want-Repr-Digest": named(keys, st.integers(0, 10), 1).map(DigestPreferences),
    "Warning": tuples(
        st.builds(
            CacheWarning,
            st.integers(0, 999),
            st.from_regex(r"[A-Za-z0-9.:\[\]-]{1,9}", fullmatch=True),
            texts,
            st.one_of(st.none(), moments),
        )
    ),
    "WWW-Authenticate": challenges,
    "X-Content-Type-Options": st.just("nosniff"),
    "X-Forwarded-For": tuples(nodes),
    "X-Forwarded-Host": tuples(hosts),
    "X-Forwarded-Port": tuples(st.integers(0, 65535)),
    "X-Forwarded-Prefix": references,
    "X-Forwarded-Proto": tuples(schemes),
    "X-Frame-Options": st.sampled_from(["deny", "sameorigin"]),
    "traceparent": parents,
    "tracestate": named(traceKeys, traceValues).map(TraceState),
}
