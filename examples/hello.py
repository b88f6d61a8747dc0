"""
A resource that greets.

::

    penstock serve examples.hello:Hello
    curl http://localhost:8080/?name=Ada
"""

from penstock.core.resource import Resource


class Hello(Resource):
    def render_GET(self, request):
        name = request.args.first("name", "world")
        return f"Hello, {name}!\n"
