"""Ranges chosen by the error behind the layers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from block_tflite import write_blocks
from sample_sets import pictures, sample_set
from tiny_tflite import Drawing

from litesmith.core.samples import SampleSet
from litesmith.quantize.clipping import choose_ranges, rounded, search_ranges

ROWS = list(range(24))


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> SampleSet:
    return sample_set(tmp_path_factory.mktemp("pictures"), pictures(24, size=12))


def test_of_a_fitting_a_wide_and_a_narrow_range_the_fitting_one_is_chosen(samples: SampleSet, tmp_path: Path) -> None:
    model = write_blocks(tmp_path / "blocks.tflite", relu6=True)
    chosen = choose_ranges(
        model, samples=samples, rows=ROWS, candidates={"expand": [(0.0, 600.0), (0.0, 6.0), (0.0, 0.05)]}
    )
    assert chosen == {"expand": (0.0, 6.0)}


def test_the_layer_behind_decides_and_not_the_tensor(tmp_path: Path) -> None:
    """One element is huge and its weight is 0: the tensor's own error asks for the wide range, the layer does not."""
    draw = Drawing()
    fed = draw.tensor("serving_default_x:0", (1, 4))
    spread = np.diag([1.0, 1.0, 1.0, 100.0]).astype(np.float32)
    first = draw.op("FULLY_CONNECTED", [fed, draw.constant("a", spread), -1], "first", (1, 4))
    kept = draw.constant("b", np.array([[1.0, -2.0, 3.0, 0.0]], np.float32))
    last = draw.op("FULLY_CONNECTED", [first, kept, -1], "last", (1, 1))
    model = draw.save(tmp_path / "m.tflite", {"x": fed}, {"y": last})
    values = np.random.default_rng(0).uniform(-1, 1, (24, 4)).astype(np.float32)
    samples = sample_set(tmp_path / "samples", values, normalized=False)
    wide, narrow = (-100.0, 100.0), (-1.0, 1.0)
    tensor = values * [1, 1, 1, 100]
    assert np.square(rounded(tensor, wide) - tensor).mean() < np.square(rounded(tensor, narrow) - tensor).mean()
    assert choose_ranges(model, samples=samples, rows=ROWS, candidates={"first": [wide, narrow]}) == {"first": narrow}


def test_a_small_gain_is_not_worth_a_cut(samples: SampleSet, tmp_path: Path) -> None:
    model = write_blocks(tmp_path / "blocks.tflite", relu6=True)
    candidates = {"expand": [(0.0, 6.0), (0.0, 5.9)]}
    eager = choose_ranges(model, samples=samples, rows=ROWS, candidates=candidates, worth=-9.0)
    assert eager["expand"] == (0.0, 5.9)
    assert choose_ranges(model, samples=samples, rows=ROWS, candidates=candidates, worth=0.9)["expand"] == (0.0, 6.0)


def test_fixed_ranges_stay_and_what_changed_is_told(samples: SampleSet, tmp_path: Path) -> None:
    model = write_blocks(tmp_path / "blocks.tflite")
    ranges = {"expand": (0.0, 1000.0), "sum": (-1000.0, 1000.0)}
    found = search_ranges(model, samples=samples, rows=ROWS, ranges=ranges, fixed=["sum"])
    assert found.ranges["sum"] == (-1000.0, 1000.0)
    assert found.ranges["expand"] == (0.0, 500.0)
    assert found.did == "1 of 2 ranges cut off"
    same = search_ranges(model, samples=samples, rows=ROWS, ranges={"sum": (-1000.0, 1000.0)}, fixed=["sum"])
    assert same.did == ""


@pytest.mark.parametrize("pair", [(-1.0, 1.0), (0.0, 6.0), (-3.0, 0.5)])
def test_rounding_is_that_of_8_bits(pair: tuple[float, float]) -> None:
    values = np.linspace(pair[0] - 1, pair[1] + 1, 5001).astype(np.float32)
    made = rounded(values, pair)
    assert len(np.unique(made)) <= 256
    inside = (values >= pair[0]) & (values <= pair[1])
    step = (pair[1] - pair[0]) / 255
    assert np.abs(made - values)[inside].max() <= step * 1.01
    assert 0.0 in made
