"""
Hello over HTTP/1.1: requests per second and processor time per request, on
penstock and on twisted.web, in turn.

Needs wrk.  Run as C{python http_hello.py [ROUNDS]}.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys

from process import cpuSeconds, serving

SECONDS = 3
CONNECTIONS = 32


def measure(pid: int, port: int) -> tuple[float, float]:
    """
    @return: requests per second, and microseconds of the server for each.
    """
    before = cpuSeconds(pid)
    done = subprocess.run(
        [
            "wrk",
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{SECONDS}s",
            f"http://127.0.0.1:{port}/",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    used = cpuSeconds(pid) - before
    if "Non-2xx" in done or "Socket errors" in done:
        raise RuntimeError(done)
    found = re.search(r"(\d+) requests in", done)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", done)
    if found is None or rate is None:
        raise RuntimeError(done)
    return float(rate[1]), used / int(found[1]) * 1e6


def main() -> None:
    """
    Print medians and their ratio.
    """
    if shutil.which("wrk") is None:
        sys.exit("this benchmark needs wrk")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    rates: dict[str, list[float]] = {"penstock": [], "twisted.web": []}
    costs: dict[str, list[float]] = {"penstock": [], "twisted.web": []}
    with (
        serving("hello_servers.py", "penstock") as ours,
        serving("hello_servers.py", "twisted.web") as theirs,
    ):
        for _ in range(rounds):
            for name, where in (("penstock", ours), ("twisted.web", theirs)):
                rate, cost = measure(*where)
                rates[name].append(rate)
                costs[name].append(cost)
    for name in rates:
        print(
            f"{name:12} {statistics.median(rates[name]):10,.0f} requests/s "
            f"{statistics.median(costs[name]):8.1f} µs of processor each"
        )
    pairs = zip(rates["penstock"], rates["twisted.web"], strict=True)
    print(f"ratio        {statistics.median(a / b for a, b in pairs):10.2f}")


if __name__ == "__main__":
    main()
