"""A `.tflite` file: nothing to open or convert."""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

from litesmith.core.source import Source

_IDENTIFIER = b"TFL3"
# Fields of the Model table that are vectors of tables (TFLite schema): operator_codes, subgraphs, buffers.
_TABLE_VECTORS = (1, 2, 4)
_BUFFERS = 4


def _recognise(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8)[4:] == _IDENTIFIER


def _damage(path: Path) -> str:
    """Follow the file's own offsets to its tables and constants: all must lie inside it."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            reach = max(_reach(data), 8)
    except (struct.error, ValueError, IndexError):
        return f"its tables point outside its {size} bytes"
    return f"it has {size} bytes and its constants reach to {reach}" if reach > size else ""


def _u32(data: mmap.mmap, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _field(data: mmap.mmap, table: int, index: int) -> int:
    """Return the position of a table's field, or 0 where it is absent."""
    vtable = table - struct.unpack_from("<i", data, table)[0]
    slot = 4 + 2 * index
    if slot >= struct.unpack_from("<H", data, vtable)[0]:
        return 0
    offset = struct.unpack_from("<H", data, vtable + slot)[0]
    return table + offset if offset else 0


def _reach(data: mmap.mmap) -> int:
    """Return the last byte that the model's tables and constants use.

    Raises:
        struct.error: an offset leads outside the file.
    """
    model = _u32(data, 0)
    end = 0
    for field in _TABLE_VECTORS:
        at = _field(data, model, field)
        if not at:
            continue
        vector = at + _u32(data, at)
        for i in range(_u32(data, vector)):
            slot = vector + 4 + 4 * i
            table = slot + _u32(data, slot)
            constant = _field(data, table, 0)
            end = max(end, table + 4)
            if field != _BUFFERS:
                continue
            if constant:
                start = constant + _u32(data, constant)
                end = max(end, start + 4 + _u32(data, start))
            end = max(end, _stored_apart(data, table))
    return end


def _stored_apart(data: mmap.mmap, buffer: int) -> int:
    """Return where a constant behind the tables ends, as litert-quantizer writes them: fields offset and size."""
    offset, size = (_field(data, buffer, field) for field in (1, 2))
    if not offset or not size:
        return 0
    return int(struct.unpack_from("<Q", data, offset)[0] + struct.unpack_from("<Q", data, size)[0])


PLUGIN = Source(
    name="tflite",
    describes="TFLite model (.tflite)",
    recognise=_recognise,
    damage=_damage,
    needs_tensorflow=False,
    opener="",
)
