"""
What the fuzzers look for holds for their corpus; and what they may pass over is
explained.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FUZZ = ROOT / "fuzz"
PAGE = (ROOT / "docs" / "differences.md").read_text("utf-8")


def load(name: str) -> Any:
    """
    A module that isn't in any package.
    """
    spec = spec_from_file_location(f"_fuzz_{name}", FUZZ / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


differences = load("differences")


@pytest.mark.parametrize("target", ["request", "response", "rpc"])
def test_corpus(target: str) -> None:
    """
    Every input of the corpus keeps the invariants.
    """
    done = subprocess.run(
        [sys.executable, "run.py", target, "--replay"],
        cwd=FUZZ,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "all is well" in done.stdout
    assert list((FUZZ / "corpus" / target).iterdir())


def reasons() -> set[str]:
    """
    All that the reader of requests refuses something for.
    """
    # These two are put together where they are raised.
    found = {"fields too large", "trailers too large"}
    for name in ("request_reader", "request_head", "head", "body"):
        path = ROOT / "transports" / "http1" / f"{name}.py"
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Call(
                    args=[ast.Constant(value=int()), ast.Constant(value=str(reason))]
                ):
                    found.add(reason)
    # Only who reads responses has these.
    return found - {"closed within content", "closed within chunked content"}


def test_allReasonsAreKnown() -> None:
    assert reasons() == differences.OURS


@pytest.mark.parametrize("reason", sorted(differences.OURS))
def test_reasonIsExplained(reason: str) -> None:
    assert f"`{reason}`" in PAGE


@pytest.mark.parametrize("reason", sorted(differences.STRICTER))
def test_whatTheRFCTakesIsMarked(reason: str) -> None:
    (row,) = (
        line
        for line in PAGE.split("\n")
        if line.startswith("|") and f"`{reason}`" in line
    )
    assert row.split("|")[2] == " takes "


@pytest.mark.parametrize("difference", differences.THEIRS, ids=str)
def test_differenceIsExplained(difference: Any) -> None:
    (row,) = (
        line
        for line in PAGE.split("\n")
        if line.startswith(f"| {difference.peer} ")
        and f"`{difference.reason}`" in line.replace("` ``", "```").replace("``", "`")
    )
    # With its section.
    assert re.search(r"[0-9C]\.[0-9]", row)


@pytest.mark.parametrize(
    ("difference", "data"),
    [
        (("strict", "they refuse", "field"), b""),
        (("strict", "message", "content"), b""),
        (("strict", "we refuse", "malformed Host"), b"Host: a\r\n\r\n"),
        (("strict", "we refuse", "line end without CR"), b"\n"),
        (("h11", "message", "content"), b""),
        (("httptools", "message", "content"), b""),
        (("httptools", "they refuse", "something new"), b""),
        (("h11", "we refuse", "something new"), b""),
    ],
    ids=str,
)
def test_othersAreNotExplained(difference: tuple[str, str, str], data: bytes) -> None:
    """
    What isn't in the page ends the comparison.
    """
    assert not differences.explained(differences.Difference(*difference), data)
