"""Models in which one table stands for many: small files that describe enormous models."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

_MODEL, _SUBGRAPHS, _SUBGRAPH, _VECTOR = 16, 128, 144, 256
"""Where in a repeating file its new tables and vectors stand; offsets lead forwards only."""


def _put_table(data: bytearray, at: int, fields: dict[int, int]) -> int:
    """Write a table whose fields lead to places, with its layout before it; return the table's place."""
    count = max(fields) + 1
    table = at + 4 + 2 * count + (2 * count) % 4
    struct.pack_into("<HH", data, at, 4 + 2 * count, 4 + 4 * count)
    struct.pack_into("<i", data, table, table - at)
    for number, place in fields.items():
        struct.pack_into("<H", data, at + 4 + 2 * number, 4 + 4 * number)
        struct.pack_into("<I", data, table + 4 + 4 * number, place - (table + 4 + 4 * number))
    return table


def write_repeated(path: Path, data: bytes, what: str, count: int) -> Path:
    """A model whose tensors, operators, buffers or subgraphs are one and the same, `count` times.

    New tables stand before the whole model, and lead to its own.
    """
    front = bytearray(_VECTOR + 4 + 4 * count)
    model = schema.Model.GetRootAs(data, 0)
    main = model.Subgraphs(0)

    def place(table: Any, number: int = -1) -> int:
        if number < 0:
            return len(front) + int(table._tab.Pos)
        return len(front) + int(table._tab.Vector(table._tab.Offset(4 + 2 * number))) - 4

    fields = {number: place(model, number) for number in (1, 2, 4)}
    own = {number: place(main, number) for number in (0, 1, 2, 3)}
    target, holder, number = {
        "tensors": (place(main.Tensors(0)), own, 0),
        "ops": (place(main.Operators(0)), own, 3),
        "buffers": (place(model.Buffers(1)), fields, 4),
        "subgraphs": (place(main), fields, 2),
    }[what]
    holder[number] = _VECTOR
    if holder is own:
        fields[2] = _SUBGRAPHS
        subgraph = _put_table(front, _SUBGRAPH, own)
        struct.pack_into("<II", front, _SUBGRAPHS, 1, subgraph - _SUBGRAPHS - 4)
    front[:8] = struct.pack("<I", _put_table(front, _MODEL, fields)) + b"TFL3"
    struct.pack_into("<I", front, _VECTOR, count)
    places = _VECTOR + 4 + 4 * np.arange(count, dtype=np.int64)
    front[_VECTOR + 4 :] = (target - places).astype("<u4").tobytes()
    path.write_bytes(bytes(front) + data)
    return path
