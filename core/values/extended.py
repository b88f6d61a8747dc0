"""
Text of any script in the parameters of fields (RFC 8187).
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from penstock.core.errors import InvalidField

# RFC 8187, section 3.2.1: what is written as it is, and how the rest is.
_PLAIN: Final = r"[A-Za-z0-9!#$&+.^_`|~-]"
_EXTENDED: Final = re.compile(
    r"([A-Za-z0-9!#$%&+^_`{}~-]++)'[A-Za-z0-9-]*+'"
    rf"((?:{_PLAIN}++|%[0-9A-Fa-f]{{2}})*+)"
)
_ENCODED: Final = {
    octet: f"%{octet:02X}"
    for octet in range(256)
    if re.fullmatch(_PLAIN, chr(octet)) is None
}

# UTF-8 is the one that is asked for.  Older senders have the other.
_CHARSETS: Final = {"utf-8": "utf-8", "iso-8859-1": "latin-1"}


def parseExtended(value: str) -> str:
    """
    @param value: the value of a parameter whose name ends in an asterisk.

    @raise ValueError: if it isn't as RFC 8187 has it, or not in a charset that
        we know.
    """
    found = _EXTENDED.fullmatch(value)
    charset = None if found is None else _CHARSETS.get(found[1].lower())
    if found is None or charset is None:
        raise ValueError("it has an extended value that is malformed")
    try:
        return unquote_to_bytes(found[2]).decode(charset)
    except UnicodeDecodeError:
        raise ValueError("it has an extended value that is malformed") from None


def generateExtended(value: str) -> bytes:
    """
    @return: C{value} in UTF-8.

    @raise InvalidField: if C{value} has half of a surrogate pair in it.
    """
    try:
        octets = value.encode("utf-8").decode("latin-1")
    except UnicodeEncodeError:
        raise InvalidField("it has half of a surrogate pair") from None
    return b"UTF-8''" + octets.translate(_ENCODED).encode("ascii")
