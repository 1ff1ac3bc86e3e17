"""Puts TFLite metadata into a model without moving anything in it: weights keep their bytes and their alignment.

A flatbuffer's offsets only lead forward, so that nothing can be added behind a model. A new root is put before it: the
lists of buffers and of metadata are written anew there, one entry longer, and lead into the old bytes, which follow as
they are. What is stored by its place in the file (constants and options behind the flatbuffer) is told its new place.
Attached files are an archive behind all that, not compressed, with places counted from the file's start: readers map
the model into memory and take them from there.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from litesmith.core.errors import SourceError
from litesmith.core.files import replacing
from litesmith.core.model_metadata import METADATA
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.flatbuffer_table import Buffer, Damaged, Table
from litesmith.runtime.model_metadata import attached_files

_ALIGNED = 64
"""The old bytes move by a multiple of this, more than any alignment the schema asks for."""
_LARGEST_BYTES = (1 << 31) - 1
_FIELDS = 10
_BUFFERS, _METADATA = 4, 6
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_DATE = (1 << 5) | 1
"""1 January 1980, the first day of the format: an archive does not depend on when it was made."""


def place_metadata(source: Path, path: Path, block: bytes, files: Sequence[tuple[str, bytes]]) -> None:
    """Write a model with a block of metadata and attached files in place of those it had.

    Args:
        source: The model.
        path: Where the new one goes; only a whole file appears there.
        block: From `pack_card`.
        files: Name, of ASCII letters, digits, `.`, `_` and `-`, and content of each attached file.

    Raises:
        SourceError: no .tflite, damaged, of a newer schema, or too large for a flatbuffer.
        OutputError: the file cannot be written.
    """
    with ModelFile(source) as file:
        old = {i: file.place(i) for i, entry in enumerate(file.graph.metadata) if entry.name == METADATA}
    if source.stat().st_size + len(block) > _LARGEST_BYTES - (1 << 20):
        raise SourceError(
            f"{source.name} has {source.stat().st_size} bytes: metadata can be put into files below 2 GB",
            hint="Leave --metadata out.",
        )
    data = bytearray(source.read_bytes())
    try:
        del data[_end_of_model(source, data) :]
        front = _front_of(source, data, block, old)
    except (Damaged, struct.error) as error:
        raise SourceError(f"{source.name} is damaged: {error}", hint="Copy or convert the file again.") from error
    with replacing(path) as temporary, temporary.open("wb") as out:
        for part in (front, data, _archive(files, len(front) + len(data)) if files else b""):
            out.write(part)


def _end_of_model(source: Path, data: bytearray) -> int:
    """Return where an archive at a model's end begins; the file's size where there is none.

    Raises:
        SourceError: the archive lies over the model.
    """
    attached = attached_files(source)
    if not attached:
        return len(data)
    start = min(entry.start for entry in attached)
    view = Buffer(memoryview(data))
    spans = [_stored(table) for table in view.root().tables(_BUFFERS, what="buffers")]
    if data[start : start + 4] != b"PK\3\4" or start < max((end for _, end in spans), default=0):
        raise SourceError(
            f"{source.name} is damaged: its attached files begin at {start}, within the model",
            hint="Take the file from where it came from again.",
        )
    return start


def _stored(buffer: Table) -> tuple[int, int]:
    """Return (begin, end) of a buffer's bytes in the file."""
    offset, size = buffer.number(1, "uint64"), buffer.number(2, "uint64")
    if offset > 1:
        return offset, offset + size
    begin, count = buffer.vector(0, 1)
    return begin, begin + count


def _front_of(source: Path, data: bytearray, block: bytes, old: Mapping[int, tuple[int, int]]) -> bytes:
    """Return what goes before a model's bytes; in these old blocks are cleared and what moves is told.

    Args:
        source: The model, for messages.
        data: Its bytes, which are changed.
        block: To be put in.
        old: By their place among the metadata entries, (begin, length) of the blocks that it replaces.
    """
    view = Buffer(memoryview(data))
    root = view.root()
    if any(root.place(number) for number in range(_FIELDS, _FIELDS + 6)):
        raise SourceError(
            f"{source.name} has fields that are newer than this Litesmith", hint="Update Litesmith, or drop --metadata."
        )
    buffers, entries = _targets(view, root, _BUFFERS), _targets(view, root, _METADATA)
    slots = [Table(view, at).number(1, "uint32") for at in entries]
    kept = _used(root) | {slot for place, slot in enumerate(slots) if place not in old}
    slot = next((slots[place] for place in old if slots[place] not in kept), len(buffers))
    for place, (begin, length) in old.items():
        if slots[place] not in kept:
            data[begin : begin + length] = bytes(length)
    entries = [at for place, at in enumerate(entries) if place not in old]
    front = _front(root, buffers, entries, slot, block)
    _move(data, root, len(front))
    return front


