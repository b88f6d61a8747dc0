"""
Exceptions.

What the peer does wrong is an event in a protocol core, and reaches a request
as the C{reason} of C{connectionLost}: one of the L{ExchangeLost} family.  What
we do wrong is a L{LocalProtocolError}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.core.headers import Fields


class LocalProtocolError(Exception):
    """
    This side asked for something the protocol forbids: a bug in the caller.
    """


class InvalidField(LocalProtocolError, ValueError):
    """
    A field name or value that may not go on any wire (RFC 9110, section 5.5):
    not a token, or with a control character in it.  The value is never part
    of the message.
    """


class ExchangeLost(Exception):
    """
    An exchange ended before both of its messages were complete.

    Never raised as such: each cause has a class of its own.

    @ivar code: the status code that the transport answers in place of the
        request, if it does.
    """

    code: int | None = None


class PeerGone(ExchangeLost):
    """
    The peer closed the connection, or it broke.
    """


class Cancelled(ExchangeLost):
    """
    The peer gave up this exchange on purpose; its connection may live on.
    """


class DeadlineExceeded(ExchangeLost):
    """
    The peer, or something that it waits for, took too long.
    """


class PeerProtocolError(ExchangeLost):
    """
    The peer broke the rules of the protocol.
    """


class LimitExceeded(ExchangeLost):
    """
    The peer sent more of something than this side takes.
    """


class Unavailable(ExchangeLost):
    """
    The exchange was refused before anything of it was processed: there is no
    connection, or the peer is closing or full.  Safe to try again elsewhere.
    """


class LengthRequired(Unavailable):
    """
    The server has to be told the length of the content, which nobody knows
    (RFC 9110, section 15.5.12).  Safe to try again, with a Content-Length.
    """


class ContentError(Exception):
    """
    The content of a message can't be used.  A request whose resource lets it
    pass is answered with an error page.

    Never raised as such.  For content that is too large there is
    L{LimitExceeded}.

    @cvar code: the status code of that page.
    @ivar message: a sentence for whoever sent it.
    """

    code: int = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MalformedContent(ContentError):
    """
    It isn't what its head says that it is.
    """


class UnsupportedContent(ContentError):
    """
    Its media type, charset or coding isn't taken here.
    """

    code = 415


class MissingField(ContentError, KeyError):
    """
    A form or a query lacks a field that was asked for.

    @ivar name: of the field.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"The field {name!r} is missing.")
        self.name = name


class HTTPError(Exception):
    """
    Raise it in C{locateChild}, C{contentPolicy} or C{render} to answer with an
    error page.

    @ivar code: the status code.
    @ivar message: a sentence for the person who reads the page, or L{None}
        for the standard one.
    @ivar headers: fields for the response, as a L{Response} takes them; or
        L{None}.
    @ivar details: more that a program may want to know, as JSON has it: see
        L{penstock.core.errorpage}; or L{None}.
    """

    def __init__(
        self,
        code: int,
        message: str | None = None,
        headers: Fields | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.headers = headers
        self.details = details
