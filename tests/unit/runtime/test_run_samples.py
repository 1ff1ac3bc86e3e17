"""Running a model over a range of samples, as workers do."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from sample_sets import sample_set
from tiny_tflite import write_cnn

from litesmith.core.preprocessing import PRESETS
from litesmith.core.samples import SampleSet
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.run_samples import input_shapes, output_specs, run_range


def maps(folder: Path, *shapes: tuple[int, ...]) -> list[Path]:
    files = [folder / f"{i}.npy" for i in range(len(shapes))]
    for file, shape in zip(files, shapes, strict=True):
        np.save(file, np.full(shape, -9, np.float32))
    return files


def test_only_the_rows_of_the_range_are_written(cnn: Path, images: SampleSet, tmp_path: Path) -> None:
    files = maps(tmp_path, (40, 5))
    assert run_range(cnn, images, 10, 13, files) > 0
    written = np.load(files[0])
    assert np.flatnonzero((written != -9).any(axis=1)).tolist() == [10, 11, 12]
    direct = [OpenModel(cnn).invoke(arrays)[0][0] for arrays in images.batches(10, 13)]
    np.testing.assert_array_equal(written[10:13], direct)


def test_samples_in_another_order_than_the_inputs(two_inputs: Path, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    left, right = (random.normal(0, 1, (3, n)).astype(np.float32) for n in (4, 3))
    samples = sample_set(tmp_path, {"right": right, "left": left}, record=PRESETS["raw"])
    assert input_shapes(two_inputs, samples) == [(1, 4), (1, 3)]
    assert [(s.name, s.shape) for s in output_specs(two_inputs, samples)] == [("both", (1, 2)), ("chance", (1, 1))]
    files = maps(tmp_path, (3, 2), (3, 1))
    run_range(two_inputs, samples, 0, 3, files)
    model = OpenModel(two_inputs)
    for row in range(3):
        both, chance = model.invoke([left[row : row + 1], right[row : row + 1]])
        np.testing.assert_array_equal(np.load(files[0])[row], both[0])
        np.testing.assert_array_equal(np.load(files[1])[row], chance[0])


def test_outputs_of_a_dynamic_model_have_the_shape_of_one_sample(dynamic: Path, images: SampleSet) -> None:
    assert [(s.name, s.shape) for s in output_specs(dynamic, images)] == [("scores", (1, 5))]


def test_a_file_that_was_replaced_is_opened_again(images: SampleSet, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    answers = []
    for seed in (7, 8):
        write_cnn(path, seed=seed)
        files = maps(tmp_path, (40, 5))
        run_range(path, images, 0, 1, files)
        answers.append(np.load(files[0])[0])
        time.sleep(0.01)  # a later time of change
    assert np.abs(answers[0] - answers[1]).max() > 1e-3


def test_integer_outputs_are_written_as_real_values(int8: Path, cnn: Path, images: SampleSet, tmp_path: Path) -> None:
    files = maps(tmp_path, (40, 5))
    run_range(int8, images, 0, 5, files)
    found = np.load(files[0])[:5]
    np.testing.assert_allclose(found * 256, np.round(found * 256), atol=1e-5)
    real = np.array([OpenModel(cnn).invoke(arrays)[0][0] for arrays in images.batches(0, 5)])
    assert np.abs(found - real).max() < 0.1
    assert found.sum(axis=1) == pytest.approx(np.ones(5), abs=0.02)
