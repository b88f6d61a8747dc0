"""
What a resource may return.
"""

from __future__ import annotations

from typing import Any

from penstock.core.body import normalise
from penstock.core.grammar import asciiBytes
from penstock.core.headers import Fields, Headers
from penstock.core.jsontext import generateJSON
from penstock.core.values.reference import writtenReference


class Response:
    """
    A response as a value.

    @ivar code: the status code.
    @ivar headers: L{Headers}; they replace those of the same name that the
        request has in C{out_headers}.
    @ivar body: anything that L{penstock.core.body.Body} names.
    @ivar trailers: L{Headers} sent after the body, where the carrier can, or
        L{None}.
    """

    __slots__ = ("body", "code", "headers", "trailers")

    def __init__(
        self,
        body: Any = b"",
        code: int = 200,
        headers: Fields | None = None,
        trailers: Fields | None = None,
    ) -> None:
        """
        @param headers: L{Headers}, which become this response's own, or what
            they are made of: C{{"cache-control": "no-store", "etag":
            EntityTag("a")}}.
        @param trailers: likewise.  L{Headers} may be filled while the body is
            sent.
        @raise penstock.core.errors.InvalidField: if one of C{headers} or
            C{trailers} may not be sent.
        @raise TypeError: if C{body} can't be a body.
        """
        self.code = code
        self.headers = Headers.of(headers)
        self.trailers = None if trailers is None else Headers.of(trailers)
        if isinstance(body, str) and not self.headers.hasHeader(b"content-type"):
            self.headers.setRaw(b"content-type", b"text/plain; charset=utf-8")
        self.body = normalise(body)

    @classmethod
    def html(
        cls, text: str, code: int = 200, headers: Fields | None = None
    ) -> Response:
        """
        A page, as UTF-8.  C{text} is sent as it is: escape what comes from
        outside.
        """
        self = cls(text.encode("utf-8"), code, headers)
        self.headers.setRaw(b"content-type", b"text/html; charset=utf-8")
        return self

    @classmethod
    def json(
        cls, value: Any, code: int = 200, headers: Fields | None = None
    ) -> Response:
        """
        C{value} as JSON (RFC 8259).

        @raise TypeError: if JSON has nothing for it.
        @raise ValueError: for a NaN or an infinity.
        """
        self = cls(generateJSON(value), code, headers)
        self.headers.setRaw(b"content-type", b"application/json")
        return self

    @classmethod
    def redirect(cls, location: bytes | str, code: int = 303) -> Response:
        """
        Elsewhere (RFC 9110, section 15.4).

        @param location: a URI reference, in ASCII.
        @raise penstock.core.errors.InvalidField: if it isn't one; or one of
            http or https that has no host, or user information.
        """
        reference = writtenReference(asciiBytes(location))
        return cls(b"", code, [(b"location", reference)])
