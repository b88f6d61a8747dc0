"""
What a million requests leave behind whose clients go away when they like.

Runs a process that serves (HTTP, TLS, a gateway to RPC, a proxy to HTTP, and
RPC) and one that calls; sends them requests of all kinds, whole and cut off
anywhere; and compares what there is in both processes before and after: file
descriptors, objects, delayed calls, memory.  All must be back where it began,
and nothing logged as an error.

Run as C{python disconnects.py [--requests N] [--seed N]}.  Everything is on
127.0.0.1 and its neighbours.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import select
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from process import cpuSeconds

HERE = Path(__file__).resolve().parent

# Clients at the same time, and the addresses that they come from: each has
# ports for a few ten thousand that linger.
AT_ONCE = 100
SOURCES = [f"127.0.0.{n}" for n in range(1, 41)]

# Seconds without a move after which something is wrong with a visit, and until
# a process must be as it was.
STUCK = 15.0
SETTLED = 45.0

# Objects of one class that may come and go: what is made when something happens
# for the first time, and what the last request has left in a cache.
ONCE = 10

# Of all requests, those that the calling process makes.
CALLS = 0.25

# Warm-up, in parts of all requests; and reports after it.
WARMING = 0.03
REPORTS = 4

RESET = b"\x01\x00\x00\x00\x00\x00\x00\x00"

GET = "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
PUT = "%s /%s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
CHUNKED = "PUT /%s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n'
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    + b"y" * 70_000
    + b"\r\n--b--\r\n"
)
FORM_HEAD = (
    b"POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" % len(FORM)
)
CHUNKS = b"".join(b"%x\r\n%s\r\n" % (size, b"c" * size) for size in (1, 3000, 17)) * 3
EXPECTING = (
    b"PUT /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
)
CONTINUE = len(b"HTTP/1.1 100 Continue\r\n\r\n")


def get(path: str) -> bytes:
    return (GET % path).encode()


def put(method: str, path: str, size: int) -> bytes:
    return (PUT % (method, path, size)).encode() + b"u" * size


# Kinds of requests: how many of a hundred, what is sent, and whether an answer
# ends by itself.
KINDS: dict[str, tuple[int, bytes, bool]] = {
    "small": (34, get("hello"), True),
    "absent": (4, get("nothing/there"), True),
    "head": (3, b"HEAD /large HTTP/1.1\r\nHost: a\r\n\r\n", True),
    "large": (6, get("large"), True),
    "file": (6, get("file"), True),
    "range": (
        3,
        b"GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=10-20000\r\n\r\n",
        True,
    ),
    "pieces": (4, get("pieces"), True),
    "slow": (4, get("slow"), True),
    "events": (5, get("events"), False),
    "never": (4, get("never"), False),
    "upload": (6, put("POST", "upload", 2000), True),
    "long upload": (2, put("PUT", "upload", 150_000), True),
    "streamed": (3, put("POST", "sink", 30_000), True),
    "chunked": (
        5,
        (CHUNKED % "upload").encode() + CHUNKS + b"0\r\n\r\n",
        True,
    ),
    "chunked and streamed": (
        3,
        (CHUNKED % "sink").encode() + CHUNKS + b"0\r\nA: b\r\n\r\n",
        True,
    ),
    "form": (3, FORM_HEAD + FORM, True),
    "refused": (2, put("POST", "refusing", 5000), True),
    "expecting": (2, EXPECTING % b"upload", True),
    "malformed": (1, b"GET /hello HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n", False),
}
NAMES = list(KINDS)
WEIGHTS = [weight for weight, _, _ in KINDS.values()]
MEASURED = [name for name, (_, _, ends) in KINDS.items() if ends]

# What a visit does: send octets, read so many, or wait so many seconds.
Step = bytes | int | float

# What is said to a client by a server that doesn't know how to behave.
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
SCRIPTS: list[bytes] = [
    *[OK] * 8,
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n" + b"until closed" * 100,
    b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + OK,
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000,
    OK + OK,
    b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\n\r\nNo.",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello",
    b"garbage\r\n\r\n",
]


class Visit:
    """
    One connection, and what happens on it.
    """

    __slots__ = ("ending", "left", "moved", "requests", "sock", "steps", "writing")

    def __init__(
        self, sock: socket.socket, steps: Iterator[Step], ending: str, requests: int
    ) -> None:
        self.sock = sock
        self.steps = steps
        self.ending = ending
        self.requests = requests
        # What is left of the present step.
        self.left: Step = b""
        self.writing = False
        # When something last happened.
        self.moved = time.monotonic()


class Crowd:
    """
    All visitors, and the server that doesn't know how to behave.
    """

    def __init__(self, seed: int, ports: dict[str, int]) -> None:
        self.random = random.Random(seed)
        self.ports = ports
        self.poll = select.epoll()
        self.visits: dict[int, Visit] = {}
        self.later: list[tuple[float, int]] = []
        self.made = self.requests = self.stuck = 0
        self.swept = time.monotonic()
        self.kinds: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        # Octets of the answer to each kind, by port.
        self.sizes: dict[str, dict[str, int]] = {}
        self.hostile = socket.create_server(("127.0.0.1", 0), backlog=200)
        self.hostile.setblocking(False)
        self.poll.register(self.hostile.fileno(), select.EPOLLIN)
        self.handshake = clientHello()

    def measure(self) -> None:
        """
        Find out how long the answers are.
        """
        for port in ("direct", "gateway", "proxy"):
            self.sizes[port] = {
                kind: self.sizeOf(port, KINDS[kind][1]) for kind in MEASURED
            }

    def sizeOf(self, port: str, data: bytes) -> int:
        with socket.create_connection(("127.0.0.1", self.ports[port]), 2) as sock:
            sock.sendall(data[:-5] if b"Expect" in data else data)
            if b"Expect" in data:
                sock.sendall(data[-5:] + b"abcde")
            size = len(sock.recv(1 << 20))
            sock.settimeout(0.3)
            try:
                while piece := sock.recv(1 << 20):
                    size += len(piece)
            except TimeoutError:
                return size
        raise RuntimeError(f"{data[:100]!r} has no answer with an end")

    # What they do

    def plan(self, port: str) -> tuple[list[Step], int]:
        """
        @return: what happens on a connection, and how many requests that is.
        """
        choose = self.random.random
        sizes = self.sizes[port]
        steps: list[Step] = []
        count = min(12, 1 + int(self.random.expovariate(0.4)))
        piped, expected = b"", 0
        together = choose() < 0.25
        for number in range(count):
            kind = self.random.choices(NAMES, WEIGHTS)[0]
            self.kinds[kind] += 1
            _, data, ends = KINDS[kind]
            if kind == "expecting":
                steps += [piped + data, expected + CONTINUE, b"abcde"]
                piped, expected = b"", sizes[kind] - CONTINUE
            elif ends:
                piped += data
                expected += sizes[kind]
            else:
                steps += [piped + data, expected + int(choose() * 400)]
                if kind == "never":
                    steps[-1] = expected
                    steps.append(choose() * 0.03)
                return steps, number + 1
            if not together or len(piped) > 200_000:
                steps += self.parts(piped)
                steps.append(expected)
                piped, expected = b"", 0
        if piped or expected:
            steps += [*self.parts(piped), expected]
        return steps, count

    def parts(self, data: bytes) -> list[Step]:
        """
        Send it whole, or in two parts.
        """
        if self.random.random() < 0.9 or len(data) < 2:
            return [data]
        at = self.random.randrange(1, len(data))
        return [data[:at], self.random.random() * 0.005, data[at:]]

    def cut(self, steps: list[Step]) -> list[Step]:
        """
        Break off anywhere.
        """
        at = self.random.randrange(len(steps))
        last = steps[at]
        if isinstance(last, bytes):
            last = last[: self.random.randrange(len(last) + 1)]
        elif isinstance(last, int):
            last = self.random.randrange(last + 1)
        return [*steps[:at], last]

    def visit(self) -> None:
        """
        Another one comes.
        """
        choose = self.random
        name = choose.choices(("direct", "gateway", "proxy", "tls"), (60, 20, 15, 5))[0]
        if name == "tls":
            # Cut off in the handshake, or never begun as it should be.
            data = self.handshake if choose.random() < 0.8 else get("hello")
            steps: list[Step] = [data[: choose.randrange(len(data) + 1)]]
            steps.append(choose.choice((0.0, 0.005)))
            count = 1
        else:
            steps, count = self.plan(name)
            if choose.random() < 0.6:
                whole = sum(isinstance(step, bytes) for step in steps)
                steps = self.cut(steps)
                if count > 1 and whole:
                    # As many as can have been sent.
                    count = min(count, sum(isinstance(it, bytes) for it in steps))
                    count = max(1, count)
        ending = choose.choice(("close", "close", "reset", "half"))
        if ending == "half" and any(map(isEndless, steps)):
            # Who waited for the end of the answer would wait for ever.
            ending = "close"
        self.endings[ending] += 1
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_BIND_ADDRESS_NO_PORT, 1)
        sock.bind((SOURCES[self.made % len(SOURCES)], 0))
        if ending == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.made += 1
        sock.connect_ex(("127.0.0.1", self.ports[name]))
        self.join(Visit(sock, iter(steps), ending, count))

    def host(self) -> None:
        """
        A client has come to the server that doesn't know how to behave.
        """
        choose = self.random
        for _ in range(50):
            try:
                sock, _ = self.hostile.accept()
            except BlockingIOError:
                return
            sock.setblocking(False)
            steps: list[Step] = []
            for _ in range(choose.randrange(6)):
                steps += [1, choose.choice(SCRIPTS)]
            if choose.random() < 0.5 and steps:
                steps = self.cut(steps)
            ending = choose.choice(("close", "reset", "half"))
            if ending == "reset":
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.join(Visit(sock, iter(steps), ending, 0))

    # How

    def join(self, visit: Visit) -> None:
        number = visit.sock.fileno()
        self.visits[number] = visit
        visit.writing = True
        self.poll.register(number, select.EPOLLOUT)

    def advance(self, number: int, visit: Visit) -> None:
        """
        Go on as far as possible.
        """
        while True:
            step = visit.left
            if isinstance(step, bytes):
                if step:
                    try:
                        sent = visit.sock.send(step)
                    except BlockingIOError:
                        sent = 0
                    except OSError:
                        self.leave(number, visit)
                        return
                    if sent < len(step):
                        visit.left = step[sent:]
                        if not visit.writing:
                            visit.writing = True
                            self.poll.modify(number, select.EPOLLOUT | select.EPOLLIN)
                        return
            elif isinstance(step, int):
                if step > 0:
                    if visit.writing:
                        visit.writing = False
                        self.poll.modify(number, select.EPOLLIN)
                    return
            elif step > 0:
                heappush(self.later, (time.monotonic() + step, number))
                self.poll.modify(number, 0)
                visit.left, visit.writing = 0, True
                return
            try:
                visit.left = next(visit.steps)
            except StopIteration:
                self.finish(number, visit)
                return

    def read(self, number: int, visit: Visit) -> None:
        try:
            data = visit.sock.recv(262144)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.leave(number, visit)
        elif isinstance(visit.left, int):
            visit.left -= len(data)
            if visit.left <= 0:
                self.advance(number, visit)

    def finish(self, number: int, visit: Visit) -> None:
        """
        All is done.
        """
        if visit.ending != "half":
            self.leave(number, visit)
            return
        # Some wait for the end, others don't.
        visit.ending = "close"
        try:
            visit.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.leave(number, visit)
            return
        visit.steps = iter([self.random.choice((0.0, 0.01, 1 << 30))])
        visit.left = 0
        self.advance(number, visit)

    def leave(self, number: int, visit: Visit) -> None:
        self.poll.unregister(number)
        visit.sock.close()
        del self.visits[number]
        self.requests += visit.requests

    def turn(self) -> None:
        """
        What can go on goes on.
        """
        now = time.monotonic()
        while self.later and self.later[0][0] <= now:
            _, number = heappop(self.later)
            visit = self.visits.get(number)
            # A descriptor is used again and again.
            if visit is not None and visit.writing and visit.left == 0:
                self.advance(number, visit)
        wait = max(0.0, min(0.05, self.later[0][0] - now)) if self.later else 0.05
        for number, event in self.poll.poll(wait):
            if number == self.hostile.fileno():
                self.host()
                continue
            visit = self.visits.get(number)
            if visit is None:
                continue
            visit.moved = now
            if event & select.EPOLLIN:
                self.read(number, visit)
            elif event & (select.EPOLLERR | select.EPOLLHUP):
                self.leave(number, visit)
            else:
                self.advance(number, visit)

    def sweep(self) -> None:
        """
        Once a second, see who doesn't get on.
        """
        now = time.monotonic()
        if now - self.swept > STUCK / 3:
            # The machine stood still, or this process did.
            for visit in self.visits.values():
                visit.moved = now
        self.swept = now
        for number, visit in list(self.visits.items()):
            if now - visit.moved > STUCK:
                if visit.requests:
                    self.stuck += 1
                self.leave(number, visit)


def isEndless(step: Step) -> bool:
    return isinstance(step, bytes) and (b"GET /never" in step or b"GET /events" in step)


class Process:
    """
    One of the two.
    """

    def __init__(self, *arguments: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, str(HERE / "disconnects_processes.py"), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.said = b""
        self.base: dict[str, Any] = {}
        self.start = self.wait()

    def tell(self, command: str) -> None:
        if self.popen.stdin is None:
            raise RuntimeError("no input")
        self.popen.stdin.write(command.encode() + b"\n")
        self.popen.stdin.flush()

    def hear(self, seconds: float) -> Any:
        """
        @return: what it says, L{None} if it says nothing.
        """
        if self.popen.stdout is None:
            raise RuntimeError("no output")
        if b"\n" not in self.said:
            if not select.select([self.popen.stdout], [], [], seconds)[0]:
                return None
            piece = os.read(self.popen.stdout.fileno(), 1 << 20)
            if not piece:
                raise RuntimeError("a process has ended")
            self.said += piece
        line, newline, rest = self.said.partition(b"\n")
        if not newline:
            return None
        self.said = rest
        return json.loads(line)

    def wait(self) -> Any:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            heard = self.hear(1.0)
            if heard is not None:
                return heard
        raise RuntimeError("a process says nothing")

    def report(self) -> Any:
        self.tell("report")
        return self.wait()


def clientHello() -> bytes:
    context = ssl.create_default_context()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        secured.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def makeCertificate(folder: Path) -> None:
    key = folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(folder / "certificate.pem")),
        ],
        check=True,
        stderr=subprocess.DEVNULL,
    )
    with key.open("ab") as both:
        both.write((folder / "certificate.pem").read_bytes())


def differences(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {
        name: after.get(name, 0) - before.get(name, 0)
        for name in sorted({*before, *after})
        if after.get(name, 0) != before.get(name, 0)
    }


def settled(process: Process) -> dict[str, Any]:
    """
    @return: a report, when descriptors and delayed calls are as they were, or
        won't be.
    """
    deadline = time.monotonic() + SETTLED
    while True:
        report: dict[str, Any] = process.report()
        if not process.base:
            # What is made once is made by the first look.
            return process.report()
        same = all(
            report[name] == process.base[name]
            for name in ("descriptors", "delayed", "selectables")
        )
        if same or time.monotonic() > deadline:
            return report
        time.sleep(0.5)


def tell(name: str, process: Process, total: int) -> bool:
    """
    @return: whether all is as it was.
    """
    report = settled(process)
    base = process.base or report
    objects = differences(base["objects"], report["objects"])
    found = {
        "descriptors": differences(base["descriptors"], report["descriptors"]),
        "delayed calls": differences(base["delayed"], report["delayed"]),
        "objects": objects,
        "logged": report["errors"],
    }
    growth = report["rss"] - base["rss"]
    print(
        f"  {name}: {sum(report['descriptors'].values())} descriptors,"
        f" {report['selectables']} selectables,"
        f" {sum(report['delayed'].values())} delayed calls,"
        f" {sum(report['objects'].values())} objects,"
        f" {report['rss'] / 1024:.1f} MiB"
        + (f", {growth * 1024 / total:+.1f} octets a request" if total else "")
    )
    for what, difference in found.items():
        if difference:
            print(f"    {what}: {difference}", flush=True)
    if not process.base:
        process.base = report
    grown = any(abs(count) > ONCE for count in objects.values())
    return not (
        grown or found["descriptors"] or found["delayed calls"] or found["logged"]
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--holders", help="say at the end who holds instances of this class"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "file").write_bytes(b"file " * 60_000)
        makeCertificate(folder)
        server = Process("serve", name)
        crowd = Crowd(options.seed, dict(server.start))
        ports = {**server.start, "hostile": crowd.hostile.getsockname()[1]}
        caller = Process("call", name, json.dumps(ports))
        try:
            same = run(crowd, server, caller, options)
        finally:
            for process in (server, caller):
                process.popen.kill()
                process.popen.wait()
    sys.exit(not same)


def run(
    crowd: Crowd, server: Process, caller: Process, options: argparse.Namespace
) -> bool:
    crowd.measure()
    asked, same = 0, True
    pieces = [int(options.requests * WARMING)]
    pieces += [options.requests // REPORTS] * REPORTS
    began = time.monotonic()
    outcomes: Counter[str] = Counter()
    for number, piece in enumerate(pieces):
        calls = int(piece * CALLS)
        caller.tell(f"go {calls} {options.seed + number}")
        until = crowd.requests + piece - calls
        answered = None
        crowd.swept = time.monotonic()
        while crowd.requests < until or crowd.visits or answered is None:
            # Those on their way count as if they had been.
            if crowd.requests < until:
                while len(crowd.visits) < AT_ONCE:
                    crowd.visit()
            crowd.turn()
            if answered is None:
                answered = caller.hear(0)
            if time.monotonic() - crowd.swept > 1:
                crowd.sweep()
        outcomes.update(answered)
        if number:
            asked += piece
        print(
            f"after {asked} requests on {crowd.made} connections,"
            f" {time.monotonic() - began:.0f} s:"
        )
        if not number:
            # Idle connections go, and what else there is at first.
            time.sleep(8)
        for name, process in (("serving", server), ("calling", caller)):
            same &= tell(name, process, asked)
    if options.holders:
        for process in (server, caller):
            process.tell(f"holders {options.holders}")
            print("\n".join(process.wait()))
    print(f"visitors: {dict(crowd.kinds)}; {dict(crowd.endings)}; {crowd.stuck} stuck")
    print(f"callers: {dict(outcomes)}")
    print("all is as it was" if same else "NOT all is as it was")
    print(
        "seconds of a processor:"
        f" {cpuSeconds(server.popen.pid):.0f} serving,"
        f" {cpuSeconds(caller.popen.pid):.0f} calling,"
        f" {time.process_time():.0f} visiting"
    )
    return same and not crowd.stuck


if __name__ == "__main__":
    main()
