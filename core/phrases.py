"""
Reason phrases (RFC 9110, section 15).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

# Python before 3.13 has those of older RFCs: what is sent shall not depend on
# which Python sends it.
_PHRASES: Final[dict[int, str]] = {
    **{status.value: status.phrase for status in HTTPStatus},
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}

CODES: Final = frozenset(_PHRASES)
"""The codes that have a phrase."""


def phrase(code: int) -> str:
    """
    @return: the standard reason phrase of C{code}, or an empty string.
    """
    return _PHRASES.get(code, "")
