"""
What a caller asks for, as it goes on a wire (RFC 9112, section 3.2).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from penstock.core.authority import parseAuthority
from penstock.core.errors import LocalProtocolError
from penstock.core.headers import Headers

# RFC 3986: all but the fragment, which is never sent, and user information,
# which RFC 9110, section 4.2.4 forbids.
_ABSOLUTE: Final = re.compile(
    rb"https?://([^/?#@]+)([/?][^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL
)

# RFC 9112, section 3: VCHAR.
_VISIBLE: Final = re.compile(rb"[\x21-\x7e]+")


def requestHost(headers: Headers) -> bytes | None:
    """
    @return: the Host field of C{headers}; L{None} if there is none.

    @raise LocalProtocolError: if there are several, or it isn't a host and
        perhaps a port: no server would take it.
    """
    values = headers.getRaw(b"host")
    if not values:
        return None
    if len(values) > 1:
        raise LocalProtocolError("several Host")
    try:
        _checkHost(values[0])
    except ValueError:
        raise LocalProtocolError("a Host is a host and perhaps a port") from None
    return values[0]


def checkTypes(headers: Headers) -> None:
    """
    @raise LocalProtocolError: if the content of a request would be of several
        types: whoever looks at it next might choose another one than who has
        looked before, so no server here takes it.
    """
    if len(headers.lines(b"content-type")) > 1:
        raise LocalProtocolError("several Content-Type")


# Callers have few servers, and repeat themselves.
_checkHost: Final = lru_cache(maxsize=256)(parseAuthority)


def requestTarget(method: bytes, uri: bytes) -> tuple[bytes, bytes | None]:
    """
    @param uri: origin-form, an absolute URI, or C{*} for OPTIONS.  The scheme
        of a URI has no effect: it is the connection that is encrypted or not.

    @return: the target in origin-form or asterisk-form, and the authority for
        the Host field if C{uri} has one.

    @raise LocalProtocolError: if it is none of these; and for CONNECT, which
        nothing here has a use for.
    """
    if method == b"CONNECT":
        raise LocalProtocolError("CONNECT would make something else of the connection")
    if _VISIBLE.fullmatch(uri) is None:
        raise LocalProtocolError("a target must be visible ASCII")
    if uri.startswith(b"/"):
        if b"#" in uri:
            raise LocalProtocolError("a fragment is not part of a target")
        return uri, None
    if uri == b"*" and method == b"OPTIONS":
        return uri, None
    match = _ABSOLUTE.fullmatch(uri)
    if match is None:
        raise LocalProtocolError("a target must be a path or an absolute URI")
    authority, rest = match.groups()
    try:
        parseAuthority(authority)
    except ValueError:
        raise LocalProtocolError("a URI needs a host, and perhaps a port") from None
    if rest is None:
        # RFC 9112, section 3.2.4.
        target = b"*" if method == b"OPTIONS" else b"/"
    else:
        target = rest if rest.startswith(b"/") else b"/" + rest
    return target, authority
