"""
Forms, over each transport.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from penstock.core.content import Form, Parts
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request

MULTIPART = [("content-type", "multipart/form-data; boundary=xx")]
SIZE = 3_000_000


class Whole(Resource):
    """
    Says what it got, when it has it all.
    """

    policy = Form(limit=10_000_000, fieldSize=100)

    def __init__(self) -> None:
        super().__init__()
        self.uploads: list[Any] = []

    def render_POST(self, request: Request) -> Response:
        assert request.form is not None
        assert request.files is not None
        uploads = [upload for found in request.files.values() for upload in found]
        self.uploads += uploads
        return Response.json(
            {
                "fields": request.form,
                "files": [
                    (each.name, each.filename, each.type, each.size, digest(each))
                    for each in uploads
                ],
            }
        )


class Streamed(Resource):
    """
    Says what it got, having seen it come.
    """

    policy = Parts(limit=10_000_000, fieldSize=100)

    async def render_POST(self, request: Request) -> Response:
        fields: dict[str, list[str]] = {}
        files = []
        assert request.parts is not None
        async for part in request.parts:
            if part.isFile:
                made = hashlib.sha256()
                size = 0
                async for block in part:
                    made.update(block)
                    size += len(block)
                media = part.mediaType
                kind = media.essence if media else "application/octet-stream"
                files.append((part.name, part.filename, kind, size, made.hexdigest()))
            else:
                fields.setdefault(part.name, []).append(await part.text())
        return Response.json({"fields": fields, "files": files})


def digest(upload: Any) -> str:
    return hashlib.sha256(upload.read()).hexdigest()


def form(size: int = 10, field: bytes = b"1") -> bytes:
    return (
        b'--xx\r\ncontent-disposition: form-data; name="a"\r\n\r\n'
        + field
        + b'\r\n--xx\r\ncontent-disposition: form-data; name="f"; filename="a.png"'
        b"\r\ncontent-type: image/png\r\n\r\n"
        + b"x" * size
        + b'\r\n--xx\r\ncontent-disposition: form-data; name="a"\r\n\r\n2\r\n--xx--\r\n'
    )


async def blocks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 70_000):
        yield data[start : start + 70_000]


@pytest.mark.parametrize("resource", [Whole, Streamed])
@pytest.mark.parametrize("size", [0, 10, SIZE])
@pytest.mark.parametrize("framed", [True, False], ids=["length", "no length"])
def test_upload(way: Any, resource: Any, size: int, framed: bool) -> None:
    """
    A form comes as it was sent, and its files are gone afterwards.
    """
    root = resource()
    body: Any = form(size) if framed else blocks(form(size))
    answer = way.ask(root, "POST", "/", MULTIPART, body)
    expected = hashlib.sha256(b"x" * size).hexdigest()
    assert answer.code == 200
    assert (
        answer.body
        == Response.json(
            {
                "fields": {"a": ["1", "2"]},
                "files": [("f", "a.png", "image/png", size, expected)],
            }
        ).body
    )
    if resource is Whole:
        assert [upload.file.closed for upload in root.uploads] == [True]


@pytest.mark.parametrize("resource", [Whole, Streamed])
@pytest.mark.parametrize(
    ("fields", "body", "code"),
    [
        (MULTIPART, b"nonsense", 400),
        (MULTIPART, form()[:-8], 400),
        (MULTIPART, form(SIZE)[:-8], 400),
        (MULTIPART, form(field=b"1" * 101), 413),
        (MULTIPART, form(SIZE * 4), 413),
        ([("content-type", "text/plain")], b"a", 415),
        ([("content-type", "application/x-www-form-urlencoded")], b"a=%ff", 400),
    ],
    ids=["nonsense", "cut", "cut late", "field", "whole", "type", "text"],
)
@pytest.mark.parametrize("framed", [True, False], ids=["length", "no length"])
def test_refused(
    way: Any, resource: Any, fields: Any, body: bytes, code: int, framed: bool
) -> None:
    """
    What is wrong is answered, early or late, and the next request is served.
    """
    root = resource()
    answer = way.ask(root, "POST", "/", fields, body if framed else blocks(body))
    assert answer.code == code
    assert answer.body is not None
    assert way.ask(root, "POST", "/", MULTIPART, form()).code == 200
