"""
For which hosts a certificate is valid (RFC 9110, section 4.3.4; RFC 9525).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from twisted.logger import Logger

from penstock.core.authority import hostOf

try:
    from cryptography import x509
except ImportError:
    # Who wants no TLS needs no certificates.
    x509 = None  # type: ignore[assignment]

_log: Final = Logger()

# A name of the DNS, perhaps with a star for the left-most label.  What ends in
# a number is an address, for which another kind of name is there.
_NAME: Final = re.compile(r"(?:\*\.)?(?:[a-z0-9_-]+\.)*(?![0-9]+\Z)[a-z0-9_-]+")

# As many of them are shown to who asks for another.
_SHOWN: Final = 10

_NOBODY: Final = (
    "is valid for no host: it names none in a subjectAltName, and a common name "
    "doesn't count. All requests get 421 until there is one that does (openssl req "
    "-x509 ... -addext subjectAltName=DNS:localhost,IP:127.0.0.1), or any host is "
    "served (--any-host, Site(anyHost=True))."
)


class CertifiedHosts:
    """
    The hosts that a certificate is valid for.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """
        @param names: of the DNS, C{*.} and such a name where a star stands for
            one label, or addresses, those of IPv6 in their shortest form.
        """
        self._names = frozenset(name.lower() for name in names)

    def __contains__(self, authority: bytes) -> bool:
        """
        @param authority: of a request's target: a host and perhaps a port.
            Where it is empty, as it may be in HTTP/1.0, the server is whoever
            its certificate says it is (RFC 9112, section 3.3).
        """
        if not authority:
            return bool(self._names)
        host = hostOf(authority)
        label, _, rest = host.partition(".")
        return host in self._names or (label != "" and f"*.{rest}" in self._names)

    @property
    def refusal(self) -> str:
        """
        What to say to who has asked for another host.
        """
        if not self._names:
            return f"The certificate of this server {_NOBODY}"
        shown = ", ".join(sorted(self._names)[:_SHOWN])
        more = ", ..." if len(self._names) > _SHOWN else ""
        return (
            "The certificate of this connection is not valid for the host that was "
            f"asked for. It is valid for {shown}{more}."
        )


# More than most have; a handshake costs a hundred times what a miss does.
@lru_cache(64)
def _hostsOf(certificate: x509.Certificate) -> CertifiedHosts:
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        # There is none, or it is malformed.
        found = []
    else:
        found = [
            name
            for name in map(str.lower, names.get_values_for_type(x509.DNSName))
            if _NAME.fullmatch(name)
        ]
        found += map(str, names.get_values_for_type(x509.IPAddress))
    if not found:
        _log.warn(
            "The certificate of {subject} {nobody}",
            subject=certificate.subject.rfc4514_string(),
            nobody=_NOBODY,
        )
    return CertifiedHosts(found)


def certifiedHosts(transport: Any) -> CertifiedHosts:
    """
    @param transport: L{twisted.internet.interfaces.ISSLTransport} of a serving
        end, after its handshake.

    @return: for whom the certificate is valid that was sent to the peer: with
        SNI, it depends on whom that has asked for.
    """
    certificate = transport.getHandle().get_certificate()
    if certificate is None:
        # Anonymous ciphers.
        return CertifiedHosts(())
    return _hostsOf(certificate.to_cryptography())
