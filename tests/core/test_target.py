"""
Tests for L{penstock.core.target}.
"""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from penstock.core import target as module
from penstock.core.target import Form, Target, TargetError, parseTarget

ORIGIN: list[tuple[bytes, tuple[str, ...], bytes | None]] = [
    # target, segments, query
    (b"/", ("",), None),
    (b"/a", ("a",), None),
    (b"/a/b/", ("a", "b", ""), None),
    (b"//", ("", ""), None),
    (b"//evil.example/a", ("", "evil.example", "a"), None),
    (b"/a//b", ("a", "", "b"), None),
    (b"/?", ("",), b""),
    (b"/?a=b?c/../d", ("",), b"a=b?c/../d"),
    (b"/?100%", ("",), b"100%"),
    (b'/?a={"b":[1]}\\', ("",), b'a={"b":[1]}\\'),
    (b"/a%2Fb/c", ("a/b", "c"), None),
    (b"/%61%2f", ("a/",), None),
    (b"/%25%32%46", ("%2F",), None),
    (b"/%252F", ("%2F",), None),
    (b"/%c3%a4/%E2%82%AC", ("ä", "€"), None),
    (b"/%f0%9f%92%a7", ("💧",), None),
    (b"/%20/+", (" ", "+"), None),
    (b"/a%3Fb", ("a?b",), None),
    (b"/a%5Cb", ("a\\b",), None),
    (b"/...", ("...",), None),
    (b"/.a/..b/c.", (".a", "..b", "c."), None),
    (b"/a:b@c!$&'()*+,;=~_-", ("a:b@c!$&'()*+,;=~_-",), None),
    (b"/[a]|^", ("[a]|^",), None),
]


@pytest.mark.parametrize(
    ("target", "segments", "query"), ORIGIN, ids=[repr(row[0]) for row in ORIGIN]
)
def test_origin(target: bytes, segments: tuple[str, ...], query: bytes | None) -> None:
    path = target.partition(b"?")[0]
    expected = Target(Form.ORIGIN, None, None, path, segments, query)
    for method in (b"GET", b"OPTIONS", b"FROB"):
        assert parseTarget(method, target) == expected


@pytest.mark.parametrize(
    ("method", "target", "expected"),
    [
        (
            b"GET",
            b"http://www.example.org/pub/WWW/TheProject.html",
            (
                Form.ABSOLUTE,
                "http",
                b"www.example.org",
                b"/pub/WWW/TheProject.html",
                ("pub", "WWW", "TheProject.html"),
                None,
            ),
        ),
        (
            b"GET",
            b"HTTPS://A:8443?b",
            (Form.ABSOLUTE, "https", b"A:8443", b"/", ("",), b"b"),
        ),
        (
            b"GET",
            b"http://[::1]:80",
            (Form.ABSOLUTE, "http", b"[::1]:80", b"/", ("",), None),
        ),
        (
            b"GET",
            b"http://a/?",
            (Form.ABSOLUTE, "http", b"a", b"/", ("",), b""),
        ),
        (
            b"GET",
            b"http://a/%2F//",
            (Form.ABSOLUTE, "http", b"a", b"/%2F//", ("/", "", ""), None),
        ),
        (
            b"OPTIONS",
            b"http://www.example.org:8001",
            (Form.ASTERISK, "http", b"www.example.org:8001", b"*", (), None),
        ),
        (
            b"OPTIONS",
            b"http://a/",
            (Form.ABSOLUTE, "http", b"a", b"/", ("",), None),
        ),
        (
            b"OPTIONS",
            b"http://a?b",
            (Form.ABSOLUTE, "http", b"a", b"/", ("",), b"b"),
        ),
        (b"OPTIONS", b"*", (Form.ASTERISK, None, None, b"*", (), None)),
        (
            b"CONNECT",
            b"www.example.com:80",
            (Form.AUTHORITY, None, b"www.example.com:80", b"", (), None),
        ),
        (
            b"CONNECT",
            b"[::1]:443",
            (Form.AUTHORITY, None, b"[::1]:443", b"", (), None),
        ),
    ],
    ids=repr,
)
def test_otherForms(method: bytes, target: bytes, expected: tuple[object, ...]) -> None:
    assert parseTarget(method, target) == expected


