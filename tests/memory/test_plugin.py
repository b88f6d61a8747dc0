"""
The fixture for pytest, in a pytest of its own.
"""

import subprocess
import sys
from pathlib import Path

TESTS = """
from penstock.core.resource import Resource

class Page(Resource):
    def render_GET(self, request):
        return b"a page"

    def render_POST(self, request):
        return None

def test_good(memoryClient):
    first, second = memoryClient(Page()), memoryClient(Page(), secure=True)
    assert first.get("/").body == second.get("/").body == b"a page"

def test_leavesSomething(memoryClient):
    memoryClient(Page()).open("POST", "/")

def test_fails(memoryClient):
    memoryClient(Page()).open("POST", "/")
    assert False
"""


def test_fixture(tmp_path: Path) -> None:
    """
    What is left undone fails a test, but only one that hasn't failed.
    """
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(
        'pytest_plugins = ["penstock.transports.memory.plugin"]\n'
    )
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert "2 passed" in done.stdout
    assert "1 failed" in done.stdout
    assert "1 error" in done.stdout
    assert "ERROR test_it.py::test_leavesSomething" in done.stdout
    assert "the server never finished it" in done.stdout
