"""
How far a transfer has got.
"""

import io

import pytest

from penstock.cli.progress import Progress, size


class Terminal(io.StringIO):
    """
    Somebody who watches.
    """

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (1024**2, "1.0 MiB"),
        (5 * 1024**3, "5.0 GiB"),
        (1024**5, "1024.0 TiB"),
    ],
)
def test_size(octets: int, text: str) -> None:
    assert size(octets) == text


def test_bar() -> None:
    terminal = Terminal()
    progress = Progress(terminal, True)
    progress.begin("Receiving", 4096)
    progress.advance("Receiving", 1024)
    progress.advance("Receiving", 3072)
    progress.end()
    said = terminal.getvalue()
    assert "Receiving" in said
    assert "100%" in said
    assert "4.0 KiB" in said
    assert said.endswith("\n")


def test_withoutLength() -> None:
    terminal = Terminal()
    progress = Progress(terminal, True)
    progress.begin("Receiving", None)
    progress.advance("Receiving", 2048)
    progress.end()
    assert "2.0 KiB" in terminal.getvalue()


def test_empty() -> None:
    progress = Progress(Terminal(), True)
    progress.begin("Receiving", 0)
    progress.end()


def test_oneAtATime() -> None:
    """
    What comes late to the first of two is not added to the second.
    """
    terminal = Terminal()
    progress = Progress(terminal, True)
    progress.begin("Sending", 10)
    progress.begin("Receiving", 1024)
    progress.advance("Sending", 10)
    progress.advance("Receiving", 1024)
    progress.end()
    assert "1.0 KiB" in terminal.getvalue()


def test_notShown() -> None:
    terminal = Terminal()
    progress = Progress(terminal, False)
    progress.begin("Sending", 10)
    assert list(progress.count("Sending", [b"ab", b"c"])) == [b"ab", b"c"]
    progress.end()
    assert not terminal.getvalue()
