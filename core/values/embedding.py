"""
What may be in one page with what: Cross-Origin-Embedder-Policy and
Cross-Origin-Opener-Policy (HTML, section 7.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from penstock.core.errors import InvalidField
from penstock.core.values.structured import Item, Token, generateItem, parseItem


@dataclass(frozen=True, slots=True)
class EmbeddingPolicy:
    """
    A policy.

    @ivar value: C{"require-corp"}, C{"same-origin"}, ...
    @ivar reportTo: the endpoint that shall hear of what goes against it.
    """

    value: str
    reportTo: str | None = None


def parseEmbedding(value: bytes) -> EmbeddingPolicy:
    """
    @raise ValueError: unless C{value} is a token (RFC 9651).
    """
    item = parseItem(value)
    if not isinstance(item.value, Token):
        raise ValueError("it is not a token")
    endpoint = item.get("report-to")
    return EmbeddingPolicy(
        item.value.value, endpoint if isinstance(endpoint, str) else None
    )


def generateEmbedding(value: EmbeddingPolicy) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    to = value.reportTo
    if to is not None and not isinstance(to, str):
        raise InvalidField("where to report to must be text")
    return generateItem(
        Item(Token(value.value), () if to is None else (("report-to", to),))
    )


def parseStructuredToken(value: bytes) -> str:
    """
    @raise ValueError: unless C{value} is a token (RFC 9651).
    """
    return parseEmbedding(value).value


def generateStructuredToken(value: str) -> bytes:
    """
    @raise InvalidField: unless C{value} is a token.
    """
    return generateItem(Item(Token(value)))
