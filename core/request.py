"""
The posting's Request: one request and its response, on any transport.

It does nothing with incoming data.  L{penstock.core.server.Request} is the
one that finds a resource and reads content.
"""

from __future__ import annotations

import os
from typing import Any, BinaryIO, Final

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from zope.interface import implementer

from penstock.core.conditions import Outcome, evaluate
from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Fields, Headers
from penstock.core.hop import connectionOptions
from penstock.core.interfaces import (
    ConnectionInfo,
    IRequestCallbacks,
    IUpgradable,
    Version,
)
from penstock.core.selection import keepOfError, keepOfNotModified

# Methods that change nothing, of those that have conditions.
_READING: Final = frozenset((b"GET", b"HEAD"))


@implementer(IRequestCallbacks)
class Request:
    """
    A request, and what is answered to it.

    Override L{process}, which is called during construction, and the
    callbacks.

    @ivar chanRequest: the L{penstock.core.interfaces.IChannelRequest}.
    @ivar method: a token, as received.
    @ivar uri: the request target, as received.
    @ivar clientproto: the version that the client speaks.
    @ivar in_headers: the L{Headers} received.
    @ivar out_headers: the L{Headers} to send; changes after the first L{write}
        have no effect.
    @ivar code: the status code to send.
    @ivar code_message: the reason phrase to send, or L{None} for the standard
        one.
    @ivar began: whether the head of the response has been written.
    """

    code: int = 200
    code_message: bytes | None = None
    began: bool = False

    _out: Headers | None = None
    _info: ConnectionInfo | None = None

    def __init__(
        self,
        chanRequest: Any,
        command: bytes,
        path: bytes,
        version: Version,
        in_headers: Headers,
    ) -> None:
        self.chanRequest = chanRequest
        self.method = command
        self.uri = path
        self.clientproto = version
        self.in_headers = in_headers
        self.process()

    @property
    def out_headers(self) -> Headers:
        """
        The fields to send.  Made when somebody asks.
        """
        if self._out is None:
            self._out = self.newHeaders()
        return self._out

    @out_headers.setter
    def out_headers(self, headers: Headers) -> None:
        self._out = headers

    @property
    def connectionInfo(self) -> ConnectionInfo:
        """
        What is known of the connection: what the transport knows, or what
        somebody has set who knows more.
        """
        if self._info is not None:
            return self._info
        info: ConnectionInfo = self.chanRequest.connectionInfo
        return info

    @connectionInfo.setter
    def connectionInfo(self, info: ConnectionInfo) -> None:
        self._info = info

    @property
    def upgradeOffers(self) -> tuple[bytes, ...]:
        """
        The protocols that the client offers to go on with: see
        L{penstock.core.interfaces.IUpgradable}.  Empty on a carrier that
        can't do that.
        """
        if not IUpgradable.providedBy(self.chanRequest):
            return ()
        offers: tuple[bytes, ...] = self.chanRequest.upgradeOffers
        return offers

    # To override

    def newHeaders(self) -> Headers:
        """
        @return: an empty L{Headers} for the response.
        """
        return Headers()

    def process(self) -> None:
        """
        The head has arrived, and nothing of the content yet.
        """

    def handleContentChunk(self, data: bytes) -> None:
        """
        See L{IRequestCallbacks}.
        """

    def handleContentComplete(self, trailers: Headers | None = None) -> None:
        """
        See L{IRequestCallbacks}.
        """

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{IRequestCallbacks}.
        """

    # To call

    def acceptData(self) -> None:
        """
        The content is wanted.  Lets a client that asked to be told first go
        on (RFC 9110, section 10.1.1).
        """
        expected = self.in_headers.lines(b"expect")
        if (
            expected
            and not self.began
            and self.chanRequest.contentLength != 0
            and self.clientproto >= (1, 1)
            and b"100-continue" in connectionOptions(expected)
        ):
            self.chanRequest.writeIntermediateResponse(100)

    def checkPreconditions(self, exists: bool = True) -> bool:
        """
        Evaluate the conditions of the request (RFC 9110, section 13.2.2)
        against the ETag and Last-Modified in L{out_headers}.

        @param exists: whether the target has a current representation.

        @return: L{True} to go on.  Where that may change the target, both
            fields are taken out: set them anew if you know what they are after
            that.  Otherwise the request has been answered, with 304 or 412.
        """
        outcome = evaluate(
            self.method,
            self.in_headers,
            self.out_headers.getStandard(b"etag"),
            self.out_headers.getStandard(b"last-modified"),
            exists,
        )
        if outcome is Outcome.PROCEED:
            if self.method not in _READING:
                # RFC 9110, section 9.3.4: they are those of what is about to
                # be changed, and must not come with the answer.
                self.out_headers.removeHeader(b"etag")
                self.out_headers.removeHeader(b"last-modified")
            return True
        if outcome is Outcome.NOT_MODIFIED:
            self.code = 304
            keepOfNotModified(self.out_headers)
            self.finish()
        else:
            self.preconditionFailed()
        return False

    def preconditionFailed(self) -> None:
        """
        Answer with 412: the conditions of the request don't hold.
        """
        self.code = 412
        keepOfError(self.out_headers)
        self.finish()

    def writeEarlyHints(self, headers: Fields) -> None:
        """
        Say beforehand what the response will most likely have in its head:
        C{103 Early Hints} (RFC 8297), so that the client fetches what a page
        needs while the page is still being made::

            request.writeEarlyHints([("link", "</style.css>; rel=preload; as=style")])

        Any number, before the response begins.  Nothing is sent to a client
        that speaks HTTP/1.0.  The fields belong into the response, too.

        Some proxies take them for the response, or give up: nginx before 1.29
        where it speaks HTTP/1.1 to us, and varnish.  Don't use them behind
        those.

        @raise penstock.core.errors.InvalidField: if one of C{headers} may not
            be sent.
        @raise penstock.core.errors.LocalProtocolError: if the response has
            begun.
        """
        self.chanRequest.writeIntermediateResponse(103, Headers.of(headers))

    def write(self, data: bytes) -> None:
        """
        Send some of the response, after its head if that is not out yet.

        @param data: L{bytes}.  A L{bytearray} or L{memoryview} is copied, and
            may be filled anew at once.
        @raise TypeError: for text; before anything is sent.
        """
        kind: type = type(data)
        if kind is str:
            raise TypeError("write() takes bytes: encode the text")
        if not self.began:
            self.writeHead()
        self.chanRequest.writeData(data)

    def writeFile(
        self, file: BinaryIO, offset: int = 0, length: int | None = None
    ) -> Deferred[None]:
        """
        Send a part of a file, after the head if that is not out yet.

        @param length: octets; up to the end of the file by default.
        @return: see L{penstock.core.interfaces.IExchange}.
        """
        if length is None:
            length = max(0, os.fstat(file.fileno()).st_size - offset)
        if not self.began:
            self.writeHead()
        written: Deferred[None] = self.chanRequest.writeFile(file, offset, length)
        return written

    def upgrade(
        self, protocolName: bytes, protocol: Any, headers: Headers | None = None
    ) -> None:
        """
        Answer with 101, and hand the connection over to C{protocol}: see
        L{penstock.core.interfaces.IUpgradable}.

        @raise LocalProtocolError: if C{protocolName} is none of
            L{upgradeOffers}.
        """
        if protocolName.lower() not in self.upgradeOffers:
            raise LocalProtocolError("the client didn't offer this protocol")
        self.chanRequest.upgrade(protocolName, protocol, headers)
        self.code = 101
        self.began = True

    def writeHead(self) -> None:
        """
        Send the head of the response.
        """
        self.chanRequest.writeHeaders(self.code, self.out_headers, self.code_message)
        self.began = True

    def finish(self, trailers: Headers | None = None) -> None:
        """
        End the response, after its head if that is not out yet.
        """
        if not self.began:
            # RFC 9110, section 8.6: not in a 204, and in a 304 only the
            # length that a 200 would have had.
            if self.code not in (204, 304) and self.method != b"HEAD":
                self.out_headers.setRaw(b"content-length", b"0")
            self.writeHead()
        self.chanRequest.finish(trailers)
