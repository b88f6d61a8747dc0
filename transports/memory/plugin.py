"""
A fixture for pytest.  In C{conftest.py}::

    pytest_plugins = ["penstock.transports.memory.plugin"]

and then in a test::

    def test_greets(memoryClient):
        client = memoryClient(root)
        assert client.get("/hello").text == "Hello"
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from penstock.transports.memory.client import MemoryClient

_FAILED: pytest.StashKey[bool] = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    """
    Note whether the test has failed.
    """
    report = yield
    if report.when == "call":
        item.stash[_FAILED] = report.failed
    return report


@pytest.fixture
def memoryClient(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """
    Makes L{MemoryClient}s, with their arguments.  When the test ends they are
    closed, and what was left undone fails it; unless it has failed anyway,
    since what went wrong first is what the reader wants to see.
    """
    clients: list[MemoryClient] = []

    def make(root: Any, *args: Any, **options: Any) -> MemoryClient:
        client = MemoryClient(root, *args, **options)
        clients.append(client)
        return client

    yield make
    failed = request.node.stash.get(_FAILED, False)
    problem = RuntimeError() if failed else None
    for client in reversed(clients):
        client.__exit__(None, problem, None)
