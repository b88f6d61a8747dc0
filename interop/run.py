"""
Send ten thousand mixed requests along a route, and compare what comes::

    python run.py nginx
    python run.py --requests 1000 "penstock haproxy"
    python run.py

A route names the stages of C{stages.py} from the client to the tree.  If the
first is C{ours}, the client is penstock's own; else it is a plain socket.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from caller import Caller
from compare import Difference, differences
from expected import Oracle
from files import makeFiles
from known import explain, impassable
from mix import Mix
from orders import Answer, Order
from ours import OurCaller, adapted
from stages import Route

CLIENTS = 8

# Requests that are sent without waiting, at most.
PIPELINE = 4

# Seconds after which an answer is late.
SLOW = 2.0

ROUTES = (
    "",
    # In front.
    "nginx",
    "nginx-kept",
    "nginx-unix",
    "nginx-tls",
    "nginx-forwarded",
    "haproxy",
    "haproxy-closing",
    "haproxy-unix",
    "haproxy-tls",
    "haproxy-forwarded",
    "haproxy-proxy1",
    "haproxy-proxy2",
    "varnish",
    "varnish-unix",
    "varnish-proxy1",
    "varnish-proxy2",
    "squid",
    # Penstock as a proxy, and proxies around it.
    "penstock",
    "penstock nginx-kept",
    "penstock haproxy",
    "penstock haproxy-hasty",
    "gateway",
    "nginx-kept gateway",
    "haproxy gateway",
    # Behind our client.
    "ours",
    "ours nginx",
    "ours nginx-kept",
    "ours haproxy",
    "ours haproxy-closing",
    "ours haproxy-hasty",
    "ours varnish",
    "ours squid",
)

Work = list[tuple[Order, Answer]]


class Client(threading.Thread):
    """
    One of those who send orders, from an address of its own.
    """

    def __init__(self, work: queue.Queue[Work | None], port: int, place: int) -> None:
        super().__init__(daemon=True)
        self.source = f"127.0.0.{11 + place}"
        self.caller = Caller(("127.0.0.1", port), self.source)
        self.found: list[tuple[Order, list[Difference], Answer]] = []
        self.requests = 0
        self.octets = 0
        self.slowest = (0.0, "")
        self._work = work

    def run(self) -> None:
        """
        Until there is no more.
        """
        while (orders := self._work.get()) is not None:
            started = time.monotonic()
            answers = self.caller.call([order for order, _ in orders])
            took = time.monotonic() - started
            self.slowest = max(self.slowest, (took, orders[0][0].describe()))
            for (order, expected), got in zip(orders, answers, strict=True):
                self.requests += 1
                self.octets += got.size + order.size
                if got.lost != "left":
                    found = differences(order, expected, got, self.source)
                    if found:
                        self.found.append((order, found, got))
        self.caller.close()


class Bench:
    """
    What all routes have in common: files, and what is to come of the orders.
    """

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        """
        @param count: of orders.
        """
        self.files = folder / "files"
        self.files.mkdir()
        names = makeFiles(self.files)
        targets = [f"/files/{name.replace(' ', '%20')}" for name in names]
        self._oracle = Oracle(str(self.files))
        self._tags = self._oracle.tags(targets)
        self._count = count
        self._seed = seed
        self._made: dict[tuple[bool, frozenset[str]], Work] = {}

    def work(self, isOurs: bool, without: frozenset[str]) -> Work:
        """
        @return: orders, and what is to come of them.
        """
        made = self._made.get((isOurs, without))
        if made is None:
            mix = Mix(self._seed, self._tags, without)
            orders: Iterable[Order] = mix.orders(self._count)
            if isOurs:
                orders = map(adapted, orders)
            made = [(order, self._oracle.answer(order)) for order in orders]
            self._made[isOurs, without] = made
        return made


def together(work: Work) -> Iterator[Work]:
    """
    @return: the same; those together that are sent without waiting.
    """
    group: Work = []
    for pair in work:
        if pair[0].pipelined:
            group.append(pair)
            if len(group) == PIPELINE:
                yield group
                group = []
        else:
            yield [pair]
    if group:
        yield group


@dataclass(slots=True)
class Tally:
    """
    What the clients of a route have seen.
    """

    found: list[tuple[Order, list[Difference], Answer]]
    requests: int
    octets: int
    connections: int
    retried: int
    slowest: tuple[float, str]


def send(work: Work, port: int) -> Tally:
    """
    Send orders from plain sockets.
    """
    waiting: queue.Queue[Work | None] = queue.Queue()
    clients = [Client(waiting, port, place) for place in range(CLIENTS)]
    for group in together(work):
        waiting.put(group)
    for client in clients:
        waiting.put(None)
        client.start()
    for client in clients:
        client.join()
    return Tally(
        [each for client in clients for each in client.found],
        sum(client.requests for client in clients),
        sum(client.octets for client in clients),
        sum(client.caller.connections for client in clients),
        sum(client.caller.retried for client in clients),
        max(client.slowest for client in clients),
    )


def sendOurs(work: Work, port: int) -> Tally:
    """
    Send orders by penstock's calling end.
    """
    caller = OurCaller(port, CLIENTS)
    caller.run(work)
    return Tally(
        caller.found,
        len(caller.kinds),
        caller.octets,
        caller.connections,
        0,
        caller.slowest,
    )


def run(bench: Bench, folder: Path, stages: list[str], most: int) -> int:
    """
    Send orders along a route.

    @param folder: for it alone.
    @param most: how many unexplained differences to show.

    @return: how many there are.
    """
    isOurs = stages[:1] == ["ours"]
    work = bench.work(isOurs, frozenset(impassable(stages)))
    route = Route(stages[1:] if isOurs else stages, folder, bench.files)
    try:
        started = time.monotonic()
        tally = (sendOurs if isOurs else send)(work, route.port)
        took = time.monotonic() - started
    finally:
        complaints = route.stop()
    explained, unexplained = report(stages, tally, most)
    print(
        f"{' > '.join(['client', *stages, 'tree'])}: {tally.requests} requests, "
        f"{unexplained} with a difference that isn't explained, {took:.0f} s, "
        f"{tally.octets >> 20} MiB, {tally.connections} connections, "
        f"{tally.retried} sent again"
    )
    if tally.slowest[0] > SLOW:
        print(f"  {tally.slowest[0]:.1f} s: {tally.slowest[1]:.200}")
    for why, times in explained.most_common():
        print(f"    {times:6} {why}")
    if complaints:
        print(f"  the servers say: {complaints:.3000}")
        unexplained += 1
    return unexplained


def report(stages: list[str], tally: Tally, most: int) -> tuple[Counter[str], int]:
    """
    Show what isn't explained, once for each kind.

    @return: how often what was explained came, in answers; and how many answers
        have something else.
    """
    explained: Counter[str] = Counter()
    shapes: Counter[tuple[str, ...]] = Counter()
    for order, found, got in tally.found:
        whys = [explain(stages, order, difference, found) for difference in found]
        explained.update(set(whys) - {""})
        left = [each for each, why in zip(found, whys, strict=True) if not why]
        if left:
            shape = (order.kind, *(difference.what for difference in left))
            shapes[shape] += 1
            if shapes[shape] == 1 and len(shapes) <= most:
                print(f"  {order.describe():.400}")
                print(f"    answer {got.code}, {got.size} octets, {got.interim}")
                for difference in left:
                    print(f"    {difference}")
    for shape, times in shapes.most_common():
        print(f"  {times} of {shape}")
    return explained, shapes.total()


def main() -> None:
    """
    Do what the arguments say.
    """
    parser = argparse.ArgumentParser(description="Compare what comes along a route.")
    parser.add_argument("routes", nargs="*", default=ROUTES)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int, default=10)
    chosen = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="interop-") as scratch:
        folder = Path(scratch)
        # For proxies that run as somebody else.
        folder.chmod(0o755)
        bench = Bench(folder, chosen.requests, chosen.seed)
        for place, route in enumerate(chosen.routes):
            own = folder / str(place)
            own.mkdir()
            bad += run(bench, own, route.split(), chosen.show)
            sys.stdout.flush()
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
