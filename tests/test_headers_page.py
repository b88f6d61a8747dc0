"""
The page that shows the table of fields is what the table says.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def test_thePageIsUpToDate() -> None:
    """
    C{docs/headers.md} is what C{docs/headers.py} writes.
    """
    done = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "headers.py"), "--check"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
