"""
Rows for who asks (RFC 9110, section 11).
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import (
    LIST,
    REQUEST,
    RESPONSE,
    SINGLE,
    TRAILER,
)
from penstock.core.fieldtable import Field
from penstock.core.recent import recentlyGenerated
from penstock.core.values import challenge, credentials


def _credentialsRow(name: str, section: str) -> Field:
    return Field(
        name,
        credentials.parseCredentials,
        credentials.generateCredentials,
        "Basic, Bearer, Digest or Credentials",
        f"RFC 9110, section {section}",
        SINGLE,
        REQUEST,
    )


def _challengesRow(name: str, section: str) -> Field:
    return Field(
        name,
        challenge.parseChallenges,
        recentlyGenerated(challenge.generateChallenges),
        "tuple of Challenge",
        f"RFC 9110, section {section}",
        LIST,
        RESPONSE,
    )


def _infoRow(name: str, section: str) -> Field:
    return Field(
        name,
        credentials.parseParameterList,
        credentials.generateParameterList,
        "tuple of names and values",
        f"RFC 9110, section {section}",
        LIST,
        RESPONSE | TRAILER,
    )


ROWS: Final = (
    _credentialsRow("Authorization", "11.6.2"),
    _challengesRow("WWW-Authenticate", "11.6.1"),
    _infoRow("Authentication-Info", "11.6.3"),
    _credentialsRow("Proxy-Authorization", "11.7.2"),
    _challengesRow("Proxy-Authenticate", "11.7.1"),
    _infoRow("Proxy-Authentication-Info", "11.7.3"),
)
