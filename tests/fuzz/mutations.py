"""Damages models at random, and with knowledge of where their fields, offsets, counts and layouts stand.

A mutation is known by its number alone: the same number on the same models gives the same bytes.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from litesmith.runtime.flatbuffer_graph import Reading, read_signature
from litesmith.runtime.flatbuffer_table import Buffer, Table

_SIZES = {"bool": 1, "int8": 1, "uint8": 1, "int32": 4, "uint32": 4, "uint64": 8}
_ODD = {
    1: (0, 1, 2, 3, 32, 127, 128, 129, 254, 255),
    2: (0, 1, 2, 4, 6, 8, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF),
    4: (0, 1, 2, 3, 7, 64, 255, 1000, 65536, 10**6, 2**28, 2**31 - 1, 2**31, 2**32 - 4, 2**32 - 2, 2**32 - 1),
    8: (0, 1, 2, 255, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1),
}
"""Values at which programs break, by size in bytes."""
_NAMES = (b"\x1b[2J", b"<b>", b"\"'", b"\x00", b"\xff\xfe", b"[/]", b"{{", b"\n", b"/", b";", b"\xe2\x80\xae")


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """A sound model and where its structure stands.

    Attributes:
        name: Of its file.
        data: The file.
        fields: (place, size in bytes) of every offset, count, layout and number that the reader looks at.
        numbers: The same of the numbers alone, which can be wrong while the structure is sound.
        vectors: (place, count, size of an element in bytes) of every vector.
    """

    name: str
    data: bytes
    fields: tuple[tuple[int, int], ...]
    numbers: tuple[tuple[int, int], ...]
    vectors: tuple[tuple[int, int, int], ...]


class _Noting(Buffer):
    """Notes every place that is looked at."""

    def __init__(self, data: memoryview) -> None:
        super().__init__(data)
        self.seen: set[tuple[int, int]] = set()

    def unpack(self, form: struct.Struct, at: int) -> int | float:
        self.seen.add((at, form.size))
        return super().unpack(form, at)


def specimen(path: Path) -> Specimen:
    """Read a sound model and note where everything stands."""
    data = path.read_bytes()
    buffer = _Noting(memoryview(data))
    vectors: set[tuple[int, int, int]] = set()
    numbers: set[tuple[int, int]] = set()
    plain, plain_number = Table.vector, Table.number

    def noting(table: Table, number: int, item_bytes: int) -> tuple[int, int]:
        at, count = plain(table, number, item_bytes)
        if count:
            vectors.add((at, count, item_bytes))
        return at, count

    def noting_number(table: Table, number: int, kind: str, default: int = 0) -> int:
        if place := table.place(number):
            numbers.add((place, _SIZES[kind]))
        return plain_number(table, number, kind, default)

    Table.vector, Table.number = noting, noting_number  # type: ignore[method-assign]
    try:
        model = buffer.root()
        subgraphs = Reading(buffer, model).subgraphs(model)
        for table in model.tables(7):
            read_signature(table, subgraphs)
        for table in model.tables(6):
            table.text(0)
            table.number(1, "uint32")
        model.text(3)
    finally:
        Table.vector, Table.number = plain, plain_number  # type: ignore[method-assign]
    return Specimen(
        name=path.name,
        data=data,
        fields=tuple(sorted(buffer.seen)),
        numbers=tuple(sorted(numbers)),
        vectors=tuple(sorted(vectors)),
    )


def _put(data: bytearray, at: int, size: int, value: int) -> None:
    if at + size <= len(data):
        data[at : at + size] = (value % 256**size).to_bytes(size, "little")


def _field(chance: random.Random, found: Specimen, data: bytearray) -> None:
    """Change an offset, a count, a layout's entry or a number."""
    _change(chance, data, *chance.choice(found.fields))


def _number(chance: random.Random, found: Specimen, data: bytearray) -> None:
    """Change a number: an operator's code or option, a type, a buffer, a version."""
    _change(chance, data, *chance.choice(found.numbers))


def _change(chance: random.Random, data: bytearray, at: int, size: int) -> None:
    now = int.from_bytes(data[at : at + size], "little")
    value = chance.choice(
        (
            chance.choice(_ODD[size]),
            now + chance.choice((-8, -4, -2, -1, 1, 2, 4, 8)),
            now ^ (1 << chance.randrange(8 * size)),
            chance.randrange(256**size),
            len(data) - at + chance.choice((-8, -4, -1, 0, 1)),
        )
    )
    _put(data, at, size, value)


def _lead(chance: random.Random, found: Specimen, data: bytearray) -> None:
    """Let one offset lead where another leads, so that tables are shared, or taken for tables of another kind."""
    places = [at for at, size in found.fields if size == 4]
    here, there = chance.choice(places), chance.choice(places)
    _put(data, here, 4, there + int.from_bytes(data[there : there + 4], "little") - here)


def _element(chance: random.Random, found: Specimen, data: bytearray) -> None:
    """Change an element of a vector: an index, a dimension, a scale, a character."""
    at, count, size = chance.choice(found.vectors)
    for _ in range(chance.choice((1, 1, 3))):
        place = at + size * chance.randrange(count)
        if size == 1:
            odd = chance.choice(_NAMES)
            data[place : place + len(odd)] = odd[: max(0, len(data) - place)]
        else:
            _put(data, place, size, chance.choice((*_ODD[size], chance.randrange(256**size))))
            if size == 4 and chance.random() < 0.3:
                data[place : place + 4] = struct.pack("<f", chance.choice((float("nan"), float("inf"), -1.0, 1e-45)))


def _bytes(chance: random.Random, found: Specimen, data: bytearray) -> None:
    for _ in range(chance.choice((1, 4, 30))):
        data[chance.randrange(len(data))] = chance.choice((0, 255, chance.randrange(256)))


def _bits(chance: random.Random, found: Specimen, data: bytearray) -> None:
    for _ in range(chance.choice((1, 2, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _cut(chance: random.Random, found: Specimen, data: bytearray) -> None:
    del data[chance.randrange(len(data)) :]


def _remove(chance: random.Random, found: Specimen, data: bytearray) -> None:
    at = chance.randrange(8, len(data))
    del data[at : at + chance.choice((1, 2, 4, 8, 64, 1000))]


def _duplicate(chance: random.Random, found: Specimen, data: bytearray) -> None:
    """Repeat a range, in place or pushed in between."""
    start, at = chance.randrange(len(data)), chance.randrange(8, len(data))
    piece = data[start : start + chance.choice((4, 8, 16, 64, 512))]
    if chance.random() < 0.5:
        data[at : at + len(piece)] = piece
    else:
        data[at:at] = piece * chance.choice((1, 2, 50))


_KINDS = {
    _number: 45, _element: 30, _field: 12, _lead: 5, _bytes: 3, _bits: 3, _cut: 1, _remove: 1, _duplicate: 2
}  # fmt: skip


def mutate(number: int, specimens: Sequence[Specimen]) -> bytes:
    """Return the bytes of one mutation."""
    chance = random.Random(number)
    found = chance.choice(specimens)
    data = bytearray(found.data)
    if chance.random() < 0.04:  # the head of one file and the rest of another
        other = chance.choice(specimens).data
        cut = chance.randrange(8, min(len(data), len(other)))
        return bytes(data[:cut] + other[cut:])
    for _ in range(chance.choice((1, 1, 1, 2, 5, 20))):
        if len(data) < 16:
            break
        (kind,) = chance.choices(list(_KINDS), list(_KINDS.values()))
        kind(chance, found, data)
    if chance.random() < 0.9:
        data[4:8] = b"TFL3"
    return bytes(data)
