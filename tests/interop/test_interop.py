"""
What C{make interop} does, as far as it needs no proxies but penstock.
"""

import subprocess
import sys
from pathlib import Path

INTEROP = Path(__file__).resolve().parent.parent.parent / "interop"

# No proxy at all; a gateway to HTTP, and one to RPC; our own client.
ROUTES = ("", "penstock", "gateway", "ours")


def test_mixedRequests() -> None:
    """
    What comes over HTTP, also through penstock's own gateways, is what the
    same tree answers in memory.
    """
    done = subprocess.run(
        [sys.executable, "run.py", "--requests", "150", *ROUTES],
        cwd=INTEROP,
        capture_output=True,
        check=False,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("150 requests, 0 with a difference") == len(ROUTES)
