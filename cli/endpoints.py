"""
Where to listen, as it is written on a command line.

Three spellings: a port (C{8080}), an address with a port (C{localhost:8080},
C{[::1]:8080}), or a Twisted endpoint string (C{tcp:8080},
C{unix:/run/site.sock}, C{ssl:8443:privateKey=key.pem}).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import click

MAX_PORT: Final = 65535

_PORT: Final = re.compile(r"[0-9]{1,5}")
_ADDRESS: Final = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]+)):([0-9]{1,5})")
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+_.-]*:.")

# What an endpoint string may begin with; else "tcp:8080" would be port 8080 of
# a machine called tcp.  A type that a plugin adds is told from a name by what
# follows it: more than one number.
_TYPES: Final = frozenset(
    ("tcp", "tcp6", "ssl", "unix", "stdio", "systemd", "fd", "haproxy")
)

# Types that only wrap what follows.
_WRAPPERS: Final = frozenset(("haproxy",))

# Which argument of these is the interface, if it has no name; and which the
# length of the queue of those that wait to be accepted.
_INTERFACES: Final = {"tcp": 1, "tcp6": 1, "ssl": 4}
_BACKLOGS: Final = {"tcp": 2, "tcp6": 2, "ssl": 5, "unix": 2}

# Connections that wait to be accepted.  Those beyond have to try again after one
# second, then three, and seven.  Twisted's 50 is full when a thousand come in a
# second and one turn of the loop takes 50 milliseconds; what waits costs nothing
# but a little of the kernel's memory.
BACKLOG: Final = 1024

_COLON: Final = re.compile(r"(?<!\\):")
_NAMED: Final = re.compile(r"([A-Za-z]+)=(.*)", re.DOTALL)

# The same for IPv6.
_SIXTH: Final = {"127.0.0.1": "::1", "0.0.0.0": "::"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    Where to listen.

    @ivar text: as it was written.
    @ivar host: the address to listen on, L{None} if none was named.
    @ivar port: 0 for any that is free.
    @ivar string: the Twisted endpoint string, if it was one; then C{host} and
        C{port} mean nothing.
    """

    text: str
    host: str | None = None
    port: int = 0
    string: str | None = None

    @classmethod
    def parse(cls, text: str) -> Endpoint:
        """
        @raise ValueError: with a sentence that says what is wrong.
        """
        if _PORT.fullmatch(text):
            return cls(text, None, _port(text))
        address = _ADDRESS.fullmatch(text)
        if address is not None and address[2] not in _TYPES:
            host = address[1] if address[2] is None else address[2]
            if not host:
                raise ValueError("there is nothing between the brackets")
            return cls(text, host, _port(address[3]))
        if _TYPE.match(text):
            _checkPort(text)
            return cls(text, string=text)
        raise ValueError(
            "expected a port, an address with a port, or a Twisted endpoint string"
        )

    @property
    def secure(self) -> bool:
        """
        Whether what is listened for comes over TLS.
        """
        types = (self.string or "").split(":")
        while types[0] in _WRAPPERS:
            types.pop(0)
        return types[0] == "ssl"

    @property
    def proxied(self) -> bool:
        """
        Whether whoever connects says first, by the PROXY protocol, for whom.
        """
        return (self.string or "").startswith("haproxy:")

    def describe(self, host: str) -> str:
        """
        @param host: the address for a port that is written without one.

        @return: the Twisted endpoint string.
        """
        string = self.string
        if string is None:
            string = f"tcp:{self.port}:interface={_quote(self.host or host)}"
        kind, arguments = _take(string)
        if kind == "tcp6":
            host = _SIXTH.get(host, host)
        if _lacks(arguments, "interface", _INTERFACES.get(kind)):
            string += f":interface={_quote(host)}"
        if _lacks(arguments, "backlog", _BACKLOGS.get(kind)):
            string += f":backlog={BACKLOG}"
        return string


def _quote(argument: str) -> str:
    return argument.replace("\\", "\\\\").replace(":", "\\:")


def _lacks(arguments: list[str], name: str, place: int | None) -> bool:
    """
    @param place: which of those without a name it would be; L{None} if there
        is no such argument.

    @return: whether there could be an argument C{name}, and isn't.
    """
    unnamed = [each for each in arguments if not _NAMED.fullmatch(each)]
    return (
        place is not None
        and len(unnamed) <= place
        and not any(each.startswith(name + "=") for each in arguments)
    )


def _take(string: str) -> tuple[str, list[str]]:
    """
    @return: the type of an endpoint, inside of its wrappers, and its
        arguments, still quoted.
    """
    kind, *arguments = _COLON.split(string)
    while kind in _WRAPPERS and arguments:
        kind, *arguments = arguments
    return kind, arguments


def _checkPort(string: str) -> None:
    """
    @raise ValueError: if a port is to be listened on and it is none.  Twisted
        would say so, too, but in words of its own.
    """
    kind, arguments = _take(string)
    if kind in _INTERFACES:
        ports = [
            each.removeprefix("port=") for each in arguments if each.startswith("port=")
        ]
        if arguments and not _NAMED.fullmatch(arguments[0]):
            ports = arguments[:1]
        if not ports or not _PORT.fullmatch(ports[0]):
            raise ValueError(f"{kind}: must be followed by the number of a port")
        _port(ports[0])


def _port(digits: str) -> int:
    port = int(digits)
    if port > MAX_PORT:
        raise ValueError(f"there is no port above {MAX_PORT}")
    return port


def endpoint(text: str) -> Endpoint:
    """
    The type of an option.

    @raise click.BadParameter: if C{text} isn't an endpoint.
    """
    try:
        return Endpoint.parse(text)
    except ValueError as problem:
        raise click.BadParameter(f"{text!r}: {problem}") from None
