"""What every correction promises."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from block_tflite import write_blocks
from sample_sets import pictures, sample_set

from litesmith.core.isolated import Pool
from litesmith.core.registry import load_plugins, plugin_names
from litesmith.core.samples import SampleSet
from litesmith.quantize.correcting import correct_layers
from litesmith.quantize.correction import PACKAGE, Correction, Moment, correction_names
from litesmith.quantize.preparing import prepare_float
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.one_tensor import values_of

pytestmark = pytest.mark.slow

CORRECTIONS: dict[str, Correction] = load_plugins(PACKAGE, kind="correction")
FIT, HELD = list(range(32)), list(range(32, 48))
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


def of(moment: Moment) -> list[str]:
    return [name for name in correction_names() if CORRECTIONS[name].moment is moment]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> SampleSet:
    return sample_set(tmp_path_factory.mktemp("pictures"), pictures(48, size=12))


@by_name
def test_name_is_the_file_name_and_it_says_what_it_is_and_where_from(name: str) -> None:
    plugin = CORRECTIONS[name]
    assert plugin.name == name
    assert 10 < len(plugin.summary) <= 100
    assert any(year in plugin.source for year in ("201", "202"))


@by_name
def test_it_acts_at_one_moment(name: str) -> None:
    plugin = CORRECTIONS[name]
    assert (plugin.prepare is not None) == (plugin.moment is Moment.FLOAT)
    assert (plugin.correct is not None) == (plugin.moment is Moment.LAYER)


def test_the_order_is_that_of_the_moments() -> None:
    assert correction_names() == (*of(Moment.FLOAT), *of(Moment.RANGES), *of(Moment.LAYER))
    assert sorted(correction_names()) == sorted(plugin_names(PACKAGE))


@pytest.mark.parametrize("relu6", [False, True])
@pytest.mark.parametrize("name", of(Moment.FLOAT))
def test_the_float_model_answers_as_before_on_the_samples(
    name: str, relu6: bool, samples: SampleSet, tmp_path: Path
) -> None:
    """Input matching moves what is padded around the image by half a byte; the others change nothing."""
    before = write_blocks(tmp_path / "before.tflite", spread=20.0, relu6=relu6)
    after = tmp_path / "after.tflite"
    prepare_float(before, after, samples=samples, rows=FIT, corrections=[name])
    real, made = (values_of(path, "logits", samples, FIT) for path in (before, after))
    assert np.abs(real).max() > 0.1
    np.testing.assert_allclose(made, real, rtol=1e-3, atol=2e-2 if name == "input_matching" else 1e-3)
    assert read_graph(after).main.op_counts() == read_graph(before).main.op_counts()


@pytest.mark.parametrize("scheme", ["int8", "int8_per_tensor"])
@pytest.mark.parametrize("name", of(Moment.LAYER))
def test_a_layer_correction_leaves_the_graph_and_brings_the_answers_nearer(
    name: str, scheme: str, samples: SampleSet, pool: Pool, tmp_path: Path
) -> None:
    model = write_blocks(tmp_path / "float.tflite", spread=30.0)
    plain, made = tmp_path / "plain.tflite", tmp_path / "made.tflite"
    graph = read_graph(model).main
    ranges = {t.name: extremes(model, t.name, samples) for t in graph.activations()}
    job = {"float_model": model, "out": plain, "scheme": scheme, "ranges": ranges}
    pool.workers[0].call("litesmith.quantize.build:build", **job)
    done = correct_layers(model, plain, made, samples=samples, rows=FIT, corrections=[name])
    assert done.layers == 6
    assert done.passed_over == ()
    old, new = read_graph(plain), read_graph(made)
    assert new.main.ops == old.main.ops
    assert [(t.name, t.dtype, t.shape, t.scales) for t in new.main.tensors] == [
        (t.name, t.dtype, t.shape, t.scales) for t in old.main.tensors
    ]
    real = values_of(model, "logits", samples, HELD)
    errors = [float(np.square(values_of(path, "logits", samples, HELD) - real).mean()) for path in (plain, made)]
    assert errors[1] < errors[0]


def extremes(model: Path, tensor: str, samples: SampleSet) -> tuple[float, float]:
    values = values_of(model, tensor, samples, FIT)
    return min(float(values.min()), 0.0), max(float(values.max()), 0.0)
