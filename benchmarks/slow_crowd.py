"""
A crowd of connections that each send one octet a second: what they cost, and
what others get meanwhile.

Runs C{penstock serve}, connects, and every ten seconds prints its memory, its
processor time, and how long other clients wait for answers (the median, the 99th
part of a hundred, the longest).  Whoever is let go connects again.

Run as C{python slow_crowd.py [--connections N] [--seconds N] [--mode heads|
content] [--files N] [-- ARGUMENTS OF penstock serve]}; C{--files} bounds the
server's file descriptors.  Everything is on 127.0.0.1.  The server takes a
thousand connections more than the crowd has, unless its arguments say C{--limit
connections=N}.
"""

from __future__ import annotations

import argparse
import errno
import resource
import select
import socket
import time
from collections import Counter
from contextlib import suppress

from others import Others
from process import cpuSeconds, memory, penstock, raiseDescriptors

# What each connection begins with, and goes on with, an octet at a time.
MODES = {
    "heads": (b"", b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Slow: abcdefgh\r\n" * 1000),
    "content": (
        b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n",
        b"x" * 1000000,
    ),
}

# Addresses that the crowd comes from: one has ports for a few ten thousand.
SOURCES = [f"127.0.0.{n}" for n in range(1, 21)]

# How many connect in a tenth of a second, at most, and how many are on their way.
ARRIVALS = 200

# Seconds from one line to the next.
EVERY = 10


class Member:
    """
    A connection.

    @ivar sent: octets that it has sent, beside those that all begin with;
        negative before it is connected.
    """

    __slots__ = ("sent", "wire")

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.sent = -1


class Crowd:
    """
    All connections.

    @ivar members: them, by file descriptor.
    @ivar waiting: how many of them aren't connected yet.
    @ivar ends: how connections have ended: what they were answered.
    """

    def __init__(self, port: int, mode: str) -> None:
        self.port = port
        self.first, self.rest = MODES[mode]
        self.poll = select.epoll()
        self.members: dict[int, Member] = {}
        self.waiting = 0
        self.made = 0
        self.ends: Counter[str] = Counter()

    def join(self) -> None:
        """
        One more.
        """
        wire = socket.socket()
        wire.setblocking(False)
        # Linux can choose the port when it knows where to: then each address
        # has them all.
        wire.setsockopt(
            socket.IPPROTO_IP, getattr(socket, "IP_BIND_ADDRESS_NO_PORT", 24), 1
        )
        wire.bind((SOURCES[self.made % len(SOURCES)], 0))
        self.made += 1
        code = wire.connect_ex(("127.0.0.1", self.port))
        if code not in (0, errno.EINPROGRESS):
            raise OSError(code, errno.errorcode[code])
        self.members[wire.fileno()] = Member(wire)
        self.waiting += 1
        self.poll.register(wire.fileno(), select.EPOLLOUT)

    def step(self, turn: int) -> None:
        """
        Send an octet for each tenth of the members.
        """
        for number, member in self.members.items():
            if member.sent >= 0 and number % 10 == turn % 10:
                data = self.rest[member.sent : member.sent + 1]
                with suppress(OSError):
                    member.wire.send(data if member.sent else self.first + data)
                    member.sent += 1

    def look(self, seconds: float) -> None:
        """
        See who was let in, and who was let go.
        """
        for number, event in self.poll.poll(seconds):
            member = self.members[number]
            if member.sent < 0:
                self.waiting -= 1
                member.sent = 0
                self.poll.modify(number, select.EPOLLIN | select.EPOLLRDHUP)
                if event == select.EPOLLOUT:
                    continue
            said = b""
            try:
                said = member.wire.recv(65536)
            except OSError as problem:
                self.ends[type(problem).__name__] += 1
            else:
                self.ends[said[9:12].decode("latin-1") or "closed"] += 1
            self.poll.unregister(number)
            del self.members[number]
            member.wire.close()

    def close(self) -> None:
        for member in self.members.values():
            member.wire.close()


def watch(pid: int, port: int, others: Others, options: argparse.Namespace) -> None:
    crowd = Crowd(port, options.mode)
    time.sleep(3)
    empty = memory(pid)
    print(f"empty: {empty:.1f} MiB; {others.take()}", flush=True)
    began = told = time.monotonic()
    used = cpuSeconds(pid)
    turn = 0
    while time.monotonic() - began < options.seconds:
        # In ten parts, so that they don't all send at the same moment.
        after = began + (turn + 1) / 10
        crowd.step(turn)
        turn += 1
        missing = options.connections - len(crowd.members)
        for _ in range(min(ARRIVALS - crowd.waiting, missing)):
            crowd.join()
        while (left := after - time.monotonic()) > 0:
            crowd.look(left)
        now = time.monotonic()
        if now - told >= EVERY:
            cpu = cpuSeconds(pid)
            print(
                f"{now - began:4.0f} s: {len(crowd.members) - crowd.waiting} connected,"
                f" {crowd.ends.total()} let go {dict(crowd.ends)};"
                f" {memory(pid):.1f} MiB,"
                f" {100 * (cpu - used) / (now - told):.0f} % of a processor;"
                f" {others.take()}",
                flush=True,
            )
            told, used = now, cpu
    each = (memory(pid) - empty) * 1024 / max(1, len(crowd.members))
    print(f"each: {each:.1f} KiB")
    crowd.close()
    time.sleep(3)
    print(f"afterwards: {memory(pid):.1f} MiB; {others.take()}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=90)
    parser.add_argument("--mode", choices=list(MODES), default="heads")
    parser.add_argument("--files", type=int)
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    raiseDescriptors()
    room = ["--limit", f"connections={options.connections + 1000}"]
    if any(each.startswith("connections=") for each in options.arguments):
        room = []
    arguments = ("slow_site:root", "--no-access-log", *room, *options.arguments)
    with penstock(*arguments) as (pid, port), Others(port) as others:
        if options.files is not None:
            bounds = (options.files, options.files)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, bounds)
        watch(pid, port, others, options)


if __name__ == "__main__":
    main()
