"""
A folder as a page, which needs no script.
"""

from __future__ import annotations

import heapq
import os
import re
import stat
import time
from collections.abc import Callable
from html import escape
from itertools import islice
from typing import Final, NamedTuple
from urllib.parse import quote

# Rows on a page.  A browser has trouble with many more, and they all are made
# while nobody else gets a turn.
MAX_ENTRIES: Final = 5000

# Names that are read to find the first of them: a tenth of a second.
MAX_READ: Final = 100_000

_STYLE: Final = """\
:root {
  color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif;
  --ground: #fff; --text: #1b2330; --soft: #5c6878; --line: #dfe4ea;
  --hover: #f2f5f9; --link: #1668b8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #12161c; --text: #e4e9f0; --soft: #98a4b5; --line: #2b333f;
    --hover: #1b212a; --link: #6cb2f5;
  }
}
body {
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  background: var(--ground); color: var(--text);
}
h1 { margin: 0 .6rem 1rem; font-size: 1.4rem; font-weight: 600 }
h1, td:first-child { overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line) }
th { font-size: .9rem; font-weight: 600 }
tbody tr:hover { background: var(--hover) }
th:nth-child(n+2), td:nth-child(n+2) { width: 1%; white-space: nowrap }
td:nth-child(n+2) { color: var(--soft); font-variant-numeric: tabular-nums }
th:nth-child(2), td:nth-child(2) { text-align: right; padding-left: 2rem }
th:nth-child(3), td:nth-child(3) { padding-left: 2rem }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
th a { color: var(--soft) } th a:hover { color: var(--text) }
footer { margin: 1rem .6rem; color: var(--soft); font-size: .9rem }
@media (max-width: 35rem) { th:nth-child(3), td:nth-child(3) { display: none } }
"""

# What turns round what comes after it (Unicode, UAX 9): with one of these, a
# program may look like a picture.
_TURNING: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")

_UNITS: Final = ("kB", "MB", "GB", "TB", "PB", "EB")


class Entry(NamedTuple):
    """
    A row.
    """

    name: str
    isFolder: bool
    size: int
    modified: float


# What a listing can be sorted by: what stands in the query, the heading, and
# what is compared.  Names are compared as people do, without case.
_KEYS: Final[dict[str, tuple[str, Callable[[Entry], object]]]] = {
    "name": ("Name", lambda entry: (entry.name.casefold(), entry.name)),
    "size": ("Size", lambda entry: (entry.size, entry.name)),
    "time": ("Modified (UTC)", lambda entry: (entry.modified, entry.name)),
}


def listing(
    path: str,
    names: tuple[str, ...],
    isShown: Callable[[str], bool],
    look: Callable[[str], os.stat_result | None],
    order: str = "name",
) -> str:
    """
    @param path: of the folder.
    @param names: the segments that led to it, for its title.
    @param isShown: called with the name of each entry.
    @param look: called with the names that are shown; returns what is known of
        the file or folder, L{None} to leave it out all the same.
    @param order: C{"name"}, C{"size"} or C{"time"}, with C{"-"} before it to
        turn it round; anything else is as good as C{"name"}.

    @return: HTML: folders first, each sorted.
    """
    down = order.startswith("-")
    by = order.removeprefix("-")
    if by not in _KEYS:
        by, down = "name", False
    entries, more = _entries(path, isShown, look)
    compared = _KEYS[by][1]
    entries.sort(key=compared, reverse=down)  # type: ignore[arg-type]
    # Folders have no size to speak of.
    entries.sort(key=lambda entry: not entry.isFolder)
    rows = [_up()] if names else []
    rows += [_row(entry) for entry in entries]
    title = _shown("/" + "".join(name + "/" for name in names))
    count = f"{len(entries):,} shown, {more} more" if more else _count(len(entries))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style></head>\n"
        f"<body><h1>{_trail(names)}</h1>\n<table><thead><tr>"
        + "".join(_heading(key, by, down) for key in _KEYS)
        + "</thead>\n<tbody>\n"
        + "".join(rows)
        + f"</tbody></table>\n<footer>{count}</footer></body></html>\n"
    )


def _entries(
    path: str,
    isShown: Callable[[str], bool],
    look: Callable[[str], os.stat_result | None],
) -> tuple[list[Entry], str]:
    """
    @return: what is in the folder, and how many more there are; empty for none.
    """
    with os.scandir(path) as found:
        names = [entry.name for entry in islice(found, MAX_READ)]
        isCut = next(found, None) is not None
    shown = list(filter(isShown, names))
    entries = []
    for name in heapq.nsmallest(MAX_ENTRIES, shown):
        facts = look(name)
        if facts is None:
            continue
        isFolder = stat.S_ISDIR(facts.st_mode)
        size = 0 if isFolder else facts.st_size
        entries.append(Entry(name, isFolder, size, facts.st_mtime))
    left = max(0, len(shown) - MAX_ENTRIES)
    if isCut:
        return entries, f"at least {left + 1:,}"
    return entries, f"{left:,}" if left else ""


def _count(number: int) -> str:
    if not number:
        return "Nothing here"
    return "1 entry" if number == 1 else f"{number:,} entries"


def _trail(names: tuple[str, ...]) -> str:
    """
    @return: the path, each folder of it a link.
    """
    links = [f'<a href="{"../" * len(names) or "./"}">/</a>']
    for place, name in enumerate(names, 1):
        up = "../" * (len(names) - place) or "./"
        links.append(f'<a href="{up}"><bdi>{_shown(name)}</bdi>/</a>')
    return "".join(links)


def _heading(key: str, by: str, down: bool) -> str:
    """
    @return: the head of a column, which sorts by it, or turns it round.
    """
    title = _KEYS[key][0]
    if key != by:
        # People look for what is large and what is new.
        turned = key if key == "name" else "-" + key
        return f'<th><a href="?sort={turned}">{title}</a>'
    turned = key if down else "-" + key
    sorted_ = "descending" if down else "ascending"
    arrow = "\u2193" if down else "\u2191"
    return f'<th aria-sort="{sorted_}"><a href="?sort={turned}">{title} {arrow}</a>'


def _shown(name: str) -> str:
    return escape(_TURNING.sub("\ufffd", name))


def _up() -> str:
    return '<tr><td><a href="../">../</a><td><td></tr>\n'


def _row(entry: Entry) -> str:
    slash = "/" if entry.isFolder else ""
    link = "./" + quote(entry.name, safe="") + slash
    size = ""
    if not entry.isFolder:
        size = f'<span title="{entry.size:,} octets">{readable(entry.size)}</span>'
    moment = time.gmtime(max(0, entry.modified))
    when = time.strftime("%Y-%m-%d %H:%M", moment)
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", moment)
    return (
        f'<tr><td><a href="{escape(link)}"><bdi>{_shown(entry.name)}</bdi>{slash}</a>'
        f'<td>{size}<td><time datetime="{stamp}">{when}</time></tr>\n'
    )


def readable(size: int) -> str:
    """
    @param size: octets, less than a thousand EB.

    @return: about as many, in units of thousands.
    """
    if size < 1000:
        return f"{size} B"
    shown = float(size)
    units = iter(_UNITS)
    unit = ""
    while shown >= 999.5:
        shown /= 1000
        unit = next(units)
    return f"{shown:.1f} {unit}" if shown < 9.95 else f"{shown:.0f} {unit}"
