"""The script that compares int8 models, on the bundled example."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples" / "fashion_mnist"
SCRIPT = ROOT / "benchmarks" / "int8_accuracy.py"


def run(*arguments: str, data: str = "test.npz") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(EXAMPLE / "model.keras"), str(EXAMPLE / data)]
    return subprocess.run(
        [*command, str(EXAMPLE / "calibration.npz"), "--preprocess", "signed", *arguments],
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.tensorflow
def test_rows_are_measured_on_the_same_samples(tmp_path: Path) -> None:
    told = tmp_path / "told.json"
    options = ["--samples", "401", "--part", "odd", "--calibration-samples", "50", "--runs", "0"]
    done = run(*options, "--ours", "calibrator=min_max schemes=dynamic_int8", "--json", str(told))
    assert done.returncode == 0, done.stderr
    found = json.loads(told.read_text())
    assert (found["n"], found["n_calibration"]) == (200, 50)
    names = ["float32", "TFLiteConverter int8", "litert-quantizer int8", "litesmith"]
    assert [row["name"] for row in found["rows"]] == [*names, "litesmith calibrator=min_max schemes=dynamic_int8"]
    assert [row["integer"] for row in found["rows"]] == [False, True, True, True, False]
    for row in found["rows"]:
        assert row["n"] == 200, row
        assert row["top1"] > 0.85
        assert row["agreement"] > 0.95
        assert row["latency_ms"] is None
    assert all(row["note"] for row in found["rows"] if row["name"].startswith("litesmith") and row["integer"])
    first, *others = found["rows"]
    assert (first["agreement"], first["difference"]) == (1.0, None)
    for row in others:
        assert row["difference"] == pytest.approx(row["top1"] - first["top1"])
        low, high = row["difference_interval"]
        assert low <= row["difference"] <= high


@pytest.mark.slow
@pytest.mark.tensorflow
def test_misspelt_settings_and_wrong_data_are_errors() -> None:
    done = run("--preprocess", "singed")
    assert (done.returncode, "unknown preprocessing preset" in done.stderr) == (1, True), done.stderr
    done = run(data="calibration.npz")
    assert (done.returncode, "no evidence" in done.stderr) == (1, True), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("--search", "accuracy", "--part even"), ("--ours", "calibrater=min_max", "is no SETTING")],
)
def test_what_cannot_be_measured_is_refused_before_work(option: str, value: str, said: str) -> None:
    done = run(option, value)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
