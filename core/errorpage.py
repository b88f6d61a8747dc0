"""
The page that says what went wrong, without saying anything about the inside.

It is HTML for people, and C{application/problem+json} (RFC 9457) for whoever
likes JSON better.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

from penstock.core.choice import addVary, bestType
from penstock.core.headers import Headers
from penstock.core.phrases import phrase, sentence
from penstock.core.response import Response

PROBLEM: Final = "application/problem+json"

_HTML: Final = "text/html"
# Many who like problems ask for JSON, and mean them.
_JSON: Final = "application/json"

_STYLE: Final = (
    ":root{color-scheme:light dark;font:17px/1.5 system-ui,sans-serif}"
    "body{max-width:50rem;margin:12vh auto 4rem;padding:0 1.5rem}"
    "h1{margin:0;font-size:1.5rem;font-weight:650}"
    "p{margin:.3rem 0 1.5rem}"
    "pre{overflow:auto;padding:1rem;font-size:.85rem;border:1px solid #8884;"
    "border-radius:8px}"
)


def errorPage(
    code: int,
    message: str | None = None,
    asked: Headers | None = None,
    details: Mapping[str, Any] | None = None,
    traceback: str | None = None,
    problems: bool = False,
) -> Response:
    """
    @param message: a sentence, as text; the standard one by default.
    @param asked: the fields of the request, to tell what it accepts; L{None}
        for anything.
    @param details: more members of the problem (RFC 9457, section 3), such as
        C{type} and C{instance}, or its own.
    @param traceback: is shown, if not L{None}: only for the eyes of who runs
        the server.
    @param problems: whether who accepts anything gets a problem, and not HTML.
    """
    title = phrase(code)
    if message is None:
        message = sentence(code)
    kinds = (PROBLEM, _JSON, _HTML) if problems else (_HTML, PROBLEM, _JSON)
    best = None if asked is None else bestType(asked, kinds)
    if (best or kinds[0]) == _HTML:
        response = _page(code, title, message, traceback)
    else:
        response = _problem(code, title, message, details or {}, traceback)
    if asked is not None:
        addVary(response.headers, "accept")
    return response


def _page(code: int, title: str, message: str, traceback: str | None) -> Response:
    title = escape(f"{code} {title}".rstrip(" "))
    inside = "" if traceback is None else f"\n<pre>{_shown(traceback)}</pre>"
    return Response.html(
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>{title}</h1><p>{_shown(message)}</p>{inside}</body></html>\n",
        code,
    )


def _shown(text: str) -> str:
    """
    @return: C{text} in HTML; with escapes for halves of characters, which a
        client may have sent.
    """
    return escape(text).encode("utf-8", "backslashreplace").decode("utf-8")


def _problem(
    code: int,
    title: str,
    message: str,
    details: Mapping[str, Any],
    traceback: str | None,
) -> Response:
    members: dict[str, Any] = {"status": code}
    if title:
        members["title"] = title
    if message:
        members["detail"] = message
    members.update(details)
    if traceback is not None:
        members["traceback"] = traceback.split("\n")
    response = Response.json(members, code)
    response.headers.setRaw(b"content-type", PROBLEM)
    return response
