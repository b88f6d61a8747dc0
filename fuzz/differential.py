"""
Compare the request reader with other parsers::

    python differential.py --seconds 60

Inputs come from a grammar, or from the corpus, and most of them are changed at
random.  Each disagreement must be one that L{differences} explains; another
one ends the run, and its input is kept.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Final

from differences import Difference, explained
from grammar import Grammar
from mutation import Mutation
from peers import PEERS, Outcome, Verdict, penstock
from run import FOUND, known
from strict import strict
from subjects import REQUESTS

OTHERS: Final = {"strict": strict, **PEERS}

# What ends whatever isn't whole.
_REST: Final = b"\r\n\r\n" * 4


def compare(peer: str, data: bytes) -> Difference | None:
    """
    @return: where C{peer} and we part first; L{None} if we don't.
    """
    theirs, ours = OTHERS[peer](data), penstock(data)
    if theirs[:2] == ours[:2]:
        return None
    for mine, other in zip(ours.messages, theirs.messages, strict=False):
        if mine != other:
            return Difference(peer, "message", _unlike(mine, other))
    if theirs.verdict is Verdict.LOST and len(ours.messages) >= len(theirs.messages):
        return Difference(peer, "end", theirs.reason)
    weEnded = len(ours.messages) <= len(theirs.messages)
    theyEnded = len(theirs.messages) <= len(ours.messages)
    if ours.verdict is Verdict.REJECTED and weEnded:
        if theyEnded and _rejects(peer, theirs, data):
            return None
        return Difference(peer, "we refuse", ours.reason)
    if theirs.verdict is Verdict.REJECTED and theyEnded:
        if weEnded and _rejects("penstock", ours, data):
            return None
        return Difference(peer, "they refuse", theirs.reason)
    return Difference(peer, "end", f"{ours.verdict.value}, {theirs.verdict.value}")


def _unlike(mine: tuple[object, ...], other: tuple[object, ...]) -> str:
    names = ("method", "target", "version", "fields", "content", "last")
    return ", ".join(
        name for name, one, two in zip(names, mine, other, strict=True) if one != two
    )


def _rejects(name: str, outcome: Outcome, data: bytes) -> bool:
    """
    @return: whether C{outcome} is a rejection, or becomes one at the end of
        what is not whole; so when it comes doesn't count.
    """
    if outcome.verdict is Verdict.INCOMPLETE:
        parse = penstock if name == "penstock" else OTHERS[name]
        later = parse(data + _REST)
        return later.verdict is Verdict.REJECTED and len(later.messages) == len(
            outcome.messages
        )
    return outcome.verdict is Verdict.REJECTED


class Figures:
    """
    What a run has seen.
    """

    def __init__(self) -> None:
        self.inputs = 0
        self.verdicts: Counter[str] = Counter()
        self.messages = 0
        self.differences: Counter[Difference] = Counter()
        self.unexplained: dict[Difference, bytes] = {}

    def take(self, data: bytes) -> None:
        """
        Compare all parsers on C{data}.
        """
        self.inputs += 1
        ours = penstock(data)
        self.verdicts[ours.verdict.value] += 1
        self.messages += len(ours.messages)
        for peer in OTHERS:
            found = compare(peer, data)
            if found is not None:
                self.differences[found] += 1
                if not explained(found, data):
                    shortest = self.unexplained.get(found)
                    if shortest is None or len(data) < len(shortest):
                        self.unexplained[found] = data


def run(seconds: float, seed: int, goOn: bool) -> Figures:
    """
    Compare for a while.
    """
    chance = random.Random(seed)
    grammar = Grammar(chance)
    mutation = Mutation(chance, REQUESTS.tokens)
    corpus = known("request")
    figures = Figures()
    for data in corpus:
        figures.take(data)
    end = time.monotonic() + seconds
    while time.monotonic() < end and (goOn or not figures.unexplained):
        if chance.random() < 0.7:
            data = grammar.connection()
        else:
            data = chance.choice(corpus)
        if chance.random() < 0.5:
            data = mutation.mutate(data, chance.choice(corpus))
        if len(data) <= 8192:
            figures.take(data)
    return figures


def main() -> None:
    """
    Do what the arguments say.
    """
    parser = argparse.ArgumentParser(description="Compare with other parsers.")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0, help="0 for another each time")
    parser.add_argument(
        "--go-on", action="store_true", help="collect what isn't explained"
    )
    chosen = parser.parse_args()
    seed = chosen.seed or int.from_bytes(os.urandom(3), "big") + 1
    started = time.monotonic()
    figures = run(chosen.seconds, seed, chosen.go_on)
    took = time.monotonic() - started
    for found, count in sorted(figures.differences.items()):
        print(f"{count:8} {found.peer}: {found.kind}: {found.reason}")
    print(
        f"{figures.inputs} inputs in {took:.0f} s, seed {seed}; "
        f"{figures.messages} requests taken; "
        + ", ".join(f"{count} {name}" for name, count in figures.verdicts.items())
    )
    if figures.unexplained:
        FOUND.mkdir(exist_ok=True)
        for number, (found, data) in enumerate(figures.unexplained.items()):
            Path(FOUND / f"differential-{number}").write_bytes(data)
            print(f"not explained: {found}\n  {data!r}", file=sys.stderr)
            for name, parse in {"penstock": penstock, **OTHERS}.items():
                print(f"  {name}: {parse(data)}", file=sys.stderr)
        sys.exit(1)
    print("each difference is explained in docs/differences.md")


if __name__ == "__main__":
    main()
