"""
A resource that keeps notes; its tests are in test_tested.py.

::

    penstock serve examples.tested:Notes
    curl -d 'Buy a longer hose' http://localhost:8080/
    curl http://localhost:8080/1
    curl -X DELETE http://localhost:8080/1
"""

from penstock.core.content import Buffer
from penstock.core.errors import HTTPError
from penstock.core.resource import Resource
from penstock.core.response import Response


class Notes(Resource):
    """
    All notes; each is below this one, at its number.
    """

    # A longer note is answered with 413, before it has been read.
    policy = Buffer(limit=4096)

    def __init__(self):
        super().__init__()
        self.texts = {}
        self.last = 0
        self.putWildcard(self.find)

    def find(self, segment):
        if segment in self.texts:
            return Note(self.texts, segment)
        return None

    def render_GET(self, request):
        return Response.json(self.texts)

    def render_POST(self, request):
        try:
            text = request.body.decode("utf-8")
        except UnicodeDecodeError:
            raise HTTPError(400, "A note is text, in UTF-8.") from None
        if not text:
            raise HTTPError(400, "An empty note is no note.")
        self.last += 1
        self.texts[str(self.last)] = text
        return Response(code=201, headers=[("location", f"./{self.last}")])


class Note(Resource):
    def __init__(self, texts, number):
        super().__init__()
        self.texts = texts
        self.number = number

    def render_GET(self, request):
        return self.texts[self.number]

    def render_DELETE(self, request):
        del self.texts[self.number]
        return Response(code=204)
