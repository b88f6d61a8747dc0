"""
The part of a request that reads content, as the resource's policy has it.

::

    chanRequest -> (Decoding ->) Buffer: body -------------+
                                 Form: FormData ---------- + -> render
                                 Stream, Parts: Content <-----> render
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from twisted.python.failure import Failure

from penstock.core.charsets import decodeText
from penstock.core.content import (
    MAX_BUFFERED,
    Buffer,
    Content,
    Discard,
    Form,
    Parts,
    Policy,
    Stream,
)
from penstock.core.decoding import Decoding, codingsOf, decodings, refusal
from penstock.core.errors import HTTPError, UnsupportedContent
from penstock.core.formdata import FormData, Submitted, Upload
from penstock.core.formparts import FormParser
from penstock.core.headers import Headers
from penstock.core.jsontext import isJSON, parseJSON
from penstock.core.parts import PartStream
from penstock.core.pieces import gather
from penstock.core.request import Request

_T = TypeVar("_T")

# Room for content of any length: more than an exabyte.
_ENDLESS: Final = 1 << 62


class ReadingRequest(Request):
    """
    A request that reads its content.

    @ivar resource: the L{penstock.core.interfaces.IResource} that was found;
        L{None} before that.
    @ivar body: the content, if the policy was L{Buffer}; else empty.
    @ivar trailers: the request's trailer section, or L{None}.
    """

    resource: Any = None
    body: bytes = b""
    trailers: Headers | None = None

    _content: Content | None = None
    _chunks: list[bytes | bytearray] | None = None
    _room: int = 0
    _formData: FormData | None = None
    _form: Submitted[str] | None = None
    _files: Submitted[Upload] | None = None
    _parts: PartStream | None = None
    _decoding: Decoding | None = None
    # Whether the end of the request must be told to what reads.
    _isHeld: bool = False

    # What the rest of the request supplies

    def refuse(self, error: HTTPError) -> None:
        """
        Answer with an error page.
        """
        raise NotImplementedError

    def _guard(self, call: Callable[..., None], *args: Any) -> None:
        raise NotImplementedError

    def _broke(self, problem: BaseException | None, failure: Failure | None) -> None:
        raise NotImplementedError

    def _render(self) -> None:
        raise NotImplementedError

    # What was read

    @property
    def content(self) -> Content:
        """
        The content on its way in, under the policies L{Stream} and L{Parts}.

        @raise AttributeError: under another one.
        """
        return _under("Stream", self._content)

    @property
    def form(self) -> Submitted[str]:
        """
        The fields of the form, under the policy L{Form}: for each name its
        values, in order.  A name that it lacks is a KeyError, and 400 for the
        client, if a resource lets that pass.

        @raise AttributeError: under another one.
        """
        return _under("Form", self._form)

    @property
    def files(self) -> Submitted[Upload]:
        """
        The files of the form, likewise.  They are gone when the request is
        done.

        @raise AttributeError: under another policy.
        """
        return _under("Form", self._files)

    @property
    def parts(self) -> PartStream:
        """
        The parts of the form as they come, under the policy L{Parts}.

        @raise AttributeError: under another one.
        """
        return _under("Parts", self._parts)

    def text(self) -> str:
        """
        The content as text, under the policy L{Buffer}: in the charset that
        Content-Type names, else in UTF-8.

        @raise penstock.core.errors.ContentError: if it can't be read.  A
            resource may let it pass: the client gets 400 or 415.
        """
        return self._decoded(self.body)

    def json(self) -> Any:
        """
        The content as JSON, under the policy L{Buffer}.

        @raise penstock.core.errors.ContentError: if it isn't that, or says
            that it isn't.  A resource may let it pass: the client gets 400 or
            415.
        """
        return self._parsed(self.body)

    async def readText(self, limit: int = MAX_BUFFERED) -> str:
        """
        As L{text}, under any policy that keeps the content.

        @param limit: octets, where they haven't been read yet.
        @raise penstock.core.errors.LimitExceeded: if there are more.
        """
        return self._decoded(await self._whole(limit))

    async def readJSON(self, limit: int = MAX_BUFFERED) -> Any:
        """
        As L{json}, under any policy that keeps the content.

        @param limit: octets, where they haven't been read yet.
        @raise penstock.core.errors.LimitExceeded: if there are more.
        """
        self._mustBeJSON()
        return self._parsed(await self._whole(limit))

    async def _whole(self, limit: int) -> bytes:
        return self.body if self._content is None else await self._content.read(limit)

    def _decoded(self, data: bytes) -> str:
        self._mustBePlain()
        media = self.in_headers.getStandard(b"content-type")
        return decodeText(data, None if media is None else media.get("charset"))

    def _parsed(self, data: bytes) -> Any:
        self._mustBeJSON()
        return parseJSON(data)

    def _mustBeJSON(self) -> None:
        self._mustBePlain()
        if not isJSON(self.in_headers.getStandard(b"content-type")):
            raise UnsupportedContent("The content must be JSON.")

    def _mustBePlain(self) -> None:
        if self._decoding is not None or self.chanRequest.contentLength == 0:
            # Of nothing, there is nothing to take off.
            return
        if codingsOf(self.in_headers):
            raise refusal("identity")

    # Reading

    def _located(self, resource: Any) -> None:
        """
        Deal with the content as C{resource} wants it, and render.
        """
        self.resource = resource
        policy: Policy = resource.contentPolicy(self)
        length = self.chanRequest.contentLength
        kind = type(policy)
        if kind is Discard:
            if length != 0:
                self.chanRequest.stopProducing()
            self._render()
        elif kind is Stream or kind is Parts:
            self._readLater(policy, length)
        elif length == 0:
            if kind is Form:
                self._form = Submitted()
                self._files = Submitted()
            self._render()
        elif kind is Buffer or kind is Form:
            self._readFirst(policy, length)
        else:
            raise TypeError(f"{kind.__name__} is not a content policy")

    def _readFirst(self, policy: Any, length: int | None) -> None:
        """
        Read all of it, then render.
        """
        if type(policy) is Form:
            parser = FormParser(self.in_headers.getStandard(b"content-type"), policy)
            self._formData = FormData(parser, policy)
            self._isHeld = True
            if not policy.decode:
                self._mustBePlain()
        self._refuseLonger(length, policy.limit)
        source = self._decode(policy.limit) if policy.decode else None
        if source is not None:
            source.feeds(_Taking(self))
        self._chunks = []
        self._room = _ENDLESS if policy.limit is None else policy.limit
        self.acceptData()

    def _readLater(self, policy: Any, length: int | None) -> None:
        """
        Render at once, with what reads.
        """
        parser = None
        if type(policy) is Parts:
            parser = FormParser(self.in_headers.getStandard(b"content-type"), policy)
            if not policy.decode:
                self._mustBePlain()
        self._refuseLonger(length, policy.limit)
        begin = self.acceptData if policy.accept else None
        source = self._decode(policy.limit) if policy.decode and length != 0 else None
        self._content = content = Content(
            source or self.chanRequest, begin, policy.limit
        )
        if source is not None:
            source.feeds(content)
        if parser is not None:
            self._parts = PartStream(content, parser)
        self._render()

    def _decode(self, limit: int | None) -> Decoding | None:
        """
        Have the content decoded.

        @param limit: see L{decodings}.
        @return: what feeds whatever takes it; L{None} if it has no coding.
        """
        chain = decodings(self.chanRequest, self.in_headers, limit)
        if chain is None:
            return None
        self._decoding, last = chain
        self._isHeld = True
        return last

    def _refuseLonger(self, length: int | None, limit: int | None) -> None:
        if limit is not None and length is not None and length > limit:
            raise HTTPError(413)

    def handleContentChunk(self, data: bytes) -> None:
        """
        See L{penstock.core.interfaces.IRequestCallbacks}.
        """
        if self._decoding is None:
            self._take(data)
        else:
            self._decoding.chunkReceived(data)

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        """
        See L{penstock.core.interfaces.IRequestCallbacks}.
        """
        self.trailers = trailers
        if self._decoding is None:
            self._taken(trailers)
        else:
            self._decoding.completed(trailers)

    def _take(self, data: bytes) -> None:
        if self._content is not None:
            self._content.chunkReceived(data)
        elif self._chunks is not None:
            self._room -= len(data)
            if self._room < 0:
                self._chunks = None
                self.refuse(HTTPError(413))
            elif self._formData is not None:
                self._guard(self._formData.chunkReceived, data)
            elif self._chunks:
                gather(self._chunks, data)
            else:
                self._chunks.append(data)

    def _taken(self, trailers: Headers | None) -> None:
        if self._content is not None:
            self._content.completed(trailers)
        elif self._chunks is not None:
            self.body = b"".join(self._chunks)
            self._chunks = None
            self._guard(self._render if self._formData is None else self._renderForm)

    def _renderForm(self) -> None:
        data = self._formData
        if data is not None:
            data.completed()
            self._form = data.fields
            self._files = data.files
            self._render()

    def _release(self) -> None:
        """
        The request is done: let go of what was held for it.
        """
        if self._formData is not None:
            self._formData.close()
        if self._decoding is not None:
            self._decoding.stop()


def _under(policy: str, read: _T | None) -> _T:
    """
    @return: what was C{read} under C{policy}.
    @raise AttributeError: if that was another one.
    """
    if read is None:
        raise AttributeError(
            f"this takes a resource with policy = {policy}(), and a request whose"
            " method has content, such as POST"
        )
    return read


class _Taking:
    """
    Takes decoded content for a request.
    """

    __slots__ = ("_request",)

    def __init__(self, request: ReadingRequest) -> None:
        self._request = request

    def chunkReceived(self, data: bytes) -> None:
        self._request._take(data)

    def completed(self, trailers: Headers | None) -> None:
        self._request._taken(trailers)

    def lost(self, reason: Failure) -> None:
        self._request._broke(reason.value, reason)
