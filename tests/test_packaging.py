"""
What is declared in setup.cfg is what is in the tree, and in the wheel.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOPS = ("core", "transports", "resources", "cli")


def _options() -> ConfigParser:
    config = ConfigParser(interpolation=None)
    config.read(ROOT / "setup.cfg")
    return config


def _packages() -> set[str]:
    return set(_options()["options"]["packages"].split())


def test_everyPackageIsDeclared() -> None:
    """
    A package missing from setup.cfg imports from a checkout and is absent
    from the wheel.
    """
    found = {
        ".".join(("penstock", *init.parent.relative_to(ROOT).parts))
        for top in TOPS
        for init in (ROOT / top).rglob("__init__.py")
    }
    assert _packages() == found


def test_theTopsAreFour() -> None:
    """
    Only these root folders install, and each is mapped to its own name.
    """
    mapped = dict(
        line.split(" = ")
        for line in _options()["options"]["package_dir"].strip().split("\n")
    )
    assert mapped == {f"penstock.{top}": top for top in TOPS}
    assert {name.split(".")[1] for name in _packages()} == set(TOPS)


def test_theTypeCheckerSeesTheSame() -> None:
    """
    The namespace of the type checker is links to the root folders.
    """
    links = {
        link.name: link.resolve() for link in (ROOT / ".typing/penstock").iterdir()
    }
    assert links.keys() == set(TOPS)
    for top, target in links.items():
        # An unpacked source archive has copies instead of links.
        assert target == ROOT / top or (target / "__init__.py").is_file()


def test_noSecondName() -> None:
    """
    Nothing imports a package by its folder name: that would make a second
    copy of every class and interface in it.
    """
    assert not sys.modules.keys() & set(TOPS)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The wheel, built from a copy of what it is made of.
    """
    source = tmp_path_factory.mktemp("source")
    for name in (*TOPS, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source)
    built = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet"]
        + ["--no-deps", "--no-build-isolation", "-w", str(built), str(source)],
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (path,) = built.iterdir()
    return path


def test_theWheelIsComplete(wheel: Path) -> None:
    """
    It has every file of the tree under its name, the markers for type
    checkers, the command and the licence; and nothing else.
    """
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        info = next(name for name in names if name.endswith("/METADATA"))
        commands = archive.read(info.replace("METADATA", "entry_points.txt")).decode()
    ours = {name for name in names if ".dist-info/" not in name}
    assert ours == {
        f"penstock/{path.relative_to(ROOT).as_posix()}"
        for top in TOPS
        for path in (ROOT / top).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__"
    }
    assert {f"penstock/{top}/py.typed" for top in TOPS} <= ours
    assert "penstock = penstock.cli.main:main" in commands
    assert any(name.endswith("/LICENSE") for name in names - ours)


def test_theWheelImports(wheel: Path, tmp_path: Path) -> None:
    """
    Every package can be imported from the wheel, without the checkout.
    """
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    names = sorted(_packages())
    code = "".join(f"import {name}; print({name}.__file__)\n" for name in names)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = [Path(line) for line in done.stdout.split("\n") if line]
    assert len(found) == len(names)
    assert all(path.is_relative_to(tmp_path) for path in found), found
