"""
Who a server is (RFC 9110, section 4.3.4).
"""

from __future__ import annotations

from typing import Any, Final
from weakref import ref

from OpenSSL.SSL import VERIFY_FAIL_IF_NO_PEER_CERT, VERIFY_PEER, Connection
from service_identity.hazmat import DNS_ID, IPAddress_ID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import optionsForClientTLS
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

_log: Final = Logger()


@implementer(IOpenSSLClientConnectionCreator)
class VerifiedServer:
    """
    Makes connections that end if the certificate doesn't name the server,
    whatever keeps it from doing so.

    Twisted 26.10 sees to it only if the comparison fails: a certificate that
    has nothing to compare, and so makes it raise another error, passes there.
    """

    def __init__(self, host: str, options: Any = None) -> None:
        """
        @param host: whom the certificate must name, as a DNS name or address.
        @param options: what makes connections and decides whom to trust,
            instead of L{optionsForClientTLS}.
        """
        self._host = host
        self._options = optionsForClientTLS(host) if options is None else options
        self._identity: DNS_ID | IPAddress_ID = (
            IPAddress_ID(host)
            if isIPAddress(host) or isIPv6Address(host)
            else DNS_ID(host)
        )

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Connection:
        """
        See L{IOpenSSLClientConnectionCreator}.
        """
        connection: Connection = self._options.clientConnectionForTLS(tlsProtocol)
        # OpenSSL keeps the callback, which must not keep the protocol.
        protocol = ref(tlsProtocol)

        def verify(
            connection: Connection, certificate: Any, error: int, depth: int, ok: int
        ) -> bool:
            if not ok:
                self._warn(f"OpenSSL's error {error} at depth {depth}")
                return False
            if depth:
                return True
            try:
                verify_service_identity(
                    extract_patterns(certificate), [self._identity], []
                )
            except Exception as problem:
                self._warn(repr(problem))
                found = protocol()
                if found is not None:
                    found.failVerification(Failure())
                return False
            return True

        connection.set_verify(VERIFY_PEER | VERIFY_FAIL_IF_NO_PEER_CERT, verify)
        return connection

    def _warn(self, problem: str) -> None:
        """
        RFC 9110, section 4.3.4: who asks without a user to be asked says so in
        a log.
        """
        _log.warn(
            "The certificate of {host} is not valid: {problem}",
            host=self._host,
            problem=problem,
        )
