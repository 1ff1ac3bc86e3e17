"""Reads and writes the `TFLITE_METADATA` block of a model, and names and contents of the files attached to its end.

Field numbers are those of `metadata_schema.fbs`, version 1.5.0, of tflite-support and MediaPipe.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from litesmith.core.model_metadata import (
    IDENTIFIER,
    METADATA,
    ColorSpace,
    Content,
    FileCard,
    FileKind,
    MetadataCard,
    TensorCard,
    least_parser_version,
)
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.flatbuffer_table import Buffer, Damaged, Table, array

_MOST_TENSORS = 1000
_MOST_UNITS = 20
_MOST_VALUES = 4096
_MOST_ARCHIVED = 1000
_MOST_TEXT_BYTES = 4_000_000
_END_RECORD = b"PK\5\6"
_END_BYTES = 22
_LONGEST_COMMENT = 65_535
_NORMALIZATION = 1

E = TypeVar("E", bound=Enum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """One file of the archive at a model's end.

    Attributes:
        name: In the archive.
        size_bytes: Of its content.
        stored: Whether it is not compressed, as readers want it that map the model into memory.
        start: Where its header lies in the model file.
    """

    name: str
    size_bytes: int
    stored: bool
    start: int


def metadata_card(file: ModelFile) -> MetadataCard | None:
    """Return a model's metadata; None where it has none.

    Raises:
        Damaged: it cannot be read.
    """
    for place, entry in enumerate(file.graph.metadata):
        if entry.name == METADATA:
            return read_card(file.block(place))
    return None


def read_card(data: memoryview) -> MetadataCard:
    """Return the card in a block of metadata. Only the first subgraph is read, as readers do.

    Raises:
        Damaged: an offset does not lie in the block, or it describes more than a model can have.
    """
    root = Buffer(data).root()
    subgraph = next(iter(root.tables(3)), None)
    inputs, outputs = ((), ()) if subgraph is None else (_tensors(data, subgraph, 2), _tensors(data, subgraph, 3))
    return MetadataCard(
        name=root.text(0),
        description=root.text(1),
        version=root.text(2),
        author=root.text(4),
        license=root.text(5),
        inputs=inputs,
        outputs=outputs,
        files=(*_files(root, 6), *(() if subgraph is None else _files(subgraph, 4))),
        min_parser_version=root.text(7),
        identified=bytes(data[4:8]) == IDENTIFIER,
    )


def _tensors(data: memoryview, subgraph: Table, number: int) -> tuple[TensorCard, ...]:
    return tuple(_tensor(data, table) for table in subgraph.tables(number, _MOST_TENSORS, "descriptions of tensors"))


def _tensor(data: memoryview, table: Table) -> TensorCard:
    content, stats = table.table(3), table.table(5)
    kind, image = Content.NONE, None
    if content is not None:
        kind = _known(Content, content.number(0, "uint8"), Content.NONE)
        image = content.table(1) if kind is Content.IMAGE else None
    mean, std = _normalization(data, table)
    return TensorCard(
        name=table.text(0),
        description=table.text(1),
        content=kind,
        color_space=_known(ColorSpace, 0 if image is None else image.number(0, "int8"), ColorSpace.UNKNOWN),
        mean=mean,
        std=std,
        minimum=() if stats is None else _floats(data, stats, 1),
        maximum=() if stats is None else _floats(data, stats, 0),
        files=_files(table, 6),
    )


def _normalization(data: memoryview, table: Table) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return (mean, std) of the first normalization, as readers do."""
    for unit in islice(table.tables(4), _MOST_UNITS):
        options = unit.table(1)
        if unit.number(0, "uint8") == _NORMALIZATION and options is not None:
            return _floats(data, options, 0), _floats(data, options, 1)
    return (), ()


def _files(table: Table, number: int) -> tuple[FileCard, ...]:
    return tuple(
        FileCard(
            name=entry.text(0),
            description=entry.text(1),
            kind=_known(FileKind, entry.number(2, "int8"), FileKind.UNKNOWN),
            version=entry.text(4),
        )
        for entry in table.tables(number, _MOST_ARCHIVED, "attached files")
    )


def _floats(data: memoryview, table: Table, number: int) -> tuple[float, ...]:
    import numpy as np

    place, count = table.vector(number, 4)
    if count > _MOST_VALUES:
        raise Damaged(f"{count} numbers for the channels of one tensor (limit {_MOST_VALUES})")
    return tuple(array(data, (place, count), np.float32).tolist())


def _known(kind: type[E], number: int, other: E) -> E:
    return next((member for member in kind if member.value == number), other)


