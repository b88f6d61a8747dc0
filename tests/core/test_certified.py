"""
Tests for L{penstock.core.certified}.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from OpenSSL import crypto
from twisted.logger import LogLevel, capturedLogs, formatEvent

from penstock.core.certified import CertifiedHosts, certifiedHosts

KEY = ec.generate_private_key(ec.SECP256R1())

NAMES = x509.ExtensionOID.SUBJECT_ALTERNATIVE_NAME


class Secured:
    """
    As much of a transport as is asked.
    """

    def __init__(self, *extensions: x509.ExtensionType) -> None:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a.example")])
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(
                # The builder's own method refuses to add one twice.
                extensions=[
                    x509.Extension(extension.oid, False, extension)
                    for extension in extensions
                ]
            )
            .subject_name(name)
            .issuer_name(name)
            .public_key(KEY.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
        )
        self._certificate: crypto.X509 | None = crypto.X509.from_cryptography(
            builder.sign(KEY, SHA256())
        )

    def getHandle(self) -> Any:
        return self

    def get_certificate(self) -> crypto.X509 | None:
        return self._certificate


def secured(*names: str) -> Secured:
    """
    @param names: what isn't an address is a name of the DNS; also an address,
        after C{DNS:}.
    """
    found: list[x509.GeneralName] = []
    for name in names:
        try:
            found.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            found.append(x509.DNSName(name.removeprefix("DNS:")))
    return Secured(x509.SubjectAlternativeName(found))


ROWS: list[tuple[str, str, bool]] = [
    ("a.example", "a.example", True),
    ("a.example", "A.Example:8443", True),
    ("a.example", "a.example.", True),
    ("A.EXAMPLE", "a.example", True),
    ("a.example", "b.example", False),
    ("a.example", "a.example.org", False),
    ("a.example", "b.a.example", False),
    ("a.example", "a.example:x", False),
    ("localhost", "localhost", True),
    ("xn--bcher-kva.example", "XN--Bcher-kva.example", True),
    ("a_b.example", "a_b.example", True),
    ("*.example", "a.example", True),
    ("*.example", "xn--bcher-kva.example", True),
    ("*.example", "example", False),
    ("*.example", ".example", False),
    ("*.example", "b.a.example", False),
    ("*.localhost", "a.localhost", True),
    ("DNS:a*.example", "a*.example", False),
    ("DNS:a*.example", "ab.example", False),
    ("DNS:a.*.example", "a.*.example", False),
    ("DNS:*", "a", False),
    ("DNS:*", "*", False),
    ("DNS:*.*", "*.*", False),
    ("192.0.2.1", "192.0.2.1", True),
    ("192.0.2.1", "192.0.2.1:443", True),
    ("192.0.2.1", "192.0.2.2", False),
    ("DNS:192.0.2.1", "192.0.2.1", False),
    ("DNS:*.0.2.1", "192.0.2.1", False),
    ("2001:db8::1", "[2001:DB8:0::1]:443", True),
    ("2001:db8::1", "[2001:db8::2]", False),
    ("2001:db8::1", "2001", False),
    ("::ffff:192.0.2.1", "192.0.2.1", False),
]


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize(("name", "authority", "isValid"), ROWS)
def test_hosts(name: str, authority: str, isValid: bool) -> None:
    """
    Among others, which neither hide nor add one.
    """
    hosts = certifiedHosts(secured("other.example", name, "DNS:127.0.0.1"))
    assert (authority.encode() in hosts) is isValid
    assert b"other.example" in hosts
    assert b"127.0.0.1" not in hosts


def test_nobodySaid() -> None:
    """
    HTTP/1.0 needs no Host: then it is meant who answers.
    """
    assert b"" in CertifiedHosts(["a"])
    assert b"" not in CertifiedHosts([])


NAMED = x509.SubjectAlternativeName([x509.DNSName("a.example")])
NOBODY: dict[str, list[x509.ExtensionType]] = {
    "only a common name": [],
    "only mail": [x509.SubjectAlternativeName([x509.RFC822Name("a@a.example")])],
    "malformed": [x509.UnrecognizedExtension(NAMES, b"a.example")],
    "twice": [NAMED, NAMED],
}


@pytest.mark.requirement("9110-7.4-2")
@pytest.mark.parametrize("extensions", NOBODY.values(), ids=NOBODY)
def test_nobody(extensions: list[x509.ExtensionType]) -> None:
    """
    It is said once, and to whoever asks.
    """
    transport = Secured(*extensions)
    with capturedLogs() as logged:
        for _ in range(3):
            hosts = certifiedHosts(transport)
    assert b"a.example" not in hosts
    (event,) = logged
    assert event["log_level"] is LogLevel.warn
    for text in (formatEvent(event), hosts.refusal):
        assert "is valid for no host" in text
        assert "-addext subjectAltName=" in text
        assert "--any-host" in text
    assert "CN=a.example" in formatEvent(event)


@pytest.mark.requirement("9110-7.4-2")
def test_anonymous() -> None:
    """
    What is secured without a certificate is valid for nobody.
    """
    transport = Secured()
    transport._certificate = None
    assert b"a.example" not in certifiedHosts(transport)


def test_refusal() -> None:
    """
    It names some.
    """
    assert CertifiedHosts(["b", "*.a"]).refusal.endswith(" It is valid for *.a, b.")
    many = CertifiedHosts(f"{number}.example" for number in range(10, 100))
    assert many.refusal.endswith(" 18.example, 19.example, ....")