def _targets(view: Buffer, root: Table, number: int) -> list[int]:
    """Return where each table of a vector lies."""
    at, count = root.vector(number, 4)
    return [place + view.unsigned(place) for place in range(at, at + 4 * count, 4)]


def _used(root: Table) -> set[int]:
    """Return the buffers that tensors use."""
    return {tensor.number(2, "uint32") for subgraph in root.tables(2) for tensor in subgraph.tables(0, what="tensors")}


def _front(root: Table, buffers: list[int], entries: list[int], slot: int, block: bytes) -> bytes:
    """Return the new root and all that it leads to in front of the old bytes."""
    made = bytearray(b"\0\0\0\0TFL3")
    ahead: list[tuple[int, int]] = []  # (where an offset stands, the place in the old bytes that it leads to)

    def lead(at: int, to: int) -> None:
        _U32.pack_into(made, at, to - at)

    def vector(count: int) -> int:
        made.extend(bytes(-len(made) % 4) + _U32.pack(count) + bytes(4 * count))
        return len(made) - 4 * count

    def table(*fields: int) -> list[int]:
        """Add a table of 32-bit fields, 0 for those left out, and return where each stands; itself at [-1]."""
        places, size = [], 4
        for field in fields:
            places.append(size if field else 0)
            size += 4 if field else 0
        layout = struct.pack(f"<{2 + len(fields)}H", 4 + 2 * len(fields), size, *places)
        made.extend(bytes(-(len(made) + len(layout)) % 4) + layout)
        at = len(made)
        made.extend(struct.pack("<i", len(layout)) + bytes(size - 4))
        return [*(at + place if place else 0 for place in places), at]

    model = table(*(1 if root.place(n) or n in (_BUFFERS, _METADATA) else 0 for n in range(_FIELDS)))
    lead(0, model[-1])
    for number in range(_FIELDS):
        if number == 0 and model[0]:
            _U32.pack_into(made, model[0], root.number(0, "uint32"))
        elif model[number] and number not in (_BUFFERS, _METADATA):
            ahead.append((model[number], root.vector(number, 1)[0] - 4))
    count = max(len(buffers), slot + 1)
    list_of_buffers = vector(count)
    lead(model[_BUFFERS], list_of_buffers - 4)
    ahead += [(list_of_buffers + 4 * i, at) for i, at in enumerate(buffers) if i != slot]
    list_of_entries = vector(len(entries) + 1)
    lead(model[_METADATA], list_of_entries - 4)
    ahead += [(list_of_entries + 4 * i, at) for i, at in enumerate(entries)]
    entry = table(1, 1)
    lead(list_of_entries + 4 * len(entries), entry[-1])
    _U32.pack_into(made, entry[1], slot)
    made.extend(_U32.pack(len(METADATA)) + METADATA.encode("ascii") + b"\0")
    lead(entry[0], len(made) - len(METADATA) - 5)
    stored = table(1)
    lead(list_of_buffers + 4 * slot, stored[-1])
    made.extend(bytes(-(len(made) + 4) % 16) + _U32.pack(len(block)) + block)
    lead(stored[0], len(made) - len(block) - 4)
    made.extend(bytes(-len(made) % _ALIGNED))
    for at, old in ahead:
        lead(at, len(made) + old)
    return bytes(made)


def _move(data: bytearray, root: Table, by: int) -> None:
    """Tell what is stored by its place in the file that all moves by `by` bytes."""
    places = {table.place(1) for table in root.tables(_BUFFERS, what="buffers")}
    for subgraph in root.tables(2):
        places |= {op.place(9) for op in subgraph.tables(3, what="operators")}
    for place in places - {0}:
        (offset,) = _U64.unpack_from(data, place)
        if offset > 1:
            _U64.pack_into(data, place, offset + by)


def _archive(files: Sequence[tuple[str, bytes]], start: int) -> bytes:
    """Return an archive of files as they are, for a place `start` bytes behind the file's first."""
    made, directory = bytearray(), bytearray()
    for name, content in files:
        encoded = name.encode("ascii")
        common = struct.pack(
            "<5H3I2H", 20, 0, 0, 0, _DATE, zlib.crc32(content), len(content), len(content), len(encoded), 0
        )
        directory += struct.pack("<IH", 0x02014B50, 20) + common + struct.pack("<3H2I", 0, 0, 0, 0, start + len(made))
        directory += encoded
        made += _U32.pack(0x04034B50) + common + encoded + content
    end = struct.pack("<I4H2IH", 0x06054B50, 0, 0, len(files), len(files), len(directory), start + len(made), 0)
    return bytes(made + directory + end)
