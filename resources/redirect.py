"""
Elsewhere.
"""

from __future__ import annotations

from typing import Any

from zope.interface import implementer

from penstock.core.content import Discard, Policy
from penstock.core.interfaces import IResource
from penstock.core.response import Response
from penstock.core.values.reference import writtenReference


@implementer(IResource)
class Redirect:
    """
    Sends every request, with any method and for anything below it, to one
    place.
    """

    def __init__(self, location: str, code: int = 308) -> None:
        """
        @param location: a URI reference, sent as it is.
        @param code: 301, 302, 303, 307 or 308 (RFC 9110, section 15.4).  The
            last keeps the method, and may be remembered by the client.
        @raise ValueError: for another code.
        @raise penstock.core.errors.InvalidField: see L{Response.redirect}.
        """
        if code not in (301, 302, 303, 307, 308):
            raise ValueError("not the code of a redirect")
        self.location = writtenReference(location.encode("ascii"))
        self.code = code

    def locateChild(self, request: Any, segments: tuple[str, ...]) -> Any:
        """
        See L{IResource}.
        """
        return self, ()

    def contentPolicy(self, request: Any) -> Policy:
        """
        See L{IResource}.
        """
        return Discard()

    def render(self, request: Any) -> Response:
        """
        See L{IResource}.
        """
        return Response.redirect(self.location, self.code)
