"""
The part of a request that answers: with what the resource returns, with an
error page, or by breaking off.

::

    render -> _answer -> _respond: filters, conditions, ranges -> head -> body
                 ^          ^
      (a Deferred fires)    +--- refuse <- _broke <- HTTPError, any exception
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from penstock.core.accesslog import escaped
from penstock.core.body import discard, knownLength, normalise, writeBody
from penstock.core.choice import addVary
from penstock.core.coroutines import settle
from penstock.core.errors import (
    Cancelled,
    ContentError,
    ExchangeLost,
    HTTPError,
    LimitExceeded,
    LocalProtocolError,
    PeerGone,
)
from penstock.core.headers import Headers, fieldValue
from penstock.core.reading import ReadingRequest
from penstock.core.response import Response
from penstock.core.selection import keepOfError, select
from penstock.core.trailers import trailerFields

_log: Final = Logger()

# Fields of a request that may make another response of a 200, even where that
# has no validators (RFC 9110, sections 13.1 and 14.2).
_SELECTING: Final = frozenset((b"range", b"if-match", b"if-none-match"))

# With one of these there will be no trailers, or it is said already which.
_NOT_ANNOUNCED: Final = frozenset((b"content-length", b"trailer"))

_OCTETS: Final = b"application/octet-stream"
_TEXT: Final = b"text/plain; charset=utf-8"

# What an answer is about, so that it says nothing without it (RFC 9110,
# sections 15.5.2, 15.5.8 and 15.5.22).
_DEMANDS: Final = {
    401: b"www-authenticate",
    407: b"proxy-authenticate",
    426: b"upgrade",
}

_ANSWERS: Final = (
    "What may be: bytes, str, a Response (Response.json, Response.html ...), None if "
    "it writes to the request, or a Deferred, coroutine or asynchronous generator."
)
_INSTANCES: Final = "That is a class: call it."

Filter = Callable[[Any, Headers, Any], Any]
"""See L{AnsweringRequest.addFilter}."""


@lru_cache(256)
def _checkedType(mediaType: str) -> bytes:
    """
    @return: a resource's C{contentType} as it is sent.
    """
    return fieldValue(mediaType)


class AnsweringRequest(ReadingRequest):
    """
    A request that answers.  What is read of its content, see
    L{ReadingRequest}; how its resource is found, L{penstock.core.server}.

    @ivar site: the L{penstock.core.server.Site} that it came to.
    @ivar disconnected: whether the client went away, or gave up.
    @ivar aborted: whether this side broke the response off.
    @ivar done: whether the exchange is over, one way or another.
    @ivar error: the L{HTTPError} that is being answered, or L{None}.
    @ivar failure: what the resource failed with, if the site is in developer
        mode; else L{None}.
    @ivar remark: what the access log shall say of it, L{None} for nothing:
        what went wrong, where the code doesn't tell.
    @ivar answeredFor: the status code that the transport has answered in its
        place, L{None} if it hasn't.
    """

    site: Any
    disconnected: bool = False
    aborted: bool = False
    done: bool = False
    error: HTTPError | None = None
    failure: Failure | None = None
    remark: str | None = None
    answeredFor: int | None = None

    _pending: Deferred[Any] | None = None
    _waiters: list[Deferred[None]] | None = None
    _filters: tuple[Filter, ...] = ()

    def whenDone(self) -> Deferred[None]:
        """
        @return: fires with L{None} when the response is finished or the client
            has gone (see L{disconnected}); at once if that has happened.
        """
        if self.done:
            return succeed(None)
        waiter: Deferred[None] = Deferred()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(waiter)
        return waiter

    def addFilter(self, change: Filter) -> None:
        """
        Have a say in the response that the resource returns, or in the page of
        its error; not in one that it writes itself.

        @param change: called as C{change(request, headers, body)}, before
            conditions and ranges are looked at.  C{request.code} is the code,
            C{headers} are the fields to send, which it may change, C{body} is
            as L{penstock.core.body.normalise} returns it.  It returns
            another body, or the same; if another, it sees to it that the old
            one is closed.  Whoever was added last is called first.
        """
        self._filters = (*self._filters, change)
        # Somebody has something to say of the head: no short way.
        self._out = self.out_headers

    # What the parts of a request have in common

    def _guard(self, call: Callable[..., None], *args: Any) -> None:
        """
        Call C{call}, and answer for what it raises.
        """
        try:
            call(*args)
        except Exception as problem:
            self._broke(problem, None)

    def _later(self, deferred: Deferred[Any], call: Callable[..., None]) -> None:
        """
        Go on with C{call} when C{deferred} has fired.
        """
        self._pending = deferred

        def came(result: Any) -> None:
            self._pending = None
            if not self.done:
                self._guard(call, result)
            else:
                discardAnswer(result)

        def failed(failure: Failure) -> None:
            self._pending = None
            self._broke(failure.value, failure)

        deferred.addCallbacks(came, failed)

    # Answering

    def _render(self) -> None:
        result = self.resource.render(self)
        if type(result) is bytes:
            self._respond(None, result, _OCTETS)
        else:
            self._answer(result)

    def _answer(self, result: Any) -> None:
        """
        Send what a resource has returned.
        """
        kind = type(result)
        if kind is bytes:
            self._respond(None, result, _OCTETS)
        elif kind is str:
            self._respond(None, result.encode("utf-8"), _TEXT)
        elif result is None:
            return
        elif isinstance(result, Response):
            self._respond(result)
        elif isinstance(result, AsyncIterator):
            self._respond(None, result)
        else:
            came = settle(result)
            if isinstance(came, Deferred):
                self._later(came, self._answerLater)
            elif came is result:
                raise TypeError(
                    f"{type(self.resource).__name__} has returned a {kind.__name__}. "
                    + (_ANSWERS if not isinstance(result, type) else _INSTANCES)
                )
            else:
                self._answerLater(came)

    def _answerLater(self, result: Any) -> None:
        """
        Send what a Deferred or coroutine came to.  If that is nothing, it is
        done with the request: what it has written is all.
        """
        if result is not None:
            self._answer(result)
        elif not self.done:
            if not self.began:
                self.code = 204
            self.finish()

    def _respond(
        self,
        response: Response | None,
        body: Any = b"",
        contentType: bytes | None = None,
    ) -> None:
        """
        Send a whole response: C{response}, or C{body} under what the request
        has in C{code} and C{out_headers}.
        """
        if (
            contentType is not None
            and self._out is None
            and self.code == 200
            and self.in_headers.hasNone(_SELECTING)
        ):
            # Most answers: octets, and nothing said about them.  What follows
            # below would come to the same, in three times the time.
            own = getattr(self.resource, "contentType", None)
            self._out = headers = Headers.ofContent(
                contentType if own is None else _checkedType(own), len(body)
            )
            channel = self.chanRequest
            channel.writeHeaders(200, headers, self.code_message)
            self.began = True
            channel.writeData(body)
            channel.finish()
            self._over()
            return
        trailers = None
        if response is not None:
            body, trailers = response.body, response.trailers
        if self.began and not self.done:
            discard(body)
            raise LocalProtocolError(
                "the resource has written to the request, and returned an answer, "
                "too: one of both is enough"
            )
        if response is not None:
            self._adopt(response)
        headers = self.out_headers
        if contentType is not None and b"content-type" not in headers:
            own = getattr(self.resource, "contentType", None)
            headers.setRaw(b"content-type", contentType if own is None else own)
        try:
            self._sendWhole(headers, body, trailers)
        except BaseException:
            if not self.began:
                discard(body)
            raise

    def _sendWhole(self, headers: Headers, body: Any, trailers: Headers | None) -> None:
        """
        Send what is left of C{body}, and of C{headers} what goes with it.
        """
        body, length = self._select(headers, body)
        if length is not None and self.code not in (204, 304):
            # RFC 9110, section 8.6: what answers HEAD without any content may
            # have said how much GET has.
            if length or self.method != b"HEAD" or b"content-length" not in headers:
                headers.setRaw(b"content-length", b"%d" % length)
        elif (
            trailers and headers.hasNone(_NOT_ANNOUNCED) and self.clientproto >= (1, 1)
        ):
            names = [name for name, _ in trailerFields(trailers)]
            if names:
                # RFC 9110, section 6.6.2.
                headers.setRaw(b"trailer", b", ".join(dict.fromkeys(names)))
        self._send(body, trailers)

    def _adopt(self, response: Response) -> None:
        """
        Take over the code and the fields of C{response}, which is the
        application's and isn't changed.
        """
        self.code = response.code
        if self._out is None or not len(self._out):
            self._out = response.headers.copy()
            self._out.table = self.site.table
        else:
            _replace(self._out, response.headers)

    def _select(self, headers: Headers, body: Any) -> tuple[Any, int | None]:
        """
        Let filters, conditions and ranges make of C{body}, the code and
        C{headers} what they want.

        @return: the body to send, and its octets, L{None} if nobody knows.
        """
        for change in reversed(self._filters):
            body = change(self, headers, body)
        if self.code == 405 and b"allow" not in headers:
            # RFC 9110, section 15.5.6; empty means that there is none.
            allowed = getattr(self.resource, "allowedMethods", ())
            headers.setRaw(b"allow", b", ".join(allowed))
        if not 200 <= self.code < 300 or self.method not in (b"GET", b"HEAD"):
            return body, knownLength(body)
        selection = select(
            self.method, self.in_headers, self.code, headers, body, self.site.token
        )
        self.code = selection.code
        if self.code >= 400:
            return self._becomeError(headers)
        return selection.body, selection.length

    def _send(self, body: Any, trailers: Headers | None) -> None:
        """
        Send the head, and C{body} as far as there is a place for it.
        """
        if self.method == b"HEAD" or self.code in (204, 205, 304):
            self.writeHead()
            discard(body)
            self.finish(trailers)
            return
        writing = writeBody(self.chanRequest, body, self.writeHead)
        if writing is None:
            self.finish(trailers)
        else:
            self._later(writing, lambda ignored: self._written(trailers))
            if not self.began:
                # Nothing else tells what makes the first block that nobody
                # waits for it any more.
                self.whenDone().addCallback(lambda ignored: writing.cancel())

    def _becomeError(self, headers: Headers) -> tuple[Any, int | None]:
        page = self.site.errorPage(self, self.code, None)
        _replace(headers, page.headers)
        return page.body, knownLength(page.body)

    # What goes wrong

    def _broke(self, problem: BaseException | None, failure: Failure | None) -> None:
        """
        Something that had to do with this request raised C{problem}.
        """
        if self.disconnected and isinstance(problem, (CancelledError, ExchangeLost)):
            return
        if self.done:
            if not isinstance(problem, CancelledError):
                _log.failure(
                    "{method} {path}: failed after the response",
                    failure or Failure(problem),
                    method=escaped(self.method),
                    path=escaped(self.uri),
                )
        elif isinstance(problem, HTTPError):
            self.refuse(problem)
        elif isinstance(problem, LimitExceeded):
            self.refuse(HTTPError(413))
        elif isinstance(problem, ContentError):
            self.refuse(HTTPError(problem.code, problem.message))
        else:
            _log.failure(
                "{method} {path}: the resource failed",
                failure or Failure(problem),
                method=escaped(self.method),
                path=escaped(self.uri),
            )
            if self.site.debug:
                self.failure = failure or Failure(problem)
            self.refuse(HTTPError(500))

    def refuse(self, error: HTTPError) -> None:
        """
        Answer with an error page; or, if an answer has begun, break it off
        visibly.
        """
        if self.began or (self.error is not None and self.error.code == 500):
            # The second is a page of an error that failed later, too.
            self.abort()
            return
        vary = self.out_headers.get(b"vary")
        self.out_headers = self.newHeaders()
        if vary is not None:
            # What was found out before it went wrong counts all the same.
            self.out_headers.setRaw(b"vary", vary)
        self.code_message = None
        self.error = error
        try:
            response = self.site.errorPage(self, error.code, error.message)
            if error.headers is not None:
                _replace(response.headers, Headers.of(error.headers))
            self._respond(response)
        except Exception:
            _log.failure("The error page failed")
            if error.code == 500 or self.began:
                self.abort()
            else:
                self.refuse(HTTPError(500))

    def preconditionFailed(self) -> None:
        """
        See L{penstock.core.request.Request.preconditionFailed}; with a page.
        """
        keepOfError(self.out_headers)
        self.refuse(HTTPError(412, headers=self.out_headers))

    # The end

    def writeHead(self) -> None:
        """
        See L{penstock.core.request.Request.writeHead}.

        @raise LocalProtocolError: if a 401 has no challenge, or the like: a
            client couldn't do anything about it.
        """
        demanded = _DEMANDS.get(self.code)
        if demanded is not None and demanded not in self.out_headers:
            name = demanded.decode("ascii")
            raise LocalProtocolError(f"a {self.code} needs {name}")
        super().writeHead()

    def _written(self, trailers: Headers | None) -> None:
        """
        Nothing more of the body will be written: that was all of it, or the
        exchange is lost, and L{connectionLost} about to say so.
        """
        late = len(self.chanRequest.lateCalls)
        super().finish(trailers)
        if len(self.chanRequest.lateCalls) == late:
            self._over()

    def finish(self, trailers: Headers | None = None) -> None:
        """
        See L{penstock.core.request.Request.finish}.
        """
        super().finish(trailers)
        self._over()

    def upgrade(
        self, protocolName: bytes, protocol: Any, headers: Headers | None = None
    ) -> None:
        """
        See L{penstock.core.request.Request.upgrade}.
        """
        super().upgrade(protocolName, protocol, headers)
        self._over()

    def abort(self) -> None:
        """
        Give up, visibly: the client won't take what it has for whole.
        """
        self.aborted = True
        self.chanRequest.abortConnection()
        self._over()

    def connectionLost(self, reason: Failure) -> None:
        """
        See L{IRequestCallbacks}.
        """
        self.disconnected = True
        self._chunks = None
        problem = reason.value
        if not isinstance(problem, (PeerGone, Cancelled)):
            # That clients leave needs no words.
            self.remark = str(problem) or type(problem).__name__
            self.answeredFor = getattr(problem, "code", None)
        self._over()
        if self._content is not None:
            self._content.lost(reason)
        pending = self._pending
        if pending is not None and getattr(self.resource, "cancelOnDisconnect", True):
            pending.cancel()

    def _over(self) -> None:
        if self.done:
            return
        self.done = True
        if self.site.accessLog is not None:
            try:
                self.site.accessLog(self)
            except Exception:
                # Others have to be told all the same.
                _log.failure("The access log failed")
        waiters, self._waiters = self._waiters, None
        for waiter in waiters or ():
            waiter.callback(None)
        if self._isHeld:
            self._release()


def _replace(headers: Headers, others: Headers) -> None:
    """
    Put C{others} in place of the fields in C{headers} that have their names.
    Only Vary becomes what both have said.
    """
    replaced = set()
    for name, value in others:
        key = name.lower()
        if key == b"vary":
            names = value.decode("latin-1").lower().split(",")
            addVary(headers, *[name.strip(" \t") for name in names])
        elif key in replaced:
            headers.addRaw(name, value)
        else:
            replaced.add(key)
            headers.setRaw(name, value)


def discardAnswer(result: Any) -> None:
    """
    Let go of an answer that came after the client had gone.
    """
    if isinstance(result, Response):
        result = result.body
    elif result is None or isinstance(result, (Deferred, tuple)):
        return
    try:
        discard(normalise(result))
    except TypeError:
        pass