def attached_files(path: Path) -> tuple[Attached, ...]:
    """Return what is in the archive at a model's end; nothing where there is none, or it cannot be read.

    The archive is not unpacked, and its directory is read only when it is small.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _END_BYTES - _LONGEST_COMMENT))
        tail = file.read()
        at = tail.rfind(_END_RECORD)
        if at < 0 or at + _END_BYTES > len(tail):
            return ()
        if int.from_bytes(tail[at + 10 : at + 12], "little") > _MOST_ARCHIVED:
            return ()
        try:
            with zipfile.ZipFile(file) as archive:
                return tuple(
                    Attached(
                        name=entry.filename,
                        size_bytes=entry.file_size,
                        stored=entry.compress_type == zipfile.ZIP_STORED,
                        start=entry.header_offset,
                    )
                    for entry in archive.infolist()
                )
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError):
            return ()


def attached_lines(path: Path, name: str) -> tuple[str, ...] | None:
    """Return the lines of an attached text, as readers of labels split them; None where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(name).file_size > _MOST_TEXT_BYTES:
                return None
            with archive.open(name) as stored:
                text = stored.read(_MOST_TEXT_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, NotImplementedError, KeyError, RuntimeError):
        return None
    if len(text) > _MOST_TEXT_BYTES:
        return None
    lines = text.decode("utf-8", "replace").split("\n")
    return tuple(line.rstrip("\r") for line in (lines[:-1] if lines[-1] == "" else lines))


def pack_card(card: MetadataCard) -> bytes:
    """Return a card as a block of metadata; its `min_parser_version` is computed by the schema's history."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    sides = [
        _vector(builder, [_pack_tensor(builder, tensor) for tensor in side]) for side in (card.inputs, card.outputs)
    ]
    subgraph = _vector(builder, [_table(builder, 10, {2: sides[0], 3: sides[1]})])
    files = _pack_files(builder, card.files)
    texts = {
        number: _text(builder, text)
        for number, text in (
            (0, card.name),
            (1, card.description),
            (2, card.version),
            (4, card.author),
            (5, card.license),
            (7, least_parser_version(card)),
        )
        if text or number == 0
    }
    builder.Finish(_table(builder, 8, {**texts, 3: subgraph, 6: files}), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def _pack_tensor(builder: Any, card: TensorCard) -> int:
    """Write one description. It always has a name: MediaPipe Tasks ends the process where an output has none."""
    units = content = stats = 0
    if card.mean:
        options = _table(builder, 2, {0: _numbers(builder, card.mean), 1: _numbers(builder, card.std)})
        units = _vector(builder, [_table(builder, 2, {1: options}, {0: _NORMALIZATION})])
    if card.content is not Content.NONE:
        numbers = {0: card.color_space.value} if card.content is Content.IMAGE else {}
        content = _table(builder, 3, {1: _table(builder, 2, {}, numbers)}, {0: card.content.value})
    if card.minimum or card.maximum:
        stats = _table(builder, 2, {0: _numbers(builder, card.maximum), 1: _numbers(builder, card.minimum)})
    texts = {0: _text(builder, card.name)}
    if card.description:
        texts[1] = _text(builder, card.description)
    return _table(builder, 7, {**texts, 3: content, 4: units, 5: stats, 6: _pack_files(builder, card.files)})


def _pack_files(builder: Any, files: Sequence[FileCard]) -> int:
    made = []
    for file in files:
        texts = ((0, file.name), (1, file.description), (4, file.version))
        offsets = {number: _text(builder, text) for number, text in texts if text}
        made.append(_table(builder, 5, offsets, {2: file.kind.value}))
    return _vector(builder, made) if made else 0


def _text(builder: Any, text: str) -> int:
    return int(builder.CreateString(text, encoding="utf-8", errors="replace"))


def _table(builder: Any, fields: int, offsets: dict[int, int], numbers: dict[int, int] | None = None) -> int:
    """Write a table. Offset 0 leaves a field out; `numbers` are its fields of one byte."""
    builder.StartObject(fields)
    for number, offset in offsets.items():
        builder.PrependUOffsetTRelativeSlot(number, offset, 0)
    for number, value in (numbers or {}).items():
        builder.PrependUint8Slot(number, value, 0)
    return int(builder.EndObject())


def _vector(builder: Any, offsets: Sequence[int]) -> int:
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    return int(builder.EndVector())


def _numbers(builder: Any, values: Sequence[float]) -> int:
    builder.StartVector(4, len(values), 4)
    for value in reversed(values):
        builder.PrependFloat32(value)
    return int(builder.EndVector())
