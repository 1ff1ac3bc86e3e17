"""Reads flatbuffer tables with every offset checked, since the files come from anywhere.

The Python package of flatbuffers has no verifier: an offset before the file's start is read from its end, and a count
of four thousand million is believed. Here each access is held against the file's size, and the work as a whole against
budgets, as the C++ `flatbuffers::Verifier` does with its `max_tables`: several offsets may lead to the same table, so
that a small file can describe an enormous model. Layout of tables and vectors: https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

MOST_TABLES = 1_000_000
MOST_TEXT_BYTES = 32_000_000
MOST_NUMBERS = 4_000_000
_SMALLEST_TABLE_BYTES = 8
"""A table and the offset that points to it take at least this much of the file."""
_MOST_FIELDS = 16
"""Fields of a table that are looked at; no table of the TFLite schema that is read here has more."""
_MOST_LAYOUTS = 10_000
"""Layouts of tables that are kept. Writers share them, so that a real model has a few dozen."""
_SHORT_VECTOR = 16
"""Up to here `struct` is faster than NumPy."""

T = TypeVar("T", bound=np.generic)


class Damaged(Exception):
    """The file's structure is impossible."""


@dataclass
class Buffer:
    """Bytes that are read as a flatbuffer, and what reading them has cost so far.

    Attributes:
        data: The file.
        tables: Tables visited.
        text_bytes: Memory of the text that was decoded.
        numbers: Elements of vectors that became Python integers.
    """

    data: memoryview
    tables: int = 0
    text_bytes: int = 0
    numbers: int = 0
    size: int = field(init=False)
    most_tables: int = field(init=False)
    _layouts: dict[int, tuple[int, ...]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Note the size."""
        self.size = len(self.data)
        self.most_tables = min(MOST_TABLES, self.size // _SMALLEST_TABLE_BYTES + 1)

    def unpack(self, form: struct.Struct, at: int) -> int | float:
        """Return one number.

        Raises:
            Damaged: it lies outside the file.
        """
        if not 0 <= at <= self.size - form.size:
            raise Damaged(f"offset {at} lies outside the file of {self.size} bytes")
        value: int | float = form.unpack_from(self.data, at)[0]
        return value

    def unsigned(self, at: int) -> int:
        """Return the uint32 at an offset."""
        return int(self.unpack(_U32, at))

    def root(self) -> Table:
        """Return the table at the root."""
        return Table(self, self.unsigned(0))

    def layout(self, table: int) -> tuple[int, ...]:
        """Return, for each field of the table at an offset, its place after that; 0 for a field that is left out."""
        at = table - int(self.unpack(_I32, table))
        found = self._layouts.get(at)
        if found is None:
            fields = min(_MOST_FIELDS, (int(self.unpack(_U16, at)) - 4) // 2)
            found = tuple(int(self.unpack(_U16, at + 4 + 2 * number)) for number in range(fields))
            if len(self._layouts) < _MOST_LAYOUTS:
                self._layouts[at] = found
        return found

    def visit(self, tables: int) -> None:
        """Note that tables are about to be visited.

        Raises:
            Damaged: there are more than the file can hold, or than the budget.
        """
        self.tables += tables
        if self.tables > self.most_tables:
            raise Damaged(f"more than {self.most_tables} tables in {self.size} bytes")


_U32, _I32, _U16 = struct.Struct("<I"), struct.Struct("<i"), struct.Struct("<H")
_FLOAT = struct.Struct("<f")
_FORMS = {
    "bool": struct.Struct("<B"),
    "int8": struct.Struct("<b"),
    "uint8": struct.Struct("<B"),
    "int32": _I32,
    "uint32": _U32,
    "uint64": struct.Struct("<Q"),
}


class Table:
    """One table. Fields are numbered as in the schema; a field that is left out has its default.

    Each method raises `Damaged` when what it is asked for does not lie in the file.

    Raises:
        Damaged: it does not lie in the file.
    """

    __slots__ = ("_at", "_buffer", "_layout")

    def __init__(self, buffer: Buffer, at: int) -> None:
        self._buffer, self._at = buffer, at
        self._layout = buffer.layout(at)

    def place(self, number: int) -> int:
        """Return where a field lies; 0 when it is left out."""
        offset = self._layout[number] if number < len(self._layout) else 0
        return self._at + offset if offset else 0

    def number(self, number: int, kind: str, default: int = 0) -> int:
        """Return an integer field."""
        at = self.place(number)
        return int(self._buffer.unpack(_FORMS[kind], at)) if at else default

    def real(self, number: int, default: float = 0.0) -> float:
        """Return a float32 field."""
        at = self.place(number)
        return float(self._buffer.unpack(_FLOAT, at)) if at else default

    def _target(self, number: int) -> int:
        """Return where a field's offset points; 0 when it is left out."""
        at = self.place(number)
        return at + self._buffer.unsigned(at) if at else 0

    def table(self, number: int) -> Table | None:
        """Return a field that is a table.

        Raises:
            Damaged: it does not lie in the file, or there are too many.
        """
        at = self._target(number)
        if not at:
            return None
        self._buffer.visit(1)
        return Table(self._buffer, at)

    def vector(self, number: int, item_bytes: int) -> tuple[int, int]:
        """Return (place of the first element, count) of a vector, which lies in the file whole."""
        at = self._target(number)
        if not at:
            return 0, 0
        count = self._buffer.unsigned(at)
        if at + 4 + count * item_bytes > self._buffer.size:
            raise Damaged(f"a vector of {count} elements at {at} reaches beyond the file of {self._buffer.size} bytes")
        return at + 4, count

    def tables(self, number: int, most: int = MOST_TABLES, what: str = "tables") -> Iterator[Table]:
        """Yield the elements of a vector of tables.

        Args:
            number: The field.
            most: How many there may be.
            what: What they are, for the message.

        Raises:
            Damaged: an element does not lie in the file, or there are too many.
        """
        at, count = self.vector(number, 4)
        if count > most:
            raise Damaged(f"{count} {what} (limit {most})")
        self._buffer.visit(count)
        for place in range(at, at + 4 * count, 4):
            yield Table(self._buffer, place + self._buffer.unsigned(place))

    def integers(self, number: int, most: int = MOST_NUMBERS, what: str = "shape and index numbers") -> tuple[int, ...]:
        """Return a vector of int32 as integers.

        Raises:
            Damaged: it does not lie in the file, has more elements than it may, or the file names more numbers
                altogether than a model can have use for.
        """
        at, count = self.vector(number, 4)
        if count > most:
            raise Damaged(f"{count} {what} (limit {most})")
        self._buffer.numbers += count
        if self._buffer.numbers > MOST_NUMBERS:
            raise Damaged(f"more than {MOST_NUMBERS} shape and index numbers")
        if count <= _SHORT_VECTOR:
            return struct.unpack_from(f"<{count}i", self._buffer.data, at)
        return tuple(np.frombuffer(self._buffer.data, np.int32, count, at).tolist())

    def text(self, number: int) -> str:
        """Return a string; bytes that are no UTF-8 become the replacement character.

        Raises:
            Damaged: it does not lie in the file, or the file's names add up to more than the budget.
        """
        at, count = self.vector(number, 1)
        if not count:
            return ""
        text = "" if count > MOST_TEXT_BYTES else str(self._buffer.data[at : at + count], "utf-8", "replace")
        self._buffer.text_bytes += max(count, text.__sizeof__())
        if self._buffer.text_bytes > MOST_TEXT_BYTES:
            raise Damaged(f"names of more than {MOST_TEXT_BYTES} bytes together")
        return text


def array(data: memoryview, span: tuple[int, int], dtype: type[T]) -> npt.NDArray[T]:
    """Return the numbers at (place, count) as a view of the file."""
    at, count = span
    return np.frombuffer(data, dtype, count, at) if count else np.empty(0, dtype)
