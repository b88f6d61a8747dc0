"""
Content codings (RFC 9110, section 8.4.1), a piece at a time, both ways.

C{gzip} and C{deflate} are always there; C{br} and C{zstd} with the extra
C{penstock[compression]}.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from penstock.core.errors import MalformedContent


def _optional(*names: str) -> Any:
    """
    @return: the first of these modules that there is, or L{None}.
    """
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            pass
    return None


brotli: Final = _optional("brotli")
zstd: Final = _optional("compression.zstd", "backports.zstd")

# Windows of zlib, with its own wrapper and with that of gzip.
_ZLIB: Final = zlib.MAX_WBITS
_GZIP: Final = zlib.MAX_WBITS + 16

# RFC 9659, section 3: 8 MiB, which all must take, and nobody more.
_ZSTD_WINDOW: Final = 23

# Frames of zstd that there may be, however small; those beyond that must have so
# many octets on average.  To begin one takes 12 microseconds: of a megabyte of
# empty ones, more than a second.
FRAMES: Final = 1000
FRAME: Final = 256

# What responses are compressed with: about as small as each of them gets for
# less than ten milliseconds per MiB.
_GZIP_LEVEL: Final = 5
_BROTLI_QUALITY: Final = 4
_BROTLI_WINDOW: Final = 20
_ZSTD_LEVEL: Final = 3


class Decoder:
    """
    Expands content.

    @ivar pending: whether there is more to come of what was fed already.
    """

    pending: bool = False

    def feed(self, data: bytes, most: int) -> bytes:
        """
        Expand some more.

        @param data: empty as long as L{pending} is true, and only then.
        @param most: octets to expand it to now, at least 1.  It may become a
            few times as many.

        @raise MalformedContent: if it can't be expanded.
        """
        raise NotImplementedError

    def finish(self) -> None:
        """
        That was all.

        @raise MalformedContent: if it breaks off.
        """
        raise NotImplementedError


def _malformed() -> MalformedContent:
    return MalformedContent("The content is not what its coding says.")


class _Members(Decoder):
    """
    What may consist of several, one after the other (RFC 1952, section 2.2;
    RFC 8878, section 3.1).
    """

    def __init__(self) -> None:
        self._rest = b""
        self._taken = 0
        self._object = self._start()

    def _start(self) -> Any:
        """
        @return: what expands one of them.
        """
        raise NotImplementedError

    def _expand(self, data: bytes, most: int) -> bytes:
        raise NotImplementedError

    def feed(self, data: bytes, most: int) -> bytes:
        self._taken += len(data)
        data = self._rest + data
        if self._object.eof and data:
            self._object = self._start()
        return self._expand(data, most)

    def finish(self) -> None:
        if self._taken and not self._object.eof:
            raise _malformed()


class _Gzip(_Members):
    """
    C{gzip} (RFC 1952).
    """

    _window: int = _GZIP

    def _start(self) -> Any:
        return zlib.decompressobj(self._window)

    def _expand(self, data: bytes, most: int) -> bytes:
        try:
            made: bytes = self._object.decompress(data, most)
        except zlib.error:
            raise _malformed() from None
        self._rest = self._object.unconsumed_tail or self._object.unused_data
        self.pending = bool(self._rest) or len(made) >= most
        return made


class _Deflate(_Gzip):
    """
    C{deflate}, which is zlib's format (RFC 1950), and has no members.
    """

    _window = _ZLIB

    def _start(self) -> Any:
        if self._taken:
            raise _malformed()
        return super()._start()


class _Brotli(Decoder):
    """
    C{br} (RFC 7932).
    """

    def __init__(self) -> None:
        self._object = brotli.Decompressor()
        self._began = False

    def feed(self, data: bytes, most: int) -> bytes:
        self._began = self._began or bool(data)
        try:
            made: bytes = self._object.process(data, output_buffer_limit=most)
        except brotli.error:
            raise _malformed() from None
        self.pending = not self._object.is_finished() and (
            len(made) >= most or not self._object.can_accept_more_data()
        )
        return made

    def finish(self) -> None:
        if self._began and not self._object.is_finished():
            raise _malformed()


class _Zstandard(_Members):
    """
    C{zstd} (RFC 8878).
    """

    _frames: int = 0

    def _start(self) -> Any:
        self._frames += 1
        if self._frames > FRAMES + self._taken // FRAME:
            raise MalformedContent("The content is in too many pieces.")
        window = zstd.DecompressionParameter.window_log_max
        return zstd.ZstdDecompressor(options={window: _ZSTD_WINDOW})

    def _expand(self, data: bytes, most: int) -> bytes:
        try:
            made: bytes = self._object.decompress(data, most)
        except (zstd.ZstdError, EOFError):
            raise _malformed() from None
        if self._object.eof:
            self._rest = self._object.unused_data
            self.pending = bool(self._rest)
        else:
            self._rest = b""
            self.pending = not self._object.needs_input
        return made


class Encoder:
    """
    Compresses content.
    """

    def feed(self, data: bytes) -> bytes:
        """
        @return: what comes of it at once, which may be nothing.
        """
        raise NotImplementedError

    def flush(self) -> bytes:
        """
        @return: what is missing for the other side to see all that was fed.
        """
        raise NotImplementedError

    def finish(self) -> bytes:
        """
        @return: the end.
        """
        raise NotImplementedError


class _Deflating(Encoder):
    def __init__(self, window: int) -> None:
        self._object = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, window)

    def feed(self, data: bytes) -> bytes:
        return self._object.compress(data)

    def flush(self) -> bytes:
        return self._object.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._object.flush()


class _BrotliEncoder(Encoder):
    def __init__(self) -> None:
        self._object = brotli.Compressor(quality=_BROTLI_QUALITY, lgwin=_BROTLI_WINDOW)

    def feed(self, data: bytes) -> bytes:
        made: bytes = self._object.process(data)
        return made

    def flush(self) -> bytes:
        made: bytes = self._object.flush()
        return made

    def finish(self) -> bytes:
        made: bytes = self._object.finish()
        return made


class _ZstandardEncoder(Encoder):
    def __init__(self) -> None:
        self._object = zstd.ZstdCompressor(_ZSTD_LEVEL)

    def feed(self, data: bytes) -> bytes:
        made: bytes = self._object.compress(data)
        return made

    def flush(self) -> bytes:
        made: bytes = self._object.flush(zstd.ZstdCompressor.FLUSH_BLOCK)
        return made

    def finish(self) -> bytes:
        made: bytes = self._object.flush()
        return made


@dataclass(frozen=True, slots=True)
class Coding:
    """
    A content coding.

    @ivar name: in lower case.
    @ivar decoder: makes a L{Decoder}.
    @ivar encoder: makes an L{Encoder}.
    """

    name: str
    decoder: Callable[[], Decoder]
    encoder: Callable[[], Encoder]


def _available() -> dict[str, Coding]:
    found = []
    if brotli is not None:
        found.append(Coding("br", _Brotli, _BrotliEncoder))
    if zstd is not None:
        found.append(Coding("zstd", _Zstandard, _ZstandardEncoder))
    found.append(
        Coding("gzip", _Gzip, lambda: _Deflating(_GZIP)),
    )
    found.append(
        Coding("deflate", _Deflate, lambda: _Deflating(_ZLIB)),
    )
    return {coding.name: coding for coding in found}


CODINGS: Final = _available()
"""The codings that are available here, by name, what makes the least of it
first."""
