"""Real models through the whole way, with few samples. Needs the folder named by LITESMITH_BENCH_DATA."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from litesmith import api
from litesmith.core.results import Status

FOLDER = os.environ.get("LITESMITH_BENCH_DATA", "")
pytestmark = [
    pytest.mark.bench_data,
    pytest.mark.tensorflow,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="LITESMITH_BENCH_DATA names no folder"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A model, its data, how many samples to use, and what it is known to do on them at least."""

    model: str
    data: str
    calibrate: str
    preprocess: str
    samples: int
    least_top1: float
    kind: str
    crop: float = 0.0


CASES = {
    "keywords": Case(
        model="keywords/dscnn_savedmodel",
        data="keywords/test_400.npz",
        calibrate="keywords/calib_100.npz",
        preprocess="raw",
        samples=100,
        least_top1=0.8,
        kind="saved_model",
    ),
    "cifar10": Case(
        model="cifar10/resnet8.h5",
        data="cifar10/test_2000.npz",
        calibrate="cifar10/calib_500.npz",
        preprocess="raw",
        samples=100,
        least_top1=0.75,
        kind="h5",
    ),
    "mobilenet_v1_025": Case(
        model="mobilenet_v1_025/mobilenet_v1_0.25_224.h5",
        data="imagenet_val_400",
        calibrate="imagenet_calib_400",
        preprocess="signed",
        samples=60,
        least_top1=0.4,
        kind="h5",
    ),
}


@pytest.mark.parametrize("name", list(CASES))
def test_real_models(name: str, tmp_path: Path) -> None:
    case, folder = CASES[name], Path(FOLDER)
    made = api.deploy(
        folder / case.model,
        data=folder / case.data,
        calibrate=folder / case.calibrate,
        preprocess=case.preprocess,
        samples=case.samples,
        calibration_samples=50,
        schemes=["float16", "dynamic_int8", "int8"],
        runs=5,
        warmup=2,
        out=tmp_path,
    )
    assert made.source.kind == case.kind
    assert made.conversion.max_rel_difference is not None
    assert made.conversion.max_rel_difference < 1e-3
    assert made.conversion.top1_agreement == 1.0
    assert [v.status for v in made.variants] == [Status.OK] * 4
    by_scheme = {v.scheme: v for v in made.variants}
    reference = by_scheme["float32"].evaluation
    assert reference is not None
    assert (reference.metric, reference.n) == ("top1", case.samples)
    assert reference.value >= case.least_top1
    for variant in made.variants:
        assert variant.evaluation is not None
        assert variant.evaluation.agreement is not None
        assert variant.evaluation.agreement >= 0.7, variant.scheme
        assert not [f for f in variant.findings if f.code == "collapsed"]
    assert by_scheme["int8"].float_ops == ()
    assert by_scheme["int8"].size_bytes < 0.6 * by_scheme["float32"].size_bytes
    assert made.recommended
    assert not [w for w in made.warnings if w.code == "preprocessing-looks-wrong"]
