"""
Where a request comes from, as those in between say: Forwarded (RFC 7239), and
the fields that were there before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from penstock.core.authority import (
    Authority,
    generateAuthority,
    parseAuthority,
    shortestIPv6,
)
from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    QUOTED,
    SEPARATOR,
    TOKEN,
    Parameters,
    asciiBytes,
    checkMany,
    checkNames,
    generateToken,
    generateWord,
    scan,
    textPattern,
    unquote,
)
from penstock.core.recent import recentlyParsed

# Goes through a whole field in one call: a separator, and the pair after it, which
# may be missing.  What is something else is matched by one match with all the rest,
# and all groups are empty.
_PAIRS: Final = textPattern(
    rb"[\t ]*+([,;])[\t ]*+"
    rb"(?:(" + TOKEN + rb")=(?:(" + TOKEN + rb")|(" + QUOTED + rb")))?|(?s:.+)"
)
_NO_PAIR: Final = ("", "", "", "")
_PORT: Final = re.compile(rb"([0-9]{1,5})" + SEPARATOR)
_MAX_PORT: Final = 65535
_MEMBER: Final = re.compile(rb"([^\t ,]++)" + SEPARATOR)

# RFC 3986, section 3.2.2: without zeros in front, which some take for octal
# numbers.
_OCTET: Final = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"

# RFC 7239, section 6.
_NODE: Final = re.compile(
    rf"(?:\[([0-9A-Fa-f:.]{{2,45}})\]|({_OCTET}(?:\.{_OCTET}){{3}}|[Uu]nknown"
    r"|_[A-Za-z0-9._-]{1,255}))(?::([0-9]{1,5}|_[A-Za-z0-9._-]{1,255}))?"
)
_BARE_IPV6: Final = re.compile(r"[0-9A-Fa-f:.]{2,45}")
_parseHost: Final = recentlyParsed(parseAuthority)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+")


@dataclass(frozen=True, slots=True)
class Node:
    """
    A peer, as somebody in between names it (RFC 7239, section 6).

    @ivar name: an IP address, IPv6 in its shortest form and without brackets;
        C{"unknown"}; or an underscore and what somebody calls it.
    @ivar port: digits, or an underscore and more; L{None} without one.
    """

    name: str
    port: str | None = None


@dataclass(frozen=True, slots=True)
class Hop:
    """
    A step on the way of a request.

    @ivar client: who made it (C{for}).
    @ivar by: where it came in.
    @ivar host: what its Host was.
    @ivar scheme: by which scheme it was made (C{proto}), in lower case.
    @ivar parameters: the others.
    """

    client: Node | None = None
    by: Node | None = None
    host: Authority | None = None
    scheme: str | None = None
    parameters: Parameters = ()


# Whoever makes one request makes more, and proxies are few.
@lru_cache(256)
def parseNode(value: str) -> Node:
    """
    @raise ValueError: unless C{value} is a node, IPv6 in brackets.
    """
    found = _NODE.fullmatch(value)
    if found is None:
        raise ValueError("it has something that is no address")
    address, name, port = found.groups()
    if address is not None:
        return Node(shortestIPv6(address), port)
    return Node(name if name[0] == "_" else name.lower(), port)


def generateNode(value: Node) -> str:
    """
    @raise InvalidField: if it can't be written.
    """
    text = f"[{value.name}]" if ":" in value.name else value.name
    if value.port is not None:
        text = text + ":" + value.port
    try:
        parseNode(text)
    except ValueError as problem:
        raise InvalidField(str(problem)) from None
    return text


# Forwarded


def parseForwarded(value: bytes) -> tuple[Hop, ...]:
    """
    @return: the client's side first.

    @raise ValueError: unless C{value} is a list of hops, with each parameter
        once.
    """
    pairs = _PAIRS.findall(f",{value.decode('latin-1')}")
    if _NO_PAIR in pairs:
        raise ValueError("it is not a list of hops")
    hops: list[dict[str, str]] = []
    for separator, name, token, quoted in pairs:
        if separator == ",":
            hops.append({})
        if name:
            key = name.lower()
            if key in hops[-1]:
                raise ValueError("it has a parameter twice")
            hops[-1][key] = token or unquote(quoted)
    return tuple([_makeHop(found) for found in hops if found])


def _makeHop(found: dict[str, str]) -> Hop:
    client, by = found.pop("for", None), found.pop("by", None)
    host, scheme = found.pop("host", None), found.pop("proto", None)
    if scheme is not None and _SCHEME.fullmatch(scheme) is None:
        raise ValueError("it has something that is no scheme")
    return Hop(
        None if client is None else parseNode(client),
        None if by is None else parseNode(by),
        None if host is None else _parseHost(host.encode("latin-1")),
        None if scheme is None else scheme.lower(),
        tuple(found.items()),
    )


def generateForwarded(value: Iterable[Hop]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    return b", ".join([_generateHop(hop) for hop in value])


def _generateHop(hop: Hop) -> bytes:
    parts: list[bytes] = []
    if hop.client is not None:
        parts.append(b"for=" + generateWord(generateNode(hop.client)))
    if hop.by is not None:
        parts.append(b"by=" + generateWord(generateNode(hop.by)))
    if hop.host is not None:
        host = generateAuthority(hop.host).decode("ascii")
        parts.append(b"host=" + generateWord(host))
    if hop.scheme is not None:
        parts.append(b"proto=" + generateWord(_checkedScheme(hop.scheme)))
    if hop.parameters:
        checkNames(hop.parameters)
        for name, text in hop.parameters:
            if name.lower() in ("for", "by", "host", "proto"):
                raise InvalidField("it has a parameter that has a place of its own")
            parts.append(generateToken(name) + b"=" + generateWord(text))
    if not parts:
        raise InvalidField("a hop is empty")
    return b";".join(parts)


def _checkedScheme(scheme: str) -> str:
    if _SCHEME.fullmatch(scheme) is None:
        raise InvalidField("it has something that is no scheme")
    return scheme


# The fields that were there before


def parseForwardedFor(value: bytes) -> tuple[Node, ...]:
    """
    @return: the client's side first.

    @raise ValueError: unless C{value} is a list of addresses, IPv6 with
        brackets or without.
    """
    nodes = []
    for found in scan(_MEMBER, value):
        text = found[1].decode("latin-1")
        if text.count(":") > 1 and _BARE_IPV6.fullmatch(text) is not None:
            nodes.append(Node(shortestIPv6(text)))
        else:
            nodes.append(parseNode(text))
    return tuple(nodes)


def generateForwardedFor(value: Iterable[Node]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    return b", ".join(
        [
            # Without brackets where that is clear: not everybody takes them.
            asciiBytes(
                generateNode(node)[1:-1]
                if node.port is None and ":" in node.name
                else generateNode(node)
            )
            for node in value
        ]
    )


def parseForwardedHost(value: bytes) -> tuple[Authority, ...]:
    """
    @raise ValueError: unless C{value} is a list of hosts.
    """
    return tuple([_parseHost(found[1]) for found in scan(_MEMBER, value)])


def generateForwardedHost(value: Iterable[Authority]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    raw = [generateAuthority(host) for host in value]
    if any(b"," in host for host in raw):
        raise InvalidField("it has a comma")
    return b", ".join(raw)


def parseForwardedScheme(value: bytes) -> tuple[str, ...]:
    """
    @raise ValueError: unless C{value} is a list of schemes.
    """
    schemes = [found[1].decode("latin-1") for found in scan(_MEMBER, value)]
    if not all(_SCHEME.fullmatch(scheme) for scheme in schemes):
        raise ValueError("it has something that is no scheme")
    return tuple([scheme.lower() for scheme in schemes])


def generateForwardedScheme(value: Iterable[str]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    checkMany(value)
    return b", ".join([asciiBytes(_checkedScheme(scheme)) for scheme in value])


def parseForwardedPort(value: bytes) -> tuple[int, ...]:
    """
    @raise ValueError: unless C{value} is a list of ports.
    """
    ports = []
    for found in scan(_PORT, value):
        port = int(found[1])
        if port > _MAX_PORT:
            raise ValueError("there is no such port")
        ports.append(port)
    return tuple(ports)


def generateForwardedPort(value: Iterable[int]) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    checkMany(value)
    ports = list(value)
    if not all(type(port) is int and 0 <= port <= _MAX_PORT for port in ports):
        raise InvalidField("there is no such port")
    return b", ".join([b"%d" % port for port in ports])
