"""
Which request caused which: traceparent and tracestate (W3C Trace Context).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from penstock.core.errors import InvalidField
from penstock.core.grammar import SEPARATOR, asciiBytes, scan

# Later versions may have more after the flags.
_PARENT: Final = re.compile(
    rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*+)?"
)
_KEY: Final = (
    rb"[a-z0-9][a-z0-9_*/-]{0,240}+(?:@[a-z][a-z0-9_*/-]{0,13}+|[a-z0-9_*/-]{0,15}+)"
)
_ENTRY: Final = re.compile(rb"(" + _KEY + rb")=([ -+\--<>-~]{0,256}+)" + SEPARATOR)
_KEY_ALONE: Final = re.compile(_KEY)
_VALUE_ALONE: Final = re.compile(rb"[ -+\--<>-~]{0,255}[!-+\--<>-~]")
_MAX_ENTRIES: Final = 32


@dataclass(frozen=True, slots=True)
class TraceParent:
    """
    The value of traceparent.

    @ivar traceId: of the whole, 32 hexadecimal digits in lower case, not all
        zero.
    @ivar parentId: of the caller's part, 16 of them.
    @ivar flags: 0 to 255.
    @ivar version: 0 to 254.
    """

    traceId: str
    parentId: str
    flags: int = 0
    version: int = 0

    @property
    def sampled(self) -> bool:
        """
        Whether the caller may have recorded it.
        """
        return bool(self.flags & 1)


@dataclass(frozen=True, slots=True)
class TraceState:
    """
    The value of tracestate.

    @ivar entries: keys, each once, and values; the latest first, 32 at most.
    """

    entries: tuple[tuple[str, str], ...]

    def get(self, key: str) -> str | None:
        """
        @return: what C{key} has, L{None} without it.
        """
        for name, value in self.entries:
            if name == key:
                return value
        return None


def parseTraceParent(value: bytes) -> TraceParent:
    """
    @raise ValueError: if C{value} is invalid.
    """
    found = _PARENT.fullmatch(value)
    if found is None:
        raise ValueError("it is not a version, two identifiers and flags")
    version, trace, parent, flags, rest = found.groups()
    if version == b"ff" or (version == b"00" and rest is not None):
        raise ValueError("it has an invalid version")
    if not trace.strip(b"0") or not parent.strip(b"0"):
        raise ValueError("it has an invalid identifier")
    return TraceParent(
        trace.decode("ascii"), parent.decode("ascii"), int(flags, 16), int(version, 16)
    )


def generateTraceParent(value: TraceParent) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    raw = asciiBytes(
        f"{value.version:02x}-{value.traceId}-{value.parentId}-{value.flags:02x}"
    )
    try:
        if parseTraceParent(raw) == value:
            return raw
    except ValueError:
        pass
    raise InvalidField("it has an invalid version, identifier or flags")


def parseTraceState(value: bytes) -> TraceState:
    """
    @raise ValueError: unless C{value} is a list of at most 32 keys, each once,
        and values.
    """
    entries: dict[str, str] = {}
    for found in scan(_ENTRY, value):
        key, text = found[1].decode("ascii"), found[2].decode("ascii").rstrip(" ")
        if not text:
            raise ValueError("a key has no value")
        if key in entries:
            raise ValueError("it has a key twice")
        if len(entries) == _MAX_ENTRIES:
            raise ValueError("it has too many entries")
        entries[key] = text
    return TraceState(tuple(entries.items()))


def generateTraceState(value: TraceState) -> bytes:
    """
    @raise InvalidField: if it can't be written.
    """
    entries = value.entries
    if len(entries) > _MAX_ENTRIES or len(dict(entries)) != len(entries):
        raise InvalidField("it has too many entries, or a key twice")
    parts = []
    for key, text in entries:
        name, raw = asciiBytes(key), asciiBytes(text)
        if _KEY_ALONE.fullmatch(name) is None or _VALUE_ALONE.fullmatch(raw) is None:
            raise InvalidField("it has a key or a value that can't be written")
        parts.append(name + b"=" + raw)
    return b",".join(parts)
