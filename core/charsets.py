"""
Text in whatever charset its sender has named (RFC 9110, section 8.3.2).

Names are looked up in a table that is made once.  Python's own look-up
imports modules and remembers every name that it is asked for, and some of what
it calls codecs takes quadratic time or isn't about text at all.
"""

from __future__ import annotations

from encodings.aliases import aliases
from typing import Final

from penstock.core.errors import MalformedContent, UnsupportedContent

# What browsers know (WHATWG, Encoding, section 4.2), as Python calls it.
_CODECS: Final = (
    "ascii",
    "utf_8",
    "utf_16",
    "utf_16_be",
    "utf_16_le",
    "latin_1",
    *(f"iso8859_{part}" for part in (2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
    *(f"cp125{page}" for page in range(9)),
    "cp866",
    "cp874",
    "koi8_r",
    "koi8_u",
    "mac_roman",
    "mac_cyrillic",
    "gbk",
    "gb2312",
    "gb18030",
    "big5",
    "big5hkscs",
    "euc_jp",
    "iso2022_jp",
    "shift_jis",
    "euc_kr",
)


def _table() -> dict[str, str]:
    known = set(_CODECS)
    table = {codec: codec for codec in _CODECS}
    table.update((alias, codec) for alias, codec in aliases.items() if codec in known)
    table.update({"utf_8_bom": "utf_8_sig", "unicode_1_1_utf_8": "utf_8"})
    # A mark at the start of UTF-8 is no part of the text.
    return {
        alias: "utf_8_sig" if codec == "utf_8" else codec
        for alias, codec in table.items()
    }


_TABLE: Final = _table()


def codecName(charset: str) -> str:
    """
    @param charset: a name, in any case.

    @return: what Python calls the charset.
    @raise UnsupportedContent: if it isn't one, or not one of these.
    """
    name = charset.lower().replace("-", "_").replace(":", "_")
    try:
        return _TABLE[name]
    except KeyError:
        raise UnsupportedContent("The charset is not known here.") from None


def decodeText(data: bytes, charset: str | None = None) -> str:
    """
    @param charset: a name, in any case; L{None} for UTF-8.

    @return: C{data} as text, without a byte order mark.
    @raise UnsupportedContent: if C{charset} isn't known.
    @raise MalformedContent: if C{data} isn't in C{charset}.
    """
    codec = "utf_8_sig" if charset is None else codecName(charset)
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise MalformedContent("The text is not in its charset.") from None
