"""
Requests, by a grammar in which each part has an ordinary form and odd ones.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

SMUGGLED: Final = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

METHODS: Final = (b"GET", b"POST", b"PUT", b"HEAD", b"DELETE", b"OPTIONS", b"PATCH")
ODD_METHODS: Final = (
    b"get",
    b"CONNECT",
    b"PRI",
    b"GE",
    b"GETT",
    b"M-SEARCH",
    b"!",
    b"G=T",
    b"GET:",
    b"",
    b"\xc9T",
    b"REPORT",
    b"TRACE",
)
TARGETS: Final = (b"/", b"/a/b?c=d", b"/a%20b", b"http://a/", b"http://a:80/b?c")
ODD_TARGETS: Final = (
    b"*",
    b"a:80",
    b"a",
    b"",
    b"//a",
    b"/a b",
    b"/\xc3\xa9",
    b"/\x7f",
    b"/\x00",
    b"/a#b",
    b"?a",
    b"http:/a/",
    b"http:///a",
    b"http://a?b",
    b"http://u@a/",
    b"http://[::1]/",
    b"://a",
    b'/"<>\\^`{|}',
    b"x:y",
    b"[::1]:80",
    b"a:",
)
VERSIONS: Final = (*(b"HTTP/1.1",) * 15, b"HTTP/1.0")
ODD_VERSIONS: Final = (
    b"HTTP/1.2",
    b"HTTP/2.0",
    b"HTTP/0.9",
    b"HTTP/1.10",
    b"HTTP/01.1",
    b"http/1.1",
    b"HTTP/1",
    b"HTTP/1,1",
    b"",
    b"ICE/1.0",
    b"RTSP/1.0",
    b"HTTP /1.1",
)
SPACES: Final = (b" ",)
ODD_SPACES: Final = (b"  ", b"\t", b"", b"\x0b", b"\x0c", b"\xa0", b"\r", b"\n", b" \t")
LINE_ENDS: Final = (b"\r\n",)
ODD_LINE_ENDS: Final = (
    b"\n",
    b"\r",
    b"\r\r\n",
    b"\n\r",
    b"\n\n",
    b" \r\n",
    b"\t\r\n",
    b"\r\n ",
    b"\r\n\t",
    b"\x0b\r\n",
    b"\x00\r\n",
    b"\r\n\r",
    b"\x85",
)
FIELDS: Final = (
    b"Accept: */*",
    b"User-Agent: x (y; z)",
    b"X-A:",
    b"X-A:b",
    b"X-A: b, c ",
    b"Connection: keep-alive",
    b"Connection: X-B",
    b"Connection: X-A",
    b"Cookie: a=b; c=d",
    b"Expect: 100-continue",
    b"Content-Type: text/plain",
    b"TE: trailers",
)
ODD_FIELDS: Final = (
    b"",
    b":",
    b": a",
    b"X-A",
    b"X-A : b",
    b" X-A: b",
    b"\tX-A: b",
    b"X A: b",
    b"X\x00A: b",
    b"X\xffA: b",
    b"X-A: b\x00c",
    b"X-A: b\x01c",
    b"X-A: b\x0bc",
    b"X-A: b\x7fc",
    b"X-A: b\xa0\xffc",
    b"X-A: b\rc",
    b"X-A: b\nc: d",
    b"X-A: b\r\n c",
    b"X-A: b\r\n\tc",
    b"X(A: b",
    b'X"A: b',
    b"X_A: b",
    b"Host: b",
    b"Host:",
    b"Connection: close",
    b"Connection: close\xa0",
    b"Connection: \x0bclose",
    b"Connection: keep-alive, close",
    b"Connection: ,close,",
    b"Connection: close;a=b",
    b'Connection: "close"',
    b"Connection: upgrade\r\nUpgrade: h2c",
    b"Connection: upgrade\r\nUpgrade: websocket",
    b"Connection: content-length",
    b"Connection: transfer-encoding",
    b"Proxy-Connection: close",
    b"Keep-Alive: timeout=5",
    b"Upgrade: websocket",
    b"Content-Type: a/b\r\nContent-Type: c/d",
    b"Transfer-Encoding-X: chunked",
    b"Content-Length-X: 3",
)
HOSTS: Final = (b"a", b"a.example:8080", b"[::1]:80", b"127.0.0.1")
ODD_HOSTS: Final = (
    b"",
    b"a b",
    b"u@a",
    b"a/b",
    b"a, b",
    b"a:b",
    b"a:1:2",
    b"[::1",
    b"a%2",
    b"a%2f",
    b"[v1.a]",
    b"[x]",
    b"\xc3\xa9",
    b"a:999999",
    b":80",
    b"a_b",
)
ODD_LENGTHS: Final = (
    b"+%d",
    b"-%d",
    b"0%d",
    b"000000000000000000000%d",
    b"%d ",
    b" %d",
    b"\t%d\t",
    b"%d, %d",
    b"%d,%d",
    b"%d,",
    b"%d\x0b",
    b"\xa0%d",
    b"%d_0",
    b"0x%d",
    b"%d.0",
    b"%de0",
    b"%d;a",
    b"%d %d",
    b"",
    b"%d\r\nContent-Length: %d",
    b"%d\r\nContent-Length: 0",
    b"0\r\nContent-Length: %d",
    b"%d\r\n %d",
    b"99999999999999999999%d",
    b"9999999999999999999",
    b"18446744073709551616",
    b"%d\nX: y",
    b"%d\r",
)
ODD_CODINGS: Final = (
    b"Chunked",
    b"CHUNKED",
    b" chunked",
    b"chunked ",
    b"\tchunked",
    b"\x0bchunked",
    b"chunked\x0b",
    b"\xa0chunked",
    b"chunked\x00",
    b",chunked",
    b"chunked,",
    b"chunked, chunked",
    b"chunked,chunked",
    b"gzip, chunked",
    b"chunked, gzip",
    b"identity",
    b"identity, chunked",
    b"chunked, identity",
    b"xchunked",
    b"chunkedx",
    b"chunked;a=b",
    b'"chunked"',
    b"",
    b"chunked\r\nTransfer-Encoding: chunked",
    b"chunked\r\nTransfer-Encoding: identity",
    b"identity\r\nTransfer-Encoding: chunked",
    b"gzip\r\nTransfer-Encoding: chunked",
    b"chunked\r\n ",
    b"\r\n chunked",
    b"chunk\r\n ed",
    b"chunked\nX: y",
    b"chunked\r",
    b"'chunked'",
    b"chun ked",
)
ODD_SIZES: Final = (
    b"0x%x",
    b"+%x",
    b"-%x",
    b" %x",
    b"%x ",
    b"%x\t",
    b"0%x",
    b"0000000000000000%x",
    b"00000000000000000000000000%x",
    b"%x_",
    b"%xg",
    b"%x\x0b",
    b"",
    b"\xef\xbc\x95",
    b"10000000000000000%x",
    b"fffffffffffffff%x",
    b"ffffffffffffffff",
    b"100000000%x",
    b"%x.0",
    b"%x,",
)
EXTENSIONS: Final = (b"", b"", b"", b";a", b";a=b", b';a="b"')
ODD_EXTENSIONS: Final = (
    b";",
    b"; ",
    b" ;a",
    b"; a",
    b";a ",
    b";a =b",
    b";a= b",
    b";a=",
    b";=b",
    b';a="b',
    b';a="b\\"c"',
    b';a="\r\n"',
    b';a="b"c',
    b";a;b;c",
    b";a\nb",
    b";a\rb",
    b";a\x00",
    b";a\x01b",
    b";a\x7f",
    b";\xff",
    b";a=\xff",
    b';a="\xff"',
    b" a",
    b"a",
    b";a,b",
    b";a=b=c",
    b";a\t=\tb",
    b';a="\\\x01"',
)
TRAILERS: Final = (b"", b"", b"X-T: u\r\n", b"X-T: u\r\nX-U: v\r\n")
ODD_TRAILERS: Final = (
    b"X-T\r\n",
    b": u\r\n",
    b"X-T : u\r\n",
    b" X-T: u\r\n",
    b"X-T: u\r\n v\r\n",
    b"X-T: u\n",
    b"X-T: u\r",
    b"X-T: \x00\r\n",
    b"X-T: \x0b\r\n",
    b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Host: b\r\n",
    b"Connection: close\r\n",
    b"\r",
    b"\n",
    b"x\r\n",
)


class Grammar:
    """
    Makes the octets of connections.
    """

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._oddity = 0.0

    def connection(self) -> bytes:
        """
        @return: one to four requests.
        """
        # So that some inputs have one odd part, and some a few.
        self._oddity = self._chance.choice((0.0, 0.02, 0.02, 0.05, 0.2))
        count = self._chance.choice((1, 2, 2, 3, 4))
        return b"".join([self._request() for _ in range(count)])

    def _pick(self, ordinary: Sequence[bytes], odd: Sequence[bytes]) -> bytes:
        if self._chance.random() < self._oddity:
            return self._chance.choice(odd)
        return self._chance.choice(ordinary)

    def _lineEnd(self) -> bytes:
        return self._pick(LINE_ENDS, ODD_LINE_ENDS)

    def _request(self) -> bytes:
        chance = self._chance
        before = self._pick((b"",), (b"\r\n", b"\r\n\r\n", b"\n", b"\r", b" ", b"\0"))
        line = b"".join(
            (
                self._pick(METHODS, ODD_METHODS),
                self._pick(SPACES, ODD_SPACES),
                self._pick(TARGETS, ODD_TARGETS),
                self._pick(SPACES, ODD_SPACES),
                self._pick(VERSIONS, ODD_VERSIONS),
            )
        )
        lines = [b"Host: " + self._pick(HOSTS, ODD_HOSTS)]
        if chance.random() < self._oddity:
            lines.pop()
        count = chance.choice((0, 0, 1, 2, 3))
        lines += [self._pick(FIELDS, ODD_FIELDS) for _ in range(count)]
        content = b""
        framing = chance.choice(("none", "none", "length", "chunks", "chunks"))
        if framing == "length" or chance.random() < self._oddity / 2:
            content = self._payload()
            form = self._pick((b"%d",), ODD_LENGTHS)
            lines.append(self._named(b"Content-Length", _filled(form, len(content))))
        if framing == "chunks" or chance.random() < self._oddity / 2:
            content = self._chunks()
            coding = self._pick((b"chunked",), ODD_CODINGS)
            lines.append(self._named(b"Transfer-Encoding", coding))
        chance.shuffle(lines)
        head = b"".join([each + self._lineEnd() for each in (line, *lines)])
        return before + head + self._lineEnd() + content

    def _named(self, name: bytes, value: bytes) -> bytes:
        name = self._pick(
            (name,),
            (name.lower(), name.upper(), name + b" ", b" " + name, name + b"\t"),
        )
        return (
            name + self._pick((b": ",), (b":", b":\t", b" : ", b"", b":\r\n ")) + value
        )

    def _payload(self) -> bytes:
        return self._chance.choice(
            (b"", b"x", b"hello", b"0\r\n\r\n", b"5\r\nhello\r\n", SMUGGLED, b"\r\n")
        )

    def _chunks(self) -> bytes:
        chunks = []
        for _ in range(self._chance.choice((0, 1, 1, 2, 3))):
            payload = self._payload() or b"x"
            size = _filled(self._pick((b"%x",), ODD_SIZES), len(payload))
            extension = self._pick(EXTENSIONS, ODD_EXTENSIONS)
            odd = (b"", b"\n", b"\r", b"XX", b"\r\r\n", b"\n\r", b"X\r\n", b"\r\n\r\n")
            after = self._pick((b"\r\n",), odd)
            chunks.append(size + extension + self._lineEnd() + payload + after)
        last = self._pick((b"0",), (b"00", b"", b"0 ", b"0x0", b"-0", b"0" * 30))
        last += self._pick(EXTENSIONS, ODD_EXTENSIONS) + self._lineEnd()
        last += self._pick(TRAILERS, ODD_TRAILERS) + self._lineEnd()
        return b"".join(chunks) + last


def _filled(form: bytes, number: int) -> bytes:
    return form.replace(b"%d", b"%d" % number).replace(b"%x", b"%x" % number)
