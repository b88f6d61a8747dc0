"""
A folder of files to be served.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from tree import octets, words

# All files are as old as this: seconds since 1970.
MODIFIED = 1_700_000_000

SIZES = {
    "empty.bin": 0,
    "one.bin": 1,
    "small.bin": 1000,
    "page.bin": 65_536,
    "odd.bin": 300_001,
    "large.bin": 3_000_000,
}

TEXTS = {"note.txt": 40, "page.html": 5_000, "style.css": 20_000, "long.txt": 400_000}


def makeFiles(folder: Path) -> dict[str, bytes]:
    """
    @return: what is in the files that now are in C{folder}, by their names.
    """
    contents = {name: octets(name, size) for name, size in SIZES.items()}
    contents |= {name: words(size).encode("ascii") for name, size in TEXTS.items()}
    contents["sub/inner.txt"] = b"inside\n"
    contents["a b.txt"] = b"a space\n"
    contents["style.css.gz"] = gzip.compress(contents["style.css"], mtime=0)
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))
    return contents
