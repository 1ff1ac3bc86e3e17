"""Keras models through the whole way. Starts TensorFlow."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from processes import MARK, alive, wait_until_none_is_left
from sample_sets import pictures

from litesmith import api
from litesmith.core.errors import ConversionError
from litesmith.core.files import sha256_file
from litesmith.core.isolated import Worker
from litesmith.core.results import Status

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
MODELS = Path(__file__).parents[1] / "models"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """Build a tiny model: `built("tiny_cnn", "m.keras", kind="keras")`."""
    folder = tmp_path_factory.mktemp("keras")
    environment = {"PYTHONPATH": str(MODELS), "TF_CPP_MIN_LOG_LEVEL": "2"}
    with Worker("builder", environment=environment) as worker:

        def build(what: str, name: str, **arguments: object) -> Path:
            worker.call(f"tiny_models:save_{what}", timeout_s=120, path=folder / name, **arguments)
            return folder / name

        yield build


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "data.npz"
    np.savez(path, x=pictures(60), y=np.arange(60) % 5)
    return path


def test_deploy_of_a_keras_model_checks_its_conversion(
    built: Callable[..., Path], data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = built("tiny_cnn", "m.keras", kind="keras")
    settings = {"data": data, "preprocess": "unit", "schemes": "float16,int8", "runs": 5, "out": tmp_path}
    made = api.deploy(model, **settings)
    assert capfd.readouterr() == ("", "")
    conversion = made.conversion
    assert made.source.kind == "keras"
    assert made.source.framework.startswith("Keras 3")
    assert (conversion.check_samples, conversion.check_source) == (15, str(data))
    assert conversion.max_rel_difference is not None
    assert 0 <= conversion.max_rel_difference < 1e-4
    assert conversion.top1_agreement == 1.0
    assert [v.status for v in made.variants] == [Status.OK] * 3
    assert sha256_file(tmp_path / conversion.file) == conversion.sha256 == made.variants[0].sha256

    begun = time.perf_counter()
    again = api.deploy(model, **settings)
    assert time.perf_counter() - begun < 4, "TensorFlow is not started"
    assert all(stage.cached for stage in again.stages)
    assert again.variants == made.variants


def test_convert_of_a_keras_2_h5_is_checked_on_random_values(built: Callable[..., Path], tmp_path: Path) -> None:
    made = api.convert(built("keras_2_cnn", "m.h5", kind="h5"), out=tmp_path / "m.tflite")
    assert made.source.kind == "h5"
    assert made.source.actions, "what had to be done to open it is told"
    assert (made.conversion.check_samples, made.conversion.check_source) == (8, "random values")
    assert made.conversion.max_rel_difference is not None
    assert made.conversion.max_rel_difference < 1e-4
    assert api.inspect(tmp_path / "m.tflite").graph.signature == made.conversion.signature


def test_a_conversion_that_changes_the_answers_is_an_error(built: Callable[..., Path], tmp_path: Path) -> None:
    model = built("always_random", "noise")
    with pytest.raises(ConversionError, match="answers differently each time") as caught:
        api.convert(model, out=tmp_path / "noise.tflite")
    assert caught.value.diagnosis is not None
    assert caught.value.diagnosis.cause == "random_answers"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConversionError, match="answers differently each time"):
        api.deploy(model, schemes=["float16"], out=tmp_path / "out")
    assert not (tmp_path / "out" / "report.json").exists()
    assert not (tmp_path / "out" / "variants").exists()


@pytest.mark.parametrize("wait_s", [0.0, 1.0])
def test_interrupt_while_tensorflow_works(
    built: Callable[..., Path], data: Path, tmp_path: Path, wait_s: float
) -> None:
    model, mark = built("tiny_cnn", "i.keras", kind="keras"), uuid.uuid4().hex
    process = subprocess.Popen(
        [sys.executable, "-m", "litesmith", "deploy", str(model), "--data", str(data), "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, MARK: mark},
    )
    begun = time.perf_counter()
    while len(alive(mark)) < 2:
        assert time.perf_counter() - begun < 30, "TensorFlow's process never began"
    time.sleep(wait_s)
    assert process.poll() is None
    begun = time.perf_counter()
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert time.perf_counter() - begun < 20, "it waits for the conversion"
    assert not list(tmp_path.rglob("*.part"))
    wait_until_none_is_left(mark)
