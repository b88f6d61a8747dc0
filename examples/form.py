"""
A page to send files with, that shows how far they have come.

::

    penstock serve examples.form:root
    curl -F file=@README.md http://localhost:8080/

The form is read as it comes: a file is hashed and written block by block, and
the browser is held back if the disk can't follow.  So nothing has to be stored
twice, and what is too much is refused at once.
"""

import hashlib
import os
from html import escape
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from penstock.core.choice import chooseType
from penstock.core.content import Parts
from penstock.core.errors import HTTPError
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.resources.file import File

PAGE = Path(__file__).with_name("form.html").read_text("utf-8")


class Uploads(Resource):
    # A longer Content-Length is answered with 413 before anything is read.
    policy = Parts(limit=50_000_000, files=10)

    def __init__(self, folder):
        """
        @param folder: where the files go, under the name of their hash: what
            somebody calls a file is no name to save it under.
        """
        super().__init__()
        self.folder = Path(folder)
        # What strangers sent is for saving, never for showing: it might be a
        # page, with a script of theirs.
        self.putChild("files", File(folder, attachment=True))

    def render_GET(self, request):
        return Response.html(PAGE, headers=[("cache-control", "no-cache")])

    async def render_POST(self, request):
        received = [
            await self.keep(part)
            async for part in request.parts
            if part.isFile and part.filename
        ]
        if not received:
            raise HTTPError(422, "There was no file in it.")
        # The page's script asks for JSON; without the script it is a page.
        kind = chooseType(request, ["text/html", "application/json"])
        if kind == "application/json":
            return Response.json(received)
        rows = "".join(map(self.row, received))
        text = PAGE.replace("<!--files-->", rows)
        return Response.html(text.replace("<!--told-->", "Everything has arrived."))

    async def keep(self, part):
        """
        Whatever ends this early, the temporary file is gone: the browser went
        away, it was cancelled, it was too much.
        """
        digest = hashlib.sha256()
        size = 0
        with NamedTemporaryFile(dir=self.folder, prefix=".", delete=False) as file:
            try:
                async for block in part:
                    digest.update(block)
                    size += len(block)
                    file.write(block)
                name = digest.hexdigest()
                os.replace(file.name, self.folder / name)
            except BaseException:
                os.unlink(file.name)
                raise
        return {
            "name": part.filename,
            "size": size,
            "sha256": name,
            "location": f"files/{name}",
        }

    def row(self, file):
        return (
            f"<li><span>{file['size'] / 1e6:.1f} MB</span>"
            f'<a href="{file["location"]}">{escape(file["name"])}</a>'
            f"<code>{file['sha256']}</code></li>"
        )


def root():
    """
    Called by C{penstock serve} when a reactor has been chosen.
    """
    folder = TemporaryDirectory(prefix="uploads")
    uploads = Uploads(folder.name)
    # It is removed when this is.
    uploads.temporary = folder
    return uploads
