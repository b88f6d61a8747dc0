"""
Server processes, and what they cost.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
_TICK = os.sysconf("SC_CLK_TCK")


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


def cpuSeconds(pid: int) -> float:
    """
    @return: the processor time that process C{pid} has used.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICK
