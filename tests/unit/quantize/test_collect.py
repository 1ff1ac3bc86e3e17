"""One pass over the samples: true ranges, and histograms that depend on the samples alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from made_statistics import statistics_of
from sample_sets import pictures, sample_set
from tiny_tflite import write_cnn

from litesmith.core.errors import EvaluationError
from litesmith.core.isolated import Pool
from litesmith.core.preprocessing import PRESETS
from litesmith.core.samples import SampleSet
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.collect import collect, ranges_of
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel

Found = dict[str, TensorStatistics]


@pytest.fixture(scope="module")
def one() -> Iterator[Pool]:
    with Pool(1, "the model") as started:
        yield started


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleSet]:
    """A model whose activations are too large to be counted whole, and samples for it."""
    folder = tmp_path_factory.mktemp("large")
    return write_cnn(folder / "large.tflite", size=48), sample_set(folder / "samples", pictures(9, size=48))


def computed(model: Path, samples: SampleSet) -> dict[str, npt.NDArray[np.float32]]:
    """Return every activation over all samples, by tensor name."""
    opened = OpenModel(model, preserve=True, shapes=[(1, *s.shape) for s in samples.inputs])
    tensors = read_graph(model).main.activations()
    values: dict[str, list[npt.NDArray[np.float32]]] = {t.name: [] for t in tensors}
    for arrays in samples.batches(0, samples.count):
        opened.invoke(arrays)
        for tensor, view in zip(tensors, opened.activations([t.index for t in tensors]), strict=True):
            values[tensor.name].append(np.array(view))
        del view
    return {name: np.concatenate(parts) for name, parts in values.items()}


MEANS = ("mean_minimum", "mean_maximum", "samples")


def assert_same(found: Found, wanted: Found, *, means: bool = True) -> None:
    assert set(found) == set(wanted)
    for name, tensor in found.items():
        other = wanted[name]
        for field in ("minimum", "maximum", "count", *(MEANS if means else ())):
            assert getattr(tensor, field) == getattr(other, field)
        np.testing.assert_array_equal(tensor.bins, other.bins)
        np.testing.assert_array_equal(tensor.weights, other.weights)


def test_small_activations_are_counted_whole(activations: Found, cnn: Path, images: SampleSet) -> None:
    truth = {name: statistics_of(values) for name, values in computed(cnn, images).items()}
    assert_same(activations, truth, means=False)
    assert len(activations) == 7


def test_large_activations_keep_their_true_range(large: tuple[Path, SampleSet], pool: Pool) -> None:
    found = collect(*large, pool=pool)
    truth = computed(*large)
    for name, values in truth.items():
        tensor = found[name]
        assert (tensor.minimum, tensor.maximum, tensor.count) == (values.min(), values.max(), values.size)
        assert tensor.weights.sum() == pytest.approx(1)
    conv, exact = found["conv"], truth["conv"]
    assert conv.count == 9 * 48 * 48 * 8
    assert (conv.weights * conv.centers()).sum() == pytest.approx(exact.mean(), rel=0.03)
    zeros = conv.weights[conv.centers() < 1e-38].sum()
    assert zeros == pytest.approx((exact == 0).mean(), abs=0.02)


def test_neither_order_nor_processes_matter(
    large: tuple[Path, SampleSet], pool: Pool, one: Pool, tmp_path: Path
) -> None:
    model, samples = large
    turned = sample_set(tmp_path, np.ascontiguousarray(samples.raw()[::-1]))
    first = collect(model, samples, pool=pool)
    assert_same(collect(model, turned, pool=pool), first)
    assert_same(collect(model, samples, pool=one), first)
    for name, tensor in collect(model, samples, pool=one).items():
        for half, other in zip(tensor.halves, first[name].halves, strict=True):
            assert_same({name: half}, {name: other})


def test_halves_are_the_even_and_the_odd_samples(
    large: tuple[Path, SampleSet], activations: Found, pool: Pool, tmp_path: Path
) -> None:
    """And the whole is their sum, with the mean of the samples' own extremes."""
    model, samples = large
    found = collect(model, samples, pool=pool)
    for half in (0, 1):
        (tmp_path / str(half)).mkdir()
        alone = collect(model, sample_set(tmp_path / str(half), samples.raw()[half::2]), pool=pool)
        for name, tensor in found.items():
            seen, other = tensor.halves[half], alone[name]
            for field in ("minimum", "maximum", "count", *MEANS):
                assert getattr(seen, field) == getattr(other, field)
    for name, values in computed(model, samples).items():
        axes = tuple(range(1, values.ndim))
        assert found[name].mean_maximum == pytest.approx(values.max(axes).astype(np.float64).mean(), rel=1e-12)
        assert found[name].mean_minimum == pytest.approx(values.min(axes).astype(np.float64).mean(), rel=1e-12)
        assert [half.samples for half in found[name].halves] == [5, 4]
    assert all(len(tensor.halves) == 2 for tensor in activations.values())


def test_a_dynamic_model_is_run_one_sample_at_a_time(
    dynamic: Path, images: SampleSet, pool: Pool, activations: Found
) -> None:
    assert_same(collect(dynamic, images, pool=pool), activations)


def test_several_inputs(two_inputs: Path, pool: Pool, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    stored = {"right": random.normal(0, 5, (6, 3)), "left": random.normal(0, 1, (6, 4))}
    samples = sample_set(tmp_path, {k: v.astype(np.float32) for k, v in stored.items()}, record=PRESETS["raw"])
    found = collect(two_inputs, samples, pool=pool)
    assert found["in_a"].maximum == np.float32(stored["left"].max())
    assert found["in_b"].minimum == np.float32(stored["right"].min())
    assert {"l", "r", "out_a", "c", "out_b"} <= set(found)


def test_progress_ends_with_all_samples(cnn: Path, images: SampleSet, pool: Pool) -> None:
    seen: list[tuple[int, int]] = []
    collect(cnn, images, pool=pool, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == sorted(seen)
    assert seen[-1] == (40, 40)


@pytest.mark.parametrize(("value", "row"), [(np.nan, 0), (np.nan, 9), (np.inf, 4), (-np.inf, 9)])
def test_one_value_that_is_no_number_stops_calibration(
    cnn: Path, pool: Pool, tmp_path: Path, value: float, row: int
) -> None:
    stored = np.zeros((10, 8, 8, 3), np.float32)
    stored[row, 3, 3, 1] = value
    samples = sample_set(tmp_path, stored, record=PRESETS["raw"])
    with pytest.raises(EvaluationError, match=r"activation 'serving_default_image:0' is NaN or infinite") as caught:
        collect(cnn, samples, pool=pool)
    assert "--preprocess" in caught.value.hint


def seen(tensor: TensorStatistics, bits: int) -> tuple[float, float]:
    return tensor.minimum, tensor.maximum


def test_ranges_hold_zero() -> None:
    made = {"up": np.array([2.0, 3.0]), "down": np.array([-3.0, -2.0]), "both": np.array([-1.0, 4.0])}
    found = ranges_of({name: statistics_of(values) for name, values in made.items()}, seen, bits=8)
    assert found == {"up": (0.0, 3.0), "down": (-3.0, 0.0), "both": (-1.0, 4.0)}


def test_the_rule_is_given_the_bits() -> None:
    found = ranges_of({"x": statistics_of(np.ones(1))}, lambda _, bits: (-1.0 * bits, 1.0), bits=16)
    assert found == {"x": (-16.0, 1.0)}


@pytest.mark.parametrize(("bits", "levels"), [(8, 255), (16, 65535)])
@pytest.mark.parametrize("largest", [0.0, 1e-12])
def test_no_range_is_too_narrow_for_a_relu6(bits: int, levels: int, largest: float) -> None:
    """The kernel computes 6 / scale as a 32-bit integer."""
    (low, high) = ranges_of({"x": statistics_of(np.array([0.0, largest]))}, seen, bits=bits)["x"]
    assert low == 0.0
    scale = max(-low, high) / (levels // 2) if bits == 16 else (high - low) / levels
    assert 6 / scale < 2**31
    assert high < 1e-3


def test_a_model_of_dead_activations_can_still_be_quantized(
    cnn: Path, activations: Found, pool: Pool, tmp_path: Path
) -> None:
    dead = {name: replace(tensor, minimum=0.0, maximum=1e-12) for name, tensor in activations.items()}
    job = {"float_model": cnn, "out": tmp_path / "dead.tflite", "scheme": "int16x8"}
    narrow = dict.fromkeys(dead, (0.0, 1e-12))
    with pytest.raises(EvaluationError, match="runtime cannot prepare it"):
        pool.map("litesmith.quantize.build:build", [{**job, "ranges": narrow}])
    pool.map("litesmith.quantize.build:build", [{**job, "ranges": ranges_of(dead, seen, bits=16)}])
    assert job["out"].is_file()
