"""
Orders of all kinds, at random but the same ones for the same seed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from itertools import pairwise

from files import SIZES, TEXTS
from orders import Fields, Order
from tree import LIMIT, MODIFIED, octets

# Legal, or nearly; and whatever they mean, they mean the same at both ends.
TARGETS = (
    "",
    "/",
    "//",
    "//double//slashes//",
    "/a%2Fb",
    "/a%2fb%2F..%2F",
    "/%41%42",
    "/%7euser/~user",
    "/;p=1;q/x;y",
    "/a+b%20c",
    "/a:b@c",
    "/it's(all)*legal!$&,=",
    "/%E2%82%AC/%C3%A9",
    "/%00x",
    "/%0d%0aX-Injected:%201",
    "/%zz",
    "/100%",
    "/a/./b",
    "/a/../b",
    "/a/%2e%2e/b",
    "/..%2f..%2fetc",
    "/a|b",
    "/{x}",
    "/[x]",
    "/a\\b",
    "/<x>",
    '/a"b',
    "/^`",
    "/" + "long" * 1500,
)

QUERIES = (
    "",
    "?",
    "?a=b&c=d",
    "?a=b?c=/d",
    "?%20+%2B",
    "?%",
    "?a[]=1&a[]=2",
    "?x=%00",
    "?" + "q=1&" * 500,
    "?//",
    "?'\"<>",
)

# What goes through as it is.
EXTRA: tuple[Fields, ...] = (
    (("Accept", "text/html;q=0.8, */*"),),
    (("Cookie", "a=b; c=d"),),
    (("Cookie", "a=b"), ("Accept-Language", "de, en;q=0.5")),
    (("X-Empty", ""),),
    (("X-Long", "long " * 700 + "end"),),
    (("X-Latin", "caf\xe9"),),
    (("X-Twice", "one"), ("X-Other", "between"), ("X-Twice", "two, three")),
    (("x_under_score", "1"),),
    (("X-Quoted", '"a, b"; c="\\""'),),
    (("User-Agent", "interop/1"),),
    (("Referer", "http://elsewhere.example/a?b"),),
    (("Authorization", "Basic dTpw"),),
    (("Cache-Control", "no-cache"),),
    (("Pragma", "no-cache"),),
    (("Accept-Encoding", "gzip, br;q=0.5"),),
    (("Accept-Encoding", "identity"),),
    (("X-Dots.and~marks!", "1"),),
    (("Max-Forwards", "7"),),
    (("From", "a@b.example"), ("DNT", "1"), ("Upgrade-Insecure-Requests", "1")),
    tuple((f"X-Number-{place}", str(place)) for place in range(50)),
)

# What somebody in between ought to take out, or not to believe.
HOSTILE: tuple[Fields, ...] = (
    (("X-Forwarded-For", "6.6.6.6"),),
    (("X-Forwarded-For", "6.6.6.6, 127.0.0.1"), ("X-Forwarded-Proto", "https")),
    (("Forwarded", "for=6.6.6.6;proto=https"),),
    (("X-Real-IP", "6.6.6.6"),),
    (("Connection", "X-Hop"), ("X-Hop", "for the next one only")),
    (("Keep-Alive", "timeout=5"),),
    (("TE", "trailers, deflate"), ("Connection", "TE")),
    (("Proxy-Connection", "keep-alive"),),
    (("Upgrade", "h2c"), ("Connection", "Upgrade")),
    (("Via", "1.0 somebody"),),
)

RANGES = (
    "bytes=0-99",
    "bytes=-5",
    "bytes=500-",
    "bytes=0-0",
    "bytes=0-",
    "bytes=99999999-",
)

ODD_RANGES = (
    "bytes=0-0,10-20",
    "bytes=10-20,-7,400-499",
    "bytes=0-99,50-149",
    "bytes=-0",
    "bytes=5-3",
    "bytes=x",
    "items=0-1",
    "bytes= 0-9 , 20-29",
    "BYTES=0-9",
)

# How much content; mostly little.
_SIZES = (0, 0, 1, 10, 1000, 1000, 4096, 16_384, 65_535, 65_536, 65_537, 200_000)
_LARGE = (1 << 20, 2_500_000, 4 << 20)


class Mix:
    """
    Makes orders.

    @ivar tags: the entity tags of files, by their targets.
    """

    def __init__(
        self, seed: int, tags: dict[str, str], without: Container[str] = ()
    ) -> None:
        """
        @param without: kinds of orders that are left out; C{"odd ranges"}, too.
        """
        self.tags = tags
        self._without = without
        self._ranges = RANGES if "odd ranges" in without else RANGES + ODD_RANGES
        self._chance = random.Random(seed)
        self._number = 0
        kinds: dict[Callable[[], Order], int] = {
            self._plain: 6,
            self._echo: 14,
            self._echoOdd: 10,
            self._echoContent: 18,
            self._file: 8,
            self._fileRange: 8,
            self._condition: 10,
            self._data: 5,
            self._unsafe: 4,
            self._pieces: 8,
            self._trailers: 3,
            self._slow: 1,
            self._later: 3,
            self._status: 6,
            self._elsewhere: 3,
            self._many: 3,
            self._hinted: 2,
            self._limited: 5,
            self._refused: 3,
            self._text: 6,
            self._languages: 3,
            self._missing: 3,
        }
        self._kinds = list(kinds)
        self._weights = list(kinds.values())

    def orders(self, count: int) -> Iterator[Order]:
        """
        @return: so many.
        """
        for _ in range(count):
            self._number += 1
            order = self._any()
            while order.kind in self._without:
                order = self._any()
            yield self._vary(order)

    def _any(self) -> Order:
        (make,) = self._chance.choices(self._kinds, self._weights)
        return make()

    def _vary(self, order: Order) -> Order:
        """
        What can happen to any order.
        """
        chance = self._chance
        fields = order.fields
        if chance.random() < 0.9 or order.body is not None:
            fields = (("X-Order", str(order.number)), *fields)
        order = replace(order, fields=fields)
        simple = order.body is None and not order.trailers
        if chance.random() < 0.05:
            order = replace(order, close=True)
        elif simple and chance.random() < 0.05:
            order = replace(order, old=True, close=chance.random() < 0.5)
        elif simple and order.method == "GET" and chance.random() < 0.1:
            # What may break a connection would take the others with it.
            order = replace(order, pipelined=order.kind != "trailers")
        elif chance.random() < 0.01:
            order = replace(order, leave=True)
        return order

    def _order(self, kind: str, method: str, target: str, *fields: Fields) -> Order:
        every = tuple(field for some in fields for field in some)
        return Order(self._number, kind, method, target, every)

    def _reading(self) -> str:
        return "HEAD" if self._chance.random() < 0.15 else "GET"

    def _extra(self) -> Fields:
        chance = self._chance
        if chance.random() < 0.5:
            return ()
        return chance.choice(EXTRA)

    def _pieced(self, content: bytes) -> tuple[bytes, ...]:
        """
        @return: C{content}, cut at random.
        """
        cuts = sorted(
            self._chance.randrange(len(content) + 1)
            for _ in range(self._chance.choice((0, 0, 1, 3, 8)))
        )
        edges = [0, *cuts, len(content)]
        return tuple(content[a:b] for a, b in pairwise(edges))

    def _withContent(self, order: Order, size: int) -> Order:
        chance = self._chance
        body = self._pieced(octets("content", size))
        chunked = chance.random() < 0.4
        trailers: Fields = ()
        if chunked and chance.random() < 0.2:
            trailers = (("X-Digest", "abc"), ("X-Last", str(order.number)))
        return replace(
            order,
            body=body,
            chunked=chunked,
            trailers=trailers,
            expect=size > 0 and chance.random() < 0.15,
        )

    # The kinds

    def _plain(self) -> Order:
        # With nothing else, it takes the shortest way.
        return self._order("plain", self._reading(), "/")

    def _echo(self) -> Order:
        chance = self._chance
        method = chance.choice(
            ("GET", "GET", "GET", "DELETE", "OPTIONS", "PROPFIND", "TRACE")
        )
        extra = chance.sample(EXTRA, chance.choice((0, 1, 3)))
        if chance.random() < 0.3:
            extra.append(chance.choice(HOSTILE))
        order = self._order("echo", method, "/echo/fields?x=1", *extra)
        if method == "TRACE":
            order = replace(order, kind="echo trace")
        return order

    def _echoOdd(self) -> Order:
        chance = self._chance
        target = "/echo" + chance.choice(TARGETS) + chance.choice(QUERIES)
        method = "GET"
        if chance.random() < 0.08:
            target = "http://site.example" + chance.choice(("/echo/a?b", "/echo", ""))
        elif chance.random() < 0.03:
            target = "/" + target
        elif chance.random() < 0.02:
            method, target = "OPTIONS", "*"
        order = self._order("echo target", method, target)
        if "echo" not in target or target.startswith("//"):
            order = replace(order, kind="other target")
        return order

    def _echoContent(self) -> Order:
        chance = self._chance
        method = chance.choice(("POST", "PUT", "PATCH", "PUT", "POST", "DELETE", "GET"))
        size = chance.choice(_LARGE if chance.random() < 0.04 else _SIZES)
        order = self._order("echo content", method, "/echo/content", self._extra())
        if method in ("GET", "DELETE"):
            order = replace(order, kind=f"echo {method} content")
            size = min(size, 4096) or 1
        return self._withContent(order, size)

    def _path(self) -> str:
        name = self._chance.choice([*SIZES, *TEXTS, "sub/inner.txt", "a%20b.txt"])
        return f"/files/{name}"

    def _file(self) -> Order:
        target = self._path()
        if self._chance.random() < 0.1:
            target = self._chance.choice(("/files/sub", "/files/nothing", "/files/"))
        return self._order("file", self._reading(), target, self._extra())

    def _fileRange(self) -> Order:
        chance = self._chance
        path = self._path()
        fields = [("Range", chance.choice(self._ranges))]
        if chance.random() < 0.4:
            tag = self.tags.get(path, '"none"')
            fields.append(
                (
                    "If-Range",
                    chance.choice(
                        (
                            tag,
                            '"other"',
                            "W/" + tag,
                            "Tue, 14 Nov 2023 22:13:20 GMT",
                            "Mon, 13 Nov 2023 22:13:20 GMT",
                        )
                    ),
                )
            )
        return self._order("range", self._reading(), path, tuple(fields))

    def _condition(self) -> Order:
        chance = self._chance
        if chance.random() < 0.5:
            target = self._path()
            tag = self.tags.get(target, '"none"')
        else:
            size = chance.choice((0, 10, 1000, 50_000))
            target = chance.choice(("/data", "/weak")) + f"/c/{size}"
            tag = f'"c-{size}"'
        before = "Mon, 01 Jan 2001 00:00:00 GMT"
        after = "Wed, 01 Jan 2025 00:00:00 GMT"
        field = chance.choice(
            (
                ("If-None-Match", tag),
                ("If-None-Match", "W/" + tag),
                ("If-None-Match", f'"x", {tag}, "y"'),
                ("If-None-Match", "*"),
                ("If-None-Match", '"other"'),
                ("If-Match", tag),
                ("If-Match", "*"),
                ("If-Match", '"other"'),
                ("If-Modified-Since", MODIFIED),
                ("If-Modified-Since", before),
                ("If-Modified-Since", after),
                ("If-Modified-Since", "yesterday"),
                ("If-Unmodified-Since", before),
                ("If-Unmodified-Since", after),
            )
        )
        return self._order("condition", self._reading(), target, (field,))

    def _data(self) -> Order:
        chance = self._chance
        size = chance.choice((0, 1, 100, 10_000, 70_000, 500_000))
        target = f"/data/d{chance.randrange(4)}/{size}"
        fields: Fields = self._extra()
        if chance.random() < 0.5:
            fields = (*fields, ("Range", chance.choice(self._ranges)))
        return self._order("data", self._reading(), target, fields)

    def _unsafe(self) -> Order:
        chance = self._chance
        target = chance.choice(("/data", "/weak")) + "/u/100"
        field = chance.choice(
            (
                ("If-Match", '"u-100"'),
                ("If-Match", '"other"'),
                ("If-None-Match", "*"),
                ("If-Unmodified-Since", "Mon, 01 Jan 2001 00:00:00 GMT"),
            )
        )
        method = chance.choice(("PUT", "DELETE"))
        order = self._order("unsafe", method, target, (field,))
        if method == "PUT":
            order = self._withContent(order, chance.choice((0, 10, 1000)))
        return order

    def _pieces(self) -> Order:
        chance = self._chance
        count, size = chance.choice(
            ((0, 0), (1, 1), (3, 1000), (40, 30), (20, 20_000), (2, 500_000))
        )
        return self._order("pieces", self._reading(), f"/pieces/{count}/{size}")

    def _trailers(self) -> Order:
        count, size = self._chance.choice(((0, 0), (1, 10), (5, 5000)))
        te = (("TE", "trailers"), ("Connection", "TE"))
        fields: Fields = te if self._chance.random() < 0.5 else ()
        return self._order("trailers", "GET", f"/trailers/{count}/{size}", fields)

    def _slow(self) -> Order:
        return self._order("slow", "GET", "/slow/5/2000")

    def _later(self) -> Order:
        return self._order("later", "GET", f"/later/{self._chance.randrange(60)}")

    def _status(self) -> Order:
        chance = self._chance
        code = chance.choice(
            (200, 201, 202, 203, 204, 205, 226, 299, 300, 400, 401, 403, 404, 409)
            + (410, 418, 422, 425, 429, 451, 499, 500, 501, 502, 503, 504, 507, 599)
        )
        method = chance.choice(("GET", "GET", "HEAD", "POST", "PUT", "DELETE"))
        order = self._order("status", method, f"/status/{code}")
        if method in ("POST", "PUT"):
            order = self._withContent(order, chance.choice((0, 10, 5000)))
        return order

    def _elsewhere(self) -> Order:
        chance = self._chance
        code = chance.choice((301, 302, 303, 307, 308))
        to = chance.choice(("", "?to=/a%3Fb", "?to=http://other.example/x%23y"))
        return self._order("elsewhere", self._reading(), f"/elsewhere/{code}{to}")

    def _many(self) -> Order:
        return self._order("many", "GET", f"/many/{self._chance.randrange(90)}")

    def _hinted(self) -> Order:
        return self._order("hinted", "GET", "/hinted")

    def _limited(self) -> Order:
        size = self._chance.choice(
            (0, 10, 5000, LIMIT - 1, LIMIT, LIMIT + 1, 200_000, 2_000_000)
        )
        order = self._withContent(self._order("limited", "PUT", "/limited"), size)
        return replace(order, trailers=())

    def _refused(self) -> Order:
        size = self._chance.choice((0, 10, 5000, 100_000, 1_000_000, 3_000_000))
        return self._withContent(self._order("refused", "POST", "/refused"), size)

    def _text(self) -> Order:
        chance = self._chance
        size = chance.choice((10, 1023, 1024, 5000, 100_000))
        like = chance.choice(
            ("gzip", "br", "gzip, br", "identity", "*;q=0", "deflate", "zstd", "x", "")
        )
        fields: Fields = (("Accept-Encoding", like),)
        if chance.random() < 0.2:
            fields = (*fields, ("Range", "bytes=0-9"))
        if chance.random() < 0.2:
            tag = f'"text-{size}"' if chance.random() < 0.5 else f'"text-{size}-gzip"'
            fields = (*fields, ("If-None-Match", tag))
        return self._order("text", self._reading(), f"/text/{size}", fields)

    def _languages(self) -> Order:
        language = self._chance.choice(("en", "de", "fr, en;q=0.5"))
        fields = (("Accept-Language", language),)
        return self._order("languages", self._reading(), "/languages/2000", fields)

    def _missing(self) -> Order:
        target = self._chance.choice(
            ("/nothing", "/data/x", "/files/%2e%2e/x", "/files/.hidden", "/limited/x")
        )
        return self._order("missing", self._reading(), target, self._extra())
