"""Bundled models with metadata, read and run by MediaPipe Tasks and by the Task Library of tflite-support.

They know of a model only what its metadata says; ours is the module of the same bundle.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import metadata_readers
import numpy as np
import numpy.typing as npt
import pytest
from bundled_models import load
from PIL import Image
from tiny_tflite import Drawing, write_cnn

from litesmith import api
from litesmith.core.bundle import Bundled

pytestmark = pytest.mark.device
Pixels = npt.NDArray[np.uint8]
FOLDER = os.environ.get("LITESMITH_BENCH_DATA", "")
GARMENTS = Path(__file__).parents[2] / "examples" / "fashion_mnist" / "test.npz"
LABELS = ("boot", 'bag "x" $HOME', "</script>", "模型", "it's, 100 %")
SIDE, COUNT = 32, 60
CHANNELS: dict[str, Any] = {"mean": [64, 64, 64], "std": [50, 60, 70]}
"""Another scale in each channel, which only an input of bytes spares its readers."""


def garments(side: int, count: int = COUNT) -> list[Pixels]:
    """Colour pictures of three garments each, one in every channel, brought to a size by Pillow."""
    with np.load(GARMENTS) as stored:
        grey = stored["x"][: 3 * count].reshape(count, 3, 28, 28)
    found = [Image.fromarray(np.ascontiguousarray(one.transpose(1, 2, 0).astype(np.uint8))) for one in grey]
    return [np.asarray(picture.resize((side, side), Image.Resampling.BILINEAR)) for picture in found]


def write_grey(path: Path) -> Path:
    """A classifier of pictures with one channel."""
    draw, random = Drawing(), np.random.default_rng(5)
    image = draw.tensor("image", (1, SIDE, SIDE, 1))
    pooled = draw.op("MEAN", [image, draw.constant("axes", np.array([1], np.int32))], "p", (1, SIDE, 1), keepDims=False)
    flat = draw.op("MEAN", [pooled, draw.constant("axis", np.array([2], np.int32))], "f", (1, SIDE), keepDims=False)
    kernel = draw.constant("w", random.normal(0, 1, (len(LABELS), SIDE)).astype(np.float32))
    bias = draw.constant("b", np.zeros(len(LABELS), np.float32))
    logits = draw.op("FULLY_CONNECTED", [flat, kernel, bias], "l", (1, len(LABELS)))
    return draw.save(path, {"image": image}, {"scores": draw.op("SOFTMAX", [logits], "s", (1, len(LABELS)), beta=1.0)})


def ours(made: Bundled, pictures: Sequence[Pixels]) -> list[dict[str, float]]:
    """Return label and score of every class, by the module of the bundle."""
    module = load(Path(made.folder) / f"{made.manifest.module}.py")
    model = module.Model()
    return [{found.label: float(found.score) for found in model(pixels, top=10_000)} for pixels in pictures]


def model_of(made: Bundled) -> Path:
    return next(Path(made.folder) / file.path for file in made.manifest.files if file.role == "model")


@dataclass(frozen=True)
class Read:
    """What one reader answers for a model, and what we do."""

    own: list[dict[str, float]]
    found: dict[str, Any]

    @property
    def rows(self) -> list[dict[str, float]]:
        assert "rows" in self.found, self.found.get("refused")
        return [{label: score for score, label in row} for row in self.found["rows"]]

    def largest(self) -> float:
        """Return the largest difference of a score; every label has to be there."""
        assert [sorted(row) for row in self.rows] == [sorted(row) for row in self.own]
        pairs = zip(self.rows, self.own, strict=True)
        return max(abs(theirs[label] - score) for theirs, mine in pairs for label, score in mine.items())

    def same_top1(self) -> int:
        """Return how many pictures have the same best class; integer scores may be equal, and then either is it."""
        pairs = zip(self.rows, self.own, strict=True)
        return sum(theirs[max(mine, key=mine.__getitem__)] == max(theirs.values()) for theirs, mine in pairs)


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Bundled]:
    """One classifier as float32 and with bytes as its input, and as readers refuse it."""
    reason = metadata_readers.missing()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("described")
    (folder / "labels.txt").write_text("\n".join(LABELS), encoding="utf-8")
    cnn = write_cnn(folder / "cnn.tflite", size=SIDE, channels=16)
    np.savez(folder / "data.npz", x=np.stack(garments(SIDE, 100)))
    for interface in ("uint8", "int8"):
        api.quantize(
            cnn,
            calibrate=folder / "data.npz",
            out=folder / interface,
            schemes=["int8"],
            interface=interface,
            corrections=["input_matching"],
            calibrator="min_max",
            **CHANNELS,
        )
    sources: dict[str, tuple[Path, dict[str, Any]]] = {
        "float": (cnn, {"preprocess": "signed"}),
        "per-channel": (cnn, CHANNELS),
        "bytes": (folder / "uint8" / "variants" / "int8.tflite", CHANNELS),
        "int8": (folder / "int8" / "variants" / "int8.tflite", CHANNELS),
        "grey": (write_grey(folder / "grey.tflite"), {"preprocess": "unit"}),
    }
    made = {}
    for name, (model, settings) in sources.items():
        out = folder / f"{name}-bundle"
        made[name] = api.bundle(model, "raspberry-pi", out, labels=folder / "labels.txt", metadata=True, **settings)
    assert made["bytes"].manifest.card.inputs[0].byte_fed
    return made


@pytest.fixture(scope="module")
def models(bundles: dict[str, Bundled]) -> dict[str, Path]:
    return {name: model_of(made) for name, made in bundles.items()}


@pytest.fixture(scope="module")
def mediapipe(
    bundles: dict[str, Bundled], models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Read]:
    found = metadata_readers.asked("mediapipe_tasks", models, garments(SIDE), tmp_path_factory.mktemp("mediapipe"))
    return {name: Read(ours(bundles[name], garments(SIDE)), found[name]) for name in models}


@pytest.fixture(scope="module")
def task_library(
    bundles: dict[str, Bundled], models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Read]:
    reason = metadata_readers.support_missing()
    if reason:
        pytest.skip(reason)
    found = metadata_readers.asked("task_library", models, garments(SIDE), tmp_path_factory.mktemp("library"))
    return {name: Read(ours(bundles[name], garments(SIDE)), found[name]) for name in models}


def test_answers_differ_from_picture_to_picture(mediapipe: dict[str, Read]) -> None:
    for name in ("float", "bytes"):
        assert len({tuple(row.values()) for row in mediapipe[name].own}) > 10
        assert len({max(row, key=row.__getitem__) for row in mediapipe[name].own}) > 1


def test_mediapipe_tasks_answers_as_we_do(mediapipe: dict[str, Read]) -> None:
    assert mediapipe["bytes"].largest() == 0.0
    assert mediapipe["float"].largest() < 1e-5
    for name in ("float", "bytes"):
        assert mediapipe[name].same_top1() == COUNT


def test_the_task_library_answers_as_we_do(task_library: dict[str, Read]) -> None:
    assert task_library["bytes"].largest() == 0.0
    for name in ("float", "per-channel"):
        assert task_library[name].largest() < 1e-5
    for name in ("float", "per-channel", "bytes"):
        assert task_library[name].same_top1() == COUNT


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("int8", "metadata-type", "uint8/float32, got INT8"),
        ("per-channel", "metadata-per-channel", "Per-channel image normalization is not available"),
        ("grey", "metadata-grey", "Only RGB color space is supported"),
    ],
)
def test_mediapipe_tasks_refuses_what_the_findings_say_it_does(
    mediapipe: dict[str, Read], bundles: dict[str, Bundled], name: str, code: str, reason: str
) -> None:
    assert reason in mediapipe[name].found["refused"]
    assert code in {finding.code for finding in bundles[name].findings}
    assert code not in {finding.code for finding in bundles["bytes"].findings}


def test_the_metadata_library_reads_every_field(task_library: dict[str, Read]) -> None:
    read = task_library["float"].found
    assert read["files"] == {"labels.txt": "".join(f"{label}\n" for label in LABELS)}
    card = read["metadata"]
    assert (card["name"], card["min_parser_version"]) == ("cnn", "1.0.0")
    (fed,) = card["subgraph_metadata"][0]["input_tensor_metadata"]
    assert fed["content"] == {
        "content_properties_type": "ImageProperties",
        "content_properties": {"color_space": "RGB"},
    }
    assert fed["process_units"] == [
        {"options_type": "NormalizationOptions", "options": {"mean": [127.5], "std": [127.5]}}
    ]
    assert fed["stats"] == {"max": [1.0], "min": [-1.0]}
    (made,) = card["subgraph_metadata"][0]["output_tensor_metadata"]
    assert made["name"] == "scores"
    assert [file["type"] for file in made["associated_files"]] == ["TENSOR_AXIS_LABELS"]
    assert made["stats"] == {"max": [1.0], "min": [0.0]}


def test_the_task_library_refuses_what_the_findings_say_it_does(task_library: dict[str, Read]) -> None:
    assert "got INT8" in task_library["int8"].found["refused"]
    assert "Only RGB color space is supported" in task_library["grey"].found["refused"]


def test_inspect_reads_what_the_metadata_library_writes(tmp_path: Path) -> None:
    reason = metadata_readers.support_missing()
    if reason:
        pytest.skip(reason)
    model, out, labels = write_cnn(tmp_path / "m.tflite"), tmp_path / "theirs.tflite", tmp_path / "five.txt"
    labels.write_text("a\nb\nc\nd\ne\n", encoding="utf-8")
    metadata_readers.run("support_writer", model, out, labels, 127.5, 64)
    audit = api.inspect(out).audit
    said = {entry.name: entry.says for entry in audit.metadata}
    assert said["TFLITE_METADATA"].startswith("ImageClassifier; Identify")
    assert "input image: (value - 127.5) / 64; output probability: labels in five.txt (5)" in said["TFLITE_METADATA"]
    assert not [issue for issue in audit.health if issue.code.startswith("metadata-")]


@pytest.mark.bench_data
@pytest.mark.tensorflow
@pytest.mark.skipif(not FOLDER, reason="LITESMITH_BENCH_DATA names no folder")
def test_a_real_classifier_answers_the_same_on_photographs(tmp_path: Path) -> None:
    reason = metadata_readers.missing()
    if reason:
        pytest.skip(reason)
    photographs = sorted((Path(FOLDER) / "imagenet_val_400" / "images").iterdir())[:COUNT]
    opened = [Image.open(path).convert("RGB") for path in photographs]
    pictures = [np.asarray(one.resize((224, 224), Image.Resampling.BILINEAR)) for one in opened]
    (tmp_path / "labels.txt").write_text("".join(f"class {number}\n" for number in range(1000)), encoding="utf-8")
    api.quantize(
        Path(FOLDER) / "mobilenet_v1_025" / "mobilenet_v1_0.25_224.h5",
        calibrate=Path(FOLDER) / "imagenet_calib_400",
        calibration_samples=40,
        out=tmp_path / "out",
        schemes=["int8"],
        interface="uint8",
        corrections=["input_matching", "bias_correction"],
        calibrator="min_max",
        preprocess="signed",
    )
    bundles = {
        scheme: api.bundle(
            tmp_path / "out" / "variants" / f"{scheme}.tflite",
            "raspberry-pi",
            tmp_path / scheme,
            preprocess="signed",
            labels=tmp_path / "labels.txt",
            metadata=True,
        )
        for scheme in ("float32", "int8")
    }
    assert bundles["int8"].manifest.card.inputs[0].byte_fed
    models = {name: model_of(made) for name, made in bundles.items()}
    found = metadata_readers.asked("mediapipe_tasks", models, pictures, tmp_path)
    for name, made in bundles.items():
        read = Read(ours(made, pictures), found[name])
        assert read.largest() < (1e-5 if name == "float32" else 1e-12), name
        assert read.same_top1() == COUNT
