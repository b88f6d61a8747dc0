"""
A resource for each host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zope.interface import implementer

from penstock.core.authority import hostOf, parseAuthority
from penstock.core.content import Discard, Policy
from penstock.core.errors import HTTPError
from penstock.core.interfaces import IResource

_ANY: Final = "*."


@implementer(IResource)
class Hosts:
    """
    What is below each host that a server is there for::

        Hosts({"example.org": site, "*.example.org": others, "192.0.2.1": probe})

    A star stands for one label, as in a certificate; a host that is named
    itself comes first.  Ports make no difference.

    All others are answered with 421, also without TLS: so a page that has had
    its own name resolved to this server's address gets nothing from it.  (Over
    TLS, what isn't for a host of the certificate has got 421 before it comes
    here: see L{penstock.core.server.Site}.)
    """

    def __init__(self, hosts: Mapping[str, Any]) -> None:
        """
        @param hosts: resources, by host: a name, C{*.} and a name, or an
            address (IPv6 without brackets).
        @raise ValueError: if one of them is none of these.
        """
        self._hosts: dict[str, Any] = {}
        for host, resource in hosts.items():
            name = host.removeprefix(_ANY)
            text = f"[{name}]" if ":" in name else name
            found = parseAuthority(text.encode("ascii"))
            if found.port is not None or "*" in name:
                raise ValueError(f"{host!r}: not a host, without a port")
            star = _ANY if name != host else ""
            self._hosts[star + found.host.removesuffix(".")] = resource

    def locateChild(self, request: Any, segments: tuple[str, ...]) -> Any:
        """
        See L{IResource}.
        """
        host = hostOf(request.host)
        found = self._hosts.get(host)
        if found is None:
            found = self._hosts.get(_ANY + host.partition(".")[2])
        if found is None:
            raise HTTPError(421, "There is nothing of this host here.")
        return found, segments

    def contentPolicy(self, request: Any) -> Policy:
        """
        See L{IResource}.
        """
        return Discard()

    def render(self, request: Any) -> Any:
        """
        See L{IResource}.  Every path has a segment at least, and so has led
        to another resource.
        """
        raise HTTPError(421)
