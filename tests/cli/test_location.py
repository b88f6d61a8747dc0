"""
URLs, as they are written on a command line.
"""

import pytest
from click import BadParameter

from penstock.cli.location import location


@pytest.mark.parametrize(
    ("text", "origin", "target"),
    [
        ("http://example.com", "http://example.com", "/"),
        ("http://example.com/", "http://example.com", "/"),
        (
            "https://example.com:8443/a/b?c=d&e",
            "https://example.com:8443",
            "/a/b?c=d&e",
        ),
        ("rpc://127.0.0.1:7780/x", "rpc://127.0.0.1:7780", "/x"),
        ("rpc://[::1]:7780/x", "rpc://[::1]:7780", "/x"),
        ("http+unix://%2Frun%2FSite/x", "http+unix://%2Frun%2FSite", "/x"),
        ("HTTP://Example.com/A", "http://Example.com", "/A"),
        ("localhost:8080/x", "http://localhost:8080", "/x"),
        ("localhost", "http://localhost", "/"),
        ("http://h?q", "http://h", "/?q"),
        ("http://h/a#fragment", "http://h", "/a"),
        ("http://h/%2F%20?%26", "http://h", "/%2F%20?%26"),
        ("http://h/ä?ö", "http://h", "/%C3%A4?%C3%B6"),
        ('http://h/"<>\\^`{|}', "http://h", "/%22%3C%3E%5C%5E%60%7B%7C%7D"),
        ("http://h//a/../b", "http://h", "//a/../b"),
    ],
)
def test_parse(text: str, origin: str, target: str) -> None:
    found = location(text)
    assert (found.origin, found.target) == (origin, target)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://",
        "http:///path",
        "ftp://host/",
        "file:///etc/passwd",
        "http://user:secret@host/",
        "http://host:99999/",
        "http://host:0/",
        "http://host:x/",
        "http://[::1/",
        "http://host/a b",
        "http://host/a\tb",
        "http://host/a\nb",
        "http://host/\0",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        location(text)
