"""
A gibibyte up and down over HTTP, over RPC, and over HTTP to a gateway to RPC to
a worker: are the hashes equal, how fast was it, and how much memory did each
process take beyond what it takes when idle?

Needs curl.  Run as C{python bulk.py [MEBIBYTES]}.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from process import memory, serving

MEBIBYTE = 1024 * 1024


def hashed(stream: object) -> str:
    """
    @return: the SHA-256 of what comes through a pipe.
    """
    digest = hashlib.sha256()
    while block := stream.read(MEBIBYTE):  # type: ignore[attr-defined]
        digest.update(block)
    return digest.hexdigest()


def call(url: str, upload: Path | None) -> tuple[str, float]:
    """
    @return: what came back, or for a download its hash; and the peak memory
        of the process that called, in mebibytes.
    """
    if url.startswith("rpc"):
        command = [sys.executable, "-m", "penstock.cli", "call", "--no-progress", url]
        command += ["-X", "PUT", "-T", str(upload)] if upload else []
    else:
        command = ["curl", "-sS", url]
        command += ["-T", str(upload)] if upload else []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout is None:
            raise RuntimeError("no output")
        if upload:
            came = process.stdout.read().decode().strip()
        else:
            came = hashed(process.stdout)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed: {process.returncode}")
    return came, usage.ru_maxrss / 1024


def main() -> None:
    """
    Print a row for each way.
    """
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    with tempfile.NamedTemporaryFile() as file:
        block = os.urandom(MEBIBYTE)
        digest = hashlib.sha256()
        for number in range(size):
            varied = number.to_bytes(4, "big") + block[4:]
            file.write(varied)
            digest.update(varied)
        file.flush()
        path = Path(file.name)
        expected = digest.hexdigest()
        with (
            serving("bulk_servers.py", "http", file.name) as http,
            serving("bulk_servers.py", "rpc", file.name) as rpc,
            serving("bulk_servers.py", f"gateway:{rpc[1]}", file.name) as gateway,
        ):
            ways = [
                ("HTTP", f"http://127.0.0.1:{http[1]}", [("server", http[0])]),
                ("RPC", f"rpc://127.0.0.1:{rpc[1]}", [("server", rpc[0])]),
                (
                    "HTTP, RPC",
                    f"http://127.0.0.1:{gateway[1]}",
                    [("gateway", gateway[0]), ("worker", rpc[0])],
                ),
            ]
            # Everything that is loaded on first use is loaded before it counts.
            for _, base, _ in ways:
                call(base + "/up", Path(__file__))
            for name, base, processes in ways:
                for target, upload in (("/up", path), ("/down", None)):
                    for _, pid in processes:
                        Path(f"/proc/{pid}/clear_refs").write_text("5")
                    idle = [memory(pid, "VmRSS") for _, pid in processes]
                    begin = time.perf_counter()
                    came, peak = call(base + target, upload)
                    took = time.perf_counter() - begin
                    more = "  ".join(
                        f"{role} +{memory(pid, 'VmHWM') - before:.1f} MiB"
                        for (role, pid), before in zip(processes, idle, strict=True)
                    )
                    verdict = "equal" if came == expected else "DIFFERENT"
                    print(
                        f"{name:10} {target:6} {verdict:10} {size / took:7.0f} MiB/s  "
                        f"{more}  caller's peak {peak:.0f} MiB",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
