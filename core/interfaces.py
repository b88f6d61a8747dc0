"""
The seam: what crosses between a transport and a request, and nothing else.

::

        server.Request, or any other          what a caller hands over
           IRequestCallbacks                     IResponseCallbacks
              |         ^                          |          ^
         down |         | up                  down |          | up
              v         |                          v          |
           IChannelRequest                       IClientRequest
         a transport's serving end            its calling end (IRequester)

The names are those of James Y Knight's posting of 2004, from which
twisted.web2 grew; the additions are C{writeFile}, trailers, the flow of the
incoming content, and the facts of the connection.

B{When an exchange is over.}  For the callbacks an exchange ends at the first
of: their own call of C{finish} (server) or the peer's complete response
(client), their own C{abortConnection}, or C{connectionLost}.  Nothing is
called on them afterwards.  Calls that they make afterwards do nothing; those
that write or end are counted (C{lateCalls}) and never logged, since whoever
writes can't know that the peer went away a moment ago.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IAddress
    from twisted.python.failure import Failure

    from penstock.core.headers import Fields, Headers

Version = tuple[int, int]
"""The protocol version that the peer speaks, C{(1, 1)} or C{(1, 0)}."""


class ConnectionInfo(NamedTuple):
    """
    What is known of the connection that an exchange came over.

    Facts are fields here and never headers: nothing that a peer writes into a
    message changes them.
    """

    transport: str
    """C{"http1"}, C{"rpc"} or C{"memory"}, or a third party's own name."""

    requestId: str
    """Unique among the exchanges of this process; for logs."""

    peer: IAddress | None = None
    """Who is at the other end: of the first hop, if it was tunnelled."""

    local: IAddress | None = None
    """Where the peer connected to."""

    secure: bool = False
    """Whether the (first) hop was encrypted: the scheme is https."""

    peerCertificate: Any = None
    """The peer's verified X.509 certificate, where TLS asked for one."""

    deadline: float | None = None
    """Seconds that the peer will still wait, counted from the start of the
    exchange, where it said so."""


class IExchange(Interface):
    """
    One exchange, as either end of a transport offers it: a message that goes
    out, and the content of one that comes in.

    It is a push producer (L{twisted.internet.interfaces.IPushProducer}) of the
    incoming content.
    """

    connectionInfo = Attribute("L{ConnectionInfo}.")

    written = Attribute("Octets of content that have been written so far.")

    lateCalls = Attribute(
        """
        Names of the calls made after the exchange was over that would have
        written or ended something, oldest first (at most 16 are kept): for
        tests and for a debugging log.
        """
    )

    def writeData(data: bytes) -> None:
        """
        Send some of the content, in order.

        C{data} may be empty, which sends nothing.  Nobody is told to slow
        down: use L{registerProducer} for content without a small bound.

        @param data: L{bytes}.  A L{bytearray} or L{memoryview} is copied, and
            may be filled anew at once.
        @raise TypeError: for anything else.
        @raise LocalProtocolError: before the head; while a file is being sent;
            or if the message would become longer than its Content-Length
            says, in which case nothing of C{data} is sent.
        """

    def writeFile(file: BinaryIO, offset: int, length: int) -> Deferred[None]:
        """
        Send C{length} octets of C{file}, starting at C{offset}: by sendfile
        where the carrier can, else in small blocks as the peer takes them.

        Until it is sent, nothing else may be written, nor the message be
        finished.  If the file turns out shorter, the message is aborted as in
        L{abortConnection}.

        @param file: a regular file, open for reading in binary mode.  Its
            position may change.  It is the caller's to close.
        @return: fires with L{None} when C{file} isn't needed any more: it has
            been sent, or the exchange is over.  It never fails.
        @raise LocalProtocolError: before the head; while another file is being
            sent or a producer is registered; beyond Content-Length; or for a
            negative C{offset} or C{length}.
        """

    def finish(trailers: Headers | None = None) -> None:
        """
        End the message.  Once.

        Trailers are sent where the carrier has room for them (RFC 9110,
        section 6.5): always but after a Content-Length or to HTTP/1.0.

        @raise LocalProtocolError: before the head; while a producer is
            registered or a file is being sent; or if the content is shorter
            than Content-Length says, after aborting the message, so that the
            peer can't take it for whole.
        """

    def abortConnection() -> None:
        """
        Give up now, visibly: the peer is never shown a well-formed end of a
        message that isn't at its end.

        The peer's callbacks get C{connectionLost}; this end's don't.
        """

    def registerProducer(producer: Any, streaming: bool) -> None:
        """
        Let C{producer} be told when to write: see
        L{twisted.internet.interfaces.IConsumer}.  When the exchange is lost,
        its C{stopProducing} is called, before C{connectionLost}.

        Whether it is C{streaming} (a push producer) or not (a pull producer,
        asked for one block at a time) is all the same to the peer.

        @raise RuntimeError: if one is registered.
        @raise LocalProtocolError: before the head, or while a file is being
            sent.
        """

    def unregisterProducer() -> None:
        """
        The producer has no more to write.  Harmless without one.
        """

    def pauseProducing() -> None:
        """
        Call C{handleContentChunk} and C{handleContentComplete} no more, until
        L{resumeProducing}.  Takes effect at once.  The peer is made to slow
        down; that it has gone is still noticed.
        """

    def resumeProducing() -> None:
        """
        Undo L{pauseProducing}.  May call back before it returns.
        """

    def stopProducing() -> None:
        """
        The rest of the incoming content isn't wanted: neither
        C{handleContentChunk} nor C{handleContentComplete} will be called
        again.  The exchange goes on; C{connectionLost} may still come.  (A
        caller's ends with the response, in silence.)

        A carrier that can tells the peer to stop sending; one that can't
        reads on and drops the rest, within bounds.
        """


