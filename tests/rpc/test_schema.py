"""
Tests for L{penstock.transports.rpc.schema}.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.transports.rpc.messages import METHODS, Message
from penstock.transports.rpc.schema import READERS, SCHEMA, NotAMessage, Reader, reader

from .wires import VECTORS, messageOf

ARRAYS: list[tuple[Any, ...]] = [
    (int(METHODS[type(message)]), *message)
    for row in VECTORS["frames"]
    for message in map(messageOf, row["messages"])
]

# What may stand in place of an item, some of it rightly.
ITEMS = st.sampled_from(
    [
        *(None, True, False, 0, 1, 2, 9, 10, 99, 100, 101, 199, 200, 999, 1000),
        *(-1, 2**31 - 1, 2**31, 2**53 - 1, 2**53, 1.0, 200.0),
        *("", "x", "x" * 256, "x" * 257, "\n", "\xe4", b"", b"x", b"x" * 257),
        *((), ("a",), ("a", 1), ("a", 1, "a", 2), (1, 2), (b"a",), (b"a", b"b")),
        *((b"a", "b"), ((), ())),
    ]
)


def _outcome(read: Reader, item: Any) -> object:
    try:
        message = read(item)
    except NotAMessage as problem:
        return str(problem)
    return type(message), message


def test_everyMessageHasASchema() -> None:
    assert SCHEMA.keys() == METHODS.keys()
    assert READERS.keys() == set(METHODS.values())
    for kind, checks in SCHEMA.items():
        assert len(checks) == len(kind._fields), kind  # type: ignore[attr-defined]


@pytest.mark.parametrize("item", ARRAYS, ids=str)
def test_message(item: tuple[Any, ...]) -> None:
    message = READERS[item[0]](item)
    assert METHODS[type(message)] == item[0]
    assert tuple(message) == item[1:]


@pytest.mark.parametrize(
    "item", [b"\x01" * 9, "x", 5, None, (), (1,), tuple(range(20))], ids=repr
)
@pytest.mark.parametrize("read", READERS.values(), ids=map(str, READERS))
def test_notAMessage(read: Reader, item: Any) -> None:
    with pytest.raises(NotAMessage):
        read(item)


@given(st.data())
def test_fastReadersReadAsTheSchemaSays(data: st.DataObject) -> None:
    """
    Whatever is in place of whichever items: each reader takes and refuses what
    one made of the schema does, and for the same reason.
    """
    item = list(data.draw(st.sampled_from(ARRAYS)))
    kinds: dict[int, type[Message]] = {
        int(method): kind for kind, method in METHODS.items()
    }
    for place in data.draw(st.lists(st.integers(1, len(item) - 1), max_size=1)):
        item[place] = data.draw(ITEMS)
    if data.draw(st.booleans()):
        item = item[: data.draw(st.integers(1, len(item)))]
    method = item[0]
    array = tuple(item)
    assert _outcome(READERS[method], array) == _outcome(reader(kinds[method]), array)
