"""
Fuzz a reader::

    python run.py request --seconds 60
    python run.py rpc --replay

With atheris the inputs are led by what of the code they reach; without it, or
by C{--engine plain}, they are known ones with random changes, of which those
are kept that are treated in a new way.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Final

from mutation import MAX_LENGTH, Mutation

if TYPE_CHECKING:
    from invariants import Target

HERE: Final = Path(__file__).resolve().parent
CORPUS: Final = HERE / "corpus"
FOUND: Final = HERE / "found"

# One input that takes as many seconds of the processor hangs.  Those of the
# clock say nothing where others are at work too.
HANG: Final = 30

# More memory than this is given to nobody.
MEMORY: Final = 2 * 1024 * 1024 * 1024


def loadAtheris() -> ModuleType | None:
    """
    @return: the module, if there is one for this Python.
    """
    try:
        import atheris
    except ImportError:
        return None
    module: ModuleType = atheris
    return module


def target(name: str, atheris: ModuleType | None) -> Target:
    """
    @return: what is to be fuzzed; instrumented, with C{atheris}.
    """
    include = ["penstock.core", "penstock.transports"]
    instrumented: Any = (
        nullcontext() if atheris is None else atheris.instrument_imports(include)
    )
    with instrumented:
        from subjects import TARGETS
    found: Target = TARGETS[name]
    return found


def known(name: str) -> list[bytes]:
    """
    @return: the corpus, in an order that is always the same.
    """
    return [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]


def watched(subject: Target) -> Callable[[bytes], None]:
    """
    @return: a check that fails if it takes for ever.
    """

    def hung(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {HANG} seconds of the processor")

    def check(data: bytes) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, HANG)
        try:
            subject.check(data)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    signal.signal(signal.SIGVTALRM, hung)
    return check


def replay(subject: Target) -> None:
    """
    Check the corpus, and nothing else.
    """
    inputs = known(subject.name)
    for data in inputs:
        subject.check(data)
    print(f"{subject.name}: {len(inputs)} inputs of the corpus, all is well")


def plain(subject: Target, seconds: float, seed: int) -> None:
    """
    Fuzz with random changes.
    """
    check = watched(subject)
    chance = random.Random(seed)
    inputs = known(subject.name)
    shapes = {subject.signature(data) for data in inputs}
    mutation = Mutation(chance, subject.tokens)
    started = time.monotonic()
    executions = 0
    while time.monotonic() - started < seconds:
        data = mutation.mutate(chance.choice(inputs), chance.choice(inputs))
        try:
            check(data)
        except BaseException:
            FOUND.mkdir(exist_ok=True)
            where = FOUND / f"{subject.name}-{executions}"
            where.write_bytes(data)
            print(f"{where} has what failed: {data!r}", file=sys.stderr)
            raise
        executions += 1
        shape = subject.signature(data)
        if shape not in shapes and len(shapes) < 10_000:
            shapes.add(shape)
            inputs.append(data)
    took = time.monotonic() - started
    print(
        f"{subject.name}: {executions} executions in {took:.0f} s, seed {seed}, "
        f"{len(shapes)} shapes, no failure"
    )


def guided(atheris: ModuleType, subject: Target, seconds: float, seed: int) -> None:
    """
    Fuzz with atheris, which ends the process, with its own figures.
    """
    FOUND.mkdir(exist_ok=True)
    work = FOUND / f"corpus-{subject.name}"
    work.mkdir(exist_ok=True)
    tokens = FOUND / f"{subject.name}.dict"
    tokens.write_text(
        "".join(
            '"' + "".join(f"\\x{octet:02x}" for octet in token) + '"\n'
            for token in subject.tokens
        ),
        "ascii",
    )
    arguments = [
        sys.argv[0],
        f"-max_total_time={int(seconds)}",
        f"-max_len={MAX_LENGTH}",
        "-timeout=3600",
        f"-rss_limit_mb={MEMORY >> 20}",
        f"-artifact_prefix={FOUND / subject.name}-",
        f"-dict={tokens}",
        f"-seed={seed}",
        "-print_final_stats=1",
        str(work),
        str(CORPUS / subject.name),
    ]
    atheris.Setup(arguments, watched(subject))
    atheris.Fuzz()


def main() -> None:
    """
    Do what the arguments say.
    """
    parser = argparse.ArgumentParser(description="Fuzz a reader.")
    parser.add_argument("target", choices=("request", "response", "rpc"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--engine", choices=("atheris", "plain"))
    parser.add_argument("--seed", type=int, default=0, help="0 for another each time")
    parser.add_argument("--replay", action="store_true", help="only the corpus")
    chosen = parser.parse_args()
    seed = chosen.seed or int.from_bytes(os.urandom(3), "big") + 1
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    if chosen.replay:
        replay(target(chosen.target, None))
        return
    atheris = None if chosen.engine == "plain" else loadAtheris()
    if atheris is None:
        if chosen.engine == "atheris":
            sys.exit("there is no atheris here")
        plain(target(chosen.target, None), chosen.seconds, seed)
    else:
        guided(atheris, target(chosen.target, atheris), chosen.seconds, seed)


if __name__ == "__main__":
    main()
