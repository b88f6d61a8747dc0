"""
Resources: what is found, and asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final, Self

from zope.interface import implementer

from penstock.core.content import Buffer, Discard, Policy
from penstock.core.errors import HTTPError
from penstock.core.headers import Headers
from penstock.core.interfaces import IResource
from penstock.core.response import Response

Segments = tuple[str, ...]

# RFC 9110, section 9.1, and PATCH.  A method beyond these that no resource
# implements is not known here at all: 501 rather than 405.
STANDARD_METHODS: Final = frozenset(
    (
        b"GET",
        b"HEAD",
        b"POST",
        b"PUT",
        b"DELETE",
        b"CONNECT",
        b"OPTIONS",
        b"TRACE",
        b"PATCH",
    )
)

_PREFIX: Final = "render_"
_NO_CONTENT: Final = Discard()

# Content has no meaning in these, so nothing is read (RFC 9110, section 9.3).
_WITHOUT_CONTENT: Final = frozenset((b"GET", b"HEAD", b"OPTIONS", b"TRACE"))


@implementer(IResource)
class Resource:
    """
    A resource that answers each method with a method of its own:
    C{render_GET(request)} and its like.

    C{HEAD} is answered by C{render_GET} unless there is a C{render_HEAD},
    C{OPTIONS} with an Allow field, everything else with 405 or 501.

    @cvar isLeaf: whether this resource answers for everything below it.  What
        is left of the path is in C{request.postpath}.
    @cvar policy: what is done with the content of a request whose method gives
        it a meaning: see L{penstock.core.content}.
    @cvar contentType: the media type of L{bytes} or L{str} that a renderer
        returns; L{None} for C{application/octet-stream} and C{text/plain;
        charset=utf-8}.
    @cvar partialPut: whether C{render_PUT} knows what to do with a
        Content-Range field; it is answered with 400 otherwise.
    @cvar cancelOnDisconnect: whether a coroutine or Deferred that renders is
        cancelled when the client goes away.
    @ivar children: resources by the segment that names them.
    """

    isLeaf: bool = False
    policy: Policy = Buffer()
    contentType: str | None = None
    partialPut: bool = False
    cancelOnDisconnect: bool = True

    # Class-wide: what answers which method, and the Allow field of that.
    _renderers: ClassVar[dict[bytes, Callable[[Any, Any], Any]]] = {}
    allowedMethods: ClassVar[tuple[bytes, ...]] = (b"OPTIONS",)

    def __init_subclass__(cls, **named: Any) -> None:
        """
        Build the table of methods, once: what a client sends is looked up in
        it, and never becomes the name of an attribute.
        """
        super().__init_subclass__(**named)
        for name in vars(cls):
            if name.startswith(_PREFIX) and (
                name[len(_PREFIX) :].upper().encode("utf-8") in STANDARD_METHODS
                and not name[len(_PREFIX) :].isupper()
            ):
                raise TypeError(
                    f"{cls.__name__}.{name}: methods are in upper case (RFC 9110, "
                    f"section 9.1): {_PREFIX}{name[len(_PREFIX) :].upper()}"
                )
        renderers = {
            name[len(_PREFIX) :].encode("ascii"): getattr(cls, name)
            for name in dir(cls)
            if name.startswith(_PREFIX)
        }
        if b"GET" in renderers:
            renderers.setdefault(b"HEAD", renderers[b"GET"])
        cls._renderers = renderers
        cls.allowedMethods = tuple(sorted(renderers.keys() | {b"OPTIONS"}))

    children: dict[str, Any]
    _wildcard: Callable[[str], Any] | None = None

    def __new__(cls, *args: Any, **named: Any) -> Self:
        """
        Not in C{__init__}, which subclasses have their own of, and forget to
        call this one.
        """
        self = super().__new__(cls)
        self.children = {}
        return self

    def putChild(self, name: str, child: Any) -> None:
        """
        Put C{child} below this resource.

        @param name: one segment of a path, decoded.  The empty one is what
            follows a trailing slash; without it that is this resource itself.
        @param child: L{IResource}.
        @raise TypeError: if C{name} isn't text, or C{child} a class.
        @raise ValueError: if C{name} begins with a slash.
        """
        if not isinstance(name, str):
            raise TypeError(f"a child's name is text, decoded: {name!r} isn't")
        if name.startswith("/"):
            raise ValueError(f"a child's name is one segment, without slash: {name!r}")
        if isinstance(child, type):
            raise TypeError(f"{child.__name__} is a class: call it, for a resource")
        self.children[name] = child

    def putWildcard(self, find: Callable[[str], Any]) -> None:
        """
        Have C{find} look for children that L{putChild} doesn't name.

        @param find: called with a segment; returns an L{IResource}, L{None},
            or a Deferred or coroutine of either.
        """
        self._wildcard = find

    def locateChild(self, request: Any, segments: Segments) -> Any:
        """
        See L{IResource}.
        """
        if self.isLeaf:
            request.postpath = segments
            return self, ()
        child = self.children.get(segments[0])
        if child is not None:
            return child, segments[1:]
        if segments == ("",):
            return self, ()
        if self._wildcard is not None:
            return self._found(self._wildcard(segments[0]), segments[1:])
        return None

    def _found(self, child: Any, remaining: Segments) -> Any:
        if child is None:
            return None
        if IResource.providedBy(child):
            return child, remaining
        return self._foundLater(child, remaining)

    async def _foundLater(self, finding: Any, remaining: Segments) -> Any:
        child = await finding
        return None if child is None else (child, remaining)

    def contentPolicy(self, request: Any) -> Policy:
        """
        See L{IResource}.
        """
        method = request.method
        if method in _WITHOUT_CONTENT or method not in self._renderers:
            return _NO_CONTENT
        if method == b"PUT" and not self.partialPut:
            # RFC 9110, section 14.5: a part must not replace the whole.
            if request.in_headers.hasHeader(b"content-range"):
                raise HTTPError(400, "This resource can't be put in parts.")
        return self.policy

    def render(self, request: Any) -> Any:
        """
        See L{IResource}.
        """
        renderer = self._renderers.get(request.method)
        if renderer is not None:
            return renderer(self, request)
        allow = Headers([(b"allow", b", ".join(self.allowedMethods))])
        if request.method == b"OPTIONS":
            return Response(headers=allow)
        code = 405 if request.method in STANDARD_METHODS else 501
        raise HTTPError(code, headers=allow)


@implementer(IResource)
class Wrapper:
    """
    A resource around another one, and around all that is found below it.

    Override L{before} to look at each request on its way in.
    """

    def __init__(self, wrapped: Any) -> None:
        """
        @param wrapped: L{IResource}.
        """
        self.wrapped = wrapped

    def before(self, request: Any) -> Any:
        """
        Called once for each request that comes this way, before anything of
        its content.

        @return: the L{IResource} that the request goes on to; L{wrapped},
            unless overridden.  It must not return this wrapper.
        @raise penstock.core.errors.HTTPError: to answer at once.
        """
        return self.wrapped

    def locateChild(self, request: Any, segments: Segments) -> Any:
        """
        See L{IResource}.
        """
        return self.before(request), segments

    def contentPolicy(self, request: Any) -> Any:
        """
        See L{IResource}.
        """
        request.resource = inner = self.before(request)
        return inner.contentPolicy(request)

    def render(self, request: Any) -> Any:
        """
        Never called: L{contentPolicy} has put the wrapped resource in this
        one's place.
        """
        return self.wrapped.render(request)
