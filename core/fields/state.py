"""
Rows for what clients are to remember (RFC 6265bis).
"""

from __future__ import annotations

from typing import Final

from penstock.core.fields.rows import LINES, LIST, REQUEST, RESPONSE
from penstock.core.fieldtable import Field
from penstock.core.values import cookies, setcookie

ROWS: Final = (
    Field(
        "Cookie",
        cookies.parseCookies,
        cookies.generateCookies,
        "Cookies",
        "RFC 6265bis, section 4.2",
        LIST,
        REQUEST,
        # As HTTP/2 and 3 have it, where it comes in crumbs (RFC 9113, section
        # 8.2.3).
        b"; ",
    ),
    Field(
        "Set-Cookie",
        setcookie.parseSetCookie,
        setcookie.generateSetCookie,
        "SetCookie",
        "RFC 6265bis, section 4.1",
        LINES,
        RESPONSE,
    ),
)
