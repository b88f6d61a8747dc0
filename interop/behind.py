"""
Ask nginx, which serves files by itself, through penstock::

    python behind.py
    python behind.py --requests 1000 ours
    python behind.py penstock "penstock haproxy"

Either penstock's calling end asks (C{ours}), or a plain socket asks C{penstock
serve --forward}.  What must come is worked out from the files.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from caller import Caller
from files import makeFiles
from orders import Answer, Order
from ours import OurCaller
from proxies import origin
from stages import Route
from tree import octets

ROUTES = ("ours", "ours haproxy-closing", "penstock", "penstock haproxy-hasty")

CLIENTS = 8

# What nginx takes, in octets.
LIMIT = 300 * 1024

_PART = re.compile(rb"Content-Range: bytes ([0-9]+)-([0-9]+)/([0-9]+)\r\n\r\n")

Check = Callable[[Answer], str]
"""Says what is wrong."""

Task = list[tuple[Order, Check]]
"""Orders that must be carried out in order."""


def whole(content: bytes, code: int = 200) -> Check:
    """
    @return: a check for C{content}, compressed or not.
    """

    def check(answer: Answer) -> str:
        if answer.code != code:
            return f"{answer.code} instead of {code}"
        got = answer.content
        if "gzip" in answer.values("content-encoding"):
            got = gzip.decompress(got)
        return "" if got == content else f"{len(got)} octets, or other ones"

    return check


def only(*codes: int) -> Check:
    """
    @return: a check for nothing but a code.
    """
    return lambda answer: "" if answer.code in codes else f"it is {answer.code}"


def headOf(size: int) -> Check:
    """
    @return: a check for the response to HEAD.
    """

    def check(answer: Answer) -> str:
        lengths = answer.values("content-length")
        if answer.code == 200 and not answer.size and lengths in ([str(size)], []):
            return ""
        return f"{answer.code}, {answer.size} octets, length {lengths}"

    return check


def ranges(content: bytes, wanted: list[tuple[int, int]]) -> Check:
    """
    @return: a check for parts of C{content}, given as their ends.
    """

    def check(answer: Answer) -> str:
        if answer.code != 206:
            return f"{answer.code} instead of 206"
        if len(wanted) == 1:
            ((start, end),) = wanted
            said = answer.values("content-range")
            if said != [f"bytes {start}-{end - 1}/{len(content)}"]:
                return f"it says {said}"
            return "" if answer.content == content[start:end] else "another part"
        at = 0
        for start, end in wanted:
            part = _PART.search(answer.content, at)
            if part is None or int(part[1]) != start or int(part[2]) != end - 1:
                return "the parts are others"
            at = part.end() + end - start
            if answer.content[part.end() : at] != content[start:end]:
                return "another part"
        return ""

    return check


class Tasks:
    """
    Makes tasks, the same ones for the same seed.
    """

    def __init__(self, seed: int, contents: dict[str, bytes]) -> None:
        self._chance = random.Random(seed)
        self._contents = contents
        self._number = 0

    def tasks(self, count: int) -> Iterator[Task]:
        """
        @return: tasks of C{count} orders in all, or a few more.
        """
        kinds = [self._file] * 8 + [self._range] * 6 + [self._condition] * 3
        kinds += [self._put] * 3 + [self._tooLong, self._other, self._old] * 2
        while self._number < count:
            yield self._chance.choice(kinds)()

    def _order(self, kind: str, method: str, target: str, *fields: str) -> Order:
        self._number += 1
        pairs = tuple(tuple(field.split(": ", 1)) for field in fields)
        return Order(self._number, kind, method, target, pairs)  # type: ignore[arg-type]

    def _any(self) -> tuple[str, bytes]:
        name = self._chance.choice(list(self._contents))
        return "/" + name.replace(" ", "%20"), self._contents[name]

    def _file(self) -> Task:
        path, content = self._any()
        if self._chance.random() < 0.15:
            return [(self._order("head", "HEAD", path), headOf(len(content)))]
        fields = ["Accept-Encoding: gzip"] if self._chance.random() < 0.5 else []
        return [(self._order("file", "GET", path, *fields), whole(content))]

    def _range(self) -> Task:
        path, content = self._any()
        size = len(content)
        if size < 1000:
            order = self._order("range", "GET", path, f"Range: bytes={size + 5}-")
            return [(order, only(416))]
        text, wanted = self._chance.choice(
            (
                ("0-99", [(0, 100)]),
                ("-7", [(size - 7, size)]),
                ("500-", [(500, size)]),
                (f"{size - 1}-{size + 9}", [(size - 1, size)]),
                ("0-0,10-20,-3", [(0, 1), (10, 21), (size - 3, size)]),
            )
        )
        order = self._order("range", "GET", path, f"Range: bytes={text}")
        return [(order, ranges(content, wanted))]

    def _condition(self) -> Task:
        path, content = self._any()
        field, check = self._chance.choice(
            (
                ("If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT", only(304)),
                ("If-None-Match: *", only(304)),
                ('If-None-Match: "other"', whole(content)),
                ('If-Match: "other"', only(412)),
                ("If-Unmodified-Since: Mon, 13 Nov 2023 22:13:20 GMT", only(412)),
            )
        )
        return [(self._order("condition", "GET", path, field), check)]

    def _upload(self, target: str, content: bytes) -> Order:
        chance = self._chance
        cut = chance.randrange(len(content) + 1)
        return replace(
            self._order("upload", "PUT", target),
            body=(content[:cut], content[cut:]),
            # nginx takes it, but not everything between does.
            chunked=chance.random() < 0.4,
            expect=bool(content) and chance.random() < 0.3,
        )

    def _put(self) -> Task:
        target = f"/put/{self._number}.bin"
        size = self._chance.choice((0, 1, 1000, 70_000, LIMIT - 1000))
        content = octets(target, size)
        return [
            (self._upload(target, content), only(201, 204)),
            (self._order("uploaded", "GET", target), whole(content)),
            (self._order("delete", "DELETE", target), only(204)),
            (self._order("deleted", "GET", target), only(404)),
        ]

    def _tooLong(self) -> Task:
        size = self._chance.choice((LIMIT + 1000, 2_000_000))
        return [(self._upload("/put/large", octets("large", size)), only(413))]

    def _other(self) -> Task:
        method, target, codes = self._chance.choice(
            (
                ("GET", "/moved", (301,)),
                ("GET", "/gone", (410,)),
                ("GET", "/nothing", (204,)),
                ("GET", "/there/is/nothing", (404,)),
                ("POST", "/note.txt", (405,)),
                ("GET", "/sub", (301,)),
                # It closes without a word, which is nothing to be passed on.
                ("GET", "/hangup", (0, 502)),
            )
        )
        return [(self._order("other", method, target), only(*codes))]

    def _old(self) -> Task:
        path, content = self._any()
        return [(self._order("old", "GET", "/old" + path), whole(content))]


class Results:
    """
    What came of the tasks.
    """

    def __init__(self, most: int) -> None:
        self.kinds: Counter[str] = Counter()
        self.wrong = 0
        self.interrupted = 0
        self._most = most

    def add(self, order: Order, answer: Answer, check: Check) -> bool:
        """
        @return: whether to go on with the task.
        """
        self.kinds[order.kind] += 1
        if answer.lost.startswith("PeerGone") or answer.code == 502:
            if order.target == "/hangup":
                return True
            if order.body is not None:
                # Closed just when it was sent; nobody may send it again.
                self.interrupted += 1
                return False
        if answer.lost.startswith("Unavailable") or answer.code == 503:
            # Closed before it was sent: whoever asks may, once more.
            self.interrupted += 1
            return False
        problem = answer.lost if order.target != "/hangup" else ""
        problem = problem or check(answer)
        if problem:
            self.wrong += 1
            if self.wrong <= self._most:
                print(f"  {order.describe():.300}: {problem}")
                print(f"    {answer.code} {answer.fields} {answer.content!r:.200}")
        return not problem


def run(stages: list[str], count: int, seed: int, most: int) -> int:
    """
    @return: how many answers are wrong.
    """
    with tempfile.TemporaryDirectory(prefix="interop-") as scratch:
        folder = Path(scratch)
        folder.chmod(0o755)
        files = folder / "files"
        files.mkdir()
        contents = makeFiles(files)
        tasks = list(Tasks(seed, contents).tasks(count))
        isOurs = stages[:1] == ["ours"]
        route = Route(stages[1:] if isOurs else stages, folder, files, origin)
        results = Results(most)
        try:
            started = time.monotonic()
            if isOurs:
                connections = _ours(tasks, route.port, results)
            else:
                connections = _sockets(tasks, route.port, results)
            took = time.monotonic() - started
        finally:
            complaints = route.stop()
    complaints = "\n".join(
        line for line in complaints.split("\n") if "did not answer whole" not in line
    )
    print(
        f"{' > '.join(['client', *stages, 'nginx'])}: "
        f"{results.kinds.total()} requests, "
        f"{results.wrong} wrong, {results.interrupted} interrupted, "
        f"{took:.0f} s, {connections} connections"
    )
    if complaints:
        print(f"  the servers say: {complaints:.3000}")
    return results.wrong + bool(complaints)


def _ours(tasks: list[Task], port: int, results: Results) -> int:
    caller = OurCaller(port, CLIENTS)
    waiting = iter(tasks)

    async def work() -> None:
        for task in waiting:
            for order, check in task:
                answer = await caller.call(order, keep=True)
                if not results.add(order, answer, check):
                    break

    caller.work(work)
    return caller.connections


def _sockets(tasks: list[Task], port: int, results: Results) -> int:
    lock = threading.Lock()
    waiting = iter(tasks)
    callers = [Caller(("127.0.0.1", port), keep=True) for _ in range(CLIENTS)]

    def work(caller: Caller) -> None:
        while True:
            with lock:
                task = next(waiting, None)
            if task is None:
                caller.close()
                return
            for order, check in task:
                (answer,) = caller.call([order])
                with lock:
                    goOn = results.add(order, answer, check)
                if not goOn:
                    break

    threads = [threading.Thread(target=work, args=[caller]) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(caller.connections for caller in callers)


def main() -> None:
    """
    Do what the arguments say.
    """
    parser = argparse.ArgumentParser(description="Ask nginx through penstock.")
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
