"""
Write the corpus from the tables of the tests.

Run in the environment of the tests, from the root::

    .venv/bin/python fuzz/seeds.py
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"

sys.path.insert(0, str(HERE.parent))

# Longer rows are about limits, which the harnesses reach with small ones.
MAX_LENGTH = 700


def requests() -> Iterator[bytes]:
    """
    What the tests of the request reader have.
    """
    from tests.http1 import test_request_reader as tables

    yield from (data for _, data in tables.REJECTED.values())
    for _, data in tables.REJECTED_CONTENT.values():
        yield tables.CHUNKED + data
    yield from (data for data, _ in tables.TAKEN.values())
    yield from (tables.head(block) for block, _ in tables.FIELDS.values())
    for version, block, _ in tables.PERSISTENT.values():
        yield b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + block + b"\r\n"
    for version, block, _ in tables.EXPECT.values():
        yield b"POST / HTTP/" + version + b"\r\nHost: a\r\n" + block + b"\r\n"


def responses() -> Iterator[bytes]:
    """
    What the tests of the response reader have.
    """
    from tests.http1 import test_response_reader as tables

    yield from (data for data, _ in tables.WHOLE.values())
    yield from (data for data, _ in tables.BAD.values())
    yield from (tables.CHUNKED + data for data in tables.BAD_CHUNKS.values())


def frames() -> Iterator[bytes]:
    """
    The vectors of RPC: as they are, and as the inside of a frame.
    """
    from penstock.transports.rpc.codec import MAGIC
    from tests.rpc.wires import VECTORS, opening

    for row in VECTORS["frames"]:
        wire = bytes.fromhex(row["hex"])
        isHello = row["messages"][0][0] == "hello"
        yield (MAGIC if isHello else opening(False)) + wire
        yield wire[4:]
    yield from (bytes.fromhex(row["hex"]) for row in VECTORS["refused"])


def write(name: str, inputs: Iterable[bytes]) -> int:
    """
    Make the corpus of a target anew.

    @return: how many files it has.
    """
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    known = {path.name for path in folder.iterdir()}
    written = set()
    for data in inputs:
        if 0 < len(data) <= MAX_LENGTH:
            file = sha256(data).hexdigest()[:12]
            (folder / file).write_bytes(data)
            written.add(file)
    for file in known - written:
        # What was found by fuzzing has another name.
        if not file.startswith("found-"):
            (folder / file).unlink()
    return len(written)


def main() -> None:
    """
    Write all.
    """
    for name, inputs in (
        ("request", requests()),
        ("response", responses()),
        ("rpc", frames()),
    ):
        print(name, write(name, inputs))


if __name__ == "__main__":
    main()
