"""
Without what TLS needs.
"""

import subprocess
import sys

import pytest

WITHOUT = """
import sys
sys.modules['OpenSSL'] = None
from penstock.cli.main import main
main()
"""


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("serve", ".", "--http", "ssl:0:privateKey=key.pem"), 1),
        (("serve", "--forward", "https://localhost", "--http", "0"), 2),
        (("call", "https://localhost:1/"), 2),
        (("call", "rpcs://localhost:1/"), 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_withoutOpenSSL(arguments: tuple[str, ...], status: int) -> None:
    """
    Whoever lacks it is told how to get it.
    """
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.endswith(
        ": TLS needs pyOpenSSL and service-identity: pip install 'penstock[tls]'\n"
    )
    assert "Traceback" not in done.stderr
