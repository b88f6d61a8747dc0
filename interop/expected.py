"""
What must come of an order: what the same tree answers in memory.
"""

from __future__ import annotations

from orders import Answer, Order
from tree import tree

from penstock.core.errors import ExchangeLost
from penstock.core.headers import Headers
from penstock.core.interfaces import Version
from penstock.resources.trusted import TrustedProxies
from penstock.transports.memory import MemoryClient
from penstock.transports.memory.clock import VirtualClock

# Steps of the clock, which nobody has to wait for, until an answer is there.
_STEPS = 300
_STEP = 0.1


class Oracle:
    """
    The tree, in memory.
    """

    def __init__(self, files: str) -> None:
        self._clock = VirtualClock()
        # Nobody in memory is a proxy.
        root = TrustedProxies(tree(self._clock, files), ["192.0.2.1"])
        versions: tuple[Version, ...] = ((1, 0), (1, 1))
        self._clients = {
            version: MemoryClient(root, self._clock, limit=1 << 26, version=version)
            for version in versions
        }

    def answer(self, order: Order) -> Answer:
        """
        @return: what a client gets who has the tree for itself.
        """
        client = self._clients[(1, 0) if order.old else (1, 1)]
        fields = [("Host", order.host), *order.fields]
        if order.trailers:
            fields.append(("Trailer", ", ".join(name for name, _ in order.trailers)))
        if order.expect:
            fields.append(("Expect", "100-continue"))
        length: int | None = 0
        if order.body is not None:
            length = None if order.chunked else order.size
            if length == 0:
                fields.append(("Content-Length", "0"))
        exchange = client.open(
            order.method,
            order.target,
            [(name, value.encode("latin-1")) for name, value in fields],
            contentLength=length,
        )
        answer = Answer()
        try:
            if length != 0:
                for piece in order.body or ():
                    if piece and not exchange.complete:
                        exchange.send(piece)
                if not exchange.complete:
                    exchange.end(Headers(order.trailers) if order.trailers else None)
            for _ in range(_STEPS):
                if exchange.complete or exchange.lost is not None:
                    break
                client.advance(_STEP)
        except ExchangeLost as problem:
            answer.lost = repr(problem)
        if not exchange.complete:
            answer.lost = answer.lost or repr(exchange.lost) or "no answer"
        answer.code = exchange.code or 0
        answer.fields = _texts(exchange.headers)
        answer.trailers = _texts(exchange.trailers)
        answer.interim = [code for code, _ in exchange.intermediate]
        answer.take(exchange.body, order.isEcho)
        return answer

    def tags(self, targets: list[str]) -> dict[str, str]:
        """
        @return: the entity tags of what is there, by C{targets}.
        """
        client = self._clients[1, 1]
        return {
            target: (client.get(target).headers.get(b"etag") or b"").decode("ascii")
            for target in targets
        }


def _texts(headers: Headers | None) -> list[tuple[str, str]]:
    return [
        (name.decode("ascii").lower(), value.decode("latin-1"))
        for name, value in headers or ()
    ]
