"""What a file claims of itself, held against what is in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import flatbuffers
import pytest
from spelled_tflite import Spelled, write_spelled

from litesmith.core.audit import Audit
from litesmith.inspection.claims import promises_in

Audited = Callable[..., Audit]


@pytest.mark.parametrize(
    ("name", "promises"),
    [
        ("mobilenet_v2_int8.tflite", ("full-int8",)),
        ("yolov8n_full_integer_quant.tflite", ("full-int8", "no-float")),
        ("yolov8n_integer_quant.tflite", ("full-int8",)),
        ("model_dynamic_range_quant.tflite", ("dynamic-range",)),
        ("dynamic_int8.tflite", ("dynamic-range",)),
        ("weight_only_int8.tflite", ("weight-only",)),
        ("int16x8.tflite", ("full-int16x8",)),
        ("model.fp16.tflite", ("float16-weights",)),
        ("detect_float32.tflite", ("float32",)),
        ("print8.tflite", ()),
        ("pointint80.tflite", ()),
        ("face.tflite", ()),
    ],
)
def test_words_in_names(name: str, promises: tuple[str, ...]) -> None:
    assert promises_in(name) == promises


def test_a_name_that_promises_too_much(variants: dict[str, Path], audited: Audited) -> None:
    (claim,) = audited(variants["sine int8 int8"], name="model_int8.tflite").claims
    assert (claim.text, claim.met) == ("full-int8 (named 'model_int8.tflite')", False)
    assert [ref.layer for ref in claim.ops] == ["wave"]
    (claim,) = audited(variants["plain int8 int8"], name="model_int8.tflite").claims
    assert claim.met


def test_what_a_scheme_promises(variants: dict[str, Path], audited: Audited) -> None:
    found = audited(variants["sine int8 float32"], promised=("full-int8", "io=float32")).claims
    assert [(claim.text, claim.met) for claim in found] == [("full-int8", False), ("io=float32", True)]


@pytest.mark.parametrize(("stated", "met"), [("1.5.0", False), ("2.3.0", True), ("2.11.0", True)])
def test_a_minimum_runtime_that_is_too_low(stated: str, met: bool, tmp_path: Path, audited: Audited) -> None:
    tensors = {"x": ("float32", (1, 4)), "y": ("float32", (1, 4))}
    graph = Spelled(tensors, [("ADD", 1, ["x", "x"], ["y"]), ("SOFTMAX", 3, ["y"], ["x"])], ["x"], ["y"])
    path = write_spelled(tmp_path / "m.tflite", [graph], {"min_runtime_version": stated.encode().ljust(16, b"\0")})
    (claim,) = audited(path).claims
    assert (claim.text, claim.met) == (f"min_runtime_version {stated}", met)
    assert claim.found == "its operators need 2.3.0 (SOFTMAX version 3)"


def test_what_the_converter_was_told(tmp_path: Path, audited: Audited) -> None:
    """CONVERSION_METADATA whose options say "full integer", beside a float operator."""
    builder = flatbuffers.Builder(64)
    builder.StartVector(4, 1, 4)
    builder.PrependInt32(1003)
    modes = builder.EndVector()
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, modes, 0)
    options = builder.EndObject()
    builder.StartObject(2)
    builder.PrependUOffsetTRelativeSlot(1, options, 0)
    builder.Finish(builder.EndObject())
    tensors = {"x": ("float32", (1, 4)), "y": ("float32", (1, 4))}
    graph = Spelled(tensors, [("ADD", 1, ["x", "x"], ["y"])], ["x"], ["y"])
    path = write_spelled(tmp_path / "m.tflite", [graph], {"CONVERSION_METADATA": bytes(builder.Output())})
    found = audited(path)
    assert [(c.text, c.met, c.found) for c in found.claims] == [
        ("full-int8 (converted as full integer)", False, "it is float32: ADD in 'y'")
    ]
    assert found.metadata[0].says == "asked for full integer"
