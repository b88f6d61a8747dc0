"""
What a client would like to get (RFC 9110, section 12).

Weights are in thousandths, 0 to 1000, and so exact; 0 is "not acceptable".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    PARAMETERS,
    TOKEN,
    Parameters,
    generateParameters,
    generateToken,
    parseParameters,
    splitList,
)
from penstock.core.mediatype import MediaType, generateEssence
from penstock.core.recent import recentlyGenerated, recentlyParsed

MOST: Final = 1000
"""The weight of what is wanted most."""

LEAST: Final = 1
"""The weight of what is acceptable, but only just."""

# RFC 9110, section 12.4.2.  A zero may be missing before the point: Java's
# URLConnection sends "q=.2" unless it is told otherwise.
_WEIGHT: Final = re.compile(r"0?(?:\.([0-9]{0,3}))?|1(?:\.0{0,3})?")

# A range alone is "*", for "*/*": Java's URLConnection once more.
_MEDIA_RANGE: Final = re.compile(
    rb"(?:(" + TOKEN + rb")/(" + TOKEN + rb")|\*)(" + PARAMETERS + rb")"
)

_WEIGHTED: Final = re.compile(rb"(" + TOKEN + rb")(?:[\t ]*+;[\t ]*+[Qq]=([0-9.]++))?")

# RFC 9110, section 8.4.1: names that some old software has for codings.
_ALIASES: Final = {"x-gzip": "gzip", "x-compress": "compress"}


def parseWeight(value: str) -> int:
    """
    @return: the qvalue C{value} in thousandths.

    @raise ValueError: if it isn't one.
    """
    found = _WEIGHT.fullmatch(value)
    if found is None or value in ("", "."):
        raise ValueError("a weight is malformed")
    if value[0] == "1":
        return MOST
    return int((found[1] or "0").ljust(3, "0"))


def generateWeight(weight: int) -> bytes:
    """
    @return: C{weight} as a parameter; nothing for L{MOST}, the default.

    @raise InvalidField: if it is out of range.
    """
    if not isinstance(weight, int) or not 0 <= weight <= MOST:
        raise InvalidField("a weight must be 0 to 1000 thousandths")
    if weight == MOST:
        return b""
    if weight == 0:
        return b";q=0"
    return b";q=0." + (b"%03d" % weight).rstrip(b"0")


def takeWeight(parameters: Parameters) -> tuple[int, Parameters]:
    """
    Whatever is called "q" is the weight, wherever it stands.

    @return: the weight, and the other parameters.

    @raise ValueError: if the weight is malformed.
    """
    for name, text in parameters:
        if name == "q":
            weight = parseWeight(text)
            return weight, tuple([pair for pair in parameters if pair[0] != "q"])
    return MOST, parameters


# Accept


# There are many of these, and of L{Weighted}, in a field.  A named tuple is made
# and compared in a fraction of the time that a frozen dataclass takes.
class MediaRange(NamedTuple):
    """
    Some media types.

    As with any named tuple, C{_replace} makes another one of it:
    C{wanted._replace(weight=500)}.

    @ivar type: in lower case, or C{"*"} for all.
    @ivar subtype: in lower case, or C{"*"} for all.
    @ivar parameters: what a media type must have.
    @ivar weight: in thousandths.
    """

    type: str
    subtype: str
    parameters: Parameters = ()
    weight: int = MOST

    def specificity(self, media: MediaType) -> tuple[int, int] | None:
        """
        @return: the greater, the more closely this range describes C{media};
            L{None} if it doesn't match.
        """
        if self.type == media.type:
            if self.subtype == media.subtype:
                rank = 2
            elif self.subtype == "*":
                rank = 1
            else:
                return None
        elif self.type == "*":
            rank = 0
        else:
            return None
        for name, value in self.parameters:
            other = media.get(name)
            # RFC 9110, section 8.3.2: charsets compare without case.
            if other != value and (
                other is None or name != "charset" or other.lower() != value.lower()
            ):
                return None
        return rank, len(self.parameters)


@dataclass(frozen=True, slots=True)
class Accept:
    """
    Media types that are wanted (section 12.5.1).
    """

    ranges: tuple[MediaRange, ...] = ()

    def quality(self, media: MediaType) -> int:
        """
        @return: the weight of C{media} in thousandths: of the most specific
            range that matches it, of the most generous of equally specific
            ones.  All is well if nothing was said.
        """
        if not self.ranges:
            return MOST
        best: tuple[tuple[int, int], int] | None = None
        for found in self.ranges:
            specificity = found.specificity(media)
            if specificity is not None:
                match = specificity, found.weight
                best = match if best is None else max(best, match)
        return 0 if best is None else best[1]


def parseAccept(value: bytes) -> Accept:
    """
    @raise ValueError: unless C{value} is a list of media ranges with weights.
    """
    return Accept(tuple(map(_parseMediaRange, splitList(value))))


# Browsers differ in which of some twenty they list, and in what order.
@recentlyParsed
def _parseMediaRange(value: bytes) -> MediaRange:
    found = _MEDIA_RANGE.fullmatch(value)
    if found is None:
        raise ValueError("a media range is malformed")
    kind, subtype, parameters = found.groups(b"*")
    if kind == b"*" and subtype != b"*":
        raise ValueError("a media range is malformed")
    weight, others = takeWeight(parseParameters(parameters))
    return MediaRange(
        kind.lower().decode("ascii"), subtype.lower().decode("ascii"), others, weight
    )


def generateAccept(value: Accept) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, Accept):
        raise InvalidField("it must be an Accept")
    return b", ".join(map(_generateMediaRange, value.ranges))


@recentlyGenerated
def _generateMediaRange(value: MediaRange) -> bytes:
    kind, subtype, parameters, weight = value
    if kind == "*" and subtype != "*":
        raise InvalidField("all types have all subtypes")
    if any(name.lower() == "q" for name, text in parameters):
        raise InvalidField("the weight is not a parameter")
    return (
        generateEssence(kind, subtype)
        + generateParameters(parameters)
        + generateWeight(weight)
    )


# The others


class Weighted(NamedTuple):
    """
    A name and its weight.

    As with any named tuple, C{_replace} makes another one of it.

    @ivar name: in lower case; C{"*"} for any other.
    @ivar weight: in thousandths.
    """

    name: str
    weight: int = MOST


@dataclass(frozen=True, slots=True)
class Preferences:
    """
    A list of names with weights.
    """

    members: tuple[Weighted, ...] = ()

    def weightOf(self, name: str) -> int | None:
        """
        @param name: in lower case.

        @return: the weight of the first member C{name}, L{None} without one.
        """
        for member in self.members:
            if member.name == name:
                return member.weight
        return None


@dataclass(frozen=True, slots=True)
class AcceptCharset(Preferences):
    """
    Charsets that are wanted (section 12.5.2).
    """

    def quality(self, charset: str) -> int:
        """
        @return: the weight of C{charset} in thousandths.
        """
        if not self.members:
            return MOST
        weight = self.weightOf(charset.lower())
        return weight if weight is not None else self.weightOf("*") or 0


@dataclass(frozen=True, slots=True)
class AcceptEncoding(Preferences):
    """
    Content codings that are wanted (section 12.5.3).
    """

    def quality(self, coding: str) -> int:
        """
        @param coding: C{"identity"} stands for none.

        @return: the weight of C{coding} in thousandths.  Without a coding,
            content is acceptable unless that was excluded; where it wasn't
            spoken of, it is the last choice.
        """
        coding = coding.lower()
        coding = _ALIASES.get(coding, coding)
        for member in self.members:
            if _ALIASES.get(member.name, member.name) == coding:
                return member.weight
        weight = self.weightOf("*")
        if weight is not None:
            return weight
        if coding != "identity":
            return 0
        return LEAST if self.members else MOST


@dataclass(frozen=True, slots=True)
class AcceptLanguage(Preferences):
    """
    Languages that are wanted (section 12.5.4).
    """

    def quality(self, tag: str) -> int:
        """
        @return: the weight of the language C{tag} in thousandths: of the
            longest range that it is, or begins with (RFC 4647, section 3.3.1);
            else a little less than of those that begin with it: whoever
            reads C{de-AT} reads C{de} (section 3.4).
        """
        if not self.members:
            return MOST
        tag = tag.lower()
        rest = tag
        while rest:
            weight = self.weightOf(rest)
            if weight is not None:
                return weight
            rest = rest.rpartition("-")[0]
        narrower = [
            weight - 1 for name, weight in self.members if name.startswith(f"{tag}-")
        ]
        return max([0, *narrower]) or self.weightOf("*") or 0


def _parseMembers(value: bytes) -> tuple[Weighted, ...]:
    return tuple(map(_parseWeighted, splitList(value)))


@recentlyParsed
def _parseWeighted(value: bytes) -> Weighted:
    found = _WEIGHTED.fullmatch(value)
    if found is None:
        raise ValueError("a member of the list is malformed")
    name, weight = found.groups(b"1")
    return Weighted(name.lower().decode("ascii"), parseWeight(weight.decode("ascii")))


def parseAcceptCharset(value: bytes) -> AcceptCharset:
    """
    @raise ValueError: unless C{value} is a list of names with weights.
    """
    return AcceptCharset(_parseMembers(value))


def parseAcceptEncoding(value: bytes) -> AcceptEncoding:
    """
    @raise ValueError: unless C{value} is a list of names with weights.
    """
    return AcceptEncoding(_parseMembers(value))


def parseAcceptLanguage(value: bytes) -> AcceptLanguage:
    """
    @raise ValueError: unless C{value} is a list of names with weights.
    """
    return AcceptLanguage(_parseMembers(value))


def generatePreferences(value: Preferences) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, Preferences):
        raise InvalidField("it must be a Preferences")
    return b", ".join(map(_generateWeighted, value.members))


@recentlyGenerated
def _generateWeighted(value: Weighted) -> bytes:
    return generateToken(value.name) + generateWeight(value.weight)
