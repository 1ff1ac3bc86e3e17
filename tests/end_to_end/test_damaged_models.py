"""The script that damages models: their float answers stay, their int8 models break."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from litesmith import api

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "fashion_mnist"
EXPECTED = {"original": (0.98, 1.0), "unequal_channels": (0.0, 0.5), "loud_channels": (0.5, 0.97)}
"""Bounds of the agreement of each plain int8 model with its own float model."""


@pytest.mark.slow
@pytest.mark.tensorflow
def test_damage_shows_in_int8_only(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "damaged_models.py"), str(EXAMPLE / "model.keras")]
    sets = [str(EXAMPLE / "test.npz"), str(EXAMPLE / "calibration.npz")]
    options = ["--preprocess", "signed", "--samples", "300"]
    done = subprocess.run([*command, *sets, str(tmp_path), *options], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = dict(re.findall(r"│ (\w+) +│ \d+ +│ [\d.]+ +│ ([\d.]+) +│", done.stdout))
    for name, (low, high) in EXPECTED.items():
        assert low <= float(rows[name]) / 100 <= high, done.stdout
    models = [
        tmp_path / f"{name}.tflite" for name in ("original", "unequal_channels", "loud_channels", "hidden_offsets")
    ]
    found = api.evaluate(models, EXAMPLE / "test.npz", preprocess="signed", samples=300)
    for variant in found.variants:
        assert variant.evaluation is not None
        assert variant.evaluation.agreement == 1.0, variant.scheme
    assert len({variant.sha256 for variant in found.variants}) == len(models)
