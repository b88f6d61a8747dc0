"""
What a table of fields is: rows, and how they are used.

The rows themselves are in L{penstock.core.fields}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import Any

from penstock.core.errors import InvalidField


class Multiplicity(Enum):
    """
    How many lines of a field there may be, and what that means.
    """

    SINGLE = auto()
    """One line.  With more of them, there is no saying which one counts."""

    LIST = auto()
    """Lines are parts of one list, joined by commas (RFC 9110, section 5.3)."""

    LINES = auto()
    """Each line is a value of its own (Set-Cookie).  The typed value is a
    tuple of them."""


class Place(Flag):
    """
    Where a field may appear.
    """

    REQUEST = auto()
    RESPONSE = auto()
    TRAILER = auto()
    """Also in the trailer section (RFC 9110, section 6.5.1)."""

    HOP = auto()
    """Only for the next hop: transports write it, and take it out."""

    BOTH = REQUEST | RESPONSE


@dataclass(frozen=True, slots=True)
class Field:
    """
    One row of the table.

    @ivar name: as it is written, C{"Content-Type"}.
    @ivar parse: makes a value, never L{None}, of a line without white space
        around it; of several lines, joined, where L{multiplicity} is LIST.
        It raises L{ValueError} with a reason that doesn't have the line in
        it, takes a time that is linear in the line's length, and what it
        returns is not changed by anybody.
    @ivar generate: makes a line of a value, so that C{parse} makes the same
        value of it; raises L{InvalidField} if it can't.
    @ivar valueType: the type of values, to read.
    @ivar rfc: where the field is defined.
    @ivar separator: what lines are joined by where L{multiplicity} is LIST.
    """

    name: str
    parse: Callable[[bytes], Any]
    generate: Callable[[Any], bytes]
    valueType: str
    rfc: str
    multiplicity: Multiplicity = Multiplicity.SINGLE
    places: Place = Place.BOTH
    separator: bytes = b", "

    @property
    def key(self) -> bytes:
        """
        The name as it is compared.
        """
        return self.name.lower().encode("ascii")


class FieldTable:
    """
    How each field is translated.  Never changes.
    """

    def __init__(self, rows: Iterable[Field]) -> None:
        """
        @param rows: of two for the same field, the last one counts.
        """
        self._rows = {row.key: row for row in rows}

    def extend(self, *rows: Field) -> FieldTable:
        """
        @return: a table that also has C{rows}, in place of those for the same
            fields.
        """
        return FieldTable([*self, *rows])

    def __iter__(self) -> Iterator[Field]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def row(self, name: bytes) -> Field | None:
        """
        @param name: in lower case.

        @return: the row for the field C{name}, L{None} if there is none.
        """
        return self._rows.get(name)

    def parse(self, name: bytes, values: list[bytes]) -> Any:
        """
        @param name: in lower case.
        @param values: the lines of the field C{name}, at least one.

        @return: the typed value.

        @raise ValueError: if C{values} don't parse, or the table has no row
            for them: with a reason, which doesn't have them in it.
        """
        row = self._rows.get(name)
        if row is None:
            raise ValueError("the table of fields has no row for it")
        multiplicity = row.multiplicity
        try:
            if multiplicity is Multiplicity.LINES:
                return tuple([row.parse(value) for value in values])
            if len(values) == 1:
                return row.parse(values[0])
            if multiplicity is Multiplicity.LIST:
                return row.parse(row.separator.join(values))
        except (ArithmeticError, LookupError, UnicodeError):
            # A plain parser finds out like this; and what the former say has
            # the value in it.
            raise ValueError("it is malformed") from None
        raise ValueError("there is more than one line of it")

    def generate(self, name: bytes, value: Any) -> list[bytes]:
        """
        @param name: in lower case.

        @return: the lines that C{value} is written as.

        @raise InvalidField: if it can't be written.
        """
        row = self._rows.get(name)
        if row is None:
            field = name.decode("latin-1")
            raise InvalidField(
                f"{field}: this table of fields has no row for it, so its value "
                "must be bytes or text"
            )
        try:
            if row.multiplicity is Multiplicity.LINES:
                return [row.generate(item) for item in value]
            return [row.generate(value)]
        except InvalidField as problem:
            raise InvalidField(f"{row.name}: {problem}") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            raise InvalidField(f"{row.name}: a value must be {row.valueType}") from None
