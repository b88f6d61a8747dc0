"""
Tests for L{penstock.transports.memory.composing}: content as a test means it.
"""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.content import Buffer, Form
from penstock.core.resource import Resource
from penstock.core.response import Response
from penstock.core.server import Request
from penstock.transports.memory import MemoryClient


class Told(Resource):
    """
    Answers with what it has understood.
    """

    def contentPolicy(self, request: Request) -> Any:
        return Buffer() if request.path == b"/json" else Form()

    isLeaf = True

    def render_POST(self, request: Request) -> Response:
        if request.path == b"/json":
            return Response.json(request.json())
        files = [
            [name, upload.filename, upload.type, upload.read().decode("latin-1")]
            for name, uploads in request.files.items()
            for upload in uploads
        ]
        return Response.json([request.form, files])

    render_PUT = render_PATCH = render_POST


@pytest.mark.parametrize("value", [None, [], {"a": "\xe4"}, 1.5, "text"], ids=repr)
@pytest.mark.parametrize("method", ["post", "put", "patch"])
def test_json(method: str, value: Any) -> None:
    with MemoryClient(Told()) as client:
        assert getattr(client, method)("/json", json=value).json() == value


def test_fieldsCountMore() -> None:
    """
    A Content-Type that a test names is left as it is.
    """
    with MemoryClient(Told()) as client:
        fields = {"content-type": "text/plain"}
        assert client.post("/json", headers=fields, json=1).code == 415


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=5)


@given(st.dictionaries(NAMES, NAMES | st.lists(NAMES, min_size=1, max_size=3)))
def test_form(form: dict[str, str | list[str]]) -> None:
    whole = {
        name: [text] if isinstance(text, str) else text for name, text in form.items()
    }
    with MemoryClient(Told()) as client:
        assert client.post("/", form=form).json() == [whole, []]


def test_files() -> None:
    files = {
        "a": ("a.png", b"\0\xff\r\n--"),
        'b"\r\n': ("\xe4 b", b""),
    }
    with MemoryClient(Told()) as client:
        assert client.post("/", form={"c": ["1", "2"]}, files=files).json() == [
            {"c": ["1", "2"]},
            [
                ["a", "a.png", "application/octet-stream", "\0\xff\r\n--"],
                ['b"\r\n', "\xe4 b", "application/octet-stream", ""],
            ],
        ]


@pytest.mark.parametrize(
    "content",
    [
        {"body": b"a", "json": 1},
        {"json": 1, "form": {}},
        {"json": 1, "files": {}},
        {"data": b""},
    ],
    ids=["body and JSON", "JSON and form", "JSON and files", "something else"],
)
def test_atOnce(content: Any) -> None:
    with MemoryClient(Told()) as client, pytest.raises(TypeError):
        client.post("/json", **content)
