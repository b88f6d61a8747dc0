"""
Media types by the endings of files' names.
"""

from __future__ import annotations

import mimetypes
from typing import Final

# Python's own table and no other: what a machine has in /etc doesn't change
# what a site serves.
_TYPES: Final = mimetypes.MimeTypes(filenames=())

# What that lacks, or has only since lately, or by an older name: as IANA has it.
for _kind, _endings in {
    "application/atom+xml": "atom",
    "application/epub+zip": "epub",
    "application/geo+json": "geojson",
    "application/gpx+xml": "gpx",
    "application/java-archive": "jar",
    "application/json": "map",
    "application/ld+json": "jsonld",
    "application/rss+xml": "rss",
    "application/rtf": "rtf",
    "application/toml": "toml",
    "application/vnd.android.package-archive": "apk",
    "application/vnd.debian.binary-package": "deb",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.rar": "rar",
    "application/x-7z-compressed": "7z",
    "application/x-ndjson": "ndjson jsonl",
    "application/xhtml+xml": "xhtml",
    "application/yaml": "yaml yml",
    "application/zstd": "zst",
    "audio/flac": "flac",
    "audio/midi": "mid midi",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg oga opus",
    "audio/webm": "weba",
    "font/collection": "ttc",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "image/avif": "avif",
    "image/jxl": "jxl",
    "image/webp": "webp",
    "model/gltf+json": "gltf",
    "model/gltf-binary": "glb",
    "text/calendar": "ics",
    "text/javascript": "js mjs",
    "text/markdown": "md",
    "text/plain": "log",
    "video/matroska": "mkv",
    "video/mp4": "m4v",
    "video/ogg": "ogv",
}.items():
    for _ending in _endings.split(" "):
        _TYPES.add_type(_kind, "." + _ending)

# Types of what mimetypes calls an encoding: a .tar.gz is served as the gzip
# file that it is, so that a client doesn't unpack what it was asked to fetch.
_PACKED: Final = {
    "gzip": "application/gzip",
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "compress": "application/x-compress",
}

UNKNOWN: Final = "application/octet-stream"
"""The type of what nobody knows the type of."""


def mediaType(name: str) -> str:
    """
    @return: the media type that the ending of C{name} stands for.
    """
    kind, encoding = _TYPES.guess_type(name)
    if encoding is not None:
        return _PACKED.get(encoding, UNKNOWN)
    if kind is None:
        return UNKNOWN
    if kind.startswith("text/") or kind == "image/svg+xml":
        return kind + "; charset=utf-8"
    return kind
