"""
What a client would like to get (RFC 9110, section 12).

Weights are in thousandths, 0 to 1000, and so exact; 0 is "not acceptable".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    PADDING,
    PARAMETERS,
    SEPARATOR,
    TOKEN,
    Parameters,
    generateParameters,
    generateToken,
    parseParameters,
    scan,
)
from penstock.core.mediatype import MediaType, generateEssence

MOST: Final = 1000
"""The weight of what is wanted most."""

LEAST: Final = 1
"""The weight of what is acceptable, but only just."""

# RFC 9110, section 12.4.2.  A zero may be missing before the point: Java's
# URLConnection sends "q=.2" unless it is told otherwise.
_WEIGHT: Final = re.compile(r"0?(?:\.([0-9]{0,3}))?|1(?:\.0{0,3})?")

# A range alone is "*", for "*/*": Java's URLConnection once more.
_MEDIA_RANGE: Final = re.compile(
    rb"(?:(" + TOKEN + rb")/(" + TOKEN + rb")|\*)(" + PARAMETERS + rb")" + SEPARATOR
)

# These two go through a whole list in one call.  Where no member is, they match
# all the rest, and all groups are empty.  (A character at a time, it would take
# a second to see that sixty thousand letters are no media range.)
_MEDIA_RANGES: Final = re.compile(
    (
        rb"(\*(?=/\*(?:[\t ,;]|\Z))|(?!\*/)" + TOKEN + rb")/(" + TOKEN + rb")"
        rb"(?:;q=([0-9.]++))?(" + PARAMETERS + rb")" + SEPARATOR + rb"|.+"
    ).decode("ascii"),
    re.DOTALL,
)
_WEIGHTED: Final = re.compile(
    (
        rb"(" + TOKEN + rb")(?:[\t ]*+;[\t ]*+q=([0-9.]++))?" + SEPARATOR + rb"|.+"
    ).decode("ascii"),
    re.DOTALL,
)
_MAX_KNOWN_LENGTH: Final = 64
_NO_RANGE: Final = ("", "", "", "")
_NO_MEMBER: Final = ("", "")

# RFC 9110, section 8.4.1: names that some old software has for codings.
_ALIASES: Final = {"x-gzip": "gzip", "x-compress": "compress"}


# How most weights are written; without one, it is the default.
_WEIGHTS: Final = {
    "": MOST,
    "1": MOST,
    "1.0": MOST,
    "0": 0,
    **{f"0.{tenths}": tenths * 100 for tenths in range(10)},
    **{f"0.{hundredths:02}": hundredths * 10 for hundredths in range(100)},
}


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


# Most of them, made beforehand.
_MADE: Final = {weight: generateWeight(weight) for weight in range(0, MOST + 1, 10)}


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
# in a fifth of the time that a frozen dataclass takes.
_new: Final = tuple.__new__


class MediaRange(NamedTuple):
    """
    Some media types.

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
    # What browsers send takes 3 to 4 µs like this, and 7 to 12 the plain way.
    text = value.decode("latin-1")
    if text == text.lower():
        found = _MEDIA_RANGES.findall(text.strip("\t ,"))
        if _NO_RANGE not in found:
            try:
                return Accept(
                    tuple(
                        [
                            _special(kind, subtype, weight, rest)
                            if rest
                            else _new(MediaRange, (kind, subtype, (), _WEIGHTS[weight]))
                            for kind, subtype, weight, rest in found
                        ]
                    )
                )
            except KeyError:
                # An unusual weight.
                pass
    return parseAcceptPlainly(value)


def _special(kind: str, subtype: str, weight: str, rest: str) -> MediaRange:
    """
    @param weight: the first parameter, if it is called "q"; else nothing.
    @param rest: the other parameters.
    """
    raw = f";q={weight}{rest}" if weight else rest
    known = _weighed if len(raw) <= _MAX_KNOWN_LENGTH else _weighed.__wrapped__
    found, parameters = known(raw)
    return MediaRange(kind, subtype, parameters, found)


# Browsers send one or two of these, and always the same.
@lru_cache(64)
def _weighed(raw: str) -> tuple[int, Parameters]:
    return takeWeight(parseParameters(raw.encode("latin-1")))


def parseAcceptPlainly(value: bytes) -> Accept:
    """
    As L{parseAccept}, a member at a time.
    """
    ranges: list[MediaRange] = []
    for found in scan(_MEDIA_RANGE, value):
        kind, subtype, raw = found.groups(b"*")
        if kind == b"*" and subtype != b"*":
            raise ValueError("a media range is malformed")
        parameters: Parameters = ()
        weight = MOST
        if raw:
            weight, parameters = takeWeight(parseParameters(raw))
        ranges.append(
            MediaRange(
                kind.lower().decode("ascii"),
                subtype.lower().decode("ascii"),
                parameters,
                weight,
            )
        )
    return Accept(tuple(ranges))


def generateAccept(value: Accept) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    if not isinstance(value, Accept):
        raise InvalidField("it must be an Accept")
    return b", ".join([_generateMediaRange(*member) for member in value.ranges])


def _generateMediaRange(
    kind: str, subtype: str, parameters: Parameters, weight: int
) -> bytes:
    if kind == "*" and subtype != "*":
        raise InvalidField("all types have all subtypes")
    raw = generateEssence(kind, subtype)
    if parameters:
        if any(name.lower() == "q" for name, value in parameters):
            raise InvalidField("the weight is not a parameter")
        raw += generateParameters(parameters)
    made = _MADE.get(weight)
    return raw + (generateWeight(weight) if made is None else made)


# The others


class Weighted(NamedTuple):
    """
    A name and its weight.

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
            longest range that it is, or begins with (RFC 4647, section 3.3.1).
        """
        if not self.members:
            return MOST
        tag = tag.lower()
        while tag:
            weight = self.weightOf(tag)
            if weight is not None:
                return weight
            tag = tag.rpartition("-")[0]
        return self.weightOf("*") or 0


def _parseMembers(value: bytes) -> tuple[Weighted, ...]:
    found = _WEIGHTED.findall(value.strip(PADDING).lower().decode("latin-1"))
    if _NO_MEMBER in found:
        raise ValueError("a member of the list is malformed")
    try:
        return tuple(
            [_new(Weighted, (name, _WEIGHTS[weight])) for name, weight in found]
        )
    except KeyError:
        return tuple(
            [
                Weighted(name, parseWeight(weight) if weight else MOST)
                for name, weight in found
            ]
        )


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
    return b", ".join(
        [generateToken(name) + generateWeight(weight) for name, weight in value.members]
    )
