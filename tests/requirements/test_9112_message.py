"""
RFC 9112, sections 2 to 5, at the serving end: lines, targets and fields.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.errors import InvalidField, LocalProtocolError
from penstock.core.headers import Headers
from penstock.core.response import Response

from .ends import HELLO, Origin, Seen, answers

HOST = b"Host: a\r\n"
REFUSED = (400, True)


def get(fields: bytes = b"", line: bytes = b"GET / HTTP/1.1") -> bytes:
    return line + b"\r\n" + HOST + fields + b"\r\n"


@pytest.mark.requirement("9112-2.2-1")
def test_octetsNotCharacters() -> None:
    """
    Octets that would be something else in another encoding stay what they
    are; a LF is one wherever it stands.
    """
    origin = Origin()
    value = b"\xe4\xbd\x8a\xc3\xff\x80\x85\xa0x"
    origin.ask(get(b"X: " + value + b"\r\nY: \xe2\x80\xa8\r\n"))
    headers = origin.root.seen[0].in_headers
    assert headers.getRaw("x") == (value,)
    assert headers.getRaw("y") == (b"\xe2\x80\xa8",)


BARE = {
    "in the request line": b"GET /\r HTTP/1.1\r\nHost: a\r\n\r\n",
    "between its parts": b"GET /\rHTTP/1.1\r\nHost: a\r\n\r\n",
    "in a name": get(b"X\r: 1\r\n"),
    "in a value": get(b"X: 1\r2\r\n"),
    "at the end of a value": get(b"X: 1\r\r\n"),
    "in a chunk-size line": get(b"Transfer-Encoding: chunked\r\n")
    + b"1\r\r\na\r\n0\r\n\r\n",
    "in a chunk extension": get(b"Transfer-Encoding: chunked\r\n")
    + b'1;a="\r"\r\na\r\n0\r\n\r\n',
    "in a trailer": get(b"Transfer-Encoding: chunked\r\n") + b"0\r\nX: 1\r2\r\n\r\n",
}


@pytest.mark.requirement("9112-2.2-4")
@pytest.mark.parametrize("data", BARE.values(), ids=BARE)
def test_bareCR(data: bytes) -> None:
    if b"chunked" in data:
        # The content of GET is dropped, and the end still noticed.
        data = data.replace(b"GET", b"PUT")
    assert Origin().refusal(data) == REFUSED


LF = {
    "request line": b"GET / HTTP/1.1\nHost: a\r\n\r\n",
    "field": b"GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n",
    "end of the head": b"GET / HTTP/1.1\r\nHost: a\r\n\n",
    "all": b"GET / HTTP/1.1\nHost: a\n\n",
}


@pytest.mark.requirement("9112-2.2-2")
@pytest.mark.parametrize("data", LF.values(), ids=LF)
def test_bareLF(data: bytes) -> None:
    """
    Our choice: a LF alone is no line end.
    """
    assert Origin().refusal(data) == REFUSED


@pytest.mark.requirement("9112-2.2-3", "9112-2.2-8", "9112-5.2-1")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x", "a\rb"),
        ("x", "a\r\nb"),
        ("x", "a\nb"),
        ("x", "a\r\n b"),
        ("x\r", "a"),
        (" x", "a"),
        ("\tx", "a"),
        ("x ", "a"),
        ("", "a"),
    ],
)
def test_neverSent(name: str, value: str) -> None:
    """
    No CR, no folded line and no white space before a name gets into a field.
    """
    headers = Headers()
    with pytest.raises(InvalidField):
        headers.setRaw(name, value)
    with pytest.raises(InvalidField):
        headers.addRaw(name, value)
    with pytest.raises(InvalidField):
        headers.setHeader(name, value)
    with pytest.raises(InvalidField):
        Response(headers=[(name, value)])
    assert not len(headers)


@pytest.mark.requirement("9112-2.2-3")
@pytest.mark.parametrize("reason", [b"\r", b"a\rb", b"a\nb", b"\r\nX: 1", b"\0"])
def test_reasonNeverSent(reason: bytes, loggedErrors: Any) -> None:
    def render(request: Any) -> None:
        request.code_message = reason
        request.write(b"x")

    origin = Origin(Seen(render))
    (answer,) = origin.ask(get())
    assert answer.code == 500
    assert type(loggedErrors.flush()[0]) is LocalProtocolError


@pytest.mark.requirement("9112-2.2-7")
@pytest.mark.parametrize("lines", [b"\r\n", b"\r\n\r\n"], ids=["one", "two"])
def test_emptyLinesBefore(lines: bytes) -> None:
    origin = Origin()
    assert [it.code for it in origin.ask(lines + get() + lines + get())] == [200, 200]


@pytest.mark.requirement("9112-2.2-9")
@pytest.mark.parametrize("space", [b" ", b"\t", b"  "])
@pytest.mark.parametrize("line", [b"X: 1", b"Content-Length: 5", b"", b"x"])
def test_spaceBeforeTheFirstField(space: bytes, line: bytes) -> None:
    data = b"GET / HTTP/1.1\r\n" + space + line + b"\r\n" + HOST + b"\r\n"
    assert Origin().refusal(data) == REFUSED


GARBAGE = {
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(20),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.6\r\n",
    "response": b"HTTP/1.1 200 OK\r\n\r\n",
    "simple request": b"GET /\r\n",
    "no method": b" / HTTP/1.1\r\n" + HOST + b"\r\n",
    "method is no token": b"G(T / HTTP/1.1\r\n" + HOST + b"\r\n",
    "version in lower case": get(line=b"GET / http/1.1"),
    "no minor version": get(line=b"GET / HTTP/1"),
    "long version": get(line=b"GET / HTTP/1.10"),
    "no version": get(line=b"GET / "),
    "more": get(line=b"GET / HTTP/1.1 x"),
    "two spaces": get(line=b"GET  / HTTP/1.1"),
    "tab": get(line=b"GET\t/ HTTP/1.1"),
    "vertical tab": get(line=b"GET / HTTP/1.1\x0b"),
    "space at the end": get(line=b"GET / HTTP/1.1 "),
    "space in front": b" " + get(),
    "relative target": get(line=b"GET a HTTP/1.1"),
    "asterisk for GET": get(line=b"GET * HTTP/1.1"),
    "authority for GET": get(line=b"GET a:80 HTTP/1.1"),
    "control in the target": get(line=b"GET /\x01 HTTP/1.1"),
    "octet above 0x7e in the target": get(line=b"GET /\xc3\xa9 HTTP/1.1"),
    "space in the target": get(line=b"GET /a b HTTP/1.1"),
    "no colon": get(b"x\r\n"),
    "no name": get(b": x\r\n"),
    "space in a name": get(b"x y: z\r\n"),
    "control in a value": get(b"x: \x0b\r\n"),
}


@pytest.mark.requirement("9112-2.2-10", "9112-3.2-1", "9112-3.2-2", "9112-3-1")
@pytest.mark.parametrize("data", GARBAGE.values(), ids=GARBAGE)
def test_garbage(data: bytes) -> None:
    """
    One 400, then the end; and nothing is guessed.
    """
    code = 505 if b"HTTP/2.0" in data else 400
    assert Origin().refusal(data) == (code, True)


@pytest.mark.requirement("9112-2.3-3", "9112-2.3-2")
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("agent", [b"", b"User-Agent: old/1.0\r\n"])
def test_noDowngrade(version: bytes, agent: bytes) -> None:
    assert Origin().get(agent, version=version).start[0] == b"1.1"


# Section 3


@pytest.mark.requirement("9112-3-2")
@pytest.mark.parametrize("length", [60, 8000, 16000])
def test_longMethod(length: int) -> None:
    """
    Up to what a request line may have at all.
    """
    origin = Origin()
    (answer,) = origin.ask(b"M" * length + b" / HTTP/1.1\r\n" + HOST + b"\r\n")
    assert answer.code == 501
    assert not origin.root.seen


@pytest.mark.requirement("9112-3-3")
@pytest.mark.parametrize("cut", [None, 8000, 1000])
def test_longTarget(cut: int | None) -> None:
    data = get(line=b"GET /" + b"a" * 20000 + b" HTTP/1.1")
    origin = Origin()
    if cut is not None:
        origin.send(*(data[n : n + cut] for n in range(0, 20000, cut)))
        data = data[20000:]
    (answer,) = answers(origin.take()) or origin.ask(data)
    assert answer.code == 414
    assert not origin.root.seen
    assert not origin.wire.open


@pytest.mark.requirement("9112-3-4", "9110-4.1-1")
def test_8000() -> None:
    """
    A request line, and a target, of 8000 octets.
    """
    target = b"/" + b"a" * 7999
    origin = Origin()
    assert origin.get(target=target).code == 200
    assert origin.root.seen[0].path == target


HOSTS = {
    "none": b"GET / HTTP/1.1\r\n\r\n",
    "none, absolute": b"GET http://a/ HTTP/1.1\r\n\r\n",
    "two": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "two equal": b"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
    "two for HTTP/1.0": b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    **{
        repr(value): b"GET / HTTP/1.1\r\nHost: " + value + b"\r\n\r\n"
        for value in (
            b"",
            b"a b",
            b"a, b",
            b"a/",
            b"a/b",
            b"u@a",
            b"a?",
            b"a#",
            b"a\\b",
            b"a:b",
            b"a:80:80",
            b"a:123456",
            b":80",
            b"[::1",
            b"[x]",
            b"::1",
            b"a%",
            b"\xc3\xa9",
            b'a"',
            b"<a>",
        )
    },
    "for HTTP/1.0": b"GET / HTTP/1.0\r\nHost: a b\r\n\r\n",
}


@pytest.mark.requirement("9112-3.2-6")
@pytest.mark.parametrize("data", HOSTS.values(), ids=HOSTS)
def test_host(data: bytes) -> None:
    assert Origin().refusal(data) == REFUSED


@pytest.mark.requirement("9112-3.2.2-6", "9112-3.2.2-5")
@pytest.mark.parametrize(
    ("target", "host", "path"),
    [
        (b"http://b/c?d", b"b", b"/c"),
        (b"http://b", b"b", b"/"),
        (b"HTTP://b:8080/", b"b:8080", b"/"),
        (b"http://[::1]/x", b"[::1]", b"/x"),
    ],
)
def test_absoluteForm(target: bytes, host: bytes, path: bytes) -> None:
    """
    It is taken, and the Host field (here: a) ignored.
    """
    origin = Origin()
    assert origin.get(target=target).code == 200
    (request,) = origin.root.seen
    assert (request.host, request.path) == (host, path)


@pytest.mark.requirement("9112-3.3-1")
def test_noDefaultAuthority() -> None:
    """
    Our choice: who names no host, as HTTP/1.0 may, gets none made up.
    """
    origin = Origin()
    origin.ask(b"GET / HTTP/1.0\r\n\r\n")
    assert origin.root.seen[0].host == b""


# Section 4


@pytest.mark.requirement("9112-4-4", "9112-4-1")
@pytest.mark.parametrize(
    ("code", "reason", "line"),
    [
        (299, None, b"HTTP/1.1 299 \r\n"),
        (200, b"", b"HTTP/1.1 200 \r\n"),
        (200, None, b"HTTP/1.1 200 OK\r\n"),
        (404, b"Gone fishing", b"HTTP/1.1 404 Gone fishing\r\n"),
    ],
)
def test_statusLine(code: int, reason: bytes | None, line: bytes) -> None:
    def render(request: Any) -> None:
        request.code = code
        request.code_message = reason
        request.finish()

    origin = Origin(Seen(render))
    origin.send(get())
    assert origin.take().startswith(line)


# Section 5


@pytest.mark.requirement("9112-5.1-1")
@pytest.mark.parametrize("space", [b" ", b"\t", b"  ", b" \t"])
@pytest.mark.parametrize(
    "name", [b"X", b"Host", b"Content-Length", b"Transfer-Encoding"]
)
def test_spaceBeforeColon(space: bytes, name: bytes) -> None:
    line = name + space + b": 1\r\n"
    assert Origin().refusal(get(line)) == REFUSED
    data = b"GET / HTTP/1.1\r\n" + line + HOST + b"\r\n"
    assert Origin().refusal(data) == REFUSED


@pytest.mark.requirement("9112-5.2-2")
@pytest.mark.parametrize(
    "fields",
    [
        b"X: 1\r\n 2\r\n",
        b"X: 1\r\n\t2\r\n",
        b"X:\r\n 1\r\n",
        b"X: 1\r\n \r\n",
        b"Transfer-Encoding:\r\n chunked\r\n",
        b"X: 1\r\n Content-Length: 5\r\n",
        b"X: 1\r\n : 2\r\n",
    ],
)
def test_foldedLine(fields: bytes) -> None:
    assert Origin().refusal(get(fields)) == REFUSED


NAMES = st.text("abcXYZ019-_!~", min_size=1, max_size=12)
VALUES = st.text(
    st.characters(
        codec="latin-1", exclude_characters="".join(map(chr, (*range(32), 127)))
    ),
    max_size=30,
)


@pytest.mark.requirement("9110-2.2-1", "9112-2.2-3", "9112-2.2-8", "9112-5.2-1")
@settings(deadline=None)
@given(
    # Which need a field of their own.
    st.integers(200, 599).filter(lambda code: code not in (401, 407, 426)),
    st.lists(st.tuples(NAMES, VALUES), max_size=6),
    st.one_of(
        st.binary(max_size=50),
        st.text(max_size=50),
        st.lists(st.binary(max_size=20), max_size=4),
    ),
    st.sampled_from((b"GET", b"HEAD", b"POST")),
    st.sampled_from((b"1.0", b"1.1")),
)
def test_whatIsSentIsHTTP(
    code: int,
    fields: list[tuple[str, str]],
    body: Any,
    method: bytes,
    version: bytes,
) -> None:
    """
    Whatever a resource answers with, a reader that knows only the grammar
    can read, and the connection is in order after it.
    """
    framing = ("content-length", "transfer-encoding", "connection", "date")
    fields = [it for it in fields if it[0].lower() not in framing]
    made = Response(
        body, code, [(name, value.encode("latin-1")) for name, value in fields]
    )
    origin = Origin(Seen(lambda request: made))
    (answer,) = origin.ask(
        method + b" / HTTP/" + version + b"\r\nHost: a\r\n\r\n", method
    )
    assert answer.code == code
    if origin.wire.open:
        origin.root.answer = "again"
        (second,) = origin.ask(HELLO)
        assert second.content == b"again"
