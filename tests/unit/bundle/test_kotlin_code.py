"""Generated Kotlin as text: one core as it stands, what each model's has and has not, and its shape."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from bundled_models import job_of, write_cast
from tiny_tflite import write_cnn, write_rnn, write_two_inputs

from litesmith.bundle.job import BundleJob
from litesmith.bundle.kinds.android import write
from litesmith.bundle.kotlin_module import kotlin_values
from litesmith.bundle.kotlin_support import runtime_version
from litesmith.core.errors import BundleError
from litesmith.core.model_facts import RuntimeNeed
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Resize
from litesmith.core.tensors import TensorSpec

GOLDEN = Path(__file__).parents[2] / "golden" / "bundle" / "android_core.txt"
CORE = "core/src/main/kotlin/com/example/app/core"
LABELS = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat")


def core_of(job: BundleJob, folder: Path) -> dict[str, str]:
    """Write a bundle, and return the files of its core's main source but the golden check's."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [name for name, _ in write(job, folder) if name.startswith(f"{CORE}/") and "/Golden" not in name]
    return {Path(name).name: (folder / name).read_text(encoding="ascii") for name in names}


def classifier(folder: Path, **fields: object) -> BundleJob:
    record = replace(PRESETS["signed"], crop=0.875, **fields)  # type: ignore[arg-type]
    path = write_cnn(folder / "classifier.tflite", size=16)
    return job_of(path, record=record, picture=True, labels=LABELS, class_name="ClothesClassifier")


def jobs(folder: Path) -> dict[str, BundleJob]:
    """Return a job for most branches of the templates."""
    image = (1, 12, 12, 3)
    gray = replace(PRESETS["unit"], color_order=ColorOrder.GRAY)

    def cast(name: str, *inputs: tuple[object, ...]) -> Path:
        return write_cast(folder / f"{name}.tflite", *inputs)

    found = {f"filter_{resize.value}": classifier(folder, resize=resize) for resize in Resize}
    found["unnamed"] = job_of(write_cnn(folder / "unnamed.tflite", dynamic=True), picture=True, classifies=True)
    found["several"] = job_of(write_two_inputs(folder / "several.tflite"), normalized=(False, False))
    found["state"] = job_of(write_rnn(folder / "state.tflite"), record=PRESETS["raw"])
    found["table"] = job_of(cast("table", ("int8", image, 1 / 127.5, -1)), record=PRESETS["signed"], picture=True)
    found["flipped"] = job_of(cast("flipped", ("int8", image, 1 / 255, -128)), record=PRESETS["unit"], picture=True)
    found["same"] = job_of(cast("same", ("uint8", image, 1 / 255, 0)), record=PRESETS["unit"], picture=True)
    found["channels"] = job_of(cast("channels", ("int8", image, 0.02, 3)), record=PRESETS["torch"], picture=True)
    found["swapped"] = job_of(cast("swapped", ("float32", image)), record=PRESETS["caffe"], picture=True)
    found["gray"] = job_of(cast("gray", ("int8", (1, 12, 12, 1), 0.001, 0)), record=gray, picture=True)
    found["whole"] = job_of(cast("whole", ("int32", (1, 7)), ("int64", ()), ("bool", (1, 2))), normalized=(False,) * 3)
    planes = replace(PRESETS["torch"], layout=Layout.CHW)
    found["planes"] = job_of(cast("planes", ("float32", (1, 3, 12, 12))), record=planes, picture=True)
    return found


