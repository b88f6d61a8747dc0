"""
Status codes in words (RFC 9110, section 15): a phrase for the status line, and a
sentence for the person who reads an error page.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

# Python before 3.13 has those of older RFCs: what is sent shall not depend on
# which Python sends it.
_PHRASES: Final[dict[int, str]] = {
    **{status.value: status.phrase for status in HTTPStatus},
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

# What Python has here is meant for programmers, and changes with its version.
_SENTENCES: Final[dict[int, str]] = {
    400: "The request can't be understood.",
    401: "You need to log in to see this.",
    402: "This has to be paid for.",
    403: "You aren't allowed to do this.",
    404: "There is nothing at this address.",
    405: "That method can't be used here.",
    406: "This isn't available in any form that was asked for.",
    407: "You need to log in to the proxy.",
    408: "The request took too long to arrive.",
    409: "The request conflicts with the current state of the resource.",
    410: "This no longer exists.",
    411: "The request must say how long its content is.",
    412: "The resource has changed, or isn't what the request expects.",
    413: "The content is larger than is accepted here.",
    414: "The address is too long.",
    415: "Content of this type isn't accepted here.",
    416: "The requested range is outside of the content.",
    417: "The server can't do what the request expects.",
    421: "This server doesn't answer for that host.",
    422: "The content is well-formed, but it can't be used.",
    423: "The resource is locked.",
    424: "Something that this depends on has failed.",
    425: "The request came too early: send it again.",
    426: "The server requires another protocol.",
    428: "The request must have a condition, such as If-Match.",
    429: "There were too many requests: try again later.",
    431: "The header of the request is too large.",
    451: "This isn't available for legal reasons.",
    500: "Something went wrong on the server.",
    501: "The server doesn't know this method.",
    502: "The server behind this one didn't answer properly.",
    503: "The server can't answer right now: try again later.",
    504: "The server behind this one took too long to answer.",
    505: "The server doesn't speak this version of HTTP.",
    507: "The server has no space left for this.",
    508: "The request would go round in circles.",
    511: "You need to log in to the network.",
}

CODES: Final = frozenset(_PHRASES)
"""The codes that have a phrase."""


def phrase(code: int) -> str:
    """
    @return: the standard reason phrase of C{code}, or an empty string.
    """
    return _PHRASES.get(code, "")


def sentence(code: int) -> str:
    """
    @return: what the error C{code} means, in plain words, or an empty string.
    """
    return _SENTENCES.get(code, "")
