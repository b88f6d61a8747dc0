"""
The form of the examples, and pages that the project makes itself, in a browser.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.request import urlopen

import pytest

from ..cli.process import Process
from .chromium import Chromium, installed

ROOT = Path(__file__).resolve().parent.parent.parent

pytestmark = pytest.mark.skipif(
    installed() is None, reason="there is no Chromium on this machine"
)

# Octets a second: slow enough to be seen on the way.
SLOW = 8_000_000


class Served(NamedTuple):
    """
    @ivar folder: where the uploads go.
    """

    url: str
    folder: Path

    def names(self) -> list[str]:
        return sorted(os.listdir(self.folder))

    def unfinished(self) -> list[str]:
        return [name for name in self.names() if name[:1] == "."]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """
    One for all of these tests.
    """
    with Chromium(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """
    The example, which takes its leave as if nothing had happened.
    """
    place = tmp_path_factory.mktemp("temporary")
    arguments = ("serve", "examples.form:root", "--http", "0")
    with Process(*arguments, cwd=ROOT, env={"TMPDIR": str(place)}) as process:
        (url,) = process.listening()
        (folder,) = place.iterdir()
        yield Served(url, folder)
        process.interrupt()
        assert process.end() == 0
        # The browser keeps its connections, so there may be something to wait
        # for.
        lines = process.complained.split(b"\n")
        assert [line for line in lines if line and line[:9] != b"Finishing"] == []
        assert list(place.iterdir()) == []


@pytest.fixture
def served(server: Served) -> Served:
    """
    The example, as if nobody had sent anything yet.
    """
    for path in server.folder.iterdir():
        path.unlink()
    return server


@pytest.fixture
def page(browser: Chromium, served: Served) -> Iterator[Chromium]:
    """
    The browser, with the form before it.
    """
    browser.forget()
    browser.uploadAt(-1)
    browser.visit(served.url)
    yield browser
    browser.withScripts(True)


def made(path: Path, size: int) -> Path:
    path.write_bytes(os.urandom(size))
    return path


def sparse(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        file.truncate(size)
    return path


def hashOf(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def told(page: Chromium) -> str:
    """
    Wait for how it ended.

    @return: what stands there, and what kind of thing that is.
    """
    page.until(lambda: page.evaluate("!send.disabled"))
    text: str = page.evaluate("told.className + ': ' + told.value")
    return text


def test_progress(page: Chromium, served: Served, tmp_path: Path) -> None:
    """
    The bar moves while the files are on their way, and they come as they were.
    """
    files = [made(tmp_path / "a lake.png", 3_000_000), made(tmp_path / "<b>.txt", 5000)]
    page.uploadAt(SLOW)
    page.choose("input[type=file]", files)
    page.evaluate(
        "window.seen = []; new MutationObserver(() => seen.push([bar.value, "
        "told.value])).observe(told, {childList: true, subtree: true})"
    )
    page.click("[type=submit]")
    assert told(page) == "good: Everything has arrived."
    seen = page.evaluate("seen")
    values = [value for value, text in seen if " of " in text]
    assert values == sorted(values)
    assert len(set(values)) > 3
    assert values[0] < 0.5
    expected = sorted(map(hashOf, files))
    assert served.names() == expected
    shown = page.evaluate(
        "Array.from(files.children, item => [item.querySelector('a').textContent, "
        "item.querySelector('code').textContent, item.querySelector('a').href])"
    )
    assert [row[:2] for row in shown] == [[each.name, hashOf(each)] for each in files]
    with urlopen(shown[0][2]) as response:
        assert response.read() == files[0].read_bytes()
        assert response.headers["content-disposition"].startswith("attachment")
    assert page.complaints() == []


def test_withoutScript(page: Chromium, served: Served, tmp_path: Path) -> None:
    """
    Then the answer is a page.
    """
    file = made(tmp_path / "<b>.txt", 200_000)
    page.withScripts(False)
    page.visit(served.url)
    page.choose("input[type=file]", [file])
    page.evaluate("window.isOld = true")
    page.click("[type=submit]")
    page.untilNew()
    assert page.evaluate("document.querySelector('li a').textContent") == "<b>.txt"
    assert page.evaluate("document.querySelector('li code').textContent") == hashOf(
        file
    )
    assert served.names() == [hashOf(file)]


def test_keyboard(page: Chromium, served: Served, tmp_path: Path) -> None:
    """
    All of it works without a mouse, and one sees where one is.
    """
    page.choose("input[type=file]", [made(tmp_path / "a.txt", 100)])
    page.evaluate("document.body.focus()")
    for expected in ("input", "button"):
        page.press("Tab")
        focus = page.evaluate(
            "[document.activeElement.localName, "
            "getComputedStyle(document.activeElement).outlineStyle]"
        )
        assert focus[0] == expected
        assert focus[1] != "none"
    page.press("Enter", "\r")
    assert told(page) == "good: Everything has arrived."
    assert len(served.names()) == 1


@pytest.mark.parametrize("how", ["cancel", "leave"])
def test_brokenOff(page: Chromium, served: Served, tmp_path: Path, how: str) -> None:
    """
    Of an upload that is cancelled, or whose page is left, nothing stays.
    """
    page.uploadAt(SLOW)
    page.choose("input[type=file]", [sparse(tmp_path / "long.bin", 40_000_000)])
    page.click("[type=submit]")
    page.until(lambda: page.evaluate("bar.value > 0.05"))
    page.until(served.unfinished)
    if how == "cancel":
        page.click("#cancel")
        assert told(page) == ": Cancelled."
        assert page.evaluate("bar.hidden && cancel.hidden")
    else:
        page.visit("about:blank")
    page.until(lambda: not served.unfinished())
    assert served.names() == []


@pytest.mark.parametrize("rate", [-1, 40_000_000], ids=["fast", "slow"])
@pytest.mark.parametrize("many", [False, True], ids=["large", "many"])
def test_refused(
    page: Chromium, served: Served, tmp_path: Path, rate: int, many: bool
) -> None:
    """
    What is too much is refused, at its head or in the middle; and the user
    sees why, rather than a connection that broke.
    """
    sizes = [2_000_000] * 12 if many else [60_000_000]
    files = [
        sparse(tmp_path / f"{number}.bin", size + number)
        for number, size in enumerate(sizes)
    ]
    page.uploadAt(rate)
    page.choose("input[type=file]", files)
    page.click("[type=submit]")
    assert told(page).startswith("bad: Refused: ")
    assert served.unfinished() == []
    (complaint,) = page.complaints()
    assert "413" in complaint


def test_refusedWithoutScript(page: Chromium, served: Served, tmp_path: Path) -> None:
    """
    There the browser shows the error page.
    """
    page.withScripts(False)
    page.visit(served.url)
    page.choose("input[type=file]", [sparse(tmp_path / "large.bin", 60_000_000)])
    page.evaluate("window.isOld = true")
    page.click("[type=submit]")
    page.untilNew()
    assert page.evaluate("document.title").startswith("413 ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_listing(browser: Chromium, scheme: str) -> None:
    """
    A folder's page keeps to the light that the user likes, sorts without a
    script, and complains of nothing.
    """
    browser.forget()
    with Process("serve", "examples/files", "--http", "0", cwd=ROOT) as process:
        (url,) = process.listening()
        browser.inLight(scheme)
        browser.withScripts(False)
        browser.visit(f"{url}images/")
        browser.withScripts(True)
        colour = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        levels = [int(level) for level in colour[4:-1].split(",")]
        assert (sum(levels) < 3 * 128) is (scheme == "dark")
        browser.evaluate("window.isOld = true")
        browser.click("th:nth-child(2) a")
        browser.untilNew()
        sizes = browser.evaluate(
            "Array.from(document.querySelectorAll('td:nth-child(2)'), "
            "cell => parseInt(cell.textContent)).filter(size => size)"
        )
        assert len(sizes) == 6
        assert sizes == sorted(sizes, reverse=True)
        assert browser.complaints() == []
        process.interrupt()
        assert process.end() == 0
