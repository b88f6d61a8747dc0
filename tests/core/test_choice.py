"""
Tests for L{penstock.core.choice}.
"""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.choice import (
    addVary,
    chooseCharset,
    chooseCoding,
    chooseLanguage,
    chooseType,
)
from penstock.core.errors import HTTPError
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request, Site

from .fakes import ask

TYPES = ["text/html", "application/json", "text/plain;charset=utf-8"]
LANGUAGES = ["en", "de", "de-AT", "pt-BR"]
CODINGS = ["br", "gzip", "identity"]

ROWS: list[tuple[Any, list[str], str | None, str | None]] = [
    # chooses, offers, field, choice
    (chooseType, TYPES, None, "text/html"),
    (chooseType, TYPES, "", "text/html"),
    (chooseType, TYPES, "*/*", "text/html"),
    (chooseType, TYPES, "application/json", "application/json"),
    (chooseType, TYPES, "text/html;q=0.5, application/json;q=0.51", "application/json"),
    (chooseType, TYPES, "text/html;q=0.5, application/json;q=0.5", "text/html"),
    (chooseType, TYPES, "text/*", "text/html"),
    (chooseType, TYPES, "text/*, text/html;q=0.1", "text/plain;charset=utf-8"),
    (chooseType, TYPES, "text/plain;charset=utf-8", "text/plain;charset=utf-8"),
    (chooseType, TYPES, "image/png", None),
    (chooseType, TYPES, "*/*;q=0", None),
    (chooseType, TYPES, "nonsense", "text/html"),
    (chooseType, [], "*/*", None),
    (chooseLanguage, LANGUAGES, None, "en"),
    (chooseLanguage, LANGUAGES, "de", "de"),
    (chooseLanguage, LANGUAGES, "de-AT, de;q=0.9, en;q=0.1", "de-AT"),
    (chooseLanguage, LANGUAGES, "DE-at", "de-AT"),
    (chooseLanguage, LANGUAGES, "pt", "pt-BR"),
    (chooseLanguage, LANGUAGES, "de-CH, en;q=0.5", "de"),
    (chooseLanguage, LANGUAGES, "de-CH;q=0.4, en;q=0.5", "en"),
    (chooseLanguage, LANGUAGES, "de-CH;q=0, *;q=0.5", "en"),
    (chooseLanguage, LANGUAGES, "dec-CH", None),
    (chooseLanguage, LANGUAGES, "fr, *;q=0.1", "en"),
    (chooseLanguage, LANGUAGES, "fr", None),
    (chooseCoding, CODINGS, None, "identity"),
    (chooseCoding, CODINGS, "", "identity"),
    (chooseCoding, CODINGS, "gzip", "gzip"),
    (chooseCoding, CODINGS, "gzip, br", "br"),
    (chooseCoding, CODINGS, "gzip, br;q=0.9", "gzip"),
    (chooseCoding, CODINGS, "x-gzip", "gzip"),
    (chooseCoding, CODINGS, "*", "br"),
    (chooseCoding, CODINGS, "br;q=0, *", "gzip"),
    (chooseCoding, CODINGS, "compress", "identity"),
    (chooseCoding, CODINGS, "compress, identity;q=0", None),
    (chooseCoding, CODINGS, "gzip;q=0.5, identity", "identity"),
    (chooseCoding, ["br"], None, None),
    (chooseCharset, ["utf-8", "iso-8859-1"], None, "utf-8"),
    (chooseCharset, ["utf-8", "iso-8859-1"], "ISO-8859-1", "iso-8859-1"),
    (chooseCharset, ["utf-8", "iso-8859-1"], "koi8-r", None),
]

FIELDS = {
    chooseType: b"accept",
    chooseLanguage: b"accept-language",
    chooseCoding: b"accept-encoding",
    chooseCharset: b"accept-charset",
}


@pytest.mark.everywhere
@pytest.mark.parametrize(("choose", "offers", "field", "choice"), ROWS)
def test_choices(
    choose: Any, offers: list[str], field: str | None, choice: str | None
) -> None:
    """
    The best of what there is is chosen, and the response says by what.
    """
    chosen: list[str | None] = []

    class Choosing(Resource):
        def render_GET(self, request: Request) -> str:
            chosen.append(choose(request, offers))
            return "x"

    name = FIELDS[choose]
    fields = [] if field is None else [(name, field.encode())]
    wire, _ = ask(Site(Choosing()), headers=fields)
    assert chosen == [choice]
    assert wire.headers.get(b"vary") == name


@pytest.mark.everywhere
def test_several() -> None:
    """
    All that counts is said, in a 304 and in an error as well.
    """

    class Choosing(Resource):
        def render_GET(self, request: Request) -> Response:
            if chooseType(request, ["text/plain"]) is None:
                raise HTTPError(406)
            language = chooseLanguage(request, ["en", "de"]) or "en"
            return Response(language, headers=[("vary", "Cookie"), ("etag", '"x"')])

    for fields, code, vary in [
        ([], 200, b"accept, accept-language, cookie"),
        ([(b"if-none-match", b'"x"')], 304, b"accept, accept-language, cookie"),
        ([(b"accept", b"image/png")], 406, b"accept"),
    ]:
        wire, _ = ask(Site(Choosing()), headers=fields)
        assert (wire.code, wire.headers.get(b"vary")) == (code, vary)


def test_notAType() -> None:
    """
    Offering what isn't a media type is a mistake.
    """

    class Asked:
        in_headers = Headers()
        out_headers = Headers()

    with pytest.raises(ValueError, match="media type"):
        chooseType(Asked(), ["html"])


@pytest.mark.parametrize(
    ("said", "names", "expected"),
    [
        ([], ["accept"], b"accept"),
        ([b"Cookie"], ["accept"], b"Cookie, accept"),
        ([b"Cookie", b"ACCEPT"], ["accept"], b"Cookie, ACCEPT"),
        ([b"*"], ["accept"], b"*"),
        ([b"a"], ["a", "b", "c"], b"a, b, c"),
    ],
)
def test_addVary(said: list[bytes], names: list[str], expected: bytes) -> None:
    headers = Headers([(b"vary", value) for value in said])
    addVary(headers, *names)
    assert headers.get(b"vary") == expected
