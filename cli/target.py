"""
What to serve, as it is written on a command line: a folder, a file, or
C{module:attribute}.
"""

from __future__ import annotations

import importlib
import os
import sys
from traceback import TracebackException
from types import TracebackType
from typing import IO, Any, Final

import click

from penstock.core.interfaces import IResource
from penstock.core.server import Site
from penstock.resources.file import File

# Modules whose frames say nothing to who has written the target.
_OURS: Final = frozenset((__name__, "importlib"))
_FROZEN: Final = "<frozen importlib"

_SOURCE: Final = ".py"


class TargetFailed(click.ClickException):
    """
    What is to be served raised something while it was imported or made.  The
    message says what, and the traceback below it where.
    """

    exit_code = 2

    def __init__(self, text: str, problem: Exception) -> None:
        """
        @param text: the target.
        """
        summary = " ".join(str(problem).split())
        kind = type(problem).__name__
        super().__init__(f"can't load {text}: {kind}: {summary}".rstrip(": "))
        self.problem = problem

    def show(self, file: IO[Any] | None = None) -> None:
        """
        See L{click.ClickException}.
        """
        super().show(file)
        found = TracebackException(
            type(self.problem), self.problem, _within(self.problem.__traceback__)
        )
        lines = list(found.format())
        # A single one would say what the message has said.
        if len(lines) > 1:
            click.echo("".join(lines), file=file or sys.stderr, nl=False)


def _within(traceback: TracebackType | None) -> TracebackType | None:
    """
    @return: C{traceback} without the frames that lead to the target, nor
        those of the import of one module by another.
    """
    if traceback is None:
        return None
    rest = _within(traceback.tb_next)
    frame = traceback.tb_frame
    if frame.f_globals.get("__name__") in _OURS or frame.f_code.co_filename.startswith(
        _FROZEN
    ):
        return rest
    return TracebackType(rest, frame, traceback.tb_lasti, traceback.tb_lineno)


class TargetProblem(click.UsageError):
    """
    There is nothing to serve by that name.  The message says why.
    """


def loadTarget(text: str) -> Any:
    """
    Find what C{text} names: an object of a module that can be imported from
    the current folder or the Python path, else a folder or a file.

    What a module has may be an L{IResource}, a L{Site}, or something that
    returns one when it is called without arguments.

    @return: a L{Site}, or an L{IResource}.
    @raise TargetProblem: if there is nothing of the kind.
    @raise TargetFailed: if a module raises something while it is imported, or
        what it has while it is called.
    """
    if text.endswith(_SOURCE) and os.path.isfile(text):
        # Nobody means to show it to everybody.
        name = os.path.splitext(os.path.basename(text))[0]
        raise TargetProblem(
            f"{text!r} is a source file: name a resource in it, such as {name}:root,"
            " or its folder"
        )
    if os.path.exists(text):
        return File(text, listing=True)
    module, colon, attribute = text.partition(":")
    if not colon:
        hint = ""
        if os.path.isfile(text.replace(".", os.sep) + _SOURCE):
            hint = f", such as {text}:root"
        raise TargetProblem(
            f"there is no folder {text!r}, and it isn't module:name{hint}"
        )
    if not module or not attribute:
        raise TargetProblem(f"{text!r} is neither a folder nor module:name")
    return _served(_find(module, attribute), text)


def _find(module: str, attribute: str) -> Any:
    if not all(name.isidentifier() for name in module.split(".")):
        raise TargetProblem(f"{module!r} is not the name of a module")
    here = os.getcwd()
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
    except ModuleNotFoundError as problem:
        # Only if it is the module itself: what is missing inside of it is
        # another story, and its traceback tells that.
        if problem.name is None or not f"{module}.".startswith(f"{problem.name}."):
            raise TargetFailed(f"{module}:{attribute}", problem) from problem
        raise TargetProblem(
            f"there is no module {problem.name!r} in {here} or on the Python path"
        ) from None
    except Exception as problem:
        raise TargetFailed(f"{module}:{attribute}", problem) from problem
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise TargetProblem(f"{module} has no {attribute!r}") from None
    return found


def _served(found: Any, text: str) -> Any:
    # A class that implements IResource doesn't provide it.
    if not _isServed(found) and callable(found):
        try:
            found = found()
        except Exception as problem:
            raise TargetFailed(text, problem) from problem
    if not _isServed(found):
        kind = type(found).__name__
        raise TargetProblem(f"{text} is neither a resource nor a site: it is a {kind}")
    return found


def _isServed(value: Any) -> bool:
    return isinstance(value, Site) or bool(IResource.providedBy(value))
