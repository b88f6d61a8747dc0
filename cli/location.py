"""
Where to ask, as it is written on a command line: a URL.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import click

SCHEMES: Final = ("http", "https", "rpc", "rpcs", "http+unix", "rpc+unix")

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f]")

# All printable ASCII but what no request target may have in it.
_KEPT: Final = "!$%&'()*+,-./:;=?@[]_~"


@dataclass(frozen=True, slots=True)
class Location:
    """
    A URL, in the two halves that a call needs.

    @ivar origin: C{scheme://authority}: what to connect to.  The authority of
        a unix socket is its path, encoded.
    @ivar target: the rest: what to ask for.
    """

    origin: str
    target: str

    @classmethod
    def parse(cls, text: str) -> Location:
        """
        @param text: without a scheme it is http, as people type it.

        @raise ValueError: with a sentence that says what is wrong.
        """
        if _CONTROL.search(text):
            raise ValueError("a URL has no spaces or control characters")
        scheme = _SCHEME.match(text)
        if scheme is None:
            text = "http://" + text
        elif scheme[1].lower() not in SCHEMES:
            raise ValueError(f"the scheme must be one of {', '.join(SCHEMES)}")
        parts = urlsplit(text)
        if not parts.hostname:
            raise ValueError("there is no host in it")
        if "@" in parts.netloc:
            raise ValueError("send credentials as --header 'Authorization: ...'")
        # Raises a ValueError of its own beyond 65535.
        if parts.port == 0:
            raise ValueError("port 0 can't be connected to")
        target = quote(parts.path or "/", safe=_KEPT)
        if parts.query:
            target += "?" + quote(parts.query, safe=_KEPT)
        return cls(f"{parts.scheme}://{parts.netloc}", target)


def location(text: str) -> Location:
    """
    The type of an argument.

    @raise click.BadParameter: if C{text} isn't a URL that can be called.
    """
    try:
        return Location.parse(text)
    except ValueError as problem:
        raise click.BadParameter(f"{text!r}: {problem}") from None
