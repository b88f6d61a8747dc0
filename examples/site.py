"""
All the examples under one root, and a folder of files around them.

::

    penstock serve examples.site:root --http 8080 --rpc 7780
    curl http://localhost:8080/hello
    penstock call rpc://localhost:7780/hello
"""

from pathlib import Path

from examples.events import Ticks
from examples.hello import Hello
from examples.tested import Notes
from examples.upload import Upload
from penstock.resources.file import File

FILES = Path(__file__).parent / "files"


def tree(clock):
    files = File(FILES, listing=True)
    files.putChild("hello", Hello())
    files.putChild("upload", Upload())
    files.putChild("events", Ticks(clock))
    files.putChild("notes", Notes())
    return files


def root():
    """
    Called by C{penstock serve} when a reactor has been chosen.
    """
    from twisted.internet import reactor

    return tree(reactor)