class IChannelRequest(IExchange):
    """
    One exchange, as a transport's serving end offers it to a request.
    """

    contentLength = Attribute(
        """
        The octets of content to come: C{0} if there is none, L{None} if its
        length isn't known beforehand.
        """
    )

    certifiedHosts = Attribute(
        """
        The hosts that the certificate is valid for by which this side has
        secured the connection: L{penstock.core.certified.CertifiedHosts}.
        L{None} where it hasn't, or where the peer is a trusted gateway and may
        ask for any (RFC 9110, section 7.4).
        """
    )

    def writeIntermediateResponse(
        code: int, headers: Headers | None = None, code_message: bytes | None = None
    ) -> None:
        """
        Send an interim response (RFC 9110, section 15.2).  Any number, before
        L{writeHeaders}.  Silently nothing where the peer can't take it
        (HTTP/1.0).

        @param code: 100 to 199, but not 101.
        @raise LocalProtocolError: after L{writeHeaders}, or for another code.
        """

    def writeHeaders(
        code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        Send the head of the response.  Once.

        The transport adds what its hop needs (framing, Connection, Date) and
        takes out what belongs to another hop.  C{headers} is not kept and not
        changed.  Where a response has no content (to HEAD; 204, 205, 304), what is
        written as its content is dropped.

        @param code: 200 to 599 (999 at most).
        @param code_message: the reason phrase, where the carrier has one;
            L{None} for the standard one.
        @raise LocalProtocolError: a second time; for another code; for a
            control character in C{code_message}; or for a Content-Length that
            isn't one number.
        """


class IUpgradable(IChannelRequest):
    """
    One exchange, on a carrier that can go on with another protocol (RFC 9110,
    section 7.8).  HTTP/1.1 can; where many exchanges share a connection, none
    of them may have it.
    """

    upgradeOffers = Attribute(
        """
        The protocols that the peer offers to go on with, a tuple of L{bytes}
        in lower case (C{b"websocket"}, C{b"h2c"}), the preferred one first.
        Empty where it offers none, which is true of most requests.
        """
    )

    def upgrade(
        protocolName: bytes, protocol: Any, headers: Headers | None = None
    ) -> None:
        """
        Instead of a response: send 101, and hand the connection over.  The
        exchange is over with this call.

        When the request's content has come whole (what wasn't delivered of it
        is dropped), C{protocol} gets the transport in C{makeConnection}, and
        then, in C{dataReceived}, what the peer has sent since.  From then on
        it alone has a say: about time, too.  If the peer goes before that, or
        sends more content than anybody wants to drop, it never gets anything.

        @param protocolName: one of L{upgradeOffers}, in any case.
        @param protocol: L{twisted.internet.interfaces.IProtocol}.
        @param headers: fields that the 101 shall have.
        @raise LocalProtocolError: after C{writeHeaders}; or for a protocol
            that wasn't offered.
        """


class IRequestCallbacks(Interface):
    """
    One exchange, as a request offers it to a transport's serving end.

    Providers are made by a L{RequestFactory}.  C{process} runs inside that
    call, with the head complete and no content yet: a response may have been
    written, finished or aborted before the factory returns.  Nothing below is
    called before it has returned.
    """

    def handleContentChunk(data: bytes) -> None:
        """
        Some of the content has arrived.  Never empty.
        """

    def handleContentComplete(trailers: Headers | None = None) -> None:
        """
        The content is whole.  Called exactly once, with or without content,
        unless L{connectionLost} or the request itself ended it first.

        @param trailers: the trailer section, L{None} without one.
        """

    def connectionLost(reason: Failure) -> None:
        """
        The exchange is lost: instead of L{handleContentComplete} if the
        content was not whole, or after it if the response was not finished.
        At most once, and nothing is called after it.

        @param reason: of an L{penstock.core.errors.ExchangeLost}.
        """


class IRefusals(Interface):
    """
    What a L{RequestFactory} may provide too, to hear of the requests that it
    never makes: their transport refuses them by itself.
    """

    def refused(
        info: ConnectionInfo, code: int | None, reason: str, line: bytes = b""
    ) -> None:
        """
        A request was refused.  For logs; nothing can be done about it.

        @param info: of the connection.
        @param code: the status code of the answer; L{None} if there is none,
            and the connection is closed.
        @param reason: why, in a few words of ours.
        @param line: how the request begins, as far as it is known: octets of
            the peer, any, so see that they do no harm.
        """


Refused = Callable[[ConnectionInfo, "int | None", str, bytes], None]
"""L{IRefusals.refused}."""


def refusedOf(factory: Any) -> Refused | None:
    """
    @param factory: a L{RequestFactory}, or L{None}.

    @return: what is to be told of refusals, if anybody wants to know.
    @raise TypeError: if it is neither.
    """
    if factory is not None and not callable(factory):
        kind = type(factory).__name__
        raise TypeError(f"{kind} doesn't make requests; around a resource put a Site")
    if not IRefusals.providedBy(factory):
        return None
    refused: Refused = factory.refused
    return refused


RequestFactory = Callable[
    [Any, bytes, bytes, Version, "Headers"],
    Any,
]
"""
C{factory(chanRequest, command, path, version, in_headers)} makes the
L{IRequestCallbacks} for one exchange.

    - C{chanRequest}: L{IChannelRequest}
    - C{command}: the method, a token (RFC 9110, section 9.1), case kept
    - C{path}: the request target as received: without spaces, control
      characters and octets above 0x7e
    - C{version}: what the peer speaks
    - C{in_headers}: the fields, without those of the hop (Connection and what
      it lists, Keep-Alive, Proxy-Connection, TE, Transfer-Encoding, Upgrade)
