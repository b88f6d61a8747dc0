"""
The page that says what went wrong, without saying anything about the inside.
"""

from __future__ import annotations

from html import escape
from http import HTTPStatus

from penstock.core.response import Response


def phrase(code: int) -> str:
    """
    @return: the standard reason phrase of C{code}, or an empty string.
    """
    try:
        return HTTPStatus(code).phrase
    except ValueError:
        return ""


def errorPage(code: int, message: str | None = None) -> Response:
    """
    @param message: a sentence, as text; the standard one by default.
    """
    title = f"{code} {phrase(code)}".rstrip(" ")
    if message is None:
        try:
            message = HTTPStatus(code).description
        except ValueError:
            message = ""
    return Response.html(
        "<!DOCTYPE html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        f"<title>{title}</title></head>\n"
        f"<body><h1>{title}</h1><p>{escape(message)}</p></body></html>\n",
        code,
    )
