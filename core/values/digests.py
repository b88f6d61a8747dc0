"""
Digests of content and of representations (RFC 9530; RFC 1864).
"""

from __future__ import annotations

from base64 import b64encode
from binascii import Error, a2b_base64
from dataclasses import dataclass

from penstock.core.errors import InvalidField
from penstock.core.values.structured import (
    Dictionary,
    Item,
    generateDictionary,
    parseDictionary,
)

_MOST = 10


@dataclass(frozen=True, slots=True)
class Digests:
    """
    The value of Content-Digest and Repr-Digest.

    @ivar members: algorithms, C{"sha-256"}, and what they make of the octets.
    """

    members: tuple[tuple[str, bytes], ...]

    def get(self, algorithm: str) -> bytes | None:
        """
        @return: the digest by C{algorithm}, L{None} without one.
        """
        for name, digest in self.members:
            if name == algorithm:
                return digest
        return None


@dataclass(frozen=True, slots=True)
class DigestPreferences:
    """
    The value of Want-Content-Digest and Want-Repr-Digest.

    @ivar members: algorithms, and how much they are wanted: 0, not at all, to
        10.
    """

    members: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class MD5Digest:
    """
    The value of Content-MD5, which is obsolete.

    @ivar digest: 16 octets.
    """

    digest: bytes


def parseDigests(value: bytes) -> Digests:
    """
    @raise ValueError: unless C{value} is a dictionary of octets.
    """
    members = []
    for name, member in parseDictionary(value).members:
        if not isinstance(member, Item) or not isinstance(member.value, bytes):
            raise ValueError("a digest is not a sequence of octets")
        members.append((name, member.value))
    if not members:
        raise ValueError("it is empty")
    return Digests(tuple(members))


def generateDigests(value: Digests) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not all(isinstance(digest, bytes) for name, digest in value.members):
        raise InvalidField("a digest must be bytes")
    return _generate(value.members)


def parseDigestPreferences(value: bytes) -> DigestPreferences:
    """
    @raise ValueError: unless C{value} is a dictionary of numbers from 0 to 10.
    """
    members = []
    for name, member in parseDictionary(value).members:
        wanted = member.value if isinstance(member, Item) else None
        if type(wanted) is not int or not 0 <= wanted <= _MOST:
            raise ValueError("a preference is not a number from 0 to 10")
        members.append((name, wanted))
    if not members:
        raise ValueError("it is empty")
    return DigestPreferences(tuple(members))


def generateDigestPreferences(value: DigestPreferences) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    for _name, wanted in value.members:
        if type(wanted) is not int or not 0 <= wanted <= _MOST:
            raise InvalidField("a preference must be a number from 0 to 10")
    return _generate(value.members)


def _generate(members: tuple[tuple[str, bytes | int], ...]) -> bytes:
    if not members:
        raise InvalidField("it must have members")
    return generateDictionary(
        Dictionary(tuple([(name, Item(each)) for name, each in members]))
    )


def parseMD5(value: bytes) -> MD5Digest:
    """
    @raise ValueError: unless C{value} is 16 octets in base64.
    """
    try:
        digest = a2b_base64(value, strict_mode=True)
    except Error:
        raise ValueError("it is not base64") from None
    if len(digest) != 16:
        raise ValueError("it is not of 16 octets")
    return MD5Digest(digest)


def generateMD5(value: MD5Digest) -> bytes:
    """
    @raise InvalidField: unless it has 16 octets.
    """
    if not isinstance(value.digest, bytes) or len(value.digest) != 16:
        raise InvalidField("it must be of 16 octets")
    return b64encode(value.digest)
