"""
Server processes, and what they cost.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent


@contextmanager
def serving(script: str, *args: str) -> Iterator[tuple[int, int]]:
    """
    Run C{script}, which prints its port, in a process of its own.

    @return: its process id and its port.
    """
    process = subprocess.Popen(
        [sys.executable, str(HERE / script), *args], stdout=subprocess.PIPE, text=True
    )
    try:
        if process.stdout is None:
            raise RuntimeError("no output")
        yield process.pid, int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


@contextmanager
def penstock(*arguments: str) -> Iterator[tuple[int, int]]:
    """
    Run C{penstock serve ARGUMENTS --http 0} in this folder.

    @return: its process id and its port.
    """
    command = (sys.executable, "-u", "-m", "penstock.cli", "serve")
    process = subprocess.Popen(
        [*command, *arguments, "--http", "0"],
        cwd=HERE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        if process.stdout is None:
            raise RuntimeError("no output")
        yield process.pid, urlsplit(process.stdout.readline().split()[-1]).port or 0
    finally:
        process.terminate()
        process.wait(30)


def raiseDescriptors() -> int:
    """
    @return: how many files this process and those it starts may open now.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def memory(pid: int, what: str = "VmRSS") -> float:
    """
    @param what: C{VmRSS} for now, C{VmHWM} for the peak.

    @return: mebibytes of process C{pid}.
    """
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    if found is None:
        raise RuntimeError("no such figure")
    return int(found[1]) / 1024


def cpuSeconds(pid: int) -> float:
    """
    @return: the processor time that process C{pid} has used.
    """
    # What clock_getcpuclockid(3) makes of a process on Linux: to the nanosecond,
    # where /proc has hundredths of a second.
    return time.clock_gettime(~pid << 3 | 2)
