"""
Differences that are no fault of penstock, and why.

C{README.md} has the same in a table, for people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from compare import Difference
from orders import Order


@dataclass(frozen=True, slots=True)
class Case:
    """
    One difference, and all that differs in the same answer.
    """

    order: Order
    what: str
    got: Any
    others: frozenset[str]

    def answered(self, *codes: int) -> bool:
        """
        @return: whether a stage has answered in place of the tree.
        """
        return self.what == "code" and self.got in codes

    @property
    def isOddTarget(self) -> bool:
        """
        Whether it is all about the target.
        """
        return self.order.kind in ("echo target", "other target")

    @property
    def isGetWithContent(self) -> bool:
        """
        Whether it is what many don't expect.
        """
        return self.order.method == "GET" and self.order.body is not None

    @property
    def isEarlyContinue(self) -> bool:
        """
        Whether 100 came though the tree didn't ask for content.
        """
        return self.what == "interim" and self.order.expect and self.got == [100]


@dataclass(frozen=True, slots=True)
class Known:
    """
    What a stage does.

    @ivar stages: whose names begin so.
    @ivar why: a sentence.
    @ivar test: whether a difference is that.
    """

    stages: tuple[str, ...]
    why: str
    test: Callable[[Case], bool]


KNOWN: tuple[Known, ...] = (
    Known(
        ("nginx",),
        "TRACE is answered with 405",
        lambda case: case.order.method == "TRACE" and case.answered(405),
    ),
    Known(
        ("nginx",),
        "a target that leads above the root when decoded, or isn't a path, is"
        " answered with 400",
        lambda case: case.isOddTarget and case.answered(400),
    ),
    Known(
        ("nginx",),
        "malformed escapes and %00 are answered with 400, by a page of its own",
        lambda case: (
            case.isOddTarget
            and {"content", "field vary"} <= case.others
            and "code" not in case.others
        ),
    ),
    Known(
        ("nginx",),
        "trailers are not passed on",
        lambda case: case.what in ("trailers", "seen trailers") and not case.got,
    ),
    Known(
        ("nginx",),
        "fields with other than letters, digits and dashes in their names are dropped",
        lambda case: (
            case.what in ("seen field x-dots.and~marks!", "seen field x_under_score")
        ),
    ),
    Known(
        ("nginx",),
        "fields that Connection names are passed on",
        lambda case: case.what == "seen field x-hop",
    ),
    Known(
        ("nginx", "varnish"),
        "it answers 100 (Continue) itself, before anybody wants the content",
        lambda case: case.isEarlyContinue,
    ),
    Known(
        ("nginx",),
        "interim responses are not asked for in HTTP/1.0",
        lambda case: case.order.kind == "hinted" and case.what == "interim",
    ),
    Known(
        ("varnish",),
        "Age and X-Varnish are added",
        lambda case: (
            case.what in ("field age", "field x-varnish", "seen field x-varnish")
        ),
    ),
    Known(
        ("varnish",),
        "HEAD with a range, and a range of nothing, are answered with 416",
        lambda case: (
            case.answered(416) and any(name == "Range" for name, _ in case.order.fields)
        ),
    ),
    Known(
        ("varnish",),
        "the content of GET is dropped, and may break the connection",
        lambda case: case.isGetWithContent and case.what.startswith(("lost", "seen ")),
    ),
    Known(
        ("varnish",),
        "a response with trailers, or after 103, is answered with 503, or cut, or"
        " loses its trailers",
        lambda case: (
            case.order.kind in ("trailers", "hinted")
            and (
                case.answered(503)
                or case.what in ("trailers", "interim", "content", "lost")
                or case.what == "field trailer"
            )
        ),
    ),
    Known(
        ("varnish",),
        "a request with trailers is answered with 503, or breaks the connection",
        lambda case: (
            bool(case.order.trailers)
            and (
                case.answered(503)
                or case.what == "lost"
                or case.what.startswith("seen ")
            )
        ),
    ),
    Known(
        ("varnish",),
        "HEAD for what would be compressed doesn't say so",
        lambda case: (
            case.order.method == "HEAD" and case.what == "field content-encoding"
        ),
    ),
    Known(
        ("squid",),
        "X-Cache, X-Cache-Lookup, Surrogate-Capability and a Cache-Control with"
        " max-age=259200 are added",
        lambda case: (
            case.what in ("field x-cache", "field x-cache-lookup")
            or case.what == "seen field surrogate-capability"
            or case.what == "seen field cache-control"
        ),
    ),
    Known(
        ("squid",),
        "trailers are not passed on, nor Trailer",
        lambda case: (
            case.what
            in ("trailers", "seen trailers", "field trailer", "seen field trailer")
        ),
    ),
    Known(
        ("squid",),
        "GET with content is answered with 411",
        lambda case: (
            case.isGetWithContent and (case.answered(411) or case.what == "lost")
        ),
    ),
    Known(
        ("squid",),
        "OPTIONS * is answered with 501",
        lambda case: case.order.target == "*" and case.answered(501),
    ),
    Known(
        ("squid",),
        "Max-Forwards is dropped, or counted, whatever the method",
        lambda case: case.what == "seen field max-forwards",
    ),
    Known(
        ("nginx-",),
        "a connection that was said to stay is closed after an early answer",
        lambda case: (
            case.what == "lost"
            and case.got.startswith("the connection was gone")
            and case.got.endswith(("limited PUT", "refused POST"))
        ),
    ),
    Known(
        ("squid",),
        "connections are closed that were said to stay, or reset: mostly after HEAD"
        " without a length, and after early answers",
        # The tree has closed none without saying so, as a relay between the
        # two showed.
        lambda case: (
            case.what == "lost"
            and case.got.startswith(
                ("the connection was gone", "ConnectionReset", "PeerGone")
            )
        ),
    ),
    Known(
        ("squid",),
        "Proxy-Connection counts more than Connection",
        lambda case: (
            case.what == "lost"
            and "stays" in case.got
            and ("Proxy-Connection", "keep-alive") in case.order.fields
        ),
    ),
    Known(
        ("ours",),
        "what may not be sent isn't",
        lambda case: case.what == "lost" and case.got.startswith("LocalProtocolError"),
    ),
    Known(
        ("haproxy-hasty",),
        "a connection is closed just when a request with content is sent on it,"
        " which nobody may send again",
        lambda case: (
            case.order.body is not None
            and (
                case.answered(502)
                or (case.what == "lost" and case.got.startswith("PeerGone"))
            )
        ),
    ),
    Known(
        ("haproxy-hasty",),
        "a connection is closed before anything was sent on it",
        lambda case: (
            case.answered(503)
            or (case.what == "lost" and case.got.startswith("Unavailable"))
        ),
    ),
    Known(
        ("penstock", "gateway"),
        "TRACE and OPTIONS have one hop less to go (RFC 9110, section 7.6.2)",
        lambda case: (
            case.order.method in ("TRACE", "OPTIONS")
            and case.what == "seen field max-forwards"
        ),
    ),
)

# What follows if an answer isn't the tree's.
_FOLLOWS = ("field ", "content", "interim", "trailers")


def explain(
    stages: list[str], order: Order, difference: Difference, found: list[Difference]
) -> str:
    """
    @param found: all that differs in the same answer.

    @return: why; empty if nobody knows.
    """
    others = frozenset(other.what for other in found)
    cases = [
        Case(order, other.what, other.got, others)
        for other in found
        if other is difference
        or (other.what == "code" and difference.what.startswith(_FOLLOWS))
    ]
    for stage in stages:
        for known in KNOWN:
            if stage.startswith(known.stages) and any(map(known.test, cases)):
                return f"{stage}: {known.why}"
    return ""


def impassable(stages: list[str]) -> set[str]:
    """
    @return: the kinds of orders that can't be sent along a route, as what they
        lead to disturbs the orders after them.
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
