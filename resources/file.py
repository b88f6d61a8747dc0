"""
Files and folders.
"""

from __future__ import annotations

import errno
import mimetypes
import os
import stat
from collections.abc import Callable, Sequence
from time import time
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from penstock.core.body import FilePart
from penstock.core.dates import formatDate
from penstock.core.errors import HTTPError
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.listing import listing

# Python's own table and no other: what a machine has in /etc doesn't change
# what a site serves.
_TYPES: Final = mimetypes.MimeTypes(filenames=())

# Types of what mimetypes calls an encoding: a .tar.gz is served as the gzip
# file that it is, so that a client doesn't unpack what it was asked to fetch.
_PACKED: Final = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "br": "application/octet-stream",
    "compress": "application/x-compress",
}


# Seconds in which a file may change a second time and its time not: the
# resolution of the coarsest file system that is still in use.
UNSETTLED: Final = 2.0


def mediaType(name: str) -> str:
    """
    @return: the media type that the ending of C{name} stands for.
    """
    kind, encoding = _TYPES.guess_type(name)
    if encoding is not None:
        return _PACKED.get(encoding, "application/octet-stream")
    if kind is None:
        return "application/octet-stream"
    if kind.startswith("text/") or kind in ("application/javascript", "image/svg+xml"):
        return kind + "; charset=utf-8"
    return kind


class File(Resource):
    """
    A file, or a folder with all that is in it.

    Nothing outside the folder is ever served, by no spelling of a path and
    through no symbolic link; names that begin with a dot are not served
    either, unless C{dotFiles} is set.  Devices, pipes and sockets don't exist
    here.  Conditions and ranges work; a file is read as the client takes it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        index: Sequence[str] = ("index.html",),
        listing: bool = False,
        dotFiles: bool = False,
        seconds: Callable[[], float] = time,
    ) -> None:
        """
        @param path: of the file or folder; it need not exist yet.
        @param index: names of the files that stand for their folder, the first
            that exists.
        @param listing: whether a folder without one of these is listed.
        @param seconds: the clock that files' times are compared with.
        """
        super().__init__()
        self.root = os.path.realpath(path)
        self.index = tuple(index)
        self.listing = listing
        self.dotFiles = dotFiles
        self.seconds = seconds

    def locateChild(self, request: Any, segments: tuple[str, ...]) -> Any:
        """
        See L{penstock.core.interfaces.IResource}.
        """
        child = self.children.get(segments[0])
        if child is not None:
            return child, segments[1:]
        request.postpath = segments
        return self, ()

    def render_GET(self, request: Any) -> Response:
        """
        The file, its folder's index or listing, or a redirect to the folder
        with its slash.
        """
        segments = request.postpath
        names = segments[:-1] if segments and segments[-1] == "" else segments
        path = self._resolve(names)
        try:
            if os.path.isdir(path):
                return self._folder(request, path, segments, names)
            if names != segments:
                # A file has nothing below it.
                raise HTTPError(404)
            return self._file(path)
        except OSError as problem:
            raise HTTPError(_code(problem)) from None

    def _resolve(self, names: tuple[str, ...]) -> str:
        """
        @return: the real path of what C{names} lead to.

        @raise HTTPError: if that isn't inside of the root.
        """
        for name in names:
            if (
                name in ("", ".", "..")
                or "/" in name
                or "\\" in name
                or "\0" in name
                or (name[0] == "." and not self.dotFiles)
            ):
                raise HTTPError(404)
        try:
            path = os.path.realpath(os.path.join(self.root, *names))
        except (OSError, ValueError):
            raise HTTPError(404) from None
        if path != self.root and not path.startswith(self.root.rstrip("/") + "/"):
            raise HTTPError(404)
        return path

    def _folder(
        self,
        request: Any,
        path: str,
        segments: tuple[str, ...],
        names: tuple[str, ...],
    ) -> Response:
        if names == segments:
            return self._toSlash(request)
        for name in self.index:
            inside = self._resolve((*names, name))
            if os.path.isfile(inside):
                return self._file(inside)
        if not self.listing:
            raise HTTPError(404)
        return Response.html(listing(path, names, self.dotFiles))

    def _toSlash(self, request: Any) -> Response:
        """
        Relative links in a folder need the slash.  The target is relative to
        what was asked for, so it can't lead to another host.
        """
        target = request.target
        location = "./" + quote(target.segments[-1], safe="") + "/"
        if target.query is not None:
            location += "?" + target.query.decode("ascii")
        return Response.redirect(location, 308)

    def _file(self, path: str) -> Response:
        # Not blocking, so that opening a pipe doesn't wait for its writer.
        number = os.open(
            path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
        )
        file: BinaryIO = os.fdopen(number, "rb", buffering=0)
        try:
            facts = os.fstat(number)
            if not stat.S_ISREG(facts.st_mode):
                raise HTTPError(404)
            now = self.seconds()
            tag = b'"%x-%x-%x"' % (facts.st_mtime_ns, facts.st_size, facts.st_ino)
            if facts.st_mtime > now - UNSETTLED:
                # RFC 9110, section 8.8.1: not strong, as long as the file can
                # change once more without another time.
                tag = b"W/" + tag
            # RFC 9110, section 8.8.2.1: never later than Date.
            modified = max(0, int(min(facts.st_mtime, now)))
            return Response(
                FilePart(file, 0, facts.st_size),
                headers=[
                    (b"content-type", mediaType(path)),
                    (b"last-modified", formatDate(modified)),
                    (b"etag", tag),
                    (b"accept-ranges", b"bytes"),
                ],
            )
        except BaseException:
            file.close()
            raise


def _code(problem: OSError) -> int:
    """
    What to answer when a file can't be opened.
    """
    if problem.errno in (errno.EACCES, errno.EPERM):
        return 403
    if problem.errno in (errno.EMFILE, errno.ENFILE):
        return 503
    return 404
