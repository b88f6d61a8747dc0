"""
Typed values of fields: a table of parsers and generators.
"""

from __future__ import annotations

from typing import Any, Final


class FieldTable:
    """
    How each field is translated.
    """

    def parse(self, name: bytes, values: list[bytes]) -> Any:
        """
        @raise ValueError: if C{values} don't parse.
        """
        raise ValueError("no row")

    def generate(self, name: bytes, value: Any) -> list[bytes]:
        raise ValueError("no row")


STANDARD: Final = FieldTable()
