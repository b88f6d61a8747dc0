"""
Files and folders.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Collection, Mapping, Sequence
from enum import Enum, auto
from functools import partial
from hashlib import sha256
from time import time
from typing import Any, BinaryIO, Final
from urllib.parse import quote

from penstock.core.body import FilePart
from penstock.core.choice import addVary, bestCoding
from penstock.core.dates import formatDate
from penstock.core.errors import HTTPError, InvalidField
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.values.disposition import ContentDisposition
from penstock.resources.listing import listing
from penstock.resources.mediatypes import mediaType

# What files with a coding are called, the smallest first.
_ENDINGS: Final = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}

# Path separators of any platform; control characters, which a target has none of
# and the first of which ends a name for the system; and what isn't text.
_NOT_IN_NAME: Final = re.compile("[/\\\\\0-\x1f\x7f-\x9f\ud800-\udfff]")

# What may be in the query of a reference; encoded octets stay as they are.
_IN_QUERY: Final = "%!$&'()*+,;=:@/?-._~[]^`{|}"

# Seconds in which a file may change a second time and its time not: the
# resolution of the coarsest file system that is still in use.
UNSETTLED: Final = 2.0


class Links(Enum):
    """
    Which symbolic links are followed.
    """

    NONE = auto()
    """None: what they point to doesn't exist under their name."""

    INSIDE = auto()
    """Those that lead to something in the same folder, or below."""

    ALL = auto()
    """All of them: whoever can make a link in the folder can have anything
    served that this process may read."""


