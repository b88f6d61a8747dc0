"""
Entity tags (RFC 9110, section 8.8.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from penstock.core.errors import InvalidField
from penstock.core.grammar import SEPARATOR, scan

_OPAQUE: Final = rb'"([!#-~\x80-\xff]*+)"'
_TAG: Final = re.compile(rb"(W/)?" + _OPAQUE)
_MEMBER: Final = re.compile(rb"(W/)?" + _OPAQUE + SEPARATOR)
_VALUE: Final = re.compile(rb"[!#-~\x80-\xff]*+")


@dataclass(frozen=True, slots=True)
class EntityTag:
    """
    A validator: names one state of one representation.

    @ivar value: what is between the quotation marks: without spaces, control
        characters and quotation marks.  Backslashes are allowed, but somebody
        may take them for escapes.
    @ivar weak: whether representations with the same tag may differ in ways
        that don't matter.
    """

    value: str
    weak: bool = False

    def equalsStrongly(self, other: EntityTag) -> bool:
        """
        The strong comparison (section 8.8.3.2): same octets.
        """
        return not self.weak and not other.weak and self.value == other.value

    def equalsWeakly(self, other: EntityTag) -> bool:
        """
        The weak comparison: same meaning.
        """
        return self.value == other.value

    def __bytes__(self) -> bytes:
        """
        The tag as a field has it.

        @raise InvalidField: if L{value} can't be written.
        """
        try:
            raw = self.value.encode("latin-1")
        except UnicodeEncodeError:
            raise InvalidField("an entity tag must be ISO-8859-1") from None
        if _VALUE.fullmatch(raw) is None:
            raise InvalidField(
                "an entity tag must not have spaces, quotation marks or"
                " control characters"
            )
        return (b'W/"' if self.weak else b'"') + raw + b'"'


Tags = tuple[EntityTag, ...] | Literal["*"]
"""The value of If-Match and If-None-Match; C{"*"} stands for any tag at all."""


def parseTag(value: bytes) -> EntityTag:
    """
    @raise ValueError: unless C{value} is one entity tag.
    """
    found = _TAG.fullmatch(value)
    if found is None:
        raise ValueError("it is not an entity tag")
    return EntityTag(found[2].decode("latin-1"), found[1] is not None)


def generateTag(value: EntityTag) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, EntityTag):
        raise InvalidField("it must be an EntityTag")
    return bytes(value)


def parseTags(value: bytes) -> Tags:
    """
    @raise ValueError: unless C{value} is C{*} or a list of entity tags.
    """
    if value == b"*":
        return "*"
    return tuple(
        [
            EntityTag(found[2].decode("latin-1"), found[1] is not None)
            for found in scan(_MEMBER, value)
        ]
    )


def generateTags(value: Tags) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if isinstance(value, str):
        if value != "*":
            raise InvalidField('it must be "*" or a sequence of EntityTag')
        return b"*"
    return b", ".join([generateTag(tag) for tag in value])
