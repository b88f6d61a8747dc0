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


class _Inflating(Decoder):
    """
    C{gzip} and C{deflate}.
    """

    def __init__(self, window: int) -> None:
        self._window = window
        self._object = zlib.decompressobj(window)
        self._rest = b""
        self._began = False

    def feed(self, data: bytes, most: int) -> bytes:
        data = self._rest + data
        self._began = self._began or bool(data)
        if self._object.eof and data:
            if self._window != _GZIP:
                raise _malformed()
            # RFC 1952, section 2.2: there may be several members.
            self._object = zlib.decompressobj(self._window)
        try:
            made = self._object.decompress(data, most)
        except zlib.error:
            raise _malformed() from None
        self._rest = self._object.unconsumed_tail or self._object.unused_data
        self.pending = bool(self._rest) or len(made) >= most
        return made

    def finish(self) -> None:
        if self._began and not self._object.eof:
            raise _malformed()


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


class _Zstandard(Decoder):
    """
    C{zstd} (RFC 8878).
    """

    def __init__(self) -> None:
        self._rest = b""
        self._began = False
        self._start()

    def _start(self) -> None:
        window = zstd.DecompressionParameter.window_log_max
        self._object = zstd.ZstdDecompressor(options={window: _ZSTD_WINDOW})

    def feed(self, data: bytes, most: int) -> bytes:
        data, self._rest = self._rest + data, b""
        self._began = self._began or bool(data)
        if self._object.eof and data:
            # RFC 8878, section 3.1: there may be several frames.
            self._start()
        try:
            made: bytes = self._object.decompress(data, most)
        except (zstd.ZstdError, EOFError):
            raise _malformed() from None
        if self._object.eof:
            self._rest = self._object.unused_data
            self.pending = bool(self._rest)
        else:
            self.pending = not self._object.needs_input
        return made

    def finish(self) -> None:
        if self._began and not self._object.eof:
            raise _malformed()


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
        Coding("gzip", lambda: _Inflating(_GZIP), lambda: _Deflating(_GZIP)),
    )
    found.append(
        Coding("deflate", lambda: _Inflating(_ZLIB), lambda: _Deflating(_ZLIB)),
    )
    return {coding.name: coding for coding in found}


CODINGS: Final = _available()
"""The codings that are available here, by name, what makes the least of it
first."""
