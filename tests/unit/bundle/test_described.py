"""What metadata says of a model, and where it is refused because readers would feed something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from litesmith.bundle.described import LABELS, describe
from litesmith.core.bundle import ModelCard
from litesmith.core.errors import BundleError
from litesmith.core.model_metadata import ColorSpace, Content, FileKind, MetadataCard, byte_error, real_values
from litesmith.core.preprocessing import PRESETS, Layout, Preprocessing, Resize, normalize
from litesmith.core.results import Finding
from litesmith.core.tensors import TensorSpec, quantize
from litesmith.data.images import plan_images
from litesmith.pipeline.bundle_facts import picture_of

IMAGE = TensorSpec(name="image", dtype="float32", shape=(1, 32, 32, 3))
SCORES = TensorSpec(name="scores", dtype="float32", shape=(1, 2))
BYTES = replace(IMAGE, dtype="uint8", scale=1 / 127.5, zero_point=128, byte_scale=1 / 127.5, byte_zero=128)
Described = tuple[MetadataCard, tuple[tuple[str, bytes], ...], tuple[Finding, ...]]


def described(
    spec: TensorSpec = IMAGE, record: Preprocessing = PRESETS["signed"], *, picture: bool = True, **more: Any
) -> Described:
    card = ModelCard(
        name="pets",
        sha256="0123456789abcdef" * 4,
        size_bytes=1,
        scheme="float32",
        source="pets.keras",
        source_sha256="",
        inputs=(spec,),
        outputs=more.pop("outputs", (SCORES,)),
        preprocessing=record,
        labels=2,
        evaluation=None,
        benchmarks=(),
        min_runtime="",
        versions={"litesmith": "0.1.0"},
    )
    options: dict[str, Any] = {"labels": ("cat", "dog"), "normalized": (True,), "probabilities": True, "foreign": ()}
    made = picture_of(plan_images(record, spec)) if picture else None
    return describe(card, made, **{**options, **more})


def codes(found: Described) -> set[str]:
    return {finding.code for finding in found[2]}


@pytest.mark.parametrize("preset", ["raw", "unit", "signed", "torch"])
def test_the_normalization_is_what_the_preprocessing_does_to_every_byte(preset: str) -> None:
    record = PRESETS[preset]
    (entry,) = described(record=record)[0].inputs
    channels = len(entry.mean)
    levels = np.repeat(np.arange(256, dtype=np.uint8)[:, None], channels, axis=1)
    wanted = normalize(levels.reshape(256, 1, 1, channels), record).reshape(256, channels)
    np.testing.assert_allclose(real_values(entry.mean, entry.std), wanted, rtol=1e-5, atol=1e-5)
    assert entry.minimum == pytest.approx(wanted.min(axis=0).tolist(), abs=1e-5)
    assert entry.maximum == pytest.approx(wanted.max(axis=0).tolist(), abs=1e-5)


def test_labels_scores_and_names_are_there() -> None:
    card, files, _ = described()
    assert (card.name, card.version) == ("pets", "0123456789ab")
    assert "pets.keras" in card.description
    assert (card.inputs[0].content, card.inputs[0].color_space) == (Content.IMAGE, ColorSpace.RGB)
    (scores,) = card.outputs
    assert (scores.name, scores.minimum, scores.maximum) == ("scores", (0.0,), (1.0,))
    assert [(file.name, file.kind) for file in scores.files] == [(LABELS, FileKind.AXIS_LABELS)]
    assert files == ((LABELS, b"cat\ndog\n"),)


def test_hostile_labels_stay_one_a_line() -> None:
    labels = ('"; rm -rf $HOME', "模型 <b>", "a" * 200)
    _, files, _ = described(labels=labels, outputs=(replace(SCORES, shape=(1, 3)),))
    assert files[0][1].decode().split("\n") == [*labels, ""]


def test_an_input_of_bytes_is_described_by_what_its_first_layers_became() -> None:
    card, _, findings = described(BYTES, PRESETS["torch"])
    (entry,) = card.inputs
    assert (entry.mean, entry.std) == ((127.75,), (pytest.approx(127.5),))
    assert (entry.minimum, entry.maximum) == ((0.0,), (255.0,))
    assert {finding.code for finding in findings} == {"metadata-resize"}
    (twin,) = described(replace(BYTES, dtype="float32", scale=0.0, zero_point=0), PRESETS["torch"])[0].inputs
    assert (twin.mean, twin.std) == ((128.0,), (pytest.approx(127.5),))


@pytest.mark.parametrize("zero", [0, 1, 64, 104, 128, 255])
@pytest.mark.parametrize("scale", [1 / 255, 1 / 127.5, 0.0171, 1.0])
def test_bytes_come_out_whether_a_reader_rounds_or_cuts_off(zero: int, scale: float) -> None:
    spec = replace(BYTES, scale=scale, zero_point=zero, byte_scale=scale, byte_zero=zero)
    (entry,) = described(spec)[0].inputs
    (mean,), (std,) = (np.float32(values) for values in (entry.mean, entry.std))
    levels = np.arange(256, dtype=np.float32)
    real = (levels - mean) / std
    divided = (real - np.float32(-zero) * np.float32(scale)) / np.float32(scale)  # as Android's QuantizeOp does
    np.testing.assert_array_equal(np.clip(divided, 0, 255).astype(np.uint8), levels)
    np.testing.assert_array_equal(quantize(real, spec), levels)


def test_uint8_that_is_not_the_byte_is_refused_and_rounding_is_said() -> None:
    raw = replace(IMAGE, dtype="uint8", scale=200 / 255)
    with pytest.raises(BundleError, match=r"write pixels into the uint8 input 'image' as they are.* up to 55 steps"):
        described(raw, PRESETS["raw"])
    near = replace(IMAGE, dtype="uint8", scale=257 / 256 / 127.5, zero_point=128)
    assert byte_error(near, (127.5,), (127.5,)) == 1.0
    assert "metadata-rounding" in codes(described(near))
    exact = replace(IMAGE, dtype="uint8", scale=1.0)
    assert "metadata-rounding" not in codes(described(exact, PRESETS["raw"]))


@pytest.mark.parametrize(
    ("spec", "record", "message"),
    [
        (IMAGE, PRESETS["caffe"], "blue, green, red: readers would feed red"),
        (
            replace(IMAGE, shape=(1, 3, 32, 32)),
            replace(PRESETS["unit"], layout=Layout.CHW),
            "cannot say that channels come first",
        ),
        (
            replace(IMAGE, shape=(1, -1, -1, 3)),
            replace(PRESETS["unit"], height=32, width=32),
            r"of shape \[1, -1, -1, 3\] takes any size",
        ),
    ],
)
def test_what_readers_would_do_otherwise_without_a_word_is_refused(
    spec: TensorSpec, record: Preprocessing, message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        described(spec, record)


def test_what_readers_refuse_or_do_otherwise_is_said() -> None:
    grey = replace(IMAGE, shape=(1, 32, 32, 1))
    assert described(grey)[0].inputs[0].color_space is ColorSpace.GRAYSCALE
    assert "metadata-grey" in codes(described(grey))
    assert "metadata-per-channel" in codes(described(record=PRESETS["torch"]))
    assert "metadata-crop" in codes(described(record=replace(PRESETS["unit"], crop=0.875)))
    assert "metadata-type" in codes(described(replace(IMAGE, dtype="int8", scale=1 / 127.5, zero_point=-1)))
    assert "metadata-type" in codes(described(outputs=(SCORES, replace(SCORES, dtype="uint8", scale=0.1))))
    assert "metadata-operators" in codes(described(foreign=("FlexErf",)))
    assert codes(described(labels=())) == {"metadata-labels", "metadata-resize"}
    for resize in (Resize.BILINEAR, Resize.LANCZOS):
        (found,) = [f for f in described(record=replace(PRESETS["unit"], resize=resize))[2] if "resize" in f.code]
        assert f"'{resize.value}'" in found.message
        assert found.severity.value == ("info" if resize is Resize.BILINEAR else "warning")


def test_tensors_are_described_as_tensors() -> None:
    vector = TensorSpec(name="features", dtype="float32", shape=(1, 7))
    card, _, findings = described(vector, PRESETS["unit"], picture=False, labels=())
    assert (card.inputs[0].content, card.inputs[0].std) == (Content.FEATURE, (pytest.approx(255.0),))
    assert [finding.code for finding in findings] == ["metadata-tensors"]
    ids = described(vector, PRESETS["unit"], picture=False, normalized=(False,))[0]
    assert (ids.inputs[0].mean, ids.inputs[0].std) == ((), ())
