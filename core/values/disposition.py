"""
What to do with content, and what to call it (RFC 6266).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import (
    ATTRIBUTES,
    TOKEN,
    Parameters,
    checkNames,
    generateParameters,
    generateToken,
    parseAttributes,
    quote,
)
from penstock.core.values.extended import generateExtended, parseExtended

_DISPOSITION: Final = re.compile(rb"(" + TOKEN + rb")(" + ATTRIBUTES + rb")")

# RFC 6266, appendix D: what some recipients make something else of.
_NOT_PLAIN: Final = re.compile(r"[^ !#-$&-\[\]-~]")

# Path separators of any platform.
_PATH: Final = re.compile(r"[/\\]")
# Controls, among them those that turn the direction of what follows, so that
# "cod.exe" is shown as "exe.doc".
_UNSEEN: Final = re.compile("[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class ContentDisposition:
    """
    The value of Content-Disposition.

    @ivar kind: in lower case; C{"attachment"}, C{"inline"}, C{"form-data"}.
    @ivar filename: as the sender has it, path and all: see L{baseName}.
    @ivar parameters: the others.
    """

    kind: str
    filename: str | None = None
    parameters: Parameters = ()

    @property
    def baseName(self) -> str | None:
        """
        L{filename} without a path (RFC 6266, section 4.3), controls, and dots
        and spaces around it; L{None} if nothing is left.  It may still be a
        name that something on this platform gives a meaning to.
        """
        if self.filename is None:
            return None
        name = _PATH.split(self.filename)[-1]
        return _UNSEEN.sub("", name).strip(". ") or None


def parseDisposition(value: bytes) -> ContentDisposition:
    """
    @return: with the name from C{filename*}, where that can be read, else from
        C{filename}.

    @raise ValueError: unless C{value} is a disposition, with each parameter
        once.
    """
    found = _DISPOSITION.fullmatch(value)
    if found is None:
        raise ValueError("it is not a disposition")
    attributes = parseAttributes(found[2])
    names = {name: text for name, text in attributes if text is not None}
    if len(names) != len(attributes):
        raise ValueError("it has a parameter twice, or one without a value")
    filename = names.pop("filename", None)
    extended = names.pop("filename*", None)
    if extended is not None:
        try:
            filename = parseExtended(extended)
        except ValueError:
            pass
    return ContentDisposition(
        found[1].decode("ascii").lower(), filename, tuple(names.items())
    )


def generateDisposition(value: ContentDisposition) -> bytes:
    """
    @return: with the name twice if not everybody understands it, once in plain
        characters.

    @raise InvalidField: if it can't be written.
    """
    names = value.parameters
    checkNames(names)
    if any(name.lower() in ("filename", "filename*") for name, text in names):
        raise InvalidField("the name of the file is not a parameter")
    raw = generateToken(value.kind)
    if value.filename is not None:
        plain = _NOT_PLAIN.sub("_", value.filename)
        raw += b"; filename=" + quote(plain)
        if plain != value.filename:
            raw += b"; filename*=" + generateExtended(value.filename)
    return raw + generateParameters(names)
