"""
What becomes of the arguments of each command.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result

from penstock.cli import calling, serving
from penstock.cli.location import Location
from penstock.cli.main import main
from penstock.cli.upload import Upload

Asked = Callable[..., tuple[Result, list[Any]]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """
    Runs the command, up to where it would begin its work.
    """
    orders: list[Any] = []

    def begin(order: Any) -> int:
        orders.append(order)
        return 5

    monkeypatch.setattr(serving, "serve", begin)
    monkeypatch.setattr(calling, "call", begin)

    def run(*arguments: str) -> tuple[Result, list[Any]]:
        return CliRunner().invoke(main, arguments), orders

    return run


def order(asked: Asked, *arguments: str) -> Any:
    """
    @return: what would have been done.
    """
    result, orders = asked(*arguments)
    assert result.exit_code == 5, result.output
    (found,) = orders
    return found


@pytest.mark.parametrize(
    ("arguments", "http", "rpc"),
    [
        ((), ["8080"], []),
        (("--http", "80"), ["80"], []),
        (("--rpc", "7780"), [], ["7780"]),
        (("--http", "80", "--rpc", "7780"), ["80"], ["7780"]),
        (("--http", "80", "--http", "[::1]:80"), ["80", "[::1]:80"], []),
    ],
    ids=["default", "http", "rpc", "both", "two"],
)
def test_endpoints(
    asked: Asked, arguments: tuple[str, ...], http: list[str], rpc: list[str]
) -> None:
    found = order(asked, "serve", ".", *arguments)
    assert [endpoint.text for endpoint in found.http] == http
    assert [endpoint.text for endpoint in found.rpc] == rpc


def test_serveDefaults(asked: Asked) -> None:
    found = order(asked, "serve", "folder")
    assert found.served == "folder"
    assert found.host == "127.0.0.1"
    assert found.accessLog
    assert found.drain == 10
    assert found.limits == ()
    assert found.timeouts == ()
    assert found.trust == ()
    assert found.trustedFields == "x-forwarded"
    assert not found.debug
    assert found.reactor is None


def test_serveOptions(asked: Asked) -> None:
    found = order(
        asked,
        *("serve", "--forward", "rpc://127.0.0.1:7780", "--host", "::"),
        *("--no-access-log", "--drain", "0.5", "--reactor", "poll"),
        *("--limit", "connections=7", "--limit", "requests=none"),
        *("--timeout", "idle=1.5", "--trust", "10.0.0.0/8", "--trust", "unix"),
        *("--trusted-fields", "forwarded", "--debug"),
    )
    assert found.served == Location("rpc://127.0.0.1:7780", "/")
    assert found.host == "::"
    assert not found.accessLog
    assert found.drain == 0.5
    assert found.limits == (("connections", 7), ("requests", None))
    assert found.timeouts == (("idle", 1.5),)
    assert found.trust == ("10.0.0.0/8", "unix")
    assert found.trustedFields == "forwarded"
    assert found.debug
    assert found.reactor == "poll"


@pytest.mark.parametrize(
    ("arguments", "method", "upload"),
    [
        ((), b"GET", None),
        (("-I",), b"HEAD", None),
        (("-X", "DELETE"), b"DELETE", None),
        (("-d", "a=b"), b"POST", Upload(b"a=b")),
        (("-d", "a", "-d", "b"), b"POST", Upload(b"a&b")),
        (("-d", ""), b"POST", Upload(b"")),
        (("-d", "@file"), b"POST", Upload(path="file")),
        (("-d", "@-"), b"POST", Upload(path="-")),
        (("-d", "a", "-X", "PUT"), b"PUT", Upload(b"a")),
        (("-T", "file"), b"PUT", Upload(path="file")),
        (("-T", "-"), b"PUT", Upload(path="-")),
        (("-T", "file", "-X", "POST"), b"POST", Upload(path="file")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_methodAndContent(
    asked: Asked, arguments: tuple[str, ...], method: bytes, upload: Upload | None
) -> None:
    found = order(asked, "call", "http://h/a", *arguments)
    assert found.method == method
    assert found.upload == upload


def test_callDefaults(asked: Asked) -> None:
    found = order(asked, "call", "http://h/a?b")
    assert found.location == Location("http://h", "/a?b")
    assert [name for name, _ in found.headers] == [b"User-Agent", b"Accept"]
    assert found.output is None
    assert not found.head
    assert not found.fail
    assert found.maxTime is None
    # Here, standard error is no terminal.
    assert not found.progress


def test_callOptions(asked: Asked) -> None:
    found = order(
        asked,
        *("call", "rpc://h", "-i", "--fail", "-o", "file", "--max-time", "2.5"),
        *("-H", "X-One: 1", "-H", "x-one:2", "-H", "Accept:", "-H", "user-agent: me"),
    )
    assert list(found.headers) == [
        (b"X-One", b"1"),
        (b"x-one", b"2"),
        (b"Accept", b""),
        (b"user-agent", b"me"),
    ]
    assert found.head
    assert found.fail
    assert found.output == "file"
    assert found.maxTime == 2.5


@pytest.mark.parametrize(
    ("arguments", "mediaType"),
    [
        (("-d", "text"), b"application/x-www-form-urlencoded"),
        (("-d", "@file.json"), b"application/json"),
        (("-T", "page.html"), b"text/html"),
        (("-T", "-"), None),
        (("-d", "text", "-H", "content-type: text/x"), b"text/x"),
    ],
    ids=["text", "json", "html", "stdin", "own"],
)
def test_mediaType(
    asked: Asked, arguments: tuple[str, ...], mediaType: bytes | None
) -> None:
    found = order(asked, "call", "http://h", *arguments)
    assert found.headers.get("content-type") == mediaType


@pytest.mark.parametrize(
    ("url", "file", "target"),
    [
        ("http://h", "/tmp/a b.txt", "/a%20b.txt"),
        ("http://h/folder/", "a.txt", "/folder/a.txt"),
        ("http://h/name", "a.txt", "/name"),
        ("http://h/", "-", "/"),
    ],
)
def test_uploadIsNamed(asked: Asked, url: str, file: str, target: str) -> None:
    assert order(asked, "call", url, "-T", file).location.target == target


def test_outputToStandardOutput(asked: Asked) -> None:
    assert order(asked, "call", "http://h", "-o", "-").output is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("serve",), "nothing to serve"),
        (("serve", ".", "--forward", "rpc://h"), "exclude each other"),
        (("serve", "--forward", "rpc://h/path"), "no path"),
        (("serve", "--forward", "ftp://h"), "scheme"),
        (("serve", ".", "--http", "99999"), "no port above"),
        (("serve", ".", "--http", "localhost"), "expected a port"),
        (("serve", ".", "--http", "tcp:abc"), "the number of a port"),
        (("serve", ".", "--drain", "-1"), "--drain"),
        (("serve", ".", "--colour"), "--colour"),
        (("serve", ".", "--http", "haproxy:tcp:0"), "--trust"),
        (("serve", ".", "--trusted-fields", "x"), "--trusted-fields"),
        (("serve", ".", "--limit", "connections"), "NAME=NUMBER"),
        (("serve", ".", "--limit", "connections=-1"), "NAME=NUMBER"),
        (("serve", ".", "--limit", "connections=1e9"), "NAME=NUMBER"),
        (("serve", ".", "--timeout", "=1"), "NAME=NUMBER"),
        (("serve", ".", "--timeout", "idle="), "NAME=NUMBER"),
        (("call",), "URL"),
        (("call", "ftp://h"), "scheme"),
        (("call", "http://h", "-H", "X"), "Name: value"),
        (("call", "http://h", "-H", "X y: z"), "Name: value"),
        (("call", "http://h", "-H", ": z"), "Name: value"),
        (("call", "http://h", "-H", "X: a\r\nY: b"), "characters"),
        (("call", "http://h", "-H", "X: \u2603"), "characters"),
        (("call", "http://h", "-X", "GE T"), "token"),
        (("call", "http://h", "-X", ""), "token"),
        (("call", "http://h", "-d", "a", "-T", "b"), "exclude each other"),
        (("call", "http://h", "-d", "a", "-d", "@b"), "only texts"),
        (("call", "http://h", "-I", "-d", "a"), "no content"),
        (("call", "http://h", "--max-time", "0"), "--max-time"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_mistyped(asked: Asked, arguments: tuple[str, ...], said: str) -> None:
    result, orders = asked(*arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert not orders


def test_version(asked: Asked) -> None:
    result, _ = asked("--version")
    assert result.exit_code == 0
    assert result.output.startswith("penstock 0.")


@pytest.mark.parametrize("arguments", [("-h",), ("serve", "-h"), ("call", "--help")])
def test_help(asked: Asked, arguments: tuple[str, ...]) -> None:
    result, _ = asked(*arguments)
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_helpIsQuick() -> None:
    """
    Neither Twisted nor a reactor is loaded for help, and no reactor before it
    has been chosen.
    """
    code = (
        "import sys\n"
        "from penstock.cli import main\n"
        "if 'twisted' in sys.modules: sys.exit('Twisted is loaded')\n"
        "from penstock.cli import calling, serving\n"
        "if 'twisted.internet.reactor' in sys.modules: sys.exit('a reactor is')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