BAD: list[tuple[bytes, bytes]] = [
    *[
        (b"GET", target)
        for target in [
            b"",
            b"a",
            b"!",
            b"a/b",
            b"?a",
            b"#a",
            b"*",
            b"**",
            b"/\n",
            b"www.example.com:80",
            # Octets that must be encoded.
            b"/a b",
            b"/a\tb",
            b"/a\0",
            b"/a\x7f",
            b"/\xc3\xa4",
            b"/a#b",
            b"/a?b#c",
            b"/?a b",
            b"/?\xe4",
            b"/?\n",
            b"/a\n",
            b"/%61\n",
            b"/a\\b",
            b'/"',
            b"/<a>",
            b"/`",
            b"/{a}",
            # Encoding that isn't.
            b"/%",
            b"/%2",
            b"/%2/",
            b"/%zz",
            b"/%+1",
            b"/% 1",
            b"/%u0041",
            b"/%%32F",
            # Not UTF-8, or longer than it need be.
            b"/%ff",
            b"/%c3",
            b"/%c3/%a4",
            b"/%c0%af",
            b"/%c0%ae%c0%ae",
            b"/%ed%a0%80",
            b"/%f4%90%80%80",
            # Control characters: C0, DEL and C1.
            b"/a%00.html",
            b"/%0a",
            b"/%0D%0A",
            b"/%1F",
            b"/%7f",
            b"/%c2%85",
            # Dot segments.
            b"/.",
            b"/..",
            b"/./a",
            b"/a/../b",
            b"/a/..",
            b"/%2e",
            b"/%2E%2e/a",
            b"/.%2E",
            b"/a/%2e./b",
            b"/..?a",
            # URIs of something else, or with something wrong.
            b"ftp://a/",
            b"http:/a/",
            b"http:///a",
            b"http://",
            b"http://?a",
            b"http:a",
            b"://a/",
            b"http//a",
            b"https ://a/",
            b"http://u@a/",
            b"http://u:p@a/",
            b"http://a:b/",
            b"http://a:99999/",
            b"http://a b/",
            b"http://a\\b/",
            b"http://[::1/",
            b"http://a#b",
            b"http://a/#b",
            b"http://a/..",
            b"http://a/%00",
            b"http://a/ ",
            b"http://\xe4/",
        ]
    ],
    (b"POST", b"*"),
    (b"options", b"*"),
    (b"OPTIONS", b"*/"),
    (b"CONNECT", b"/"),
    (b"CONNECT", b"/a"),
    (b"CONNECT", b"*"),
    (b"CONNECT", b""),
    (b"CONNECT", b"a"),
    (b"CONNECT", b"a:"),
    (b"CONNECT", b"a:0"),
    (b"CONNECT", b":80"),
    (b"CONNECT", b"a:65536"),
    (b"CONNECT", b"u@a:80"),
    (b"CONNECT", b"http://a:80/"),
    (b"connect", b"a:80"),
]


@pytest.mark.parametrize(
    ("method", "target"), BAD, ids=[f"{m.decode()} {t!r}" for m, t in BAD]
)
def test_refuses(method: bytes, target: bytes) -> None:
    """
    Refused, today and tomorrow, and not shown to anybody.
    """
    # So that what is remembered doesn't answer for it.
    parseTarget(b"GET", b"/")
    parseTarget(b"GET", b"/a")
    for _ in range(2):
        with pytest.raises(TargetError) as caught:
            parseTarget(method, target)
        assert len(target) < 4 or target.decode("latin-1") not in str(caught.value)


segments = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12).filter(
    lambda text: text not in (".", "..")
)


@given(st.lists(segments, min_size=1, max_size=5))
def test_segmentsComeBack(names: list[str]) -> None:
    """
    Whatever was encoded is found as it was, wherever its slashes are.
    """
    path = "".join("/" + quote(name, safe="") for name in names).encode()
    assert parseTarget(b"GET", path).segments == tuple(names)


@given(
    st.sampled_from([b"GET", b"OPTIONS", b"CONNECT"]),
    st.one_of(
        st.binary(max_size=30),
        st.lists(
            st.sampled_from(
                [b"/", b".", b"%2e", b"%2F", b"%", b"%00", b"?", b"#", b"a", b":", b"*"]
                + [b"@", b"http://", b"%c3", b"%a4", b"\\", b" ", b"80", b"[", b"]"]
            ),
            max_size=9,
        ).map(b"".join),
    ),
)
@example(b"GET", b"http://a:")
def test_garbage(method: bytes, text: bytes) -> None:
    """
    Refused, or clean.
    """
    try:
        found = parseTarget(method, text)
    except TargetError:
        return
    assert found == parseTarget(method, text)
    for segment in found.segments:
        assert segment not in (".", "..")
        assert segment.isprintable() or not any(ord(c) < 32 for c in segment)
    if found.form is Form.ORIGIN:
        query = b"" if found.query is None else b"?" + found.query
        assert found.path + query == text
        assert len(found.segments) == found.path.count(b"/")


def test_remembersOnlySomeAndOnlyShortOnes() -> None:
    """
    What is remembered is bounded in number and in size.
    """
    for number in range(3000):
        parseTarget(b"GET", b"/many/%d" % number)
        assert len(module._recent) <= module._MAX_RECENT
    long = b"/" + b"a" * 5000
    parseTarget(b"GET", long)
    assert long not in module._recent
    parseTarget(b"GET", b"/short?" + b"a" * 5000)
    assert max(map(len, module._recent)) <= module._MAX_RECENT_LENGTH
    # And is right all the same.
    assert parseTarget(b"GET", b"/many/7?q") == (
        (Form.ORIGIN, None, None, b"/many/7", ("many", "7"), b"q")
    )


@pytest.mark.parametrize(
    "unit",
    [b"a", b"/", b"%61", b"%", b"%2", b"%2F", b"?", b"%c3%a4", b"a%", b".", b"@"],
)
@pytest.mark.parametrize("start", [b"/", b"http://a/", b"http://", b"/?"])
def test_long(start: bytes, unit: bytes) -> None:
    """
    Linear: at this length, anything else would not come back.
    """
    for end in (b"", b"\0", b"%"):
        try:
            parseTarget(b"GET", start + unit * 200_000 + end)
        except TargetError:
            pass
