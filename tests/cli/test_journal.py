"""
What a server says while it runs.
"""

import io

from twisted.internet.task import Clock

from penstock.cli.journal import FLUSH_EVERY, Lines


class Closed(io.StringIO):
    """
    A stream whose reader has gone.
    """

    def write(self, text: str) -> int:
        raise BrokenPipeError


def test_linesAreFlushedTogether() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.write("one\n")
    lines.write("two\n")
    assert stream.getvalue() == ""
    assert len(clock.getDelayedCalls()) == 1
    clock.advance(FLUSH_EVERY)
    assert stream.getvalue() == "one\ntwo\n"
    lines.write("three\n")
    clock.advance(FLUSH_EVERY)
    assert stream.getvalue() == "one\ntwo\nthree\n"


def test_flushNow() -> None:
    stream, clock = io.StringIO(), Clock()
    lines = Lines(stream, clock)
    lines.write("one\n")
    lines.flush()
    assert stream.getvalue() == "one\n"
    clock.advance(FLUSH_EVERY)
    assert stream.getvalue() == "one\n"


def test_nobodyReads() -> None:
    """
    A server doesn't end because nobody reads its log.
    """
    clock = Clock()
    lines = Lines(Closed(), clock)
    for _ in range(2):
        lines.write("one\n")
        clock.advance(FLUSH_EVERY)
    assert not clock.getDelayedCalls()