def test_the_core_equals_the_golden_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litesmith.bundle.kotlin_module.version_of", lambda package: "13.0.0")
    monkeypatch.setattr("litesmith.bundle.kotlin_module.__version__", "0.1.0")
    job = classifier(tmp_path)
    text = "".join(f"==> {name} <==\n{code}\n" for name, code in sorted(core_of(job, tmp_path / "out").items()))
    if os.environ.get("LITESMITH_UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "look at the code, then set LITESMITH_UPDATE_GOLDEN=1"


def test_only_what_a_model_needs_is_in_its_core(tmp_path: Path) -> None:
    found = jobs(tmp_path)
    cores = {name: core_of(job, tmp_path / "out" / name) for name, job in found.items()}
    texts = {name: "\n".join(core.values()) for name, core in cores.items()}
    pictures = set(found) - {"several", "state", "whole"}
    for word, holders in {
        "StrictMath": {"filter_lanczos"},
        "fun nearest": {"filter_nearest"},
        "fun reset": {"state"},
        "class $index": {"unnamed"},
        "fun tabled": {"table", "channels", "gray"},
        "xor 0x80": {"flipped"},
        "floatArrayOf": {"channels", "swapped", "planes"},
        "BooleanArray": {"whole"} | {name for name, job in found.items() if job.class_count},
        "fun gray": {"gray"},
        "fun planes": {"planes"},
        "fun central": {name for name in found if name.startswith("filter")},
        "class Resampling": pictures - {"filter_nearest"},
        "class Pixels": pictures,
        "class Category": {name for name, job in found.items() if job.class_count},
        "class Answer": {name for name, job in found.items() if not job.class_count},
        "fun parseLabels": {name for name, job in found.items() if job.labels},
    }.items():
        assert {name for name, text in texts.items() if word in text} == holders, word


@pytest.mark.slow
def test_generated_files_are_short_ascii_and_within_120_columns(tmp_path: Path) -> None:
    for name, job in jobs(tmp_path).items():
        for file, text in core_of(job, tmp_path / "out" / name).items():
            lines = text.split("\n")
            assert len(lines) <= 301, (name, file)
            assert max(map(len, lines)) <= 120, (name, file)
            assert all(line == line.rstrip() for line in lines), (name, file)
            assert "\n\n\n" not in text, (name, file)
            assert "{\n\n" not in text, (name, file)
            assert "\n\n}" not in text, (name, file)
            assert text.startswith("package com.example.app.core\n"), (name, file)
            assert "reflect" not in text, (name, file)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"dtype": "int16"}, "of type int16, which the Android runtime's Kotlin interface cannot hold"),
        ({"dtype": "float16"}, "of type float16"),
        ({"dtype": "string"}, "of type string"),
        ({"dtype": "int32", "scale": 0.5}, "is int32 with a scale"),
        ({"shape": (1, -1)}, "takes any size"),
        ({"shape": (1, 2**20, 2**12)}, "a buffer of Java holds"),
    ],
)
def test_tensors_that_kotlin_cannot_hold_are_refused(tmp_path: Path, spec: dict[str, object], said: str) -> None:
    job = job_of(write_two_inputs(tmp_path / "two.tflite"), normalized=(False, False))
    changed: TensorSpec = replace(job.card.outputs[0], **spec)  # type: ignore[arg-type]
    job = replace(job, card=replace(job.card, outputs=(changed, job.card.outputs[1])))
    with pytest.raises(BundleError) as caught:
        kotlin_values(job)
    assert said in caught.value.message
    assert caught.value.hint


def test_more_tensors_than_a_function_takes_are_refused(tmp_path: Path) -> None:
    job = job_of(write_two_inputs(tmp_path / "two.tflite"), normalized=(False, False))
    many = replace(job, card=replace(job.card, outputs=job.card.outputs * 101))
    with pytest.raises(BundleError, match="has 202 outputs"):
        kotlin_values(many)


@pytest.mark.parametrize(
    ("runtime", "minimum", "said"),
    [
        ("litert", "1.2.0", ""),
        ("litert", "99.0.0", r"needs com\.google\.ai\.edge\.litert:litert 99\.0\.0, and a bundle pins"),
        ("litert", "", "no release of .*litert is known to run the model: a reason"),
        ("tensorflow-lite", "2.16.1", ""),
        ("tensorflow-lite", "2.17.0", r"needs org\.tensorflow:tensorflow-lite 2\.17\.0"),
    ],
)
def test_no_older_runtime_is_pinned_than_the_model_needs(tmp_path: Path, runtime: str, minimum: str, said: str) -> None:
    names = {"litert": "com.google.ai.edge.litert:litert", "tensorflow-lite": "org.tensorflow:tensorflow-lite"}
    need = RuntimeNeed(runtime=f"{names[runtime]} (Android)", minimum=minimum, note="a reason")
    job = replace(job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True), runtime=runtime, needs=(need,))
    if not said:
        assert runtime_version(job) >= minimum
        return
    with pytest.raises(BundleError, match=said) as caught:
        runtime_version(job)
    assert "--runtime litert" in caught.value.hint or runtime == "litert"
