"""
Differences that are no fault of penstock, and why.

C{README.md} has the same in a table, for people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from compare import Difference
from orders import Order

Check = Callable[[Order, Difference, set[str]], bool]


@dataclass(frozen=True, slots=True)
class Known:
    """
    What a stage does.

    @ivar stages: whose names begin so.
    @ivar why: a sentence.
    @ivar test: whether a difference is that; its last argument is all that
        differs in the same answer.
    """

    stages: tuple[str, ...]
    why: str
    test: Check


def _field(*names: str) -> Check:
    wanted = {f"field {name}" for name in names}
    return lambda order, difference, all: difference.what in wanted


def _seen(*names: str) -> Check:
    wanted = {f"seen field {name}" for name in names}
    return lambda order, difference, all: difference.what in wanted


def _answered(code: int) -> Check:
    """
    The stage has answered with that in place of the tree.
    """

    def test(order: Order, difference: Difference, all: set[str]) -> bool:
        return difference.what == "code" and difference.got == code

    return test


def _page(order: Order, difference: Difference, all: set[str]) -> bool:
    """
    A page of the stage's own, where the tree's would have had the same code.
    """
    return (
        order.kind in ("echo target", "other target")
        and {"content", "field vary"} <= all
        and "code" not in all
    )


def _continued(order: Order, difference: Difference, all: set[str]) -> bool:
    return difference.what == "interim" and order.expect and difference.got == [100]


KNOWN: tuple[Known, ...] = (
    Known(
        ("nginx",),
        "TRACE is answered with 405",
        lambda order, difference, all: (
            order.method == "TRACE" and _answered(405)(order, difference, all)
        ),
    ),
    Known(
        ("nginx",),
        "a target that leads above the root when decoded, or isn't a path, is"
        " answered with 400",
        lambda order, difference, all: (
            order.kind in ("echo target", "other target")
            and _answered(400)(order, difference, all)
        ),
    ),
    Known(
        ("nginx",),
        "malformed escapes and %00 are answered with 400, by a page of its own",
        _page,
    ),
    Known(
        ("nginx",),
        "trailers are not passed on",
        lambda order, difference, all: (
            difference.what in ("trailers", "seen trailers") and not difference.got
        ),
    ),
    Known(
        ("nginx",),
        "fields with other than letters, digits and dashes in their names are dropped",
        _seen("x-dots.and~marks!", "x_under_score"),
    ),
    Known(
        ("nginx",),
        "fields that Connection names are passed on",
        _seen("x-hop"),
    ),
    Known(
        ("nginx",),
        "it answers 100 (Continue) itself, before it asks",
        _continued,
    ),
    Known(
        ("nginx",),
        "interim responses are not asked for in HTTP/1.0",
        lambda order, difference, all: (
            order.kind == "hinted" and difference.what == "interim"
        ),
    ),
    Known(
        ("varnish",),
        "Age and X-Varnish are added",
        lambda order, difference, all: (
            difference.what in ("field age", "field x-varnish", "seen field x-varnish")
        ),
    ),
    Known(
        ("varnish",),
        "HEAD with a range, and a range of nothing, are answered with 416",
        lambda order, difference, all: (
            _answered(416)(order, difference, all)
            and any(name == "Range" for name, _ in order.fields)
        ),
    ),
    Known(
        ("varnish",),
        "the content of GET is dropped, and may break the connection",
        lambda order, difference, all: (
            order.method == "GET"
            and order.body is not None
            and difference.what.startswith(("lost", "seen "))
        ),
    ),
    Known(
        ("varnish",),
        "a response with trailers, or after 103, is answered with 503, or loses"
        " its trailers",
        lambda order, difference, all: (
            order.kind in ("trailers", "hinted")
            and (
                _answered(503)(order, difference, all)
                or difference.what in ("trailers", "interim", "content", "lost")
                or difference.what == "field trailer"
            )
        ),
    ),
    Known(
        ("varnish",),
        "a request with trailers breaks the connection",
        lambda order, difference, all: (
            bool(order.trailers)
            and (
                difference.what == "lost"
                or difference.what.startswith("seen ")
                or _answered(503)(order, difference, all)
            )
        ),
    ),
    Known(
        ("varnish",),
        "HEAD for what would be compressed doesn't say so",
        lambda order, difference, all: (
            order.method == "HEAD" and difference.what == "field content-encoding"
        ),
    ),
    Known(
        ("varnish",),
        "it answers 100 (Continue) itself, before it asks",
        _continued,
    ),
    Known(
        ("squid",),
        "trailers are not passed on, nor Trailer",
        lambda order, difference, all: (
            difference.what
            in ("trailers", "seen trailers", "field trailer", "seen field trailer")
        ),
    ),
    Known(
        ("squid",),
        "GET with content is answered with 411, OPTIONS * with 501",
        lambda order, difference, all: (
            (
                (_answered(411)(order, difference, all) or difference.what == "lost")
                and order.method == "GET"
                and order.body is not None
            )
            or (order.target == "*" and _answered(501)(order, difference, all))
        ),
    ),
    Known(
        ("squid",),
        "connections are closed that were said to stay: after HEAD without a"
        " length, and after an early answer",
        lambda order, difference, all: (
            difference.what == "lost"
            and difference.got.startswith("the connection was gone")
            and difference.got.endswith((" HEAD", "limited PUT", "refused POST"))
        ),
    ),
    Known(
        ("squid",),
        "Proxy-Connection counts more than Connection",
        lambda order, difference, all: (
            difference.what == "lost"
            and "stays" in difference.got
            and ("Proxy-Connection", "keep-alive") in order.fields
        ),
    ),
    Known(
        ("squid",),
        "Max-Forwards is not passed on, or counted",
        _seen("max-forwards"),
    ),
    Known(
        ("squid",),
        "X-Cache, X-Cache-Lookup, Surrogate-Capability and a Cache-Control with"
        " max-age=259200 are added",
        lambda order, difference, all: (
            difference.what
            in ("field x-cache", "field x-cache-lookup")
            + ("seen field surrogate-capability", "seen field cache-control")
        ),
    ),
    Known(
        ("penstock", "gateway"),
        "TRACE has one hop less to go (RFC 9110, section 7.6.2)",
        lambda order, difference, all: (
            order.method in ("TRACE", "OPTIONS")
            and difference.what == "seen field max-forwards"
        ),
    ),
)


def explain(
    stages: list[str], order: Order, difference: Difference, found: list[Difference]
) -> str:
    """
    @return: why; empty if nobody knows.
    """
    every = {other.what for other in found}
    differing = {other.what: other for other in found}
    for known in KNOWN:
        for stage in stages:
            if stage.startswith(known.stages):
                if known.test(order, difference, every):
                    return f"{stage}: {known.why}"
                # What else is in an answer that isn't the tree's follows.
                code = differing.get("code")
                if (
                    code is not None
                    and difference.what.startswith(
                        ("field ", "content", "interim", "trailers")
                    )
                    and known.test(order, code, every)
                ):
                    return f"{stage}: {known.why}"
    return ""


def impassable(stages: list[str]) -> set[str]:
    """
    @return: the kinds of orders that can't be sent along a route.
    """
    kinds: set[str] = set()
    for stage in stages:
        if stage.startswith("nginx-"):
            # It takes 103 for the response, and that for its content.
            kinds |= {"hinted"}
        elif stage.startswith("varnish"):
            # It refuses a response to a range that it doesn't like, and takes
            # the content of that for the next response.
            kinds |= {"odd ranges"}
    return kinds
