from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from handmade_files import write_keras
from tiny_tflite import Drawing

from litesmith.core.errors import SourceError
from litesmith.core.preprocessing import normalize
from litesmith.core.worker_errors import WorkerClosed
from litesmith.pipeline import float_model as module
from litesmith.pipeline.float_model import Conversions, random_samples
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings


def test_the_interface_is_known_with_a_batch_of_one(dynamic: Path, tmp_path: Path) -> None:
    with Run(Settings(model=str(dynamic), jobs=1), folder=tmp_path) as run, Conversions(run) as conversions:
        ends = conversions.begin()
        model = conversions.finish()
    assert [spec.shape for spec in ends.inputs] == [(1, 8, 8, 3)]
    assert [spec.shape for spec in ends.outputs] == [(1, 5)]
    assert model.conversion.inputs[0].shape == (-1, 8, 8, 3)
    assert model.path.read_bytes() == dynamic.read_bytes()
    assert model.source.path == str(dynamic)


def test_a_source_that_cannot_be_adopted_is_told_to_who_waits(tmp_path: Path) -> None:
    draw = Drawing()
    entry = draw.tensor("x", (3, 8))
    made = draw.op("FULLY_CONNECTED", [entry, draw.constant("w", np.ones((5, 8), np.float32)), -1], "y", (3, 5))
    path = draw.save(tmp_path / "three.tflite", {"x": entry}, {"y": made})
    with Run(Settings(model=str(path), jobs=1), folder=tmp_path / "out") as run, Conversions(run) as conversions:
        with pytest.raises(SourceError, match=r"input 'x' has shape \[3, 8\]"):
            conversions.begin()
        with pytest.raises(SourceError, match="first dimension must be 1 or open"):
            conversions.finish()


def test_leaving_before_tensorflow_is_started_never_starts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on, errors = Event(), Event(), []

    def read_slowly(path: Path) -> str:
        reading.set()
        assert go_on.wait(10)
        return "digest"

    def begin() -> None:
        try:
            conversions.begin()
        except WorkerClosed as error:
            errors.append(error)

    monkeypatch.setattr(module, "sha256_tree", read_slowly)
    monkeypatch.setattr(module, "Converter", lambda: pytest.fail("TensorFlow was started"))
    model = write_keras(tmp_path / "m.keras")
    with Run(Settings(model=str(model), jobs=1), folder=tmp_path / "out") as run:
        conversions = Conversions(run)
        waiting = Thread(target=begin)
        waiting.start()
        assert reading.wait(10)
        leaving = Thread(target=conversions.__exit__, args=(None, None, None))
        leaving.start()
        while not conversions._left:
            leaving.join(0.01)
        go_on.set()
        leaving.join(10)
        waiting.join(10)
    assert len(errors) == 1


def test_random_samples_fit_the_inputs_and_repeat(two_inputs: Path, tmp_path: Path) -> None:
    with Run(Settings(model=str(two_inputs), jobs=1), folder=tmp_path / "out") as run, Conversions(run) as conversions:
        specs = conversions.convert().conversion.inputs
    sets = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        sets.append(random_samples(specs, count=5, seed=3, folder=tmp_path / name))
    assert [(entry.name, entry.shape) for entry in sets[0].inputs] == [("left", (4,)), ("right", (3,))]
    for position in range(2):
        first, second = (samples.raw(position) for samples in sets)
        np.testing.assert_array_equal(first, second)
        np.testing.assert_array_equal(normalize(first, sets[0].preprocessing), first)
        assert np.abs(first).max() <= 1
