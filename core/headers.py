"""
The fields of one message (RFC 9110, section 5), raw and typed.

Raw fields are kept in order and as received; names compare without case.
L{Headers.getHeader} and L{Headers.setHeader} translate to and from typed
values with the table in L{penstock.core.fields}, on demand.  Nothing that is
not a field by the grammar gets in, so a transport may write out what it finds
here without another look.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, KeysView, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from penstock.core.errors import InvalidField
from penstock.core.fields import STANDARD, FieldTable

RawField = tuple[bytes, bytes]

# RFC 9110, section 5.6.2: token.
_TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# RFC 9110, section 5.5: all but HTAB, SP, VCHAR and obs-text.  Among them are
# FF, VT, FS, GS and RS, which other software takes for line ends or for white
# space.  (NEL can't be refused: the octet is a part of characters in UTF-8.)
_NOT_IN_VALUE: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")

# Spellings of the names seen so far, and how they are compared: names arrive as
# bytes, and programs mostly have them as either.  (In one table, bytes and text
# would be compared with each other, since their hashes are equal.)  Bounded in
# number and in size, since peers choose names; emptied when full, so that
# nobody can fill it for good.
_MAX_KNOWN: Final = 1024
_MAX_KNOWN_LENGTH: Final = 64
_known: Final[dict[bytes, bytes]] = {}
_knownText: Final[dict[str, bytes]] = {}

# Their values are not shown where a Headers is printed.
_SECRET: Final = frozenset(
    (b"authorization", b"cookie", b"proxy-authorization", b"set-cookie")
)


def fieldName(name: bytes | str) -> bytes:
    """
    @return: C{name} as it is compared: in lower case.

    @raise InvalidField: if it isn't a token.
    """
    known = _known.get(name) if type(name) is bytes else _knownText.get(name)  # type: ignore[arg-type]
    if known is not None:
        return known
    if isinstance(name, str):
        try:
            raw = name.encode("ascii")
        except UnicodeEncodeError:
            raise InvalidField("a field name must be ASCII") from None
    elif isinstance(name, bytes):
        raw = name
    else:
        raise InvalidField("a field name must be bytes or text")
    if _TOKEN.fullmatch(raw) is None:
        raise InvalidField("a field name must be a token")
    lower = raw.lower()
    if len(raw) <= _MAX_KNOWN_LENGTH:
        if len(_known) + len(_knownText) >= _MAX_KNOWN:
            _known.clear()
            _knownText.clear()
        if isinstance(name, str):
            _knownText[name] = lower
        else:
            _known[name] = lower
    return lower


def fieldValue(value: bytes | str) -> bytes:
    """
    @param value: text is encoded as ISO-8859-1.

    @return: C{value} without the white space around it.

    @raise InvalidField: if it has a control character other than HTAB in it.
    """
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError:
            raise InvalidField("a field value must be ISO-8859-1") from None
    elif not isinstance(value, bytes):
        # A bytearray might be changed after it was checked.
        raise InvalidField("a field value must be bytes or text")
    if _NOT_IN_VALUE.search(value) is not None:
        raise InvalidField("a field value must not have control characters")
    return value.strip(b" \t")


class Headers:
    """
    Fields, in order.

    Names are given as L{bytes} or L{str} in any case.
    """

    __slots__ = ("_fields", "_index", "_table", "_typed")

    def __init__(self, fields: Fields = (), table: FieldTable = STANDARD) -> None:
        """
        @param fields: names and values, as L{addRaw} takes them; or a mapping
            of names to values, as L{setHeader} takes them.
        @raise InvalidField: if one of C{fields} may not be sent.
        """
        self._table = table
        self._fields: list[RawField] | tuple[RawField, ...] = []
        self._index: dict[bytes, list[bytes]] | None = {}
        self._typed: dict[bytes, Any] | None = None
        if not fields:
            # Mostly, and a call of RPC makes one: looking for a mapping costs
            # 0.1 µs.
            return
        if isinstance(fields, Mapping):
            for name, value in fields.items():
                self.setHeader(name, value)
        else:
            for name, value in fields:
                self.addRaw(name, value)

    @classmethod
    def of(cls, fields: Fields | None) -> Headers:
        """
        @return: C{fields} as an object of this class: itself, if it is one.
        @raise InvalidField: if one of C{fields} may not be sent.
        """
        return fields if isinstance(fields, Headers) else cls(fields or ())

    @classmethod
    def trusted(
        cls,
        fields: list[RawField] | tuple[RawField, ...],
        table: FieldTable = STANDARD,
    ) -> Headers:
        """
        Wrap fields that have been checked already: names are tokens, values
        are stripped and have no control characters.

        @param fields: a list becomes this object's own; a tuple may be shared
            among any number of objects, and is copied before a change.
        """
        self = cls.__new__(cls)
        self._table = table
        self._fields = fields
        self._index = None
        self._typed = None
        return self

    @classmethod
    def ofContent(cls, mediaType: bytes, length: int) -> Headers:
        """
        What most responses have to say, in a fraction of the time.

        @param mediaType: a valid field value.
        @return: Content-Type and Content-Length.
        """
        self = cls.__new__(cls)
        size = b"%d" % length
        self._table = STANDARD
        self._fields = [(b"Content-Type", mediaType), (b"Content-Length", size)]
        self._index = {b"content-type": [mediaType], b"content-length": [size]}
        self._typed = None
        return self

    def shared(self) -> Headers:
        """
        Make another object with these fields, which costs next to nothing:
        what one of them finds out about them, all know.

        @return: L{Headers} that are copied before they are changed.  This
            object must not be changed any more.
        """
        fields = self._fields
        if not isinstance(fields, tuple):
            fields = self._fields = tuple(fields)
        if self._typed is None:
            self._typed = {}
        other = Headers.__new__(Headers)
        other._table = self._table
        other._fields = fields
        other._index = self._index or self._lines()
        other._typed = self._typed
        return other

    # Raw access

    def __iter__(self) -> Iterator[RawField]:
        """
        All fields in order, names as received.
        """
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __contains__(self, name: bytes | str) -> bool:
        return fieldName(name) in self._lines()

    def __eq__(self, other: object) -> bool:
        """
        Equal if the fields of each name are, in their order.
        """
        if not isinstance(other, Headers):
            return NotImplemented
        return self._lines() == other._lines()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """
        The fields, without the values of those that hold secrets.
        """
        shown = [
            (name, b"..." if fieldName(name) in _SECRET else value)
            for name, value in self._fields
        ]
        return f"<Headers {shown!r}>"

    def hasHeader(self, name: bytes | str) -> bool:
        """
        @return: whether there is at least one field C{name}.
        """
        return fieldName(name) in self._lines()

    def names(self) -> KeysView[bytes]:
        """
        @return: the names of the fields, in lower case, each once: a view.
        """
        return self._lines().keys()

    def getRaw(self, name: bytes | str) -> tuple[bytes, ...]:
        """
        @return: the values of the fields C{name}, a line each; empty if there
            is none.
        """
        return tuple(self._lines().get(fieldName(name), ()))

    def lines(self, name: bytes) -> Sequence[bytes]:
        """
        As L{getRaw}, for those in a hurry.

        @param name: in lower case.
        @return: not to be changed.
        """
        index = self._index
        if index is None:
            index = self._lines()
        return index.get(name, ())

    def hasNone(self, names: AbstractSet[bytes]) -> bool:
        """
        @param names: in lower case.
        @return: whether there is no field with one of these names.
        """
        index = self._index
        if index is None:
            index = self._lines()
        return index.keys().isdisjoint(names)

    def get(self, name: bytes | str) -> bytes | None:
        """
        @return: the combined value of the fields C{name}, joined by commas as
            RFC 9110, section 5.2 has it; L{None} if there is none.  For
            Set-Cookie, which can't be joined, use L{getRaw}.
        """
        values = self._lines().get(fieldName(name))
        if values is None:
            return None
        return values[0] if len(values) == 1 else b", ".join(values)

    def setRaw(self, name: bytes | str, *values: bytes | str) -> None:
        """
        Replace the fields C{name} by one for each of C{values}.

        @raise InvalidField: and nothing changes.
        """
        checked = [fieldValue(value) for value in values]
        key = fieldName(name)
        if key in self._lines():
            self._remove(key)
        if checked:
            fields, index = self._own()
            spelled = name.encode("ascii") if isinstance(name, str) else name
            fields.extend((spelled, value) for value in checked)
            index[key] = checked
            self._forget(key)

    def addRaw(self, name: bytes | str, value: bytes | str) -> None:
        """
        Append a field.

        @raise InvalidField: and nothing changes.
        """
        key, value = fieldName(name), fieldValue(value)
        fields, index = self._own()
        fields.append((name.encode("ascii") if isinstance(name, str) else name, value))
        if key in index:
            index[key].append(value)
        else:
            index[key] = [value]
        self._forget(key)

    def removeHeader(self, name: bytes | str) -> None:
        """
        Remove the fields C{name}, if there are any.
        """
        key = fieldName(name)
        if key in self._lines():
            self._remove(key)

    def copy(self) -> Headers:
        """
        @return: an independent copy with the same table.
        """
        fields = self._fields
        return Headers.trusted(
            fields if isinstance(fields, tuple) else fields.copy(), self._table
        )

    # Typed access

    @property
    def table(self) -> FieldTable:
        """
        What typed access translates with.  An application may set its own,
        here or, for all its requests, where it makes its
        L{penstock.core.server.Site}.
        """
        return self._table

    @table.setter
    def table(self, table: FieldTable) -> None:
        if table is not self._table:
            self._table = table
            # Others may go on with what was found out so far.
            self._typed = None

    def getHeader(self, name: bytes | str, default: Any = None) -> Any:
        """
        @return: the value of the field C{name} as the table's type for it, or
            C{default} if the field is absent or doesn't parse: see
            L{whyAbsent}.  Don't change it: it is cached.
        """
        key = fieldName(name)
        typed = self._typed
        if typed is None:
            typed = self._typed = {}
        elif key in typed:
            value = typed[key]
            return default if value is None else value
        lines = self._lines().get(key)
        if lines is None:
            return default
        try:
            value = self._table.parse(key, lines)
        except ValueError:
            value = None
        typed[key] = value
        return default if value is None else value

    def getStandard(self, name: bytes | str, default: Any = None) -> Any:
        """
        As L{getHeader}, by the L{STANDARD} table, whatever L{table} is: for
        those who act on what HTTP says of a field, while an application may
        have its own idea of it.
        """
        if self._table is STANDARD:
            return self.getHeader(name, default)
        key = fieldName(name)
        lines = self._lines().get(key)
        if lines is None:
            return default
        try:
            return STANDARD.parse(key, lines)
        except ValueError:
            return default

    def setHeader(self, name: bytes | str, value: Any) -> None:
        """
        Replace the fields C{name} by what C{value} is written as.

        @param value: of the table's type for C{name}; L{bytes} and L{str} are
            taken as they are.  L{None} removes the field.
        @raise InvalidField: if it can't be written.
        """
        if value is None:
            self.removeHeader(name)
        elif isinstance(value, (bytes, str)):
            self.setRaw(name, value)
        else:
            self.setRaw(name, *self._table.generate(fieldName(name), value))

    def whyAbsent(self, name: bytes | str) -> str | None:
        """
        @return: why L{getHeader} has nothing for C{name}: a sentence, without
            the value in it; L{None} if it has something.
        """
        key = fieldName(name)
        lines = self._lines().get(key)
        if lines is None:
            return "there is no such field"
        try:
            self._table.parse(key, lines)
        except ValueError as problem:
            return str(problem)
        return None

    # The index

    def _lines(self) -> dict[bytes, list[bytes]]:
        """
        The values of each field, by lower-cased name.
        """
        index = self._index
        if index is None:
            index = {}
            known = _known.get
            for name, value in self._fields:
                key = known(name) or fieldName(name)
                if key in index:
                    index[key].append(value)
                else:
                    index[key] = [value]
            self._index = index
        return index

    def _own(self) -> tuple[list[RawField], dict[bytes, list[bytes]]]:
        """
        The fields and their index, to change.
        """
        fields = self._fields
        if isinstance(fields, tuple):
            # They may be others' too.
            fields = self._fields = list(fields)
            if self._index is not None:
                self._index = {key: list(found) for key, found in self._index.items()}
            self._typed = None
        return fields, self._lines()

    def _remove(self, key: bytes) -> None:
        fields, index = self._own()
        self._fields = [item for item in fields if fieldName(item[0]) != key]
        index.pop(key)
        self._forget(key)

    def _forget(self, key: bytes) -> None:
        if self._typed is not None:
            self._typed.pop(key, None)


Fields = Headers | Mapping[str, Any] | Iterable[tuple[bytes | str, bytes | str]]
"""What L{Headers} can be made of."""
