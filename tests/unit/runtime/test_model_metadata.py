"""TFLite metadata: written, put into models that stay what they were, and read back, also where it is damaged."""

from __future__ import annotations

import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from bundled_models import write_cast
from handmade_files import write_tflite
from spelled_tflite import Spelled, write_spelled

from litesmith.core.errors import SourceError
from litesmith.core.model_metadata import (
    METADATA,
    ColorSpace,
    Content,
    FileCard,
    FileKind,
    MetadataCard,
    TensorCard,
    least_parser_version,
)
from litesmith.runtime.flatbuffer import ModelFile, read_graph
from litesmith.runtime.flatbuffer_table import Damaged
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.metadata_placing import place_metadata
from litesmith.runtime.model_metadata import attached_files, attached_lines, metadata_card, pack_card, read_card

HOSTILE = 'a\x1b[31m\x00\n\r</script>"{{7*7}}\u202e\ud800$`'
CARD = MetadataCard(
    name="Pets",
    description="Tells cats from dogs.",
    version="1.2",
    author="A. Nonymous",
    license="Apache-2.0",
    inputs=(
        TensorCard(
            name="image",
            description="8x8",
            content=Content.IMAGE,
            color_space=ColorSpace.RGB,
            mean=(103.5, 116.75, 123.0),
            std=(57.5, 57.25, 58.0),
            minimum=(-2.0,),
            maximum=(2.5,),
        ),
    ),
    outputs=(
        TensorCard(
            name="scores",
            content=Content.FEATURE,
            files=(FileCard(name="labels.txt", description="Names", kind=FileKind.AXIS_LABELS),),
        ),
    ),
    files=(FileCard(name="README.txt", kind=FileKind.DESCRIPTIONS),),
)
FILES = [("labels.txt", "cat\ndøg\n".encode()), ("README.txt", b"Read me")]


def placed(source: Path, card: MetadataCard = CARD, files: list[tuple[str, bytes]] = FILES) -> Path:
    out = source.with_name("described.tflite")
    place_metadata(source, out, pack_card(card), files)
    return out


def apart(source: Path, out: Path, begin: int = 1 << 16) -> Path:
    """Write a model whose constants lie behind the flatbuffer, known by their place in the file."""
    model = schema.ModelT.InitFromPackedBuf(source.read_bytes(), 0)
    behind = bytearray()
    for buffer in model.buffers:
        if buffer.data is not None and len(buffer.data):
            behind += bytes(-len(behind) % 16)
            buffer.offset, buffer.size = begin + len(behind), len(buffer.data)
            behind += bytes(buffer.data)
            buffer.data = None
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    out.write_bytes(bytes(builder.Output()).ljust(begin, b"\0") + behind)
    return out


def answers(path: Path) -> list[bytes]:
    """Return a model's answers to three pictures, bit by bit."""
    model, random = OpenModel(path), np.random.default_rng(3)
    values = [random.random((1, 8, 8, 3)).astype(np.float32) for _ in range(3)]
    if model.inputs[0].dtype == "int8":
        values = [(value * 255 - 128).astype(np.int8) for value in values]
    return [model.invoke([value])[0].tobytes() for value in values]


def test_what_is_written_is_read_back_with_the_parser_version_it_needs() -> None:
    block = pack_card(CARD)
    assert block[4:8] == b"M001"
    assert read_card(memoryview(block)) == replace(CARD, min_parser_version="1.0.0")


@pytest.mark.parametrize(
    ("change", "version"),
    [
        ({}, "1.0.0"),
        ({"files": (FileCard(name="v", kind=FileKind.VOCABULARY),)}, "1.0.1"),
        ({"outputs": (TensorCard(name="s", content=Content.AUDIO),)}, "1.3.0"),
        ({"files": (FileCard(name="v", kind=FileKind.SCANN_INDEX),)}, "1.4.0"),
        ({"files": (FileCard(name="v", version="2"), FileCard(name="w", kind=FileKind.VOCABULARY))}, "1.4.1"),
    ],
)
def test_the_parser_version_is_that_of_the_newest_field(change: dict[str, object], version: str) -> None:
    card = replace(CARD, **change)
    assert least_parser_version(card) == version
    assert read_card(memoryview(pack_card(card))).min_parser_version == version


