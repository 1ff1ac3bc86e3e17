"""Metadata that contradicts its model, or cannot be read, is an issue of the audit."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bundled_models import write_cast

from litesmith.core.audit import Audit
from litesmith.core.model_metadata import METADATA, ColorSpace, Content, FileCard, FileKind, MetadataCard, TensorCard
from litesmith.runtime.metadata_placing import place_metadata
from litesmith.runtime.model_metadata import pack_card

LABELS = FileCard(name="labels.txt", kind=FileKind.AXIS_LABELS)
IMAGE = TensorCard(name="image", content=Content.IMAGE, color_space=ColorSpace.RGB, mean=(127.5,), std=(127.5,))
SCORES = TensorCard(name="scores", files=(LABELS,))
CARD = MetadataCard(name="Pets", inputs=(IMAGE,), outputs=(SCORES,))
THREE = (("labels.txt", b"cat\ndog\nbird\n"),)
"""One label per channel: the model returns what it is fed, as floats."""
FLOAT: tuple[Any, ...] = ("float32", (1, 8, 8, 3))
UINT8: tuple[Any, ...] = ("uint8", (1, 8, 8, 3), 1 / 127.5, 128)


@pytest.fixture
def unsound(tmp_path: Path, audited: Callable[..., Audit]) -> Callable[..., dict[str, str]]:
    """Return issues of metadata of a model, code to message."""

    def found(
        card: MetadataCard = CARD,
        files: tuple[tuple[str, bytes], ...] = THREE,
        *,
        fed: tuple[Any, ...] = FLOAT,
        **more: Any,
    ) -> dict[str, str]:
        source = write_cast(tmp_path / "m.tflite", fed, **more)
        path = tmp_path / "described.tflite"
        place_metadata(source, path, pack_card(card), files)
        return {i.code: i.message for i in audited(path).health if i.code.startswith("metadata-")}

    return found


def test_metadata_that_fits_is_no_issue(unsound: Callable[..., dict[str, str]]) -> None:
    assert unsound() == {}
    assert unsound(fed=UINT8) == {}
    assert unsound(MetadataCard(name="", inputs=(TensorCard(name="x"),), outputs=(TensorCard(name="y"),)), ()) == {}


@pytest.mark.parametrize(
    ("change", "fed", "message"),
    [
        ({"mean": (), "std": ()}, FLOAT, "has no normalization: its readers refuse it"),
        ({"std": (0.0,)}, FLOAT, "divides by 0"),
        ({"mean": (float("nan"),)}, FLOAT, "no number"),
        ({"mean": (1.0, 2.0, 3.0)}, FLOAT, "has 3 means and 1 deviations"),
        ({"mean": (1.0, 2.0), "std": (1.0, 2.0)}, FLOAT, "normalizes 2 channels of 3"),
        ({"color_space": ColorSpace.GRAYSCALE}, FLOAT, "is grey, and it has 3 channels"),
        ({}, ("float32", (1, 8, 8, 1)), "is RGB, and it has 1 channels"),
        ({}, ("float32", (1, 8, 3)), "is an image"),
        ({"mean": (0.0,), "std": (1.0,)}, UINT8, "mean 0 to 255, which its scale makes up to 254 steps away"),
        ({}, ("uint8", (1, 8, 8, 3), 1.0, 0), "mean -1 to 1, which its scale makes up to 254 steps away"),
    ],
)
def test_what_readers_would_make_of_pixels_is_held_against_the_input(
    unsound: Callable[..., dict[str, str]], change: dict[str, Any], fed: tuple[Any, ...], message: str
) -> None:
    found = unsound(replace(CARD, inputs=(replace(IMAGE, **change),)), fed=fed)
    if fed[1][-1] != 3:
        found.pop("metadata-labels")
    assert set(found) == {"metadata-pixels"}
    assert message in found["metadata-pixels"]


def test_an_input_of_bytes_is_held_against_what_its_first_layers_became(unsound: Callable[..., dict[str, str]]) -> None:
    fed = {"litesmith.byte_inputs": b"0:0.0078431373:128"}
    assert unsound(replace(CARD, inputs=(replace(IMAGE, mean=(128.0,)),)), metadata=fed) == {}
    found = unsound(replace(CARD, inputs=(replace(IMAGE, mean=(0.0,), std=(1.0,)),)), metadata=fed)
    assert "does not say that it takes bytes" in found["metadata-pixels"]


def test_labels_tensors_and_files_are_counted(unsound: Callable[..., dict[str, str]]) -> None:
    assert "2 labels for the 3 values of output" in unsound(files=(("labels.txt", b"a\nb"),))["metadata-labels"]
    assert "names the file 'labels.txt', which is not attached" in unsound(files=())["metadata-files"]
    found = unsound(replace(CARD, inputs=(IMAGE, IMAGE)))
    assert found["metadata-tensors"] == "metadata describes 2 inputs, the model has 1"


def test_compressed_files_and_damaged_blocks_are_said(tmp_path: Path, audited: Callable[..., Audit]) -> None:
    path = write_cast(tmp_path / "m.tflite", FLOAT, metadata={METADATA: pack_card(CARD)})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", "cat\ndog\nbird\n" * 1)
    issues = {issue.code: issue for issue in audited(path).health}
    assert "'labels.txt' is compressed" in issues["metadata-files"].message
    other = write_cast(tmp_path / "spoilt.tflite", FLOAT, metadata={METADATA: pack_card(CARD)})
    with zipfile.ZipFile(other, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr("labels.txt", "cat\ndog\nbird\n")
    other.write_bytes(other.read_bytes().replace(b"cat\ndog", b"cat\ncow"))
    issues = {issue.code: issue for issue in audited(other).health}
    assert "'labels.txt' cannot be read" in issues["metadata-files"].message
    for block in (b"\xff" * 64, pack_card(CARD)[:40], b""):
        found = audited(write_cast(tmp_path / "bad.tflite", FLOAT, metadata={METADATA: block}))
        (issue,) = [issue for issue in found.health if issue.code.startswith("metadata-")]
        assert (issue.code, issue.message[:15]) == ("metadata-damaged", "TFLITE_METADATA")
    unnamed = pack_card(CARD).replace(b"M001", b"M999")
    found = audited(write_cast(tmp_path / "old.tflite", FLOAT, metadata={METADATA: unnamed}))
    assert "identifier M001" in next(i.message for i in found.health if i.code == "metadata-damaged")
