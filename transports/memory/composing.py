"""
The content of a request, made of what it means: JSON, or an HTML form.
"""

from __future__ import annotations

import json as jsonText
from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Any, TypedDict
from urllib.parse import urlencode


class Meaning(TypedDict, total=False):
    """
    What content is made of.

    @ivar json: anything that JSON has something for.
    @ivar form: names and texts, or several texts for a name.
    @ivar files: the names of more fields of the form, and what files they
        have: what each is called, and its content.
    """

    json: Any
    form: Mapping[str, str | Sequence[str]]
    files: Mapping[str, tuple[str, bytes]]


def compose(meaning: Meaning) -> tuple[str, bytes]:
    """
    @return: the media type, and the content.
    @raise TypeError: for JSON and a form at once, or what is neither.
    """
    if meaning.keys() == {"json"}:
        return "application/json", jsonText.dumps(meaning["json"]).encode("ascii")
    if not meaning.keys() <= {"form", "files"}:
        raise TypeError("content is json=..., or form=... and files=...")
    form = meaning.get("form", {})
    if "files" in meaning:
        return _multipart(form, meaning["files"])
    query = urlencode(form, doseq=True)
    return "application/x-www-form-urlencoded", query.encode("ascii")


def _multipart(
    form: Mapping[str, str | Sequence[str]], files: Mapping[str, tuple[str, bytes]]
) -> tuple[str, bytes]:
    """
    C{multipart/form-data} (RFC 7578), as browsers write it.
    """
    boundary = token_hex(16)
    begin = f'--{boundary}\r\nContent-Disposition: form-data; name="'
    body = b""
    for name, values in form.items():
        for value in [values] if isinstance(values, str) else values:
            body += f'{begin}{_quoted(name)}"\r\n\r\n{value}\r\n'.encode()
    for name, (filename, data) in files.items():
        body += (
            f'{begin}{_quoted(name)}"; filename="{_quoted(filename)}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        body += data + b"\r\n"
    body += f"--{boundary}--\r\n".encode()
    return f"multipart/form-data; boundary={boundary}", body


def _quoted(text: str) -> str:
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