def test_hostile_and_very_long_names_are_data() -> None:
    card = MetadataCard(
        name=HOSTILE, inputs=(TensorCard(name="x" * 10_000),), outputs=(TensorCard(name=""), TensorCard(name=HOSTILE))
    )
    found = read_card(memoryview(pack_card(card)))
    assert found.name == HOSTILE.replace("\ud800", "?")
    assert (len(found.inputs[0].name), found.outputs[0].name) == (10_000, "")


@pytest.mark.parametrize("model", ["cnn", "int8", "dynamic"])
def test_a_described_model_answers_bit_by_bit_as_before(
    model: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source = tmp_path / "m.tflite"
    source.write_bytes(request.getfixturevalue(model).read_bytes())
    out = placed(source)
    assert answers(out) == answers(source)
    with ModelFile(source) as before, ModelFile(out) as after:
        assert after.graph.subgraphs == before.graph.subgraphs
        assert after.graph.signatures == before.graph.signatures
        assert after.graph.metadata[:-1] == before.graph.metadata
        assert after.graph.metadata[-1].name == METADATA
        assert metadata_card(after) == replace(CARD, min_parser_version="1.0.0")
    assert out.read_bytes().find(source.read_bytes()[-1000:]) % 16 == (source.stat().st_size - 1000) % 16


def test_constants_behind_the_flatbuffer_are_told_their_new_place(cnn: Path, tmp_path: Path) -> None:
    source = apart(cnn, tmp_path / "apart.tflite")
    assert answers(source) == answers(cnn)
    assert answers(placed(source)) == answers(cnn)
    placed(write_tflite(tmp_path / "bare.tflite", apart=True))


def test_the_archive_is_stored_and_its_places_are_counted_from_the_files_start(cnn: Path, tmp_path: Path) -> None:
    source = tmp_path / "m.tflite"
    source.write_bytes(cnn.read_bytes())
    out = placed(source)
    data = out.read_bytes()
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        assert [entry.filename for entry in archive.infolist()] == ["labels.txt", "README.txt"]
        assert {entry.compress_type for entry in archive.infolist()} == {zipfile.ZIP_STORED}
        assert archive.read("labels.txt") == FILES[0][1]
        for entry in archive.infolist():
            assert data[entry.header_offset : entry.header_offset + 4] == b"PK\3\4"
    directory = struct.unpack_from("<I", data, len(data) - 6)[0]
    assert data[directory : directory + 4] == b"PK\1\2"
    assert attached_lines(out, "labels.txt") == ("cat", "døg")
    assert attached_lines(out, "absent.txt") is None
    assert next(entry.start for entry in attached_files(out)) < directory


def test_metadata_that_is_there_is_replaced_and_nothing_of_it_stays(cnn: Path, tmp_path: Path) -> None:
    first, second, third = (tmp_path / f"{name}.tflite" for name in ("first", "second", "third"))
    secret = replace(CARD, name="OLD-NAME", description="OLD-DESCRIPTION" * 30)
    place_metadata(cnn, first, pack_card(secret), [("old.txt", b"OLD-LABELS\n"), *FILES])
    place_metadata(first, second, pack_card(CARD), FILES)
    place_metadata(second, third, pack_card(replace(CARD, name="Third")), [])
    assert b"OLD-" in first.read_bytes()
    assert b"OLD-" not in second.read_bytes()
    assert [entry.name for entry in attached_files(second)] == ["labels.txt", "README.txt"]
    assert attached_files(third) == ()
    assert answers(third) == answers(cnn)
    assert len(read_graph(third).metadata) == len(read_graph(cnn).metadata) + 1
    with ModelFile(third) as file:
        card = metadata_card(file)
    assert card is not None
    assert card.name == "Third"


def test_a_block_that_a_tensor_shares_is_left_as_it_is(tmp_path: Path) -> None:
    block = pack_card(CARD)
    values = np.frombuffer(block + bytes(-len(block) % 4), np.float32)
    graph = Spelled(
        {name: ("float32", (1, len(values))) for name in "xcy"},
        [("ADD", 1, ["x", "c"], ["y"])],
        ["x"],
        ["y"],
        {"c": values},
    )
    path = write_spelled(tmp_path / "m.tflite", [graph], {METADATA: b"unused"})
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    model.metadata[0].buffer = 1
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    with ModelFile(placed(path)) as file:
        found = file.values(file.graph.main.tensors[1])
        assert found is not None
        assert found.tobytes() == values.tobytes()


def test_every_entry_of_that_name_is_replaced_since_readers_take_the_first(tmp_path: Path) -> None:
    path = write_cast(tmp_path / "m.tflite", ("float32", (1, 4)), metadata={METADATA: b"FIRST--", "x": b"SECOND-"})
    model = schema.ModelT.InitFromPackedBuf(path.read_bytes(), 0)
    model.metadata[1].name = METADATA
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    out = placed(path)
    assert [entry.name for entry in read_graph(out).metadata] == [METADATA]
    assert not any(text in out.read_bytes() for text in (b"FIRST--", b"SECOND-"))


def test_the_same_model_gives_the_same_bytes(cnn: Path, tmp_path: Path) -> None:
    one, other = tmp_path / "one.tflite", tmp_path / "other.tflite"
    for out in (one, other):
        place_metadata(cnn, out, pack_card(CARD), FILES)
    assert one.read_bytes() == other.read_bytes()


def test_a_model_that_is_cut_off_or_overlaid_is_refused(cnn: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.tflite"
    cut.write_bytes(cnn.read_bytes()[:600])
    with pytest.raises(SourceError):
        placed(cut)
    overlaid = placed(write_cast(tmp_path / "m.tflite", ("float32", (1, 4))))
    with ModelFile(overlaid) as file:
        begin, _ = file.place(len(file.graph.metadata) - 1)
    data = bytearray(overlaid.read_bytes())
    at = data.rfind(b"PK\1\2")
    struct.pack_into("<I", data, at + 42, begin)  # an entry whose header would lie in the model
    overlaid.write_bytes(data)
    with pytest.raises(SourceError, match="within the model"):
        place_metadata(overlaid, tmp_path / "out.tflite", pack_card(CARD), FILES)
    assert not (tmp_path / "out.tflite").exists()


def test_damaged_blocks_are_damaged_and_never_more(tmp_path: Path) -> None:
    block = pack_card(CARD)
    random = np.random.default_rng(0)
    outcomes = set()
    for trial in range(400):
        data = bytearray(block)
        for at in random.integers(0, len(data), 1 + trial % 4):
            data[at] = random.integers(0, 256)
        try:
            read_card(memoryview(bytes(data[: len(data) - trial % 7])))
            outcomes.add("read")
        except Damaged:
            outcomes.add("damaged")
    assert outcomes == {"read", "damaged"}


def test_damaged_archives_are_no_archives(cnn: Path, tmp_path: Path) -> None:
    source = tmp_path / "m.tflite"
    source.write_bytes(cnn.read_bytes())
    data = placed(source).read_bytes()
    begin, random = len(source.read_bytes()), np.random.default_rng(1)
    damaged = tmp_path / "damaged.tflite"
    for _ in range(200):
        changed = bytearray(data)
        changed[int(random.integers(begin, len(data)))] = int(random.integers(0, 256))
        damaged.write_bytes(changed)
        attached_files(damaged)
        attached_lines(damaged, "labels.txt")


def test_a_model_whose_outline_is_damaged_is_refused_or_described(cnn: Path, tmp_path: Path) -> None:
    source, damaged, out = (tmp_path / f"{name}.tflite" for name in ("source", "damaged", "out"))
    place_metadata(cnn, source, pack_card(CARD), FILES)
    data, random, outcomes = source.read_bytes(), np.random.default_rng(2), set()
    for _ in range(150):
        changed = bytearray(data)
        changed[int(random.integers(8, 250))] = int(random.integers(0, 256))
        damaged.write_bytes(changed)
        try:
            place_metadata(damaged, out, pack_card(CARD), FILES)
            outcomes.add("described")
        except SourceError:
            outcomes.add("refused")
    assert outcomes == {"described", "refused"}
