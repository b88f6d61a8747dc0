"""
Rows for what browsers are told to beware of.
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import (
    LIST,
    REQUEST,
    RESPONSE,
    SINGLE,
    structured,
    tokensRow,
)
from penstock.core.fieldtable import Field
from penstock.core.recent import recentlyGenerated, recentlyParsed
from penstock.core.values import contentpolicy, embedding, texts, transportsecurity


def _contentPolicyRow(name: str, section: str) -> Field:
    return Field(
        name,
        contentpolicy.parseContentPolicies,
        recentlyGenerated(contentpolicy.generateContentPolicies),
        "tuple of ContentSecurityPolicy",
        f"Content Security Policy 3, section {section}",
        LIST,
        RESPONSE,
    )


def _fetchRow(name: str, rfc: str) -> Field:
    return Field(
        name,
        recentlyParsed(embedding.parseStructuredToken),
        embedding.generateStructuredToken,
        "str",
        rfc,
        SINGLE,
        REQUEST,
    )


ROWS: Final = (
    Field(
        "Strict-Transport-Security",
        transportsecurity.parseTransportSecurity,
        transportsecurity.generateTransportSecurity,
        "StrictTransportSecurity",
        "RFC 6797, section 6.1",
        LIST,
        RESPONSE,
    ),
    _contentPolicyRow("Content-Security-Policy", "3.1"),
    _contentPolicyRow("Content-Security-Policy-Report-Only", "3.2"),
    tokensRow("Referrer-Policy", "Referrer Policy, section 4.1", RESPONSE),
    Field(
        "Permissions-Policy",
        recentlyParsed(contentpolicy.parsePermissions),
        recentlyGenerated(contentpolicy.generatePermissions),
        "PermissionsPolicy",
        "Permissions Policy",
        LIST,
        RESPONSE,
    ),
    Field(
        "X-Content-Type-Options",
        *texts.oneOf("nosniff"),
        '"nosniff"',
        "Fetch Living Standard",
        LIST,
        RESPONSE,
    ),
    Field(
        "X-Frame-Options",
        *texts.oneOf("deny", "sameorigin"),
        '"deny" or "sameorigin"',
        "RFC 7034, section 2",
        LIST,
        RESPONSE,
    ),
    Field(
        "Clear-Site-Data",
        texts.parseQuoted,
        texts.generateQuoted,
        "tuple of str",
        "Clear Site Data, section 3.1",
        LIST,
        RESPONSE,
    ),
    structured("Reporting-Endpoints", "dictionary", "Reporting API", RESPONSE),
    Field(
        "Upgrade-Insecure-Requests",
        *texts.flag(b"1"),
        "True",
        "Upgrade Insecure Requests, section 3.2.1",
        SINGLE,
        REQUEST,
    ),
    _fetchRow("Sec-Fetch-Dest", "Fetch Metadata, section 2.1"),
    _fetchRow("Sec-Fetch-Mode", "Fetch Metadata, section 2.2"),
    _fetchRow("Sec-Fetch-Site", "Fetch Metadata, section 2.3"),
    Field(
        "Sec-Fetch-User",
        *texts.flag(b"?1", b"?0"),
        "bool",
        "Fetch Metadata, section 2.4",
        SINGLE,
        REQUEST,
    ),
    _fetchRow("Sec-Fetch-Storage-Access", "Storage Access Headers"),
    structured("Activate-Storage-Access", "item", "Storage Access Headers", RESPONSE),
)
