"""
An upload of any size, hashed as it arrives; no more of it than a few blocks is
ever in memory.

::

    penstock serve examples.upload:Upload
    curl -T some.iso http://localhost:8080/

Whoever sends C{Expect: 100-continue} is told to go on when the loop below
begins, not before: a resource may look at the head and refuse.
"""

import hashlib

from penstock.core.content import Stream
from penstock.core.resource import Resource
from penstock.core.response import Response


class Upload(Resource):
    # Call the renderer when the head is there, and let it read the rest.
    policy = Stream()

    # With a name after the slash, as curl sends it, or without.
    isLeaf = True

    def render_GET(self, request):
        return "Send me a file: curl -T FILE ...\n"

    async def render_PUT(self, request):
        digest = hashlib.sha256()
        size = 0
        async for chunk in request.content:
            digest.update(chunk)
            size += len(chunk)
        # If the client goes away, the loop raises and this is never reached.
        return Response.json({"sha256": digest.hexdigest(), "size": size})

    render_POST = render_PUT
