"""
What nobody may ask, however much a caller would like to (RFC 9110).

The calling ends send what they are given; these are the requests that they
refuse, since each would tell what is nobody's business, or mean something else
than it says.  What is passed on for somebody else is not looked at.
"""

from __future__ import annotations

import re
from typing import Final

from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers

# RFC 9110, section 9.3.8: the answer to TRACE shows all of the request to
# whoever has made somebody else send it.
_SECRET: Final = frozenset((b"authorization", b"cookie", b"proxy-authorization"))

_WATCHED: Final = frozenset((b"if-range", b"referer"))

# RFC 3986, section 3.2.1.
_USER: Final = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*@")


def checkComposed(
    method: bytes, headers: Headers, hasContent: bool, secure: bool
) -> None:
    """
    Check a request that a program has made by itself.

    @param secure: whether it goes out on a connection that nobody listens to.
    @raise LocalProtocolError: if it must not be sent.
    """
    if method == b"TRACE":
        if not headers.hasNone(_SECRET):
            raise LocalProtocolError("TRACE must not have anything secret in it")
    elif method == b"OPTIONS" and hasContent:
        # RFC 9110, section 9.3.7.
        if headers.getStandard(b"content-type") is None:
            raise LocalProtocolError("content of OPTIONS needs a Content-Type")
    if headers.hasNone(_WATCHED):
        return
    if headers.hasHeader(b"if-range"):
        # RFC 9110, section 13.1.5.
        if not headers.hasHeader(b"range"):
            raise LocalProtocolError("If-Range means nothing without Range")
        if headers.getRaw(b"if-range")[0].startswith(b"W/"):
            raise LocalProtocolError("a weak entity tag says nothing about ranges")
    for referrer in headers.getRaw(b"referer"):
        # RFC 9110, section 10.1.3.
        if b"#" in referrer or _USER.match(referrer):
            raise LocalProtocolError("a Referer has no fragment and no user in it")
        if referrer[:6].lower() == b"https:" and not secure:
            raise LocalProtocolError(
                "nobody must hear on an open connection where a user was on a "
                "secured one"
            )
