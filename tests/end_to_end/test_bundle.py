"""From deploy to a bundle that is installed without a network and checks itself."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from litesmith import api
from litesmith.core.errors import UserError
from litesmith.core.parity import ParityVerdict

if TYPE_CHECKING:
    from conftest import Work

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.slow
def test_the_card_has_what_the_report_says_and_the_bundle_its_name(work: Work, int8: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    deployed = api.deploy(
        work.model, work.data, calibrate=work.calibrate, preprocess="unit", schemes="int8", out=out, runs=10
    )
    variant = next(v for v in deployed.variants if v.scheme == "int8")
    made = api.bundle(out / variant.file, "raspberry-pi", tmp_path / "bundle", takes="images")
    card = made.manifest.card
    assert (card.name, made.manifest.module) == ("cnn-int8", "cnn_int8")
    assert (card.evaluation, card.benchmarks) == (variant.evaluation, variant.benchmarks)
    assert (card.source, card.source_sha256) == (Path(deployed.source.path).name, deployed.source.sha256)
    assert card.preprocessing == deployed.preprocessing
    assert api.verify(made.folder).parities[0].verdict is ParityVerdict.IDENTICAL

    other = shutil.copyfile(int8, out / "variants" / "other.tflite")
    codes = {f.code for f in api.bundle(other, "raspberry-pi", tmp_path / "other").findings}
    assert "report-of-another-model" in codes
    (out / "report.json").write_text("{}", encoding="utf-8")
    unread = api.bundle(out / variant.file, "raspberry-pi", tmp_path / "unread")
    assert "report-unreadable" in {f.code for f in unread.findings}
    assert unread.manifest.card.evaluation is None


@pytest.mark.slow
def test_a_bundle_with_its_wheelhouse_installs_without_a_network(int8: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a bundle"
    try:
        made = api.bundle(
            int8, "raspberry-pi", folder, takes="images", wheelhouse=True, python=PYTHON, machine=platform.machine()
        )
    except UserError as error:
        if "was not reached" in error.message:
            pytest.skip("the package index cannot be reached")
        raise
    assert {f.role for f in made.manifest.files} >= {"wheel", "setup"}
    moved = folder.rename(tmp_path / "moved bundle")
    nowhere = "http://127.0.0.1:9/"
    environment = {**os.environ, "PYTHON": sys.executable, "PIP_INDEX_URL": nowhere, "PIP_CONFIG_FILE": os.devnull}
    environment.pop("PYTHONPATH", None)
    command = ["sh", str(moved / "install.sh")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "verdict: identical"
    python = str(moved / ".venv" / "bin" / "python")
    checked = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert checked.stdout.strip() == "No broken requirements found."
    picture = moved / "golden" / "photo-like.png"
    answered = subprocess.run(
        [python, str(moved / "run.py"), str(picture)], capture_output=True, text=True, check=False
    )
    assert answered.returncode == 0, answered.stderr

    wheel = next((moved / "wheelhouse").glob("numpy-*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"?")
    shutil.rmtree(moved / ".venv")
    refused = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert refused.returncode == 2
    assert not (moved / ".venv").exists()
    assert api.verify(moved).parities[0].damaged == (
        f"wheelhouse/{wheel.name} was changed: its sha256 is not that in manifest.json",
    )
    assert json.loads((moved / "manifest.json").read_text(encoding="utf-8"))["module"] == "int8"
