"""
What a client does, and what comes of it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Order:
    """
    One request.

    @ivar number: no other order has it.
    @ivar kind: what it is about, for counting.
    @ivar fields: without Host, and without those of framing and connection.
    @ivar body: the content, in pieces; L{None} for none.
    @ivar chunked: whether the content comes without a Content-Length.
    @ivar trailers: after chunked content.
    @ivar expect: whether to wait for 100 (Continue).
    @ivar old: whether to speak HTTP/1.0.
    @ivar close: whether the client asks for the connection's end.
    @ivar leave: whether the client goes away in the middle.
    @ivar pipelined: whether the next order is sent without waiting.
    """

    number: int
    kind: str
    method: str
    target: str
    fields: Fields = ()
    body: tuple[bytes, ...] | None = None
    chunked: bool = False
    trailers: Fields = ()
    expect: bool = False
    old: bool = False
    close: bool = False
    leave: bool = False
    pipelined: bool = False
    host: str = "site.example"

    @property
    def size(self) -> int:
        """
        Octets of content.
        """
        return sum(map(len, self.body or ()))

    @property
    def isEcho(self) -> bool:
        """
        Whether it is answered with what was seen of it.
        """
        return self.kind.startswith("echo")

    def describe(self) -> str:
        """
        For people: enough to do it once more by hand.
        """
        words = [f"#{self.number} {self.kind}: {self.method} {self.target}"]
        words += [f"{name}: {value}" for name, value in self.fields]
        if self.body is not None:
            words.append(f"{self.size} octets in {len(self.body)} pieces")
        for flag in ("chunked", "expect", "old", "close", "leave", "pipelined"):
            if getattr(self, flag):
                words.append(flag)
        return "; ".join(words)


@dataclass(slots=True)
class Answer:
    """
    What came of an order.

    @ivar lost: why there is no whole response, else C{""}.
    @ivar interim: the codes of the interim responses.
    @ivar fields: names in lower case.
    @ivar content: all of it, where it says what was seen; else empty.
    """

    code: int = 0
    fields: list[tuple[str, str]] = field(default_factory=list)
    size: int = 0
    digest: str = ""
    content: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    lost: str = ""
    seconds: float = 0.0
    firstAfter: float = 0.0

    def values(self, name: str) -> list[str]:
        """
        @return: the values of all fields of that name, list members apart.
        """
        return [value for known, value in self.fields if known == name]

    def take(self, content: bytes, keep: bool) -> None:
        """
        This is the content.
        """
        for name, value in self.fields:
            if name == "content-type" and value.startswith("multipart/byteranges"):
                # What stands between the parts is made up anew each time.
                boundary = value.partition("boundary=")[2].strip('"')
                content = content.replace(boundary.encode("latin-1"), b"BOUNDARY")
                self.fields = [
                    (n, v.replace(boundary, "BOUNDARY")) for n, v in self.fields
                ]
                break
        self.size = len(content)
        self.digest = hashlib.sha256(content).hexdigest()
        if keep:
            self.content = content
