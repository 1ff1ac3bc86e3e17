"""Foreign operators, inputs and outputs in words, and metadata."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import flatbuffers
import pytest
from spelled_tflite import Spelled, write_spelled

from litesmith.core.audit import Audit
from litesmith.core.tensors import TensorSpec, quantize

Audited = Callable[..., Audit]


def custom(path: Path, *names: str) -> Path:
    tensors = {"x": ("float32", (1, 4)), **{f"head/{i}/out": ("float32", (1, 4)) for i in range(len(names))}}
    ops = [(name, 1, ["x"], [f"head/{i}/out"]) for i, name in enumerate(names)]
    return write_spelled(path, [Spelled(tensors, ops, ["x"], ["head/0/out"])])


def test_select_tf_comes_first_with_layers_and_what_it_needs(tmp_path: Path, audited: Audited) -> None:
    found = audited(custom(tmp_path / "m.tflite", "MyOwn", "FlexErf", "FlexErf")).foreign_ops
    assert [(op.name, op.select_tf, op.layers) for op in found] == [
        ("Erf", True, ("1", "2")),
        ("MyOwn", False, ("0",)),
    ]
    assert "tensorflow-lite-select-tf-ops" in found[0].dependency
    assert "registers under this name" in found[1].dependency


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("TFLite_Detection_PostProcess", "brings it along"),
        ("Convolution2DTransposeBias", "MediaPipe"),
        ("edgetpu-custom-op", "Coral Edge TPU"),
    ],
)
def test_known_custom_operators(name: str, words: str, tmp_path: Path, audited: Audited) -> None:
    found = audited(custom(tmp_path / "m.tflite", name))
    assert words in found.foreign_ops[0].dependency
    notes = {"custom operators are the app's" in need.note for need in found.runtimes}
    assert notes == {name != "TFLite_Detection_PostProcess"}


def test_integer_ends_say_how_to_feed_and_read_them(variants: dict[str, Path], audited: Audited) -> None:
    found = audited(variants["plain int8 int8"])
    (fed,), (made,) = found.inputs, found.outputs
    assert (fed.size_bytes, made.size_bytes) == (8 * 8 * 3, 5)
    assert fed.bytes.startswith("192 bytes: int8 1x8x8x3, rows, columns, channels (NHWC)")
    assert f"q = round(real / {fed.spec.scale:.9g})" in fed.bytes
    assert fed.bytes.endswith("clipped to -128..127")
    assert made.bytes.endswith(f"real = (q + 128) * {made.spec.scale:.9g}")


def test_the_words_agree_with_how_litesmith_feeds(variants: dict[str, Path], audited: Audited) -> None:
    import numpy as np

    spec: TensorSpec = audited(variants["plain int8 uint8"]).inputs[0].spec
    real = np.linspace(-1, 2, 301, dtype=np.float32)
    said = np.clip(np.round(real / np.float32(spec.scale)) + spec.zero_point, 0, 255)
    assert np.abs(said - quantize(real, spec).astype(np.float32)).max() <= 1


def test_float_and_dynamic_ends(dynamic: Path, audited: Audited) -> None:
    (fed,) = audited(dynamic).inputs
    assert fed.size_bytes is None
    assert fed.bytes.startswith("768 bytes times each dynamic size: float32 ?x8x8x3, little-endian")


def test_signatures(two_inputs: Path, audited: Audited) -> None:
    (signature,) = audited(two_inputs).signatures
    assert (signature.key, signature.inputs, signature.outputs) == (
        "serving_default",
        ("left", "right"),
        ("both", "chance"),
    )


def card(name: str) -> bytes:
    """A TFLITE_METADATA block of one input with a normalization and one output with a file of labels."""
    builder = flatbuffers.Builder(256)

    def table(fields: dict[int, int], numbers: dict[int, int] | None = None) -> int:
        builder.StartObject(8)
        for slot, offset in fields.items():
            builder.PrependUOffsetTRelativeSlot(slot, offset, 0)
        for slot, number in (numbers or {}).items():
            builder.PrependUint8Slot(slot, number, 0)
        return int(builder.EndObject())

    def vector(*offsets: int) -> int:
        builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            builder.PrependUOffsetTRelative(offset)
        return int(builder.EndVector())

    def floats(*values: float) -> int:
        builder.StartVector(4, len(values), 4)
        for value in reversed(values):
            builder.PrependFloat32(value)
        return int(builder.EndVector())

    text = builder.CreateString
    unit = table({1: table({0: floats(127.5), 1: floats(128.0)})}, {0: 1})
    labels = vector(table({0: text("labels.txt")}, {2: 2}))
    fed = table({0: text("image"), 4: vector(unit)})
    made = table({0: text("scores"), 6: labels})
    part = table({2: vector(fed), 3: vector(made)})
    builder.Finish(table({0: text(name), 1: text("Tells cats\nfrom dogs."), 3: vector(part)}), file_identifier=b"M001")
    return bytes(builder.Output())


def plain(path: Path, metadata: dict[str, bytes]) -> Path:
    tensors = {"x": ("float32", (1, 4)), "y": ("float32", (1, 4))}
    return write_spelled(path, [Spelled(tensors, [("ADD", 1, ["x", "x"], ["y"])], ["x"], ["y"])], metadata)


def test_the_card_is_read_and_attached_files_are_listed(tmp_path: Path, audited: Audited) -> None:
    path = plain(tmp_path / "m.tflite", {"TFLITE_METADATA": card("Pets")})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("labels.txt", "cat\ndog\n")
    found = {entry.name: entry.says for entry in audited(path).metadata}
    assert found["TFLITE_METADATA"] == (
        "Pets; Tells cats from dogs.; input image: (value - 127.5) / 128; output scores: labels in labels.txt (2)"
    )
    assert found["associated files"] == "labels.txt"


def test_long_and_damaged_cards_are_cut_or_said_to_be_unreadable(tmp_path: Path, audited: Audited) -> None:
    (entry,) = audited(plain(tmp_path / "long.tflite", {"TFLITE_METADATA": card("x" * 100_000)})).metadata
    assert len(entry.says) < 200
    (entry,) = audited(plain(tmp_path / "bad.tflite", {"TFLITE_METADATA": b"\xff" * 64})).metadata
    assert entry.says.startswith("unreadable: ")
    for length in range(0, len(card("Pets")), 7):  # none of them may be more than a message
        audited(plain(tmp_path / "cut.tflite", {"TFLITE_METADATA": card("Pets")[:length] or b"\0"}))
