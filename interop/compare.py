"""
What came, against what was to come.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from orders import Answer, Order

# Fields of the hop, of the framing, and of whoever answers.
_OWN = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "date", "server", "via"}
)

# What the tree says about where a request came from and what came with it is
# looked at apart.
_SEEN = ("method", "path", "query", "host", "segments", "size", "digest", "trailers")


@dataclass(frozen=True, slots=True)
class Difference:
    """
    One.

    @ivar what: C{"lost"}, C{"code"}, C{"content"}, C{"trailers"},
        C{"interim"}, C{"field NAME"}, C{"seen WHAT"}, C{"seen field NAME"}.
    """

    what: str
    expected: Any
    got: Any

    def __str__(self) -> str:
        return f"{self.what}: expected {self.expected!r:.150}, got {self.got!r:.150}"


def joined(fields: Iterable[tuple[str, str]]) -> dict[str, str]:
    """
    @return: the values of each name, put together (RFC 9110, section 5.3).
    """
    values: dict[str, list[str]] = {}
    for name, value in fields:
        values.setdefault(name.lower(), []).append(value)
    return {
        # Those of Set-Cookie can't be.
        name: ("\n" if name == "set-cookie" else ", ").join(several)
        for name, several in values.items()
    }


def differences(
    order: Order, expected: Answer, got: Answer, source: str
) -> list[Difference]:
    """
    @param source: where the client is.

    @return: all.
    """
    if got.lost or expected.lost:
        return [Difference("lost", expected.lost, got.lost)]
    found = []
    if got.code != expected.code:
        found.append(Difference("code", expected.code, got.code))
    if not order.isEcho or expected.code != 200:
        if (got.size, got.digest) != (expected.size, expected.digest):
            found.append(Difference("content", expected.size, got.size))
    if joined(got.trailers) != joined(expected.trailers):
        found.append(Difference("trailers", expected.trailers, got.trailers))
    if Counter(got.interim) != Counter(expected.interim):
        found.append(Difference("interim", expected.interim, got.interim))
    before, after = joined(expected.fields), joined(got.fields)
    for name in sorted((before.keys() | after.keys()) - _OWN):
        if name == "content-length" and (
            order.isEcho or name not in after or name not in before
        ):
            # Some say it, some don't; those that do have kept to it.
            continue
        if before.get(name) != after.get(name):
            found.append(Difference(f"field {name}", before.get(name), after.get(name)))
    if got.content and expected.content and got.code == expected.code == 200:
        found += _seen(json.loads(expected.content), json.loads(got.content), source)
    return found


def _seen(
    expected: dict[str, Any], got: dict[str, Any], source: str
) -> Iterable[Difference]:
    for seen in (expected, got):
        # Whether there is none or an empty one is not said everywhere.
        seen["trailers"] = joined(seen["trailers"] or ())
    for key in _SEEN:
        if expected[key] != got[key]:
            yield Difference(f"seen {key}", expected[key], got[key])
    if got["peer"] != source:
        yield Difference("seen peer", source, got["peer"])
    if got["secure"]:
        yield Difference("seen secure", False, True)
    before, after = joined(expected["fields"]), joined(got["fields"])
    for name in sorted(before.keys() | after.keys()):
        if name in ("content-length", "via", "expect"):
            continue
        if before.get(name) != after.get(name):
            yield Difference(f"seen field {name}", before.get(name), after.get(name))