class File(Resource):
    """
    A file, or a folder with all that is in it.

    Nothing outside the folder is ever served, by no spelling of a path, and
    through symbolic links only where C{links} allows; names that begin with a
    dot are not served either, but for those in C{dotFiles}.  Devices, pipes
    and sockets don't exist here.  Conditions and ranges work; a file is read
    as the client takes it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        index: Sequence[str] = ("index.html",),
        listing: bool = False,
        dotFiles: bool | Collection[str] = (".well-known",),
        seconds: Callable[[], float] = time,
        *,
        links: Links = Links.INSIDE,
        precompressed: bool | Sequence[str] = False,
        attachment: bool | Callable[[str], bool] = False,
        types: Mapping[str, str] | None = None,
    ) -> None:
        """
        @param path: of the file or folder; it need not exist yet.
        @param index: names of the files that stand for their folder, the first
            that exists.
        @param listing: whether a folder without one of these is listed.
        @param dotFiles: which of the names that begin with a dot are served;
            L{True} for all.  The one by default is for what is meant to be
            found (RFC 8615).
        @param seconds: the clock that files' times are compared with.
        @param links: which symbolic links are followed.
        @param precompressed: whether C{a.css.gz}, beside C{a.css}, is sent in
            its place to clients that like it, and C{.zst} and C{.br} likewise;
            or which codings, the preferred one first.  One that is older than
            the file is left alone.
        @param attachment: whether files are for saving under their own name,
            rather than for looking at (RFC 6266); or what is called with a
            name, and says.
        @param types: the media types of what ends in C{".x"}, where they are
            to be others than the standard ones; in any case.
        @raise ValueError: if one of C{precompressed} has no ending.
        """
        super().__init__()
        self.root = os.path.realpath(path)
        self.index = tuple(index)
        self.listing = listing
        self.dotFiles = dotFiles
        self.seconds = seconds
        self.links = links
        if isinstance(precompressed, bool):
            precompressed = tuple(_ENDINGS) if precompressed else ()
        for name in precompressed:
            if name not in _ENDINGS:
                raise ValueError(f"files with the coding {name!r} have no ending")
        self.precompressed = tuple(precompressed)
        self.attachment = attachment
        self.types = {name.lower(): kind for name, kind in (types or {}).items()}

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
            return self._file(request, path, names)
        except OSError as problem:
            raise HTTPError(_code(problem)) from None

    def _isServed(self, name: str) -> bool:
        """
        @return: whether C{name} may name something.
        """
        if name in ("", ".", "..") or _NOT_IN_NAME.search(name) is not None:
            return False
        if name[0] != "." or self.dotFiles is True:
            return True
        return self.dotFiles is not False and name in self.dotFiles

    def _resolve(self, names: tuple[str, ...]) -> str:
        """
        @return: the real path of what C{names} lead to.

        @raise HTTPError: if that isn't to be served.
        """
        if not all(map(self._isServed, names)):
            raise HTTPError(404)
        spelled = os.path.join(self.root, *names)
        try:
            path = os.path.realpath(spelled)
        except (OSError, ValueError):
            raise HTTPError(404) from None
        if self.links is Links.ALL:
            return path
        if self.links is Links.NONE and path != spelled:
            raise HTTPError(404)
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
            try:
                inside = self._resolve((*names, name))
            except HTTPError:
                # A link that isn't followed.
                continue
            if os.path.isfile(inside):
                return self._file(request, inside, (*names, name))
        if not self.listing:
            raise HTTPError(404)
        order = request.args.get("sort", ["name"])[0]
        look = partial(self._look, path, names)
        page = listing(path, names, self._isServed, look, order)
        tag = sha256(page.encode("utf-8")).hexdigest()[:32]
        return Response.html(page, headers=[(b"etag", f'W/"{tag}"')])

    def _look(
        self, path: str, names: tuple[str, ...], name: str
    ) -> os.stat_result | None:
        """
        @return: what is known of what whoever follows the link to C{name}
            finds; L{None} if that is nothing.
        """
        try:
            facts = os.lstat(os.path.join(path, name))
            if stat.S_ISLNK(facts.st_mode):
                facts = os.stat(self._resolve((*names, name)))
        except (HTTPError, OSError):
            return None
        served = stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)
        return facts if served else None

    def _toSlash(self, request: Any) -> Response:
        """
        Relative links in a folder need the slash.  The target is relative to
        what was asked for, so it can't lead to another host.
        """
        target = request.target
        location = "./" + quote(target.segments[-1], safe="") + "/"
        if target.query is not None:
            # A client may send more than a reference may have.
            location += "?" + quote(target.query, safe=_IN_QUERY)
        return Response.redirect(location, 308)

    def _file(self, request: Any, path: str, names: tuple[str, ...]) -> Response:
        """
        @param path: of the file, with no more links in it.
        @param names: the segments that led to it.
        """
        file, facts = _open(path)
        try:
            name = names[-1] if names else os.path.basename(path)
            headers = Headers([(b"content-type", self._type(name))])
            if self.precompressed and names:
                coded = self._coded(request, headers, facts, names)
                if coded is not None:
                    file.close()
                    file, facts = coded
            self._describe(headers, facts, name)
            return Response(FilePart(file, 0, facts.st_size), headers=headers)
        except BaseException:
            file.close()
            raise

    def _describe(self, headers: Headers, facts: os.stat_result, name: str) -> None:
        """
        Add the fields that come of what is known of a file.
        """
        now = self.seconds()
        # The time of the last change of anything shows what was put in place of
        # something else, or given an older time.
        tag = b'"%x-%x-%x"' % (facts.st_mtime_ns, facts.st_size, facts.st_ctime_ns)
        if facts.st_mtime > now - UNSETTLED:
            # RFC 9110, section 8.8.1: not strong, as long as the file can
            # change once more without another time.
            tag = b"W/" + tag
        # RFC 9110, section 8.8.2.1: never later than Date.
        modified = max(0, int(min(facts.st_mtime, now)))
        headers.setRaw(b"last-modified", formatDate(modified))
        headers.setRaw(b"etag", tag)
        headers.setRaw(b"accept-ranges", b"bytes")
        if self.attachment is True or (self.attachment and self.attachment(name)):
            named = ContentDisposition("attachment", name)
            try:
                headers.setHeader(b"content-disposition", named)
            except InvalidField:
                headers.setRaw(b"content-disposition", b"attachment")

    def _type(self, name: str) -> str:
        ending = os.path.splitext(name)[1].lower()
        return self.types.get(ending) or mediaType(name)

    def _coded(
        self,
        request: Any,
        headers: Headers,
        facts: os.stat_result,
        names: tuple[str, ...],
    ) -> tuple[BinaryIO, os.stat_result] | None:
        """
        @return: the file that is sent in place of another, if any; with
            C{headers} that say so.
        """
        there: dict[str, str] = {}
        for coding in self.precompressed:
            try:
                path = self._resolve((*names[:-1], names[-1] + _ENDINGS[coding]))
                other = os.stat(path)
            except (HTTPError, OSError):
                continue
            if stat.S_ISREG(other.st_mode) and _isFresh(other, facts):
                there[coding] = path
        if not there:
            return None
        addVary(headers, "accept-encoding")
        best = bestCoding(request.in_headers, [*there, "identity"])
        if best is None or best == "identity":
            return None
        try:
            found = _open(there[best])
        except (HTTPError, OSError):
            # Gone, or not for us; what it stands for is there all the same.
            return None
        headers.setRaw(b"content-encoding", best)
        return found


def _isFresh(other: os.stat_result, facts: os.stat_result) -> bool:
    """
    @return: whether C{other} wasn't made of something older.  Some programs give
        it the time of what they have compressed, in whole seconds.
    """
    made, modified = other.st_mtime_ns, facts.st_mtime_ns
    return made >= modified or made == modified - modified % 10**9


def _open(path: str) -> tuple[BinaryIO, os.stat_result]:
    """
    @return: the file, open, and what is known of it.

    @raise HTTPError: if it isn't a regular file.
    @raise OSError: if it can't be opened.
    """
    # Not blocking, so that opening a pipe doesn't wait for its writer.
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    file: BinaryIO = os.fdopen(number, "rb", buffering=0)
    try:
        facts = os.fstat(number)
        if not stat.S_ISREG(facts.st_mode):
            raise HTTPError(404)
    except BaseException:
        file.close()
        raise
    return file, facts


def _code(problem: OSError) -> int:
    """
    What to answer when a file can't be opened.
    """
    if problem.errno in (errno.EACCES, errno.EPERM):
        return 403
    if problem.errno in (errno.EMFILE, errno.ENFILE):
        return 503
    return 404
