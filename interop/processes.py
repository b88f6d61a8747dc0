"""
Servers in processes of their own, in a folder of their own, on 127.0.0.1.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

# Seconds that a server has to come up, on a machine that is busy with others.
PATIENCE = 120.0

HERE = Path(__file__).resolve().parent

_URL = re.compile(r"Listening on ((?:https?|haproxy)\S+)\n")
_RPC = re.compile(r"Listening on rpc://127\.0\.0\.1:([0-9]+)/\n")


def freePort() -> int:
    """
    @return: a port that nobody listens on.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Process:
    """
    One process, ended by C{SIGTERM} to it and nobody else.

    @ivar errors: what it has written to standard error.
    """

    def __init__(
        self,
        command: Sequence[str],
        log: Path,
        environment: dict[str, str] | None = None,
        user: str | None = None,
    ) -> None:
        """
        @param log: gets what it writes.
        @param user: whom it runs as.
        """
        self.log = log
        self._file = log.open("wb")
        self._process = subprocess.Popen(
            command,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=HERE,
            user=user,
            env={**os.environ, **(environment or {})},
        )
        self.pid = self._process.pid

    def written(self) -> str:
        """
        @return: what it has written so far.
        """
        return self.log.read_text("utf-8", "replace")

    def awaitPort(self, port: int, seconds: float = PATIENCE) -> None:
        """
        Wait until it listens.
        """
        deadline = time.monotonic() + seconds
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"nobody listens on {port}: {self.written()}"
                    ) from None
                time.sleep(0.05)
            else:
                return

    def awaitLine(self, pattern: re.Pattern[str], seconds: float = PATIENCE) -> str:
        """
        @return: the first group of C{pattern}, once it is written.
        """
        deadline = time.monotonic() + seconds
        while True:
            found = pattern.search(self.written())
            if found is not None:
                return found[1]
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"it doesn't say where: {self.written()}")
            time.sleep(0.02)

    @property
    def descriptors(self) -> int:
        """
        How many files and sockets it has open.
        """
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def stop(self) -> int:
        """
        End it.

        @return: its exit status.
        """
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self._process.kill()
        status = self._process.wait()
        self._file.close()
        return status


class Penstock(Process):
    """
    C{penstock serve}.

    @ivar url: where it listens.
    """

    def __init__(self, arguments: Sequence[str], log: Path, files: Path) -> None:
        super().__init__(
            [
                sys.executable,
                "-m",
                "penstock.cli",
                "serve",
                "--no-access-log",
                *arguments,
            ],
            log,
            {"INTEROP_FILES": str(files), "PYTHONUNBUFFERED": "1"},
        )
        try:
            self.url = self.awaitLine(_URL)
        except BaseException:
            self.stop()
            raise

    @property
    def port(self) -> int:
        """
        Where it listens; 0 if on a unix socket.
        """
        found = re.search(r":([0-9]+)/?$", self.url)
        return 0 if found is None else int(found[1])

    def awaitRPC(self) -> int:
        """
        @return: where it listens for RPC.
        """
        return int(self.awaitLine(_RPC))

    def complaints(self) -> str:
        """
        @return: what it has written beyond where it listens.
        """
        lines = self.written().split("\n")
        return "\n".join(line for line in lines if not line.startswith("Listening"))