"""


class IClientRequest(IExchange):
    """
    One exchange, as a transport's calling end offers it to a caller.  Its
    head is on its way already.
    """


class IResponseCallbacks(Interface):
    """
    One exchange, as a caller offers it to a transport's calling end.
    """

    def requestStarted(clientRequest: Any) -> None:
        """
        Called first, once, before C{startRequest} returns; so that all that
        follows can rely on it, even if it also comes before that.

        @param clientRequest: the L{IClientRequest} that C{startRequest} is
            about to return.
        """

    def handleIntermediateResponse(code: int, headers: Headers) -> None:
        """
        An interim response.  Any number, before L{handleHeaders}.
        """

    def handleHeaders(
        code: int, headers: Headers, code_message: bytes | None = None
    ) -> None:
        """
        The head of the response, without the fields of the hop.  Once.
        """

    def handleContentChunk(data: bytes) -> None:
        """
        Some of the content has arrived.  Never empty.
        """

    def handleContentComplete(trailers: Headers | None = None) -> None:
        """
        The response is whole, and the exchange over: what of the request was
        not sent yet never will be (RFC 9112, section 9.3 has the reasons).
        """

    def connectionLost(reason: Failure) -> None:
        """
        The exchange is lost before the response was whole.  Instead of
        L{handleContentComplete}, and nothing is called after it.

        @param reason: of an L{penstock.core.errors.ExchangeLost}.
            L{penstock.core.errors.Unavailable} if the request was certainly
            not processed.
        """


class IRequester(Interface):
    """
    A transport's calling end, for one server.

    A resource that forwards takes one of these, and so knows no transport.
    """

    def startRequest(
        method: bytes,
        uri: bytes,
        headers: Headers,
        callbacks: Any,
        hasContent: bool = False,
        info: ConnectionInfo | None = None,
    ) -> Any:
        """
        Start an exchange and return at once; a connection is made meanwhile
        if there is none.

        @param method: a token.
        @param uri: the request target: origin-form (C{b"/a?b"}), or an
            absolute URI, whose authority then becomes the Host field.
        @param headers: the fields to send; not kept and not changed.  Fields
            of the hop are left out, what this hop needs is added.
        @param callbacks: L{IResponseCallbacks}.
        @param hasContent: whether content will be written.  Without it the
            request is complete with its head, and needs no C{finish}.
        @param info: what is known of the connection that the request came
            over first, if it is passed on.  A carrier that has a place for
            facts takes it along, and a server that trusts this side has it in
            its own C{connectionInfo}; HTTP has none, and doesn't look at it.

        @return: L{IClientRequest}.
        @raise LocalProtocolError: if C{method}, C{uri}, the Host or the
            Content-Length may not go on a wire, or there is a Content-Length
            and no content.
        """

    def request(
        method: bytes | str,
        uri: bytes | str,
        headers: Fields | None = None,
        body: Any = None,
    ) -> Deferred[Any]:
        """
        Send a request and get its response once its head is there.

        @param headers: in any form that L{Headers} are made of.
        @param body: L{None}, L{bytes}, an iterable or asynchronous iterable
            of L{bytes}, a binary file open for reading, which is closed, or
            what else L{penstock.core.body.Body} names.

        @return: fires with a L{penstock.core.client.Response}, or fails with
            an L{penstock.core.errors.ExchangeLost}.  Cancelling it cancels
            the exchange.
        """

    def call(
        method: bytes | str,
        uri: bytes | str,
        headers: Fields | None = None,
        body: bytes = b"",
        limit: int = 1024 * 1024,
    ) -> Deferred[Any]:
        """
        Send a short request and get its whole response, with as little ado as
        there can be.

        @param limit: octets of content that are taken.
        @return: fires with a L{penstock.core.client.Reply}, whatever its code;
            or fails with an L{penstock.core.errors.ExchangeLost}.  Cancelling
            it cancels the exchange.
        """

    def close() -> Deferred[None]:
        """
        Take no more requests; fires when the last connection is closed.
        Exchanges under way are finished first.
        """


class IResource(Interface):
    """
    Something that can be found and asked.
    """

    def locateChild(request: Any, segments: tuple[str, ...]) -> Any:
        """
        Take one step towards the resource that C{segments} name.

        Called when the head has arrived and nothing of the content, so forms
        and bodies can't be used to decide.

        @param request: L{penstock.core.server.Request}.
        @param segments: what is left of the path, each decoded once, as UTF-8;
            at least one.  An encoded slash stays inside its segment.

        @return: C{(resource, remaining)}, or L{None} if there is nothing; or
            a Deferred or coroutine of either.  C{remaining} is a strict
            suffix of C{segments} unless C{resource} is another one; empty
            means found.
        """

    def contentPolicy(request: Any) -> Any:
        """
        Say what is to be done with the content of C{request}.

        @return: one of L{penstock.core.content}'s policies.
        """

    def render(request: Any) -> Any:
        """
        Answer.

        @return: a L{penstock.core.response.Response}, L{bytes}, L{str},
            L{None} if the resource writes to C{request} itself, a Deferred or
            coroutine of any of these, or an asynchronous generator of
            L{bytes}.  The head goes out with the generator's first block,
            even an empty one; what it raises before that becomes an error
            page.
        """
