"""
Other clients while slowhttptest is at work, in each of its modes.

Prints how long they wait (the median, the 99th part of a hundred, the longest),
and what it costs the server.  Needs slowhttptest.  Run as C{python
slow_attack.py [--connections N] [--seconds N] [--mode headers|body|read] [--
ARGUMENTS OF penstock serve]}.  Everything is on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time

from others import Others
from process import cpuSeconds, memory, penstock, raiseDescriptors

MODES = {
    "headers": ["-H", "-i", "5", "-t", "GET"],
    "body": ["-B", "-i", "5", "-s", "8192", "-t", "PUT", "-x", "10"],
    # Windows of a few hundred octets, 32 of them read each five seconds.
    "read": ["-X", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "1"],
}

# Seconds before the attack.
BEFORE = 5

# What slowhttptest counts its connections by.
_COUNT = re.compile(r"(pending|connected|error|closed|service available):\s+(\w+)")


def attack(url: str, mode: str, options: argparse.Namespace) -> str:
    """
    @return: what slowhttptest says at its end.
    """
    done = subprocess.run(
        [
            *("slowhttptest", *MODES[mode]),
            *("-u", url + ("large" if mode == "read" else "")),
            *("-c", str(options.connections), "-r", "500"),
            *("-l", str(options.seconds), "-p", "5"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    plain = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", done.stdout)
    counts = dict(_COUNT.findall(plain))
    ends = re.findall(r"(?:Exit status|Test ended on|Hit test).*", plain)
    return "; ".join([*(f"{name} {count}" for name, count in counts.items()), *ends])


def measure(mode: str, options: argparse.Namespace) -> None:
    arguments = ("slow_site:root", "--no-access-log", *options.arguments)
    with penstock(*arguments) as (pid, port), Others(port) as others:
        time.sleep(BEFORE)
        print(f"{mode}, before: {memory(pid):.1f} MiB; {others.take()}", flush=True)
        began, before = time.monotonic(), cpuSeconds(pid)
        said = attack(f"http://127.0.0.1:{port}/", mode, options)
        used, took = cpuSeconds(pid) - before, time.monotonic() - began
        print(f"{mode}, during: {others.take()}")
        print(
            f"{mode}: {100 * used / took:.0f} % of a processor;"
            f" {memory(pid):.1f} MiB, {memory(pid, 'VmHWM'):.1f} at most"
        )
        print(f"{mode}: slowhttptest says: {said}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--connections", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--mode", choices=list(MODES), action="append")
    parser.add_argument("arguments", nargs="*")
    options = parser.parse_args()
    if shutil.which("slowhttptest") is None:
        sys.exit("this benchmark needs slowhttptest")
    raiseDescriptors()
    for mode in options.mode or MODES:
        measure(mode, options)


if __name__ == "__main__":
    main()
