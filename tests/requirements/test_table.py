"""
The table of requirements, the tests that carry its rows, and the page agree.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND = ROOT / "docs" / "requirements.py"

_spec = importlib.util.spec_from_file_location("requirements_command", COMMAND)
if _spec is None or _spec.loader is None:
    raise ImportError(COMMAND)
command: Any = importlib.util.module_from_spec(_spec)
# For its dataclasses.
sys.modules[_spec.name] = command
_spec.loader.exec_module(command)

ROW = '"9112-1-1" = {level = "MUST", binds = "server", what = "Be there"'
TABLE = f'[reasons]\nbusy = "Much to do."\n[rows]\n{ROW}, %s}}\n'


def load(status: str = "tested = true") -> Any:
    return command.Table.load(TABLE % status)


def test_inStep() -> None:
    """
    Every row that is said to be tested is; no test names a row that there
    isn't; and the page is what C{make requirements} makes.
    """
    done = subprocess.run(
        [sys.executable, str(COMMAND), "--check"],
        capture_output=True,
        check=False,
        text=True,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_all() -> None:
    """
    There is a row for each statement; and one says what isn't done yet.
    """
    table = command.Table.load(command.TABLE.read_text(encoding="utf-8"))
    counted: dict[str, int] = {}
    for row in table.rows.values():
        rfc = row.id.partition("-")[0]
        counted[rfc] = counted.get(rfc, 0) + 1
        assert row.what
        assert row.why or row.status is command.Status.TESTED
        if row.status is command.Status.REASON:
            assert " " in row.why or row.why in table.reasons
    assert counted == {"9110": 434, "9111": 103, "9112": 138}


@pytest.mark.parametrize(
    ("status", "found", "count"),
    [
        ("tested = true", {"9112-1-1": {"a"}}, 0),
        ("tested = true", {"9112-1-1": {"a"}, "9112-1-2": {"a"}}, 1),
        ("tested = true", {}, 1),
        ('reason = "busy"', {}, 0),
        ('choice = "Not now."', {"9112-1-1": {"a"}}, 0),
        ('deviation = "Not now."', {"9112-1-1": {"a"}}, 0),
        ('missing = "Not yet."', {}, 0),
        ('missing = "Not yet."', {"9112-1-1": {"a"}}, 1),
    ],
)
def test_problems(status: str, found: dict[str, set[str]], count: int) -> None:
    assert len(command.problems(load(status), found)) == count


@pytest.mark.parametrize(
    "status",
    [
        "tested = false",
        "reason = true",
        'tested = true, reason = "busy"',
        "level = 1",
        'tested = true, more = "x"',
        'tested = "yes"',
    ],
)
def test_badRows(status: str) -> None:
    with pytest.raises(ValueError):
        load(status)


def test_page() -> None:
    page = command.page(load('deviation = "busy"'), {"9112-1-1": {"a::test_b"}})
    assert "- `9112-1-1` (MUST, deviation): Be there. Much to do." in page
    assert (
        "| 9112-1-1 | MUST | server | Be there"
        " | **deviation**: *busy*<br>`a::test_b` |" in page
    )


def test_counts() -> None:
    head, *lines = command.counts(load(), {"9112-1-1": {"a"}})
    assert dict(zip(head, lines[0], strict=True)) == {
        "level": "MUST",
        "rows": "1",
        "with a test": "1",
        "everywhere": "0",
        "tested": "1",
        "reason": "0",
        "choice": "0",
        "deviation": "0",
        "missing": "0",
    }
    assert lines[-1] == ["all", *lines[0][1:]]
