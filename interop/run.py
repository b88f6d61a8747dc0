"""
Send ten thousand mixed requests along a route, and compare what comes::

    python run.py nginx
    python run.py --requests 1000 "penstock haproxy"
    python run.py

A route names the stages of C{stages.py} from the client to the tree.
"""

from __future__ import annotations

import argparse
import queue
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from caller import Caller
from compare import Difference, differences
from expected import Oracle
from files import makeFiles
from known import explain, impassable
from mix import Mix
from orders import Answer, Order
from stages import Route

CLIENTS = 8

# Seconds after which an answer is late.
SLOW = 2.0

ROUTES = (
    "",
    "nginx",
    "nginx-kept",
    "haproxy",
    "haproxy-closing",
    "varnish",
    "squid",
    "penstock",
    "penstock nginx-kept",
    "penstock haproxy",
    "penstock haproxy-hasty",
    "gateway",
    "nginx-kept gateway",
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
        self.kinds: Counter[str] = Counter()
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
                self.kinds[order.kind] += 1
                self.octets += got.size + order.size
                if got.lost != "left":
                    found = differences(order, expected, got, self.source)
                    if found:
                        self.found.append((order, found, got))
        self.caller.close()


def groups(mix: Mix, oracle: Oracle, count: int) -> list[Work]:
    """
    @return: orders, and what is to come of them; those together that are sent
        without waiting.
    """
    made: list[Work] = []
    together: Work = []
    for order in mix.orders(count):
        pair = (order, oracle.answer(order))
        if order.pipelined and len(together) < 4:
            together.append(pair)
            continue
        if together:
            made.append(together)
            together = []
        made.append([pair])
    return [*made, together] if together else made


def run(stages: list[str], count: int, seed: int, most: int) -> int:
    """
    Send C{count} orders along a route.

    @param most: how many unexplained differences to show.

    @return: how many there are.
    """
    name = " > ".join(["client", *stages, "tree"])
    with tempfile.TemporaryDirectory(prefix="interop-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        files = folder / "files"
        files.mkdir()
        names = makeFiles(files)
        oracle = Oracle(str(files))
        targets = [f"/files/{name.replace(' ', '%20')}" for name in names]
        orders = groups(
            Mix(seed, oracle.tags(targets), impassable(stages)), oracle, count
        )
        route = Route(stages, folder, files)
        try:
            before = route.tree.process.descriptors
            started = time.monotonic()
            clients = send(orders, route.port)
            took = time.monotonic() - started
        finally:
            complaints = route.stop()
    kinds = sum((client.kinds for client in clients), Counter())
    explained: Counter[str] = Counter()
    shapes: Counter[tuple[str, ...]] = Counter()
    unexplained = 0
    for client in clients:
        for order, found, got in client.found:
            left = []
            for difference in found:
                why = explain(stages, order, difference, found)
                if why:
                    explained[why] += 1
                else:
                    left.append(difference)
            if left:
                unexplained += 1
                shape = (order.kind, *(difference.what for difference in left))
                shapes[shape] += 1
                if shapes[shape] == 1 and len(shapes) <= most:
                    print(f"  {order.describe():.400}")
                    print(f"    answer {got.code}, {got.size} octets, {got.interim}")
                    for difference in left:
                        print(f"    {difference}")
    for shape, times in shapes.most_common():
        print(f"  {times} of {shape}")
    connections = sum(client.caller.connections for client in clients)
    retried = sum(client.caller.retried for client in clients)
    octets = sum(client.octets for client in clients)
    print(
        f"{name}: {sum(kinds.values())} requests, {unexplained} with an unexplained "
        f"difference, {took:.0f} s, {octets >> 20} MiB, {connections} connections, "
        f"{retried} retried"
    )
    longest, late = max(client.slowest for client in clients)
    if longest > SLOW:
        print(f"  {longest:.1f} s: {late:.200}")
    for why, times in explained.most_common():
        print(f"    {times:6} {why}")
    if complaints:
        print(f"  the servers say: {complaints[:3000]}")
        unexplained += 1
    return unexplained


def send(orders: list[Work], port: int) -> list[Client]:
    """
    @return: the clients, who are done.
    """
    work: queue.Queue[Work | None] = queue.Queue()
    clients = [Client(work, port, place) for place in range(CLIENTS)]
    for group in orders:
        work.put(group)
    for client in clients:
        work.put(None)
        client.start()
    for client in clients:
        client.join()
    return clients


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
    for route in chosen.routes:
        bad += run(route.split(), chosen.requests, chosen.seed, chosen.show)
        sys.stdout.flush()
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
