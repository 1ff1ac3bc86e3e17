"""Running a model over all samples in several processes gives what one loop gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sample_sets import sample_set
from tiny_tflite import write_unpreparable

from litesmith.core.errors import EvaluationError
from litesmith.core.isolated import Pool
from litesmith.core.preprocessing import PRESETS
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import dequantize, quantize
from litesmith.evaluate.collect import answer
from litesmith.runtime.interpreter import OpenModel


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("name", ["cnn", "int8", "dynamic"])
@pytest.mark.slow
def test_bit_for_bit_what_a_plain_loop_gives(
    name: str, workers: int, request: pytest.FixtureRequest, images: SampleSet, tmp_path: Path
) -> None:
    model: Path = request.getfixturevalue(name)
    seen: list[tuple[int, int]] = []
    with Pool(workers, "the model") as pool:
        found = answer(
            model,
            images,
            pool=pool,
            folder=tmp_path / "out",
            on_progress=lambda done, total: seen.append((done, total)),
        )
    opened = OpenModel(model)
    direct = [
        dequantize(opened.invoke([quantize(arrays[0], opened.inputs[0])])[0], opened.outputs[0])
        for arrays in images.batches(0, images.count)
    ]
    values = found.values()
    assert (values.dtype, values.shape) == (np.float32, (40, 5))
    np.testing.assert_array_equal(values, np.concatenate(direct))
    assert found.samples_per_s > 0
    assert [s.name for s in found.outputs] == ["scores"]
    assert seen[-1] == (40, 40)
    assert seen == sorted(seen)


def test_every_output_has_a_file(two_inputs: Path, pool: Pool, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    stored = {name: random.normal(0, 1, (5, n)).astype(np.float32) for name, n in (("left", 4), ("right", 3))}
    found = answer(two_inputs, sample_set(tmp_path, stored, record=PRESETS["raw"]), pool=pool, folder=tmp_path / "out")
    both, chance = OpenModel(two_inputs).invoke([stored["left"][4:], stored["right"][4:]])
    assert (found.values(0).shape, found.values(1).shape) == ((5, 2), (5, 1))
    np.testing.assert_array_equal(found.values(0)[4:], both)
    np.testing.assert_array_equal(found.values(1)[4:], chance)


def test_fewer_samples_than_workers(cnn: Path, images: SampleSet, pool: Pool, tmp_path: Path) -> None:
    one = sample_set(tmp_path, np.asarray(images.raw()[:1]))
    found = answer(cnn, one, pool=pool, folder=tmp_path / "out")
    np.testing.assert_array_equal(found.values(), OpenModel(cnn).invoke(next(one.batches(0, 1)))[0])


def test_a_model_that_cannot_run(images: SampleSet, pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match=r"odd\.tflite"):
        answer(write_unpreparable(tmp_path / "odd.tflite"), images, pool=pool, folder=tmp_path / "out")
