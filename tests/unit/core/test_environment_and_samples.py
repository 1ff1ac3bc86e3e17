"""Facts about the machine, and samples as files."""

from __future__ import annotations

import datetime
import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from sample_sets import pictures, sample_set

from litesmith.core import environment
from litesmith.core.preprocessing import PRESETS, normalize

ASKED = """
import json, sys
from litesmith.core.environment import environment
found = environment(seed=3)
heavy = ["tensorflow", "keras", "tf_keras", "ai_edge_litert", "litert_quantizer", "PIL", "rich"]
print(json.dumps([found.versions, found.seed, [name for name in heavy if name in sys.modules]]))
"""


def test_versions_are_read_without_importing_the_packages() -> None:
    done = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
    versions, seed, loaded = json.loads(done.stdout)
    assert loaded == []
    assert seed == 3
    assert versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert versions["numpy"] == np.__version__
    assert versions["ai-edge-litert"] == metadata.version("ai-edge-litert")
    assert done.stderr == ""


def test_a_package_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "PACKAGES", ("numpy", "no-such-package"))
    assert sorted(environment.versions()) == ["numpy", "python"]
    assert environment.version_of("no-such-package") is None


def test_tensorflow_goes_by_any_of_its_names(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "tensorflow-cpu":
            return "2.21.0"
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", version)
    assert environment.version_of("tensorflow") == "2.21.0"
    assert environment.version_of("keras") is None


def test_the_machine() -> None:
    found = environment.environment(seed=0)
    assert found.cores >= 1
    assert found.memory_bytes > 1e8
    assert found.cpu
    assert found.governor
    assert datetime.datetime.fromisoformat(found.created).utcoffset() == datetime.timedelta(0)


def test_samples_are_read_back_normalised_one_at_a_time(tmp_path: Path) -> None:
    raw = pictures(5)
    samples = sample_set(tmp_path, raw, record=PRESETS["torch"])
    assert samples.count == 5
    assert not samples.raw().flags.writeable
    rows = list(samples.batches(1, 4))
    assert [len(arrays) for arrays in rows] == [1, 1, 1]
    for row, arrays in enumerate(rows, start=1):
        np.testing.assert_array_equal(arrays[0], normalize(raw[row : row + 1], PRESETS["torch"]))


def test_inputs_that_are_not_pictures_are_fed_as_stored(tmp_path: Path) -> None:
    stored = {"ids": np.array([[1, 2], [3, 4]], np.int32), "mask": np.array([[True], [False]])}
    samples = sample_set(tmp_path, stored, record=PRESETS["unit"], normalized=False)
    (ids, mask) = next(samples.batches(1, 2))
    assert (ids.dtype, ids.tolist(), mask.dtype, mask.tolist()) == (np.int32, [[3, 4]], np.bool_, [[False]])
