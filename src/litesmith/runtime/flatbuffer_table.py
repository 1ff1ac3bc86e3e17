"""Reads flatbuffer tables with every offset checked, since the files come from anywhere.

The Python package of flatbuffers has no verifier: an offset before the file's start is read from its end, and a count
of four thousand million is believed. Here each access is held against the file's size, and the work as a whole against
a budget, as the C++ `flatbuffers::Verifier` does with its `max_tables`. Layout of tables and vectors:
https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

MOST_TABLES = 1_000_000
MOST_TEXT_BYTES = 64_000_000
MOST_NUMBERS = 50_000_000
_SMALLEST_TABLE_BYTES = 8
"""A table and the offset that points to it take at least this much of the file."""

T = TypeVar("T", bound=np.generic)


class Damaged(Exception):
    """The file's structure is impossible."""


@dataclass
class Buffer:
    """Bytes that are read as a flatbuffer, and what reading them has cost so far.

    Attributes:
        data: The file; a memory map counts as bytes.
        tables: Tables visited.
        text_bytes: Bytes of text decoded.
        numbers: Elements of vectors copied.
    """

    data: memoryview
    tables: int = 0
    text_bytes: int = 0
    numbers: int = 0
    size: int = field(init=False)

    def __post_init__(self) -> None:
        """Note the size."""
        self.size = len(self.data)

    def unpack(self, form: struct.Struct, at: int) -> int | float:
        """Return one number.

        Raises:
            Damaged: it lies outside the file.
        """
        if at < 0 or at + form.size > self.size:
            raise Damaged(f"offset {at} lies outside the file of {self.size} bytes")
        value: int | float = form.unpack_from(self.data, at)[0]
        return value

    def unsigned(self, at: int) -> int:
        """Return the uint32 at an offset."""
        return int(self.unpack(_U32, at))

    def root(self) -> Table:
        """Return the table at the root."""
        return Table(self, self.unsigned(0))


_U32, _I32, _U16 = struct.Struct("<I"), struct.Struct("<i"), struct.Struct("<H")
_FORMS = {
    "bool": struct.Struct("<B"),
    "int8": struct.Struct("<b"),
    "uint8": struct.Struct("<B"),
    "int32": _I32,
    "uint32": _U32,
    "uint64": struct.Struct("<Q"),
    "float32": struct.Struct("<f"),
}


class Table:
    """One table. Fields are numbered as in the schema; a field that is left out has its default.

    Raises:
        Damaged: it does not lie in the file, or the file holds more tables than can fit in it.
    """

    __slots__ = ("_at", "_buffer", "_fields", "_length")

    def __init__(self, buffer: Buffer, at: int) -> None:
        buffer.tables += 1
        if buffer.tables > min(MOST_TABLES, buffer.size // _SMALLEST_TABLE_BYTES + 1):
            raise Damaged(f"more than {buffer.tables - 1} tables in {buffer.size} bytes")
        self._buffer, self._at = buffer, at
        self._fields = at - int(buffer.unpack(_I32, at))
        self._length = int(buffer.unpack(_U16, self._fields))

    def _place(self, number: int) -> int:
        """Return where a field lies; 0 when it is left out."""
        entry = 4 + 2 * number
        if entry + 2 > self._length:
            return 0
        offset = int(self._buffer.unpack(_U16, self._fields + entry))
        return self._at + offset if offset else 0

    def number(self, number: int, kind: str, default: int = 0) -> int:
        """Return an integer field."""
        at = self._place(number)
        return int(self._buffer.unpack(_FORMS[kind], at)) if at else default

    def real(self, number: int, default: float = 0.0) -> float:
        """Return a float32 field."""
        at = self._place(number)
        return float(self._buffer.unpack(_FORMS["float32"], at)) if at else default

    def _target(self, number: int) -> int:
        """Return where a field's offset points; 0 when it is left out."""
        at = self._place(number)
        return at + self._buffer.unsigned(at) if at else 0

    def table(self, number: int) -> Table | None:
        """Return a field that is a table."""
        at = self._target(number)
        return Table(self._buffer, at) if at else None

    def _vector(self, number: int, item_bytes: int) -> tuple[int, int]:
        """Return (place of the first element, count) of a vector, which lies in the file whole."""
        at = self._target(number)
        if not at:
            return 0, 0
        count = self._buffer.unsigned(at)
        if at + 4 + count * item_bytes > self._buffer.size:
            raise Damaged(f"a vector of {count} elements at {at} reaches beyond the file of {self._buffer.size} bytes")
        return at + 4, count

    def tables(self, number: int) -> list[Table]:
        """Return the elements of a vector of tables."""
        at, count = self._vector(number, 4)
        return [Table(self._buffer, at + 4 * i + self._buffer.unsigned(at + 4 * i)) for i in range(count)]

    def values(self, number: int, dtype: type[T]) -> npt.NDArray[T]:
        """Return a vector of numbers as a view of the file."""
        at, count = self._vector(number, np.dtype(dtype).itemsize)
        return np.frombuffer(self._buffer.data, dtype=dtype, count=count, offset=at) if count else np.empty(0, dtype)

    def integers(self, number: int) -> tuple[int, ...]:
        """Return a vector of int32 as integers.

        Raises:
            Damaged: the file names more of them than a model can have use for.
        """
        values = self.values(number, np.int32)
        self._buffer.numbers += len(values)
        if self._buffer.numbers > MOST_NUMBERS:
            raise Damaged(f"more than {MOST_NUMBERS} shape and index numbers")
        return tuple(values.tolist())

    def span(self, number: int) -> tuple[int, int]:
        """Return (offset in the file, length) of a vector of bytes."""
        return self._vector(number, 1)

    def text(self, number: int) -> str:
        """Return a string; bytes that are no UTF-8 become the replacement character.

        Raises:
            Damaged: the file's names add up to more than the budget.
        """
        at, count = self._vector(number, 1)
        self._buffer.text_bytes += count
        if self._buffer.text_bytes > MOST_TEXT_BYTES:
            raise Damaged(f"names of more than {MOST_TEXT_BYTES} bytes together")
        return bytes(self._buffer.data[at : at + count]).decode("utf-8", "replace") if count else ""
