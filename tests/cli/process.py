"""
The command in a process of its own, with a deadline on everything.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any, Self

# Seconds that anything may take.  Machines that are shared stand still for
# longer than one would think.
PATIENCE = 90.0

COMMAND = (sys.executable, "-u", "-m", "penstock.cli")


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """
    Run C{penstock} to its end.

    @param options: of L{subprocess.run}.
    """
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    if options["stdin"] is None:
        del options["stdin"]
    return subprocess.run(
        [*COMMAND, *arguments],
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=options.pop("stderr", subprocess.PIPE),
        check=False,
        timeout=PATIENCE,
        **options,
    )


class Process:
    """
    C{penstock}, while it runs.

    @ivar said: what came on standard output so far.
    @ivar complained: what came on standard error so far.
    """

    def __init__(
        self,
        *arguments: str,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        stdin: Any = subprocess.DEVNULL,
    ) -> None:
        self.said = b""
        self.complained = b""
        self.process = subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdout, selectors.EVENT_READ, "said")
        self._selector.register(self._stderr, selectors.EVENT_READ, "complained")

    @property
    def _stdout(self) -> IO[bytes]:
        if self.process.stdout is None:
            raise RuntimeError("there is no standard output")
        return self.process.stdout

    @property
    def _stderr(self) -> IO[bytes]:
        if self.process.stderr is None:
            raise RuntimeError("there is no standard error")
        return self.process.stderr

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._selector.close()
        self._stdout.close()
        self._stderr.close()

    def _read(self, deadline: float) -> None:
        ready = self._selector.select(max(0.0, deadline - time.monotonic()))
        if not ready:
            raise TimeoutError(f"{self.said!r}, {self.complained!r}")
        for key, _ in ready:
            data = os.read(key.fd, 65536)
            if data:
                setattr(self, key.data, getattr(self, key.data) + data)
            else:
                self._selector.unregister(key.fileobj)

    def expect(self, text: bytes, stream: str = "said", times: int = 1) -> None:
        """
        Wait until it has said C{text}.

        @param stream: C{"said"} or C{"complained"}.
        """
        deadline = time.monotonic() + PATIENCE
        while getattr(self, stream).count(text) < times:
            if not self._selector.get_map():
                raise EOFError(f"{self.said!r}, {self.complained!r}")
            self._read(deadline)

    def listening(self, count: int = 1) -> list[str]:
        """
        Wait until it listens on so many ports.

        @return: their URLs.
        """
        self.expect(b"\n", times=count)
        lines = self.said.decode().split("\n")[:count]
        return [line.removeprefix("Listening on ") for line in lines]

    def interrupt(self, number: int = signal.SIGINT) -> None:
        """
        Send a signal.
        """
        self.process.send_signal(number)

    def end(self) -> int:
        """
        Wait for its end.

        @return: the exit status.
        """
        deadline = time.monotonic() + PATIENCE
        while self._selector.get_map():
            self._read(deadline)
        return self.process.wait(PATIENCE)

    def closeOutput(self) -> None:
        """
        Read its standard output no more.
        """
        self._selector.unregister(self._stdout)
        self._stdout.close()
