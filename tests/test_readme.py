"""
The code in the README runs as it stands there.
"""

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """
    The code blocks in C{language}.
    """
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


RESOURCE, PROGRAM, TEST = blocks("python")

# Put before a program: asks it for something when it runs, prints the answer,
# and ends it.
_CLIENT = """
import urllib.request
from twisted.internet import reactor, threads

def fetch():
    with urllib.request.urlopen("http://127.0.0.1:{port}/hello?name=Ada") as answer:
        return answer.read().decode()

def ask():
    asked = threads.deferToThread(fetch)
    asked.addCallback(print).addErrback(lambda failure: failure.printTraceback())
    asked.addBoth(lambda ignored: reactor.stop())

reactor.callWhenRunning(lambda: reactor.callLater(0, ask))
"""


def run(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """
    Run Python with C{arguments} in C{folder}, where C{hello.py} is.
    """
    (folder / "hello.py").write_text(RESOURCE, "utf-8")
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    for name in ("http_proxy", "HTTP_PROXY"):
        environment.pop(name, None)
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )


def test_theTests(tmp_path: Path) -> None:
    """
    The tests of the first resource pass, and there are as many as are shown.
    """
    (tmp_path / "test_hello.py").write_text(TEST, "utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    done = run(tmp_path, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{TEST.count('def test_')} passed" in done.stdout


def test_theProgram(tmp_path: Path) -> None:
    """
    The program serves the first resource.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    program = PROGRAM.replace("tcp:8080", f"tcp:{port}:interface=127.0.0.1")
    assert program != PROGRAM
    (tmp_path / "program.py").write_text(_CLIENT.format(port=port) + program, "utf-8")
    done = run(tmp_path, "program.py")
    assert done.stdout == "Hello, Ada\n\n", done.stderr


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)]+)\)", README))
def test_theLinks(target: str) -> None:
    """
    What the README points to is there.
    """
    assert (ROOT / target).exists()


def test_theCommands() -> None:
    """
    The commands that the README names are in the Makefile, and the ports that
    it tells are theirs.
    """
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for name in re.findall(r"^make ([a-z]+)", "".join(blocks("sh")), re.MULTILINE):
        assert re.search(rf"^{name}:", makefile, re.MULTILINE)
    for variable, value in re.findall(r"^(\w*PORT) \?= (\d+)$", makefile, re.MULTILINE):
        assert f"localhost:{value}/" in README, variable
