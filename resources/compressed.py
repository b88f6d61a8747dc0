"""
Smaller responses for clients that like them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from penstock.core.body import Series, knownLength
from penstock.core.choice import addVary, bestCoding
from penstock.core.codings import CODINGS
from penstock.core.encoding import encodeBody
from penstock.core.etag import EntityTag, generateTags
from penstock.core.headers import Headers
from penstock.core.mediatype import MediaType
from penstock.core.produced import Produced
from penstock.core.resource import Wrapper

# Octets below which it isn't worth it: what fits into a packet anyway.
MINIMUM: Final = 1024

# Types, other than text, that are not compressed by themselves.
_TYPES: Final = frozenset(
    (
        "application/javascript",
        "application/json",
        "application/rtf",
        "application/toml",
        "application/wasm",
        "application/xml",
        "application/x-ndjson",
        "application/yaml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/svg+xml",
        "image/vnd.microsoft.icon",
        "image/x-icon",
    )
)

_EVENTS: Final = "text/event-stream"

# Responses that have no content, or some of something else's.
_NOT_THESE: Final = frozenset((204, 205, 206, 304))

# What holds for the content as it was.
_OF_CONTENT: Final = (
    b"content-length",
    b"accept-ranges",
    b"content-md5",
    b"content-digest",
    b"repr-digest",
    b"digest",
)

_READING: Final = frozenset((b"GET", b"HEAD"))


def isCompressible(media: MediaType) -> bool:
    """
    @return: whether content of this type mostly gets smaller.
    """
    return (
        media.type == "text"
        or media.essence in _TYPES
        or media.subtype.endswith(("+json", "+xml", "+text"))
    )


class Compressed(Wrapper):
    """
    Compresses what is found inside, where the client likes that: text and its
    like, of any size worth while, as the client takes it.  Events are sent on
    at once.

    It leaves alone what has a coding already, what is a range, what is asked
    for as a range, C{no-transform}, and what a resource writes to the request
    by itself, or has a producer write.

    What is compressed has an entity tag of its own, and a weak one: another
    version of the library might compress in another way.  A client that sends
    it back in order to change the resource is understood.

    Don't put around pages in which a secret stands beside what a stranger
    may choose: their size tells whether the two are alike.
    """

    def __init__(
        self,
        wrapped: Any,
        codings: Sequence[str] = tuple(CODINGS),
        minimum: int = MINIMUM,
    ) -> None:
        """
        @param wrapped: L{penstock.core.interfaces.IResource}.
        @param codings: the names of the codings to use, the preferred one
            first: C{"br"}, C{"zstd"}, C{"gzip"}, C{"deflate"}.
        @param minimum: octets; what is known to have fewer is left alone.
        @raise ValueError: if one of C{codings} isn't available here.
        """
        super().__init__(wrapped)
        for name in codings:
            if name not in CODINGS:
                raise ValueError(f"there is no coding {name!r} here")
        self._codings = tuple(codings)
        self._offers = (*codings, "identity")
        self._minimum = minimum

    def before(self, request: Any) -> Any:
        """
        See L{Wrapper.before}.
        """
        request.addFilter(self._compress)
        if request.method not in _READING:
            for name in (b"if-match", b"if-none-match"):
                if request.in_headers.hasHeader(name):
                    self._restore(request.in_headers, name)
        return self.wrapped

    def _restore(self, asked: Headers, name: bytes) -> None:
        """
        Beside the tags that may be ours, put the resource's own that they were
        made of.
        """
        tags = asked.getStandard(name)
        if isinstance(tags, tuple):
            originals = []
            for tag in tags:
                value, _, suffix = tag.value.rpartition("-")
                if suffix in self._codings:
                    originals.append(EntityTag(value))
            asked.setRaw(name, generateTags((*tags, *originals)))

    def _compress(self, request: Any, headers: Headers, body: Any) -> Any:
        if not self._mayBe(request.code, headers, body):
            return body
        addVary(headers, "accept-encoding")
        asked = request.in_headers
        if asked.hasHeader(b"range"):
            return body
        name = bestCoding(asked, self._offers)
        if name is None or name == "identity":
            return body
        media = headers.getStandard(b"content-type")
        encoder = CODINGS[name].encoder()
        made = encodeBody(body, encoder, flush=media.essence == _EVENTS)
        if isinstance(made, bytes) and len(made) >= len(body):
            return body
        for field in _OF_CONTENT:
            headers.removeHeader(field)
        headers.setRaw(b"content-encoding", name)
        tag = headers.getStandard(b"etag")
        if tag is not None:
            ours = EntityTag(f"{tag.value}-{name}", weak=True)
            headers.setRaw(b"etag", bytes(ours))
        return made

    def _mayBe(self, code: int, headers: Headers, body: Any) -> bool:
        """
        @return: whether it is compressed for some clients.
        """
        length = knownLength(body)
        if (
            code in _NOT_THESE
            or isinstance(body, (Series, Produced))
            or (length is not None and length < self._minimum)
            or headers.hasHeader(b"content-encoding")
            or headers.hasHeader(b"content-range")
        ):
            return False
        media = headers.getStandard(b"content-type")
        if media is None or not isCompressible(media):
            return False
        control = headers.getStandard(b"cache-control")
        if control is None:
            # Without one; or nobody knows what it forbids.
            return not headers.hasHeader(b"cache-control")
        return "no-transform" not in control
