"""
The full request: it finds its resource, reads the content as the resource
wants it, and sends what the resource returns.

::

    process -> locateChild ... -> contentPolicy -> (content) -> render -> answer
       |            |                  |                           |
       +------------+--- HTTPError, or any exception --------------+-> error page

Whatever a resource returns at once is answered at once: no Deferred, and no
turn of the event loop.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from secrets import token_hex
from typing import Any, Final
from urllib.parse import parse_qs

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from zope.interface import implementer

from penstock.core.answering import AnsweringRequest
from penstock.core.coroutines import settle
from penstock.core.errorpage import errorPage
from penstock.core.errors import HTTPError
from penstock.core.fields import STANDARD, FieldTable
from penstock.core.formdata import Submitted
from penstock.core.headers import Headers
from penstock.core.interfaces import (
    ConnectionInfo,
    IRefusals,
    IRequestCallbacks,
    Version,
)
from penstock.core.response import Response
from penstock.core.target import Form as TargetForm
from penstock.core.target import Target, TargetError, parseTarget

_log: Final = Logger()

# Steps of locateChild that may lead to another resource without using up a
# segment: wrappers around wrappers.  More is a loop.
MAX_DETOURS: Final = 64

# Names in a query; what urllib counts as one field.
MAX_FIELDS: Final = 1000

# Looking these up on their class each time costs more than comparing them.
_ASTERISK: Final = TargetForm.ASTERISK
_AUTHORITY: Final = TargetForm.AUTHORITY


@implementer(IRequestCallbacks)
class Request(AnsweringRequest):
    """
    A request on its way through a tree of resources.  What is read of its
    content, see L{penstock.core.reading}; what is answered,
    L{penstock.core.answering}.

    @ivar target: the L{Target}: the parsed request target.
    @ivar postpath: what a leaf resource left of the path, as segments.
    """

    site: Site
    target: Target
    postpath: tuple[str, ...] = ()

    _args: Submitted[str] | None = None

    def __init__(
        self,
        site: Site,
        chanRequest: Any,
        command: bytes,
        path: bytes,
        version: Version,
        in_headers: Headers,
    ) -> None:
        self.site = site
        self.startTime = 0.0 if site.accessLog is None else site.accessLog.seconds()
        # As the plain Request does, but for one call less.
        self.chanRequest = chanRequest
        self.method = command
        self.uri = path
        self.clientproto = version
        self.in_headers = in_headers
        if site.table is not STANDARD:
            in_headers.table = site.table
        self.process()

    def newHeaders(self) -> Headers:
        """
        See L{penstock.core.request.Request.newHeaders}.
        """
        return Headers((), self.site.table)

    # Facts

    @property
    def path(self) -> bytes:
        """
        The path of the target, as received, without the query.
        """
        return self.target.path

    @property
    def args(self) -> Submitted[str]:
        """
        The fields of the query, decoded.  One that it lacks is a KeyError, and
        400 for the client, if a resource lets that pass.

        @raise HTTPError: 400, if there are more than a thousand.
        """
        if self._args is None:
            query = (self.target.query or b"").decode("ascii")
            self._args = _parseFields(query)
        return self._args

    @property
    def host(self) -> bytes:
        """
        The authority that the request was meant for: of the target, else of
        the Host field.
        """
        return self.target.authority or self.in_headers.get(b"host") or b""

    @property
    def scheme(self) -> bytes:
        """
        C{b"https"} if the connection is secure, else C{b"http"}; whatever the
        client says.
        """
        return b"https" if self.connectionInfo.secure else b"http"

    # Finding the resource

    def process(self) -> None:
        """
        Find the resource, and begin.
        """
        try:
            self.target = target = parseTarget(self.method, self.uri)
        except TargetError:
            self.target = Target(TargetForm.ORIGIN, None, None, b"/", (), None)
            self.refuse(HTTPError(400, "The request target is malformed."))
            return
        if target.scheme == "https" and not self.connectionInfo.secure:
            # RFC 9110, section 7.4.  Any other scheme asks for nothing that
            # a connection might lack.
            self.refuse(HTTPError(421))
        elif target.form is _AUTHORITY:
            self.refuse(HTTPError(501))
        elif (
            (certified := self.chanRequest.certifiedHosts) is not None
            and not self.site.anyHost
            and self.host not in certified
        ):
            # The same section.  Whatever scheme the target has, what comes over
            # a secured connection is taken for https.
            self.remark = f"no certificate for {self.host.decode('latin-1')}"
            self.refuse(HTTPError(421, certified.refusal))
        elif target.form is _ASTERISK:
            self.chanRequest.stopProducing()
            self._respond(Response(headers=[(b"allow", self.site.allow)]))
        else:
            try:
                self._locate(self.site.root, target.segments, 0)
            except Exception as problem:
                self._broke(problem, None)

    def _locate(self, resource: Any, segments: tuple[str, ...], detours: int) -> None:
        while segments:
            step = resource.locateChild(self, segments)
            if type(step) is tuple and len(step[1]) < len(segments):
                resource, segments = step
                continue
            step = settle(step)
            if isinstance(step, Deferred):
                # Nothing of the content may come before somebody wants it.
                self.chanRequest.pauseProducing()
                self._later(step, partial(self._goOn, resource, segments, detours))
                return
            resource, segments, detours = self._step(resource, segments, detours, step)
        self._located(resource)

    def _goOn(
        self, resource: Any, segments: tuple[str, ...], detours: int, step: Any
    ) -> None:
        self._locate(*self._step(resource, segments, detours, settle(step)))
        if not self.done and self._pending is None:
            self.chanRequest.resumeProducing()

    def _step(
        self, resource: Any, segments: tuple[str, ...], detours: int, step: Any
    ) -> tuple[Any, tuple[str, ...], int]:
        """
        Check that C{step} is progress.
        """
        if step is None:
            raise HTTPError(404)
        found, remaining = step
        if len(remaining) >= len(segments):
            detours += 1
            if found is resource or detours > MAX_DETOURS:
                raise RecursionError(f"{resource!r} makes no progress")
        return found, remaining, detours


def _parseFields(text: str) -> Submitted[str]:
    try:
        return Submitted(
            parse_qs(
                text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
            )
        )
    except ValueError:
        raise HTTPError(400) from None


@implementer(IRefusals)
class Site:
    """
    A tree of resources, as every transport's serving end wants it: a
    L{penstock.core.interfaces.RequestFactory}.

    @ivar root: the L{penstock.core.interfaces.IResource} that every path
        begins at.
    @ivar accessLog: called with each L{Request} when it is over, if not
        L{None}: see L{penstock.core.accesslog}.  If it has a method
        C{refused}, that is called for requests that a transport refuses: see
        L{IRefusals}.
    @ivar table: what the fields of requests and responses are translated with.
    @ivar allow: the Allow field of C{OPTIONS *}.
    @ivar debug: see L{__init__}.
    @ivar anyHost: see L{__init__}.
    @ivar problems: see L{__init__}.
    @ivar token: makes random letters and digits, which nobody can guess.
    """

    requestClass: type[Request] = Request
    token: Callable[[], str] = staticmethod(partial(token_hex, 12))
    allow: bytes = b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"

    def __init__(
        self,
        root: Any,
        accessLog: Any = None,
        *,
        debug: bool = False,
        table: FieldTable = STANDARD,
        anyHost: bool = False,
        problems: bool = False,
    ) -> None:
        """
        @param debug: developer mode: whether pages of failures show tracebacks
            to everybody who can make a request.
        @param table: what the fields of requests and responses are translated
            with: L{penstock.core.fields.STANDARD}, with the application's own
            rows (see there).
        @param anyHost: whether to take requests that come over TLS also for
            hosts that the certificate isn't valid for.  They are answered with
            421 otherwise (RFC 9110, section 7.4), unless a gateway sends them
            that the transport trusts.
        @param problems: whether whoever takes anything, as most programs do,
            gets errors as C{application/problem+json} (RFC 9457), and not as
            HTML: for an API.
        @raise TypeError: if C{root} is a class.
        """
        if isinstance(root, type):
            raise TypeError(f"{root.__name__} is a class: call it, for a resource")
        self.root = root
        self.accessLog = accessLog
        self.debug = debug
        self.table = table
        self.anyHost = anyHost
        self.problems = problems

    def __call__(
        self,
        chanRequest: Any,
        command: bytes,
        path: bytes,
        version: Version,
        in_headers: Headers,
    ) -> Request:
        """
        Make a L{Request}.
        """
        return self.requestClass(self, chanRequest, command, path, version, in_headers)

    def refused(
        self, info: ConnectionInfo, code: int | None, reason: str, line: bytes = b""
    ) -> None:
        """
        See L{IRefusals}.
        """
        refused = getattr(self.accessLog, "refused", None)
        if refused is not None:
            try:
                refused(info, code, reason, line)
            except Exception:
                # The transport has more to do.
                _log.failure("The access log failed")

    def errorPage(self, request: Request, code: int, message: str | None) -> Response:
        """
        Override it for pages of your own.

        @param request: has C{error}, and in developer mode C{failure}, where
            there are any.
        @param message: a sentence for the reader, or L{None}.
        """
        error, failure = request.error, request.failure
        return errorPage(
            code,
            message,
            request.in_headers,
            None if error is None else error.details,
            None if failure is None else failure.getTraceback(),
            self.problems,
        )
