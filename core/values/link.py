"""
Links to other resources (RFC 8288).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    QUOTED,
    SEPARATOR,
    TOKEN,
    Attributes,
    asciiBytes,
    checkMany,
    generateAttributes,
    quote,
    scan,
    unquote,
)
from penstock.core.values.extended import generateExtended, parseExtended

# A relative reference may be empty: it is the resource itself.  Spaces and
# quotation marks are in no URI, but in links that everybody reads.
_TARGET: Final = rb"[^\0-\x20\x7f-\xff<>]*+"
# Without quotation marks a value is more than a token where people write them:
# <a.woff2>; type=font/woff2 (section 3: parsers take it as well).
_BARE: Final = rb"""[^\0-\x20\x7f-\xff",;]++"""
_PARAMETER: Final = (
    rb"[\t ]*+;(?:[\t ]*+"
    rb"{0}" + TOKEN + rb"{1}(?:[\t ]*+=[\t ]*+(?:{0}" + _BARE + rb"{1}"
    rb"|{0}" + QUOTED + rb"{1})?)?)?"
)


def _grouped(start: bytes, stop: bytes) -> bytes:
    return _PARAMETER.replace(b"{0}", start).replace(b"{1}", stop)


_PARAMETERS: Final = re.compile(_grouped(b"(", b")"))
_LINK: Final = re.compile(
    rb"<(" + _TARGET + rb")>((?:" + _grouped(b"(?:", b")") + rb")*+)" + SEPARATOR
)
_TARGET_ALONE: Final = re.compile(_TARGET)

# A relation is a token or a URI.
_RELATION: Final = re.compile(r"[!#-;=?-\[\]^_`a-~]++")

# Section 3: of these only the first counts.
_ONCE: Final = ("rel", "anchor", "title", "title*")


@dataclass(frozen=True, slots=True)
class Link:
    """
    A link.

    @ivar target: a reference to a URI, to resolve against that of the
        resource.
    @ivar relations: what the target is to the resource, in lower case:
        C{("next",)}.
    @ivar title: what to call it.
    @ivar anchor: where the link starts, if not at the resource.
    @ivar parameters: the others, in order; the same one may come several
        times (C{hreflang}).
    """

    target: str
    relations: tuple[str, ...] = ()
    title: str | None = None
    anchor: str | None = None
    parameters: Attributes = ()

    def get(self, name: str) -> str | None:
        """
        @return: the first of the other parameters C{name}; L{None} if there is
            no such, or if it has no value.
        """
        for key, value in self.parameters:
            if key == name:
                return value
        return None


def parseLinks(value: bytes) -> tuple[Link, ...]:
    """
    @raise ValueError: unless C{value} is a list of links.
    """
    return tuple([_parse(found[1], found[2]) for found in scan(_LINK, value)])


def _parse(target: bytes, rest: bytes) -> Link:
    once: dict[str, str] = {}
    others: list[tuple[str, str | None]] = []
    for key, bare, quoted in _PARAMETERS.findall(rest):
        if not key:
            continue
        name = key.lower().decode("ascii")
        text = (
            unquote(quoted.decode("latin-1"))
            if quoted
            else bare.decode("ascii") or None
        )
        if name in _ONCE:
            once.setdefault(name, text or "")
        else:
            others.append((name, text))
    title = once.get("title")
    if "title*" in once:
        try:
            title = parseExtended(once["title*"])
        except ValueError:
            pass
    relations = once.get("rel", "").lower()
    return Link(
        target.decode("ascii"),
        (relations,) if _isRelation(relations) else _several(relations),
        title,
        once.get("anchor"),
        tuple(others),
    )


def _several(text: str) -> tuple[str, ...]:
    parts = text.replace("\t", " ").split(" ")
    return tuple([relation for relation in parts if _isRelation(relation)])


def _isRelation(text: str) -> bool:
    return _RELATION.fullmatch(text) is not None


def generateLinks(value: Iterable[Link]) -> bytes:
    """
    @raise InvalidField: if they can't be written.
    """
    return b", ".join([_generate(link) for link in value])


def _generate(link: Link) -> bytes:
    target = asciiBytes(link.target)
    if _TARGET_ALONE.fullmatch(target) is None:
        raise InvalidField("it has a target that is no reference to a URI")
    checkMany(link.relations)
    if not all(map(_isRelation, link.relations)):
        raise InvalidField("it has a relation that can't be written")
    if any(name.lower() in _ONCE for name, text in link.parameters):
        raise InvalidField("it has a parameter that has a place of its own")
    raw = b"<" + target + b">; rel=" + quote(" ".join(link.relations))
    if link.anchor is not None:
        raw += b"; anchor=" + quote(link.anchor)
    if link.title is not None:
        if link.title.isascii() and link.title.isprintable():
            raw += b"; title=" + quote(link.title)
        else:
            raw += b"; title*=" + generateExtended(link.title)
    return raw + generateAttributes(link.parameters)
