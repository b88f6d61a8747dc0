"""
Cookies that somebody has made on purpose.

I14 is parsing in quadratic time, and control characters that get through.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from penstock.core.errors import InvalidField
from penstock.core.headers import Headers
from penstock.core.values.cookies import Cookies, parseCookies
from penstock.core.values.setcookie import SetCookie, parseSetCookie

# What stands in them again and again: each has cost somebody quadratic time,
# or looks as if it could.
REPEATED: dict[str, tuple[bytes, bytes]] = {
    "semicolons": (b"", b";"),
    "equals signs": (b"a", b"="),
    "spaces": (b"a=b", b" "),
    "spaces between": (b"a=b", b" ;"),
    "tabs": (b"a=", b"\t"),
    "pairs": (b"", b"a=b; "),
    "names": (b"", b"a;"),
    "quotes": (b"a=", b'"'),
    "backslashes": (b'a="', b"\\"),
    "escaped quotes": (b'a="', b'\\"'),
    "octal escapes": (b'a="', b"\\012"),
    "letters": (b"a=", b"b"),
    "UTF-8": (b"a=", "é".encode()),
    "no UTF-8": (b"a=", b"\xe9"),
    "UTF-8 in pairs": (b"", "é=é;".encode()),
    "no UTF-8 in pairs": (b"", b"\xe9=\xe9;"),
    "commas": (b"a=b", b", c=d"),
    "dates": (b"a=b; expires=", b"1 "),
    "times": (b"a=b; expires=", b"1:1:1 "),
    "colons": (b"a=b; expires=", b"1:"),
    "months": (b"a=b; expires=", b"jan "),
    "expiries": (b"a=b", b"; expires=Mon, 01 Jan 2001 00:00:00 GMT"),
    "ages": (b"a=b", b"; max-age=1"),
    "digits": (b"a=b; max-age=", b"9"),
    "minuses": (b"a=b; max-age=", b"-"),
    "domains": (b"a=b; domain=", b"a."),
    "hyphens": (b"a=b; domain=a", b"-"),
    "paths": (b"a=b", b"; path=/"),
    "path": (b"a=b; path=/", b"\xe9"),
    "attributes": (b"a=b", b"; x=y"),
}

SIZE = 1_000_000


@pytest.mark.parametrize("parse", [parseCookies, parseSetCookie])
@pytest.mark.parametrize("row", REPEATED.values(), ids=REPEATED.keys())
def test_notQuadratic(parse: Any, row: tuple[bytes, bytes]) -> None:
    """
    I14: a megabyte, far more than a head may have, takes a moment.  In
    quadratic time it would take minutes.
    """
    first, again = row
    value = first + again * (SIZE // len(again))
    begin = time.process_time()
    try:
        parse(value)
    except ValueError:
        pass
    assert time.process_time() - begin < 3


CONTROLS = [*range(9), *range(10, 32), 127]


@pytest.mark.parametrize("octet", CONTROLS, ids=hex)
@pytest.mark.parametrize("name", ["cookie", "set-cookie"])
@pytest.mark.parametrize("template", [b"a%cb=c", b"a=b%cc", b"a=b; c%c=d", b"%ca=b"])
def test_controlsDoNotComeIn(octet: int, name: str, template: bytes) -> None:
    """
    I14: a cookie with a control character is none, wherever it stands.
    """
    value = template % octet
    with pytest.raises(ValueError, match="control"):
        (parseCookies if name == "cookie" else parseSetCookie)(value)
    with pytest.raises(InvalidField):
        Headers([(name, value)])


@pytest.mark.parametrize("octet", [*CONTROLS, ord(";")], ids=hex)
@pytest.mark.parametrize("where", ["name", "value"])
def test_controlsDoNotGoOut(octet: int, where: str) -> None:
    """
    I14: nor can one be set, or a second cookie or attribute be slipped in.
    """
    texts = {"name": "a", "value": "b"}
    texts[where] = f"x{chr(octet)}y"
    name, value = texts.values()
    headers = Headers()
    with pytest.raises(InvalidField):
        headers.setHeader("cookie", Cookies(((name, value),)))
    with pytest.raises(InvalidField):
        headers.setHeader("set-cookie", (SetCookie(name, value),))
    assert len(headers) == 0


@pytest.mark.parametrize("octet", [*CONTROLS, ord(";")], ids=hex)
@pytest.mark.parametrize("where", ["path", "domain"])
def test_controlsInAttributes(octet: int, where: str) -> None:
    """
    I14: nor by way of what else a cookie has.
    """
    more: dict[str, Any] = {where: f"/x{chr(octet)}y"}
    with pytest.raises(InvalidField):
        Headers().setHeader("set-cookie", (SetCookie("a", "b", **more),))


@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        (b"a=b; c=d", [("a", "b"), ("c", "d")]),
        # Quotes group nothing: clients send them as part of a value, and
        # whoever lets them hides a cookie from others.
        (b'a="b; c=d"', [("a", '"b'), ("c", 'd"')]),
        (b'a="b\\"; c=d', [("a", '"b\\"'), ("c", "d")]),
        (b'a="\\141"', [("a", '"\\141"')]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a", []),
        (b"=a", []),
        (b" =a; b = c ", [("b", "c")]),
        (b"a=b;;c=d;", [("a", "b"), ("c", "d")]),
        (b"a=b,c=d", [("a", "b,c=d")]),
        (b"a=1; a=2; A=3", [("a", "1"), ("a", "2"), ("A", "3")]),
        (b"$Version=1; a=b", [("$Version", "1"), ("a", "b")]),
        (b"__Host-a=b", [("__Host-a", "b")]),
        (b"a=%3B", [("a", "%3B")]),
        (b"a=b\tc", [("a", "b\tc")]),
        ("a=é".encode(), [("a", "é")]),
        (b"a=\xe9; b=\xc3\xa9", [("a", "é"), ("b", "é")]),
        (b"", []),
    ],
)
def test_pairs(value: bytes, pairs: list[tuple[str, str]]) -> None:
    """
    What others have read as something else.
    """
    assert list(parseCookies(value).pairs) == pairs


def test_notShown() -> None:
    """
    What is in a cookie is nobody else's business, in a traceback neither.
    """
    assert "secret" not in repr(Cookies((("a", "secret"),)))
    assert "secret" not in repr(SetCookie("a", "secret"))
