"""
Request targets (RFC 9112, section 3.2).
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from penstock.core.authority import parseAuthority


class TargetError(ValueError):
    """
    A request target that is malformed, or that the method can't have: answer
    400.  The target is never part of the message.
    """


class Form(Enum):
    """
    The four forms of a target.
    """

    ORIGIN = auto()
    """C{/path?query}"""

    ABSOLUTE = auto()
    """C{http://host/path?query}"""

    AUTHORITY = auto()
    """C{host:port}, with CONNECT."""

    ASTERISK = auto()
    """C{*}, with OPTIONS: the server as a whole.  Also an absolute URI that
    has neither path nor query (section 3.2.4)."""


class Target(NamedTuple):
    """
    A request target, taken apart.
    """

    form: Form

    scheme: str | None
    """C{"http"} or C{"https"}, in the absolute form.  It is what the client
    says; whether the connection was secure is another matter."""

    authority: bytes | None
    """Host and port as received, checked, where the target has them.  They
    take precedence over Host (section 3.2.2)."""

    path: bytes
    """As received.  C{b"/"} where an absolute URI has none, C{b"*"} in the
    asterisk form, empty in the authority form."""

    segments: tuple[str, ...]
    """What is between the slashes of the path, each decoded once; C{("",)}
    for C{/}, and none in the asterisk and authority forms."""

    query: bytes | None
    """As received; L{None} without a question mark."""


# RFC 3986, section 3.3: pchar; and what browsers leave as it is, by the URL
# standard: [ ] ^ |.  Not among it is the backslash: who takes it for a slash
# would see another path than we do.
_PATH_CHARACTER: Final = rb"[A-Za-z0-9._~!$&'()*+,;=:@\[\]^|/-]*+"

# A path that needs no decoding.
_PLAIN: Final = re.compile(rb"/" + _PATH_CHARACTER)
_ENCODED: Final = re.compile(
    rb"/" + _PATH_CHARACTER + rb"(?:%[0-9A-Fa-f]{2}" + _PATH_CHARACTER + rb")*"
)

# The query isn't decoded here, so anything visible may be in it, but the
# beginning of a fragment: that is never sent (RFC 9110, section 4.2.5).
_QUERY: Final = re.compile(rb'[!"$-~]*+')

_ABSOLUTE: Final = re.compile(rb"([Hh][Tt][Tt][Pp][Ss]?)://([^/?#]*+)([^?]*+)")

# Unicode's control characters: C0, DEL and C1.
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")

# Targets of the origin form that were taken apart lately, without their
# queries.  Bounded in number and in size, since peers choose them; emptied when
# full, so that nobody can fill it for good.  A hit costs 0.2 µs, a miss 2 µs.
_MAX_RECENT: Final = 1024
_MAX_RECENT_LENGTH: Final = 128
_recent: dict[bytes, Target] = {}


def parseTarget(method: bytes, target: bytes) -> Target:
    """
    Take a request target apart.

    Segments C{.} and C{..}, encoded or not, are refused: clients remove them
    before they send (RFC 3986, section 5.2.4), so what is left of them is an
    attempt at something, and whoever resolves them in another place than the
    next one is the hole.

    @param method: the forms of a target that are allowed depend on it.
    @param target: as received.

    @raise TargetError: if it is malformed, if it can't be decoded as UTF-8,
        if there are control characters in a segment, or if it hasn't the form
        that belongs to C{method}.
    """
    known = _recent.get(target)
    if known is not None and method != b"CONNECT":
        return known
    if method == b"CONNECT":
        return _authorityForm(target)
    if target[:1] == b"/":
        path, mark, query = target.partition(b"?")
        known = _recent.get(path)
        if known is None:
            known = Target(Form.ORIGIN, None, None, path, _segments(path), None)
            if len(path) <= _MAX_RECENT_LENGTH:
                if len(_recent) >= _MAX_RECENT:
                    _recent.clear()
                _recent[path] = known
        if not mark:
            return known
        return Target(Form.ORIGIN, None, None, path, known.segments, _query(query))
    if target == b"*":
        if method != b"OPTIONS":
            raise TargetError("an asterisk is for OPTIONS only")
        return Target(Form.ASTERISK, None, None, b"*", (), None)
    return _absoluteForm(method, target)


def _authorityForm(target: bytes) -> Target:
    """
    Section 3.2.3; the port is required, and must be one (RFC 9110, section
    9.3.6).
    """
    if not _isAuthority(target, portRequired=True):
        raise TargetError("CONNECT needs a host and a port")
    return Target(Form.AUTHORITY, None, target, b"", (), None)


def _absoluteForm(method: bytes, target: bytes) -> Target:
    """
    Section 3.2.2.
    """
    found = _ABSOLUTE.match(target)
    if found is None:
        raise TargetError("it is neither a path nor a URI of http or https")
    scheme, authority, path = found.groups()
    if not _isAuthority(authority):
        raise TargetError("the URI has no host, or a malformed one")
    name = scheme.lower().decode("ascii")
    rest = target[found.end() :]
    if not path and not rest and method == b"OPTIONS":
        return Target(Form.ASTERISK, name, authority, b"*", (), None)
    path = path or b"/"
    query = _query(rest[1:]) if rest else None
    return Target(Form.ABSOLUTE, name, authority, path, _segments(path), query)


def _isAuthority(value: bytes, portRequired: bool = False) -> bool:
    try:
        authority = parseAuthority(value)
    except ValueError:
        return False
    return bool(authority.port) or not portRequired


def _query(query: bytes) -> bytes:
    if _QUERY.fullmatch(query) is None:
        raise TargetError("the query has octets that must be encoded")
    return query


def _segments(path: bytes) -> tuple[str, ...]:
    """
    @param path: begins with a slash.
    """
    if _PLAIN.fullmatch(path) is not None:
        segments = path[1:].decode("ascii").split("/")
    elif _ENCODED.fullmatch(path) is not None:
        try:
            segments = [
                unquote_to_bytes(segment).decode("utf-8")
                if b"%" in segment
                else segment.decode("ascii")
                for segment in path[1:].split(b"/")
            ]
        except UnicodeDecodeError:
            raise TargetError("the path is not UTF-8") from None
        if _CONTROL.search("".join(segments)) is not None:
            raise TargetError("the path has control characters")
    else:
        raise TargetError("the path has octets that must be encoded")
    if "." in segments or ".." in segments:
        raise TargetError("the path has dot segments")
    return tuple(segments)
