"""Generated code as text: one module as it stands, and all of them for linter, type checker and Python 3.9."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from bundled_models import job_of, write_cast
from tiny_tflite import write_cnn, write_rnn, write_two_inputs

from litesmith.bundle.job import BundleJob
from litesmith.bundle.kinds.raspberry_pi import write
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Preprocessing, Resize

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "bundle" / "classifier.txt"
NAMES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat")


def classifier(folder: Path, resize: Resize = Resize.BILINEAR) -> BundleJob:
    path = write_cnn(folder / "classifier.tflite", size=16)
    record = replace(PRESETS["signed"], resize=resize, crop=0.875)
    return job_of(path, record=record, picture=True, labels=NAMES)


def jobs(folder: Path) -> dict[str, BundleJob]:
    """Return a job for every branch of the templates."""
    image = (1, 12, 12, 3)
    gray = replace(PRESETS["unit"], color_order=ColorOrder.GRAY, layout=Layout.CHW)
    long = "a long name with \"quotes\" and 'more' \\ of them, " * 30

    def cast(name: str, *inputs: tuple[object, ...]) -> Path:
        return write_cast(folder / f"{name}.tflite", *inputs)

    found = {f"filter_{resize.value}": classifier(folder, resize) for resize in Resize}
    found["unnamed"] = job_of(write_cnn(folder / "unnamed.tflite", dynamic=True), picture=True, classifies=True)
    found["scores"] = job_of(write_cnn(folder / "scores.tflite"), labels=NAMES)
    found["several"] = job_of(write_two_inputs(folder / "several.tflite"), normalized=(False, False))
    found["state"] = job_of(write_rnn(folder / "state.tflite"), record=PRESETS["raw"])
    found["steps"] = job_of(cast("steps", ("int8", image, 0.00787, 0)), record=PRESETS["signed"], picture=True)
    found["table"] = job_of(cast("table", ("int8", image, 1 / 127.5, -1)), record=PRESETS["signed"], picture=True)
    found["odd"] = job_of(cast("odd", ("uint8", (1, 5, 5), 1 / 127.5, 128)), record=PRESETS["signed"], picture=True)
    found["same"] = job_of(cast("same", ("uint8", image, 1 / 255, 0)), record=PRESETS["unit"], picture=True)
    found["channels"] = job_of(cast("channels", ("int8", image, 0.02, 3)), record=PRESETS["torch"], picture=True)
    found["swapped"] = job_of(cast("swapped", ("float32", image)), record=PRESETS["caffe"], picture=True)
    found["gray"] = job_of(cast("gray", ("int16", (1, 1, 12, 12), 0.001, 0)), record=gray, picture=True)
    found["whole"] = job_of(cast("whole", ("int32", (1, 7)), ("float16", ())), normalized=(False, True))
    found["features"] = job_of(cast("features", ("int8", (1, 7), 0.1, 3)), normalized=(False,))
    found["plain"] = job_of(cast("plain", ("float32", image)), record=PRESETS["raw"], picture=True)
    spec = found["swapped"].card.inputs[0]
    fed = replace(spec, byte_scale=0.01, byte_zero=7)
    found["byte_floats"] = job_of(cast("byte_floats", ("float32", image)), inputs=(fed,), record=PRESETS["signed"])
    job = job_of(cast("named", ("float32", image)), inputs=(replace(spec, name=long),), record=PRESETS["unit"])
    found["named"] = replace(job, delegate="edgetpu", service="litesmith-named.service", wheelhouse=True, python="3.11")
    found["offset"] = job_of(
        cast("offset", ("float32", image)), record=Preprocessing(preset="own", offset=(1.0, 2.0, 3.0)), picture=True
    )
    return found


def written(folder: Path) -> list[Path]:
    for name, job in jobs(folder).items():
        (folder / name).mkdir()
        write(job, folder / name)
    return sorted(folder.glob("*/*.py"))


def test_the_module_equals_the_golden_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("litesmith.bundle.python_module.version_of", lambda package: "13.0.0")
    monkeypatch.setattr("litesmith.bundle.python_module.__version__", "0.1.0")
    job = classifier(tmp_path)
    files = [name for name, role in write(job, tmp_path) if role == "code"]
    text = "".join(f"==> {name} <==\n{(tmp_path / name).read_text(encoding='utf-8')}\n" for name in files)
    if os.environ.get("LITESMITH_UPDATE_GOLDEN"):
        GOLDEN.parent.mkdir(parents=True, exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "look at the code, then set LITESMITH_UPDATE_GOLDEN=1"


def test_only_what_a_model_needs_is_in_its_module(tmp_path: Path) -> None:
    texts = {
        path.parent.name: path.read_text() for path in written(tmp_path) if path.name not in ("run.py", "camera.py")
    }
    for word, holders in {
        "_sinc": {"filter_lanczos"},
        "_nearest": {"filter_nearest"},
        "reset_all_variables": {"state"},
        "resize_tensor_input": {"unnamed"},
        "_pairs": {"table"},
        "TABLE_0": {"table", "odd"},
        "FACTOR_0": {"channels"},
        "_gray(": {"gray", "odd"},
        "set_tensor": {"whole"},
        "[:, :, ::-1]": {"swapped"},
        "bitwise_xor": {"channels"},
    }.items():
        assert {name for name, text in texts.items() if word in text} == holders, word
    assert all("PIL" not in texts[name] for name in ("several", "state", "scores", "whole", "features"))
    assert not any((tmp_path / name / "camera.py").exists() for name in ("several", "state"))


@pytest.mark.slow
def test_python_3_9_reads_it(tmp_path: Path) -> None:
    for path in written(tmp_path):
        text = path.read_text(encoding="ascii")
        ast.parse(text, feature_version=(3, 9))
        assert len(text.splitlines()) <= 600, path


def test_the_linter_has_nothing_to_say(tmp_path: Path) -> None:
    files = written(tmp_path)
    options = ["--config", str(ROOT / "pyproject.toml"), "--target-version", "py39", "--no-cache"]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *options, *map(str, files)],
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_type_checker_has_nothing_to_say(tmp_path: Path) -> None:
    written(tmp_path)
    for name in ("table", "channels", "whole", "filter_lanczos", "gray", "several", "named"):
        folder = tmp_path / name
        files = sorted(path.name for path in folder.glob("*.py"))
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path / "cache"), *files]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder)
        assert done.returncode == 0, done.stdout
