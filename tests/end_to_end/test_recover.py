"""Recovery by training in whole runs: kept where it helps, dropped where not, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import MARK, wait_until_none_is_left
from sample_sets import pictures

from litesmith import api
from litesmith.core.isolated import Worker
from litesmith.pipeline.quantize import QuantizeResult

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
MODELS = Path(__file__).parents[1] / "models"
FILE = "variants/int8_recovered.tflite"


@pytest.fixture(scope="module")
def builder() -> Iterator[Worker]:
    paths = os.pathsep.join([str(MODELS), os.environ.get("PYTHONPATH", "")])
    environment = {"PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "2"}
    with Worker("builder", environment=environment) as worker:
        yield worker


@pytest.fixture(scope="module")
def fragile(builder: Worker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("fragile") / "fragile.keras"
    return Path(builder.call("recovery_models:save_fragile", timeout_s=120, path=path))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "calibrate.npz"
    np.savez(path, x=pictures(200, size=12))
    return path


def run(model: Path, samples: Path, out: Path, **settings: Any) -> QuantizeResult:
    settings = {"schemes": "int8", "preprocess": "unit", "recover": True, "recover_epochs": 8, **settings}
    return api.quantize(model, calibrate=samples, out=out, **settings)


def test_a_model_that_8_bits_hurt_is_recovered(fragile: Path, samples: Path, tmp_path: Path) -> None:
    made = run(fragile, samples, tmp_path / "one", corrections="none")
    recovery = made.recovery
    assert recovery is not None
    assert recovery.kept, recovery.reason
    assert recovery.variant == "int8_recovered"
    assert [v.scheme for v in made.variants] == ["float32", "int8", "int8_recovered"]
    assert recovery.before is not None
    assert recovery.after is not None
    assert recovery.after.error < 0.8 * recovery.before.error
    assert recovery.difference_interval[1] < 0
    assert (recovery.trained_on, recovery.chosen_on, recovery.judged_on) == (140, 20, 40)
    assert recovery.best_epoch > 0
    assert len(recovery.losses) == recovery.epochs + 1
    assert min(recovery.losses) == recovery.losses[recovery.best_epoch]
    plain, trained = made.variants[1:]
    assert (tmp_path / "one" / FILE).is_file()
    assert plain.op_counts == trained.op_counts, "training changes weights, not the graph"
    assert plain.inputs[0].name == trained.inputs[0].name
    assert [spec.name for spec in trained.outputs] == ["scores"]
    assert not trained.float_ops

    again = run(fragile, samples, tmp_path / "two", corrections="none")
    assert again.recovery is not None
    assert again.recovery.losses == recovery.losses
    assert again.variants[2].sha256 == trained.sha256, "the same seed gives the same file"


def test_a_training_that_does_not_help_is_dropped(builder: Worker, tmp_path: Path) -> None:
    model = tmp_path / "cnn.keras"
    builder.call("tiny_models:save_tiny_cnn", timeout_s=120, path=model, kind="keras")
    np.savez(tmp_path / "data.npz", x=pictures(60))
    (tmp_path / "out/variants").mkdir(parents=True)
    (tmp_path / "out" / FILE).write_bytes(b"of an earlier run")
    made = run(model, tmp_path / "data.npz", tmp_path / "out", recover_epochs=1)
    assert made.recovery is not None
    assert not made.recovery.kept
    assert "better" in made.recovery.reason or "no epoch" in made.recovery.reason
    assert [v.scheme for v in made.variants] == ["float32", "int8"]
    assert not (tmp_path / "out" / FILE).exists()


def test_too_few_samples_are_told(builder: Worker, tmp_path: Path) -> None:
    model = tmp_path / "cnn.keras"
    builder.call("tiny_models:save_tiny_cnn", timeout_s=120, path=model, kind="keras")
    np.savez(tmp_path / "data.npz", x=pictures(30))
    made = run(model, tmp_path / "data.npz", tmp_path / "out")
    assert made.recovery is not None
    assert made.recovery.reason == "30 calibration samples; training needs at least 40"


def test_a_keras_2_file_is_trained_with_keras_3(builder: Worker, tmp_path: Path) -> None:
    model = tmp_path / "m.h5"
    builder.call("tiny_models:save_keras_2_cnn", timeout_s=120, path=model, kind="h5")
    np.savez(tmp_path / "data.npz", x=pictures(60))
    made = run(model, tmp_path / "data.npz", tmp_path / "out", recover_epochs=1)
    assert made.recovery is not None
    assert made.recovery.epochs == 1, made.recovery.reason
    assert made.recovery.actions[-1] == "opened with Keras 3 for training; its answers were compared"


def test_an_interrupted_training_leaves_nothing(fragile: Path, samples: Path, tmp_path: Path) -> None:
    mark, out = uuid.uuid4().hex, tmp_path / "out"
    command = [
        sys.executable, "-m", "litesmith", "quantize", str(fragile), "--calibrate", str(samples),
        "--preprocess", "unit", "--schemes", "int8", "--recover", "--recover-epochs", "100000", "--out", str(out),
    ]  # fmt: skip
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, MARK: mark}) as process:
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if line.startswith("quantize:"):  # training comes next
                break
        begun = time.monotonic()
        while not list((out / ".cache" / "recover").glob("*.part")):
            assert time.monotonic() - begun < 60, "".join(seen)
            time.sleep(0.2)
        time.sleep(15)  # TensorFlow is imported and training is under way
        assert process.poll() is None, "".join(seen)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    wait_until_none_is_left(mark)
    assert list(out.rglob("*.part")) == []
    assert not (out / FILE).exists()
    recover = out / ".cache" / "recover"
    assert not recover.exists() or list(recover.iterdir()) == []
