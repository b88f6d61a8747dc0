"""
A small site that shows what a resource can do with HTTP, one class for each
thing.

::

    penstock serve examples.showcase:root
    curl http://localhost:8080/

=============  ========================================================
/              a page, and hints at what it needs before it is there
/article       in two types and two languages, whichever is liked best
/report        made while it is sent, compressed, with trailers
/notes         JSON, and writing it without losing the writing of others
/contact       a form, with files or without
/theme         a cookie
/files/        files: listings, ranges, compressed siblings
/events        an event each second
/old           elsewhere
=============  ========================================================
"""

import hashlib
from pathlib import Path

from examples.events import Ticks
from penstock.core.choice import chooseLanguage, chooseType
from penstock.core.content import Buffer, Form
from penstock.core.errors import HTTPError
from penstock.core.etag import EntityTag
from penstock.core.headers import Headers
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.values.cookies import Cookies
from penstock.core.values.setcookie import SameSite, SetCookie
from penstock.core.values.timing import Metric
from penstock.resources.compressed import Compressed
from penstock.resources.file import File
from penstock.resources.redirect import Redirect

FILES = Path(__file__).parent / "files"

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<link rel="stylesheet" href="/files/style.css">
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""

# What every page says: nobody else's scripts, and no guessing.
SAFE = [
    ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
]


def page(title, body, language="en", code=200):
    text = PAGE.format(title=title, body=body, language=language)
    return Response.html(text, code, [*SAFE, ("content-language", language)])


class Front(Resource):
    """
    Tells the browser what it will need (103), and then what it came for.
    """

    def render_GET(self, request):
        style = ("link", "</files/style.css>; rel=preload; as=style")
        request.writeEarlyHints([style])
        response = page(
            "A showcase",
            "<ul>"
            '<li><a href="article">An article</a></li>'
            '<li><a href="report">A report</a></li>'
            '<li><a href="contact">A form</a></li>'
            '<li><a href="files/">Files</a></li>'
            "</ul>",
        )
        response.headers.setRaw(*style)
        response.headers.setRaw("cache-control", "max-age=60")
        return response


class Article(Resource):
    """
    One thing in several shapes (RFC 9110, section 12.1).

    C{chooseType} and C{chooseLanguage} look at what the client likes, and say
    in Vary that they did.  The tag says which shape of which state this is:
    the rest, 304 and 412, happens by itself.
    """

    texts = {
        "en": ("The gate", "It lets through as much as the turbine takes."),
        "de": ("Das Schütz", "Es lässt durch, was die Turbine schluckt."),
    }

    def render_GET(self, request):
        kind = chooseType(request, ["text/html", "application/json"])
        if kind is None:
            raise HTTPError(406)
        language = chooseLanguage(request, ["en", "de"]) or "en"
        title, text = self.texts[language]
        if kind == "text/html":
            response = page(title, f"<p>{text}</p>", language)
        else:
            response = Response.json({"title": title, "text": text})
            response.headers.setRaw("content-language", language)
        tag = hashlib.sha256(response.body).hexdigest()[:16]
        response.headers.setHeader("etag", EntityTag(tag))
        response.headers.setRaw("cache-control", "max-age=3600")
        return response


class Report(Resource):
    """
    A page that is made while it is sent.

    The head goes out with the first block.  What only shows at the end, here
    how long it took, comes behind it, in the trailers.
    """

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def render_GET(self, request):
        trailers = Headers()
        return Response(
            self.text(trailers),
            headers=[
                ("content-type", "text/plain; charset=utf-8"),
                ("cache-control", "no-store"),
                ("trailer", "server-timing"),
            ],
            trailers=trailers,
        )

    async def text(self, trailers):
        begun = self.clock.seconds()
        for day in range(1, 31):
            lines = [f"{day}.{hour:02}: {day * hour} m³\n" for hour in range(24)]
            yield "".join(lines).encode("utf-8")
        took = round((self.clock.seconds() - begun) * 1_000_000)
        trailers.setHeader("server-timing", (Metric("made", took),))


