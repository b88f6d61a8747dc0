"""
A form that is read whole: fields as text, files as temporary files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from tempfile import SpooledTemporaryFile, TemporaryFile
from threading import Thread
from typing import Any, BinaryIO, Final, TypeVar, cast, overload

from penstock.core.charsets import decodeText
from penstock.core.content import Form
from penstock.core.errors import MissingField
from penstock.core.formparts import Event, FormParser, PartHead
from penstock.core.values.disposition import ContentDisposition

# Octets above which a file on disk is removed by a thread.  The system needs
# 0.2 ms for each megabyte, so a gigabyte would keep everybody waiting.
LARGE: Final = 16 * 1024 * 1024

_Value = TypeVar("_Value")
_Default = TypeVar("_Default")


class Submitted(dict[str, list[_Value]]):
    """
    What came with a form or a query: for each name its values, in order.

    Where it has nothing of a name, C{submitted[name]} raises L{MissingField}: a
    KeyError, or 400 for the client, if a resource lets it pass.
    """

    def __missing__(self, name: str) -> list[_Value]:
        raise MissingField(name)

    @overload
    def first(self, name: str, /) -> _Value: ...

    @overload
    def first(self, name: str, default: _Default, /) -> _Value | _Default: ...

    def first(self, name: str, /, *default: Any) -> Any:
        """
        @return: the first value of C{name}; without one, C{default}.
        @raise MissingField: if there is neither.
        """
        return self.get(name, default)[0] if default else self[name][0]


class Upload:
    """
    A file that came with a form.

    It is gone when its request is done.  Whoever needs it longer copies it,
    or takes it with L{detach}.

    @ivar name: of the field.
    @ivar filename: what the file is called where it comes from, without a
        path, control characters, and dots at its ends; C{""} if nothing is
        left.  Not a name to save it under: there may be a file of that name,
        or something that the system gives a meaning to.
    @ivar type: the media type that the sender claims, without parameters.
    @ivar headers: all fields of the part, L{penstock.core.headers.Headers}.
    @ivar file: open for reading in binary mode, at its start.
    @ivar size: octets.
    """

    __slots__ = ("file", "filename", "headers", "name", "size", "type")

    def __init__(self, head: PartHead, file: BinaryIO) -> None:
        media = head.mediaType
        self.name = head.name
        self.filename = ContentDisposition("form-data", head.filename).baseName or ""
        self.type = "application/octet-stream" if media is None else media.essence
        self.headers = head.headers
        self.file = file
        self.size = 0

    def __repr__(self) -> str:
        """
        The file and its size.
        """
        return f"<Upload {self.filename!r}: {self.size} octets of {self.type}>"

    def read(self) -> bytes:
        """
        @return: all of it, however large it is.
        """
        self.file.seek(0)
        return self.file.read()

    def detach(self) -> BinaryIO:
        """
        Take the file away, so that it outlives its request.

        @return: the file, which is the caller's to close.
        """
        file, self.file = self.file, _CLOSED
        return file


class _Closed:
    """
    Stands for a file that somebody has taken.
    """

    def close(self) -> None:
        pass

    def fileno(self) -> int:
        raise ValueError


_CLOSED = cast("BinaryIO", _Closed())


class FormData:
    """
    Collects a form as it comes.

    @ivar fields: the values of each field, in order.
    @ivar files: the files of each field, in order; without those that nobody
        chose.
    """

    def __init__(self, parser: FormParser, limits: Form) -> None:
        """
        @param limits: the policy.
        """
        self.fields: Submitted[str] = Submitted()
        self.files: Submitted[Upload] = Submitted()
        self._parser = parser
        self._memory = limits.memory
        self._head: PartHead | None = None
        self._value = bytearray()
        self._upload: Upload | None = None

    def chunkReceived(self, data: bytes) -> None:
        """
        Take some more of it.

        @raise penstock.core.errors.LimitExceeded: or a
            L{penstock.core.errors.ContentError}; what has come before is to
            be closed.
        """
        self._take(self._parser.feed(data))

    def completed(self) -> None:
        """
        That was all of it.

        @raise penstock.core.errors.LimitExceeded: or a
            L{penstock.core.errors.ContentError}.
        """
        self._take(self._parser.close())

    def close(self) -> None:
        """
        Remove the files.  Harmless twice.
        """
        if self._upload is not None:
            self._remove(self._upload)
        for uploads in self.files.values():
            for upload in uploads:
                self._remove(upload)

    def _remove(self, upload: Upload) -> None:
        last: int | None = None
        if upload.size > max(LARGE, self._memory):
            # Somebody may have closed it; or there are too many.
            with suppress(OSError, ValueError):
                # While there is this one, closing the file is nothing.
                last = os.dup(upload.file.fileno())
        # Where the disk is full, what waits to be written there can't be.
        with suppress(OSError):
            upload.file.close()
        if last is not None:
            try:
                Thread(target=os.close, args=(last,), name="remove").start()
            except RuntimeError:
                # There are too many of these.
                os.close(last)

    def _take(self, events: Iterator[Event]) -> None:
        write: Callable[[bytes], Any] | None = None
        if self._upload is not None:
            write = self._upload.file.write
        for event in events:
            if event is None:
                self._partEnded()
                write = None
            elif isinstance(event, bytes):
                if write is None:
                    self._value += event
                else:
                    write(event)
                    self._upload.size += len(event)  # type: ignore[union-attr]
            else:
                self._head = event
                if event.filename is not None:
                    file = self._open()
                    self._upload = Upload(event, file)
                    write = file.write

    def _open(self) -> BinaryIO:
        if not self._memory:
            # For a spooled one that would be no limit.
            return cast("BinaryIO", TemporaryFile())
        return cast("BinaryIO", SpooledTemporaryFile(self._memory))

    def _partEnded(self) -> None:
        head, upload = self._head, self._upload
        if head is None:
            return
        if upload is None:
            value = decodeText(bytes(self._value), head.charset)
            self._value.clear()
            self.fields.setdefault(head.name, []).append(value)
            return
        # A full disk shows here; the file must be known until then.
        upload.file.seek(0)
        self._upload = None
        if upload.size or head.filename:
            self.files.setdefault(head.name, []).append(upload)
        else:
            # HTML, section 4.10.22.4: a form says so where no file was chosen.
            upload.file.close()
