"""
A folder as a page.
"""

from __future__ import annotations

import os
import time
from html import escape
from urllib.parse import quote

_STYLE = """\
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid #8884 }
td:nth-child(n+2) { white-space: nowrap; font-variant-numeric: tabular-nums }
th:nth-child(2), td:nth-child(2) { text-align: right }
a { text-decoration: none } a:hover { text-decoration: underline }
"""


def listing(path: str, names: tuple[str, ...], dotFiles: bool) -> str:
    """
    @param path: of the folder.
    @param names: the segments that led to it, for its title.
    @param dotFiles: whether names that begin with a dot are shown.

    @return: HTML: folders first, each sorted by name.
    """
    rows = []
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.name.startswith(".") and not dotFiles:
                continue
            try:
                facts = entry.stat()
                folder = entry.is_dir()
                # What isn't text can't be named in a path.
                entry.name.encode("utf-8")
            except (OSError, UnicodeEncodeError):
                continue
            rows.append((not folder, entry.name, facts.st_size, facts.st_mtime))
    rows.sort()
    title = escape("/" + "".join(name + "/" for name in names))
    lines = [_row("..", "../", "", "")] if names else []
    for isFile, name, size, modified in rows:
        shown = name if isFile else name + "/"
        link = "./" + quote(name, safe="") + ("" if isFile else "/")
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(modified))
        lines.append(_row(shown, link, f"{size:,}" if isFile else "", when))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title>\n<style>\n{_STYLE}</style></head>\n"
        f"<body><h1>{title}</h1>\n<table><thead><tr><th>Name<th>Octets"
        "<th>Modified (UTC)</thead>\n<tbody>\n"
        + "".join(lines)
        + "</tbody></table></body></html>\n"
    )


def _row(shown: str, link: str, size: str, when: str) -> str:
    return (
        f'<tr><td><a href="{escape(link)}">{escape(shown)}</a>'
        f"<td>{size}<td>{when}</tr>\n"
    )
