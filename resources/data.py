"""
Fixed content.
"""

from __future__ import annotations

import hashlib
from typing import Any

from penstock.core.resource import Resource
from penstock.core.response import Response


class Data(Resource):
    """
    Some octets that don't change, with an ETag made from them; so conditional
    and range requests work.
    """

    def __init__(self, data: bytes | str, mediaType: str | None = None) -> None:
        """
        @param data: L{str} is encoded as UTF-8.
        @param mediaType: the media type, C{text/plain} or
            C{application/octet-stream} by default.
        """
        super().__init__()
        if isinstance(data, str):
            data = data.encode("utf-8")
            mediaType = mediaType or "text/plain; charset=utf-8"
        self.data = data
        self.mediaType = mediaType or "application/octet-stream"
        self.etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'

    def render_GET(self, request: Any) -> Response:
        """
        The octets.
        """
        return Response(
            self.data,
            headers=[
                ("content-type", self.mediaType),
                ("etag", self.etag),
                ("accept-ranges", "bytes"),
            ],
        )
