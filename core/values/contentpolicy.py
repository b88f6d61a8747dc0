"""
What a page may load and do: Content-Security-Policy (CSP 3) and
Permissions-Policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import asciiBytes, checkMany
from penstock.core.values.structured import (
    Dictionary,
    InnerList,
    Item,
    Member,
    Token,
    generateDictionary,
    parseDictionary,
)

# CSP 3, section 2.3: a name is no more than this, but what is between white
# space is taken for one; values have no semicolons and commas.
_WORD: Final = re.compile(rb"[!-+\--:<-~]++")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ContentSecurityPolicy:
    """
    One policy.

    @ivar directives: names in lower case, each once, and values, in order:
        C{("script-src", ("'self'", "https:"))}.
    """

    directives: tuple[tuple[str, tuple[str, ...]], ...]

    def get(self, name: str) -> tuple[str, ...] | None:
        """
        @return: the values of the directive C{name}, L{None} without it.
        """
        for key, values in self.directives:
            if key == name:
                return values
        return None


def parseContentPolicies(value: bytes) -> tuple[ContentSecurityPolicy, ...]:
    """
    As CSP 3, section 2.2.2 has it: policies are between commas, the first of
    several directives of one name counts, and those that aren't ASCII are left
    out.

    @raise ValueError: if C{value} has control characters.
    """
    if _CONTROL.search(value) is not None:
        raise ValueError("it has control characters")
    policies = []
    for serialized in value.split(b","):
        directives: dict[str, tuple[str, ...]] = {}
        for directive in serialized.split(b";"):
            words = [
                word for word in directive.replace(b"\t", b" ").split(b" ") if word
            ]
            if not words or not directive.isascii():
                continue
            name, *values = [word.decode("ascii") for word in words]
            directives.setdefault(name.lower(), tuple(values))
        if directives:
            policies.append(ContentSecurityPolicy(tuple(directives.items())))
    return tuple(policies)


def generateContentPolicies(value: Iterable[ContentSecurityPolicy]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join([_generate(policy) for policy in value])


def _generate(policy: ContentSecurityPolicy) -> bytes:
    names = {name for name, values in policy.directives}
    if not names or len(names) != len(policy.directives):
        raise InvalidField("it is empty, or has a directive twice")
    directives = []
    for name, values in policy.directives:
        checkMany(values)
        words = [asciiBytes(word) for word in (name, *values)]
        if not all(map(_WORD.fullmatch, words)):
            raise InvalidField("it has something that can't be written")
        directives.append(b" ".join(words))
    return b"; ".join(directives)


# Words of an allowlist that are no origins.
_WORDS: Final = {word: Item(Token(word)) for word in ("*", "self", "src", "none")}


@dataclass(frozen=True, slots=True)
class PermissionsPolicy:
    """
    Which origins may use which features.

    @ivar features: names and origins, in order; among the latter C{"self"},
        C{"src"} and C{"*"}, for all.
    """

    features: tuple[tuple[str, tuple[str, ...]], ...]

    def get(self, name: str) -> tuple[str, ...] | None:
        """
        @return: who may use the feature C{name}; L{None} if nothing is said.
        """
        for key, origins in self.features:
            if key == name:
                return origins
        return None


def parsePermissions(value: bytes) -> PermissionsPolicy:
    """
    @return: without features whose list isn't one.

    @raise ValueError: unless C{value} is a dictionary (RFC 9651).
    """
    features = []
    for name, member in parseDictionary(value).members:
        origins = _origins(member)
        if origins is not None:
            features.append((name, origins))
    if not features:
        raise ValueError("it says nothing of any feature")
    return PermissionsPolicy(tuple(features))


def _origins(member: Member) -> tuple[str, ...] | None:
    items = member.items if isinstance(member, InnerList) else (member,)
    found = []
    for item in items:
        value = item.value
        if isinstance(value, Token):
            value = value.value
        if not isinstance(value, str):
            return None
        found.append(value)
    return tuple(found)


def generatePermissions(value: PermissionsPolicy) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not value.features:
        raise InvalidField("it says nothing of any feature")
    return generateDictionary(
        Dictionary(
            tuple([(name, _allowlist(origins)) for name, origins in value.features])
        )
    )


def _allowlist(origins: tuple[str, ...]) -> Member:
    checkMany(origins)
    items = tuple(
        [_WORDS.get(word) or Item(word) for word in origins if isinstance(word, str)]
    )
    if len(items) != len(origins):
        raise InvalidField("it has something that is no origin")
    # Everybody is not in a list.
    return items[0] if origins == ("*",) else InnerList(items)
