"""
The page of limits is what the source says.
"""

import subprocess
import sys
from dataclasses import fields
from inspect import signature
from pathlib import Path

from penstock.transports.http1 import HTTPClient, Limits, Timeouts
from penstock.transports.rpc.limits import RPCLimits, RPCTimeouts

ROOT = Path(__file__).resolve().parent.parent


def test_upToDate() -> None:
    command = [sys.executable, str(ROOT / "docs" / "limits.py"), "--check"]
    done = subprocess.run(command, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_allAreThere() -> None:
    """
    Each has a row with a reason.
    """
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    for kind in (Limits, Timeouts, RPCLimits, RPCTimeouts):
        for field in fields(kind):
            (row, *_) = (
                line
                for line in page.split("\n")
                if line.startswith(f"| `{field.name}`")
            )
            assert row.split("|")[3].endswith(". ")


def test_client() -> None:
    """
    Each timeout and bound of the calling end, too.
    """
    page = (ROOT / "docs" / "limits.md").read_text(encoding="utf-8")
    names = [
        name
        for name in signature(HTTPClient).parameters
        if name.endswith("Timeout") or name.startswith("max")
    ]
    assert len(names) == 8
    for name in names:
        assert f"\n| `{name}` | " in page
