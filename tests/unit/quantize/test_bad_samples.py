"""Calibration samples nobody should give: ranges stay valid, and the int8 model can be built and run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from sample_sets import pictures, sample_set

from litesmith.core.errors import EvaluationError
from litesmith.core.isolated import Pool
from litesmith.core.preprocessing import PRESETS
from litesmith.core.registry import load_plugins
from litesmith.quantize.calibrator import PACKAGE, Calibrator, narrowest
from litesmith.quantize.collect import collect, ranges_of
from litesmith.runtime.interpreter import OpenModel

CALIBRATORS: dict[str, Calibrator] = load_plugins(PACKAGE, kind="calibrator")


def bad_samples() -> dict[str, npt.NDArray[np.float32]]:
    random = np.random.default_rng(3)
    some = pictures(10).astype(np.float32) / 255
    return {
        "ten": some,
        "one": some[:1],
        "identical": np.repeat(some[:1], 12, axis=0),
        "zeros": np.zeros_like(some),
        "constant": np.full_like(some, 0.5),
        "noise": random.uniform(-1, 1, some.shape).astype(np.float32),
        "subnormal": np.full_like(some, 1e-42),
        "huge": some * np.float32(1e18),
        "one wild value": np.where(np.arange(some.size).reshape(some.shape) == 77, np.float32(1e6), some),
    }


@pytest.mark.parametrize("kind", list(bad_samples()))
def test_every_calibrator_gives_ranges_an_int8_model_can_have(cnn: Path, pool: Pool, tmp_path: Path, kind: str) -> None:
    samples = sample_set(tmp_path, bad_samples()[kind], record=PRESETS["raw"])
    statistics = collect(cnn, samples, pool=pool)
    jobs = []
    for name, calibrator in CALIBRATORS.items():
        for bits in (8, 16):
            for low, high in ranges_of(statistics, calibrator.range_of, bits=bits).values():
                assert np.isfinite([low, high]).all()
                assert low <= 0 <= high
                assert max(-low, high) >= narrowest(bits)
        ranges = ranges_of(statistics, calibrator.range_of, bits=8)
        jobs.append({"float_model": cnn, "out": tmp_path / f"{name}.tflite", "scheme": "int8", "ranges": ranges})
    for job in jobs:
        try:
            pool.map("litesmith.quantize.build:build", [job])
        except EvaluationError:  # scales too far apart for the runtime, which is no fault of the ranges
            if kind in ("huge", "one wild value"):
                continue
            raise
        model = OpenModel(Path(str(job["out"])))
        (answer,) = model.invoke([np.zeros((1, *samples.inputs[0].shape), np.int8)])
        assert answer.shape == (1, 5)