class Notes(Resource):
    """
    A list that is read and replaced as JSON.

    Whoever replaces it says which state of it they have seen (If-Match), so
    nobody overwrites what they haven't: 428 without, 412 with another one.
    """

    policy = Buffer(limit=10_000)

    def __init__(self):
        super().__init__()
        self.notes = ["Oil the gate"]

    def current(self, code=200):
        response = Response.json(self.notes, code)
        tag = hashlib.sha256(response.body).hexdigest()[:16]
        response.headers.setHeader("etag", EntityTag(tag))
        response.headers.setRaw("cache-control", "no-cache")
        return response

    def render_GET(self, request):
        return self.current()

    def render_PUT(self, request):
        if "if-match" not in request.in_headers:
            raise HTTPError(428, "Say with If-Match what you have seen.")
        tag = self.current().headers.get("etag")
        request.out_headers.setRaw("etag", tag)
        if not request.checkPreconditions():
            # It has been answered.
            return None
        notes = request.json()
        if not isinstance(notes, list) or not all(isinstance(n, str) for n in notes):
            # As application/problem+json, for who likes that (RFC 9457).
            raise HTTPError(
                422,
                "Notes are a list of strings.",
                details={"type": "/article", "given": type(notes).__name__},
            )
        self.notes = notes
        request.out_headers.removeHeader("etag")
        return self.current()


class Contact(Resource):
    """
    A form.  Its fields are text, its files are temporary files; both are
    there when it is rendered, and the files gone when that is done.
    """

    policy = Form(limit=2_000_000, files=3)

    form = (
        '<form method="post" enctype="multipart/form-data">'
        '<p><label>Your name <input name="name" required></label></p>'
        '<p><label>Pictures <input type="file" name="picture" multiple></label></p>'
        "<p><button>Send</button></p></form>"
    )

    def __init__(self):
        super().__init__()
        self.received = []

    def render_GET(self, request):
        response = page("Write to us", self.form)
        response.headers.setRaw("cache-control", "max-age=60")
        return response

    def render_POST(self, request):
        name = request.form.first("name", "somebody")
        files = request.files.get("picture", [])
        self.received.append((name, [(file.filename, file.size) for file in files]))
        # So that reloading the answer doesn't send the form again.
        return Response.redirect("/article", 303)


class Theme(Resource):
    """
    Remembers something in the browser.
    """

    policy = Form(limit=1000, files=0)

    def render_GET(self, request):
        cookies = request.in_headers.getHeader("cookie", Cookies(()))
        response = Response(f"Your theme is {cookies.get('theme') or 'light'}.\n")
        response.headers.setRaw("vary", "cookie")
        response.headers.setRaw("cache-control", "no-store")
        return response

    def render_POST(self, request):
        theme = request.form.first("theme")
        if theme not in ("light", "dark"):
            raise HTTPError(400, "A theme is light or dark.")
        cookie = SetCookie(
            "theme", theme, path="/", httpOnly=True, sameSite=SameSite.LAX, maxAge=86400
        )
        response = Response.redirect("/theme", 303)
        response.headers.setHeader("set-cookie", (cookie,))
        response.headers.setRaw("cache-control", "no-store")
        return response


def tree(clock, files=FILES):
    site = Resource()
    site.putChild("", Front())
    site.putChild("article", Article())
    site.putChild("report", Report(clock))
    site.putChild("notes", Notes())
    site.putChild("contact", Contact())
    site.putChild("theme", Theme())
    site.putChild("files", File(files, listing=True, precompressed=True))
    site.putChild("events", Ticks(clock))
    site.putChild("old", Redirect("/article", 301))
    return Compressed(site)


def root():
    """
    Called by C{penstock serve} when a reactor has been chosen.
    """
    from twisted.internet import reactor

    return tree(reactor)
