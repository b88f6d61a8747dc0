"""
What the slow ones ask: a short answer, an upload, and a large download.
"""

import os
from typing import Any

from penstock.core.content import Buffer
from penstock.core.resource import Resource

LARGE = os.urandom(1000000)


class Root(Resource):
    """
    Takes uploads.
    """

    policy = Buffer(limit=2000000)

    def render_GET(self, request: Any) -> bytes:
        return b"Hello, world!"

    def render_PUT(self, request: Any) -> bytes:
        return b"Thanks."


class Large(Resource):
    """
    The same octets for everybody.
    """

    def render_GET(self, request: Any) -> bytes:
        return LARGE


root = Resource()
root.putChild("", Root())
root.putChild("large", Large())
