"""
What is served, as it is written on a command line.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.cli.target import TargetFailed, TargetProblem, loadTarget
from penstock.core.resource import Resource
from penstock.core.server import Site
from penstock.resources.file import File

MODULE = """
from penstock.core.resource import Resource
from penstock.core.server import Site

class Page(Resource):
    pass

class Needy(Resource):
    def __init__(self, something):
        pass

class Space:
    page = Page()

page = Page()
site = Site(page)
number = 5

def makePage():
    return page

def makeSite():
    return site

def makeNumber():
    return number

def fail():
    raise ZeroDivisionError
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    The current folder, with a few modules in it.
    """
    (tmp_path / "ours.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("import nowhere_to_be_found")
    (tmp_path / "brokenInside.py").write_text("import broken")
    (tmp_path / "mistyped.py").write_text("def page(:")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "page.txt").write_text("text")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ours:page", Resource),
        ("ours:Page", Resource),
        ("ours:Space.page", Resource),
        ("ours:makePage", Resource),
        ("ours:site", Site),
        ("ours:makeSite", Site),
        ("files", File),
        ("./files", File),
        (".", File),
        ("files/page.txt", File),
    ],
)
def test_found(text: str, kind: type) -> None:
    assert isinstance(loadTarget(text), kind)


def test_folderIsListed(folder: Path) -> None:
    served = loadTarget("files")
    assert served.listing
    assert served.root == str((folder / "files").resolve())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "there is no folder 'nothing'"),
        ("ours", "it isn't module:name, such as ours:root"),
        (
            "ours.py",
            "'ours.py' is a source file: name a resource in it, such as ours:root",
        ),
        ("./ours.py", "such as ours:root"),
        ("nothing:page", "there is no module 'nothing'"),
        ("ours.inner:page", "there is no module 'ours.inner'"),
        ("ours:nothing", "ours has no 'nothing'"),
        ("ours:Space.nothing", "ours has no 'Space.nothing'"),
        ("ours:number", "neither a resource nor a site"),
        ("ours:makeNumber", "neither a resource nor a site"),
        ("ours:", "neither a folder nor module:name"),
        (":page", "neither a folder nor module:name"),
        ("..ours:page", "not the name of a module"),
    ],
)
def test_notFound(text: str, said: str) -> None:
    with pytest.raises(TargetProblem) as caught:
        loadTarget(text)
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("text", "problem", "frames"),
    [
        ("broken:page", ModuleNotFoundError, ["broken.py"]),
        ("brokenInside:page", ModuleNotFoundError, ["brokenInside.py", "broken.py"]),
        ("mistyped:page", SyntaxError, ["mistyped.py"]),
        ("ours:fail", ZeroDivisionError, ["ours.py"]),
        ("ours:Needy", TypeError, []),
    ],
)
def test_failed(
    text: str,
    problem: type[Exception],
    frames: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """
    What is wrong inside of a module is told in a line, and then with the part
    of the traceback that its author knows.
    """
    with pytest.raises(TargetFailed) as caught:
        loadTarget(text)
    assert type(caught.value.problem) is problem
    assert caught.value.exit_code == 2
    caught.value.show()
    first, *lines = capsys.readouterr().err.split("\n")
    assert first.startswith(f"Error: can't load {text}: {problem.__name__}")
    files = [line.split('"')[1] for line in lines if line.startswith("  File ")]
    assert [Path(file).name for file in files] == frames
    if frames:
        assert lines[-2].startswith(problem.__name__)
    else:
        assert lines == [""]
