"""Effects of single layers: a region that is float, the tail of a model, the scored tensor."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from broken_quantized import (
    COUNT,
    Broken,
    Weights,
    built,
    healthy,
    made,
    measured_ranges,
    requantization,
    write_network,
)
from tiny_tflite import Drawing

from litesmith.core.errors import ConfigError, EvaluationError
from litesmith.core.graph import Subgraph
from litesmith.debugging.effects import Judge, needed, require_walkable, scored_tensor
from litesmith.debugging.session import Session, debug
from litesmith.evaluate.intervals import wilson
from litesmith.evaluate.metric import class_count, predicted
from litesmith.quantize.build import Interface
from litesmith.runtime.editing import EditableModel, packed
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.lockstep import lanes, walk
from litesmith.runtime.single_op import Part
from litesmith.runtime.splicing import float_region, real_values, spliced

pytestmark = pytest.mark.slow

JUDGE = Judge(interval=wilson, classes=class_count, predicted=predicted)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Broken:
    return healthy(tmp_path_factory.mktemp("healthy"))


def debugged(broken: Broken, *, rows: int = COUNT) -> Session:
    return debug(broken.float_model, broken.quantized_model, broken.samples, rows=range(rows), output=0, judge=JUDGE)


def place(graph: Subgraph, tensor: str) -> int:
    return next(op.index for op in graph.ops if graph.tensors[op.outputs[0]].name == tensor)


def test_the_rest_of_a_model_gives_what_the_whole_gives(model: Broken) -> None:
    reference, quantized, _ = lanes(model.float_model, model.quantized_model, model.samples, range(6))
    graph = reference.model.main
    target, at = scored_tensor(graph, 0), place(graph, "depthwise")
    part, fed = reference.model.extract(needed(graph, at + 1, target), [target])
    seen = []

    def after(floats: object, _integers: object, twin: object, _op: object) -> None:
        del floats
        if twin.index == at:  # type: ignore[attr-defined]
            tail = Part(packed(part), fed, label="tail")
            seen.append(tail.run_all([reference.values[tensor] for tensor in fed])[0])
        if target in reference.values:
            seen.append(reference.values[target])

    walk(reference, quantized, after=after)
    np.testing.assert_allclose(seen[0], seen[1], rtol=1e-5)


def test_all_layers_float_and_exact_weights_give_the_float_model(model: Broken) -> None:
    """The last layer float: its output differs from the float model's by the integers before it alone."""
    quantized = EditableModel(model.quantized_model)
    graph = quantized.main
    target = scored_tensor(graph, 0)
    at = place(graph, "logits")
    content, fed, real = spliced(quantized, [at], target, target, constants={})
    assert real
    record = graph.tensors[graph.ops[at].inputs[0]]
    weights, bias = (real_values(quantized, i) for i in graph.ops[at].inputs[1:])
    integers = np.arange(-4, 4, dtype=np.int8).reshape(1, 1, 8)
    found = Part(content, fed, label="spliced").run_all([integers])[0]
    values = (integers[0].astype(np.float32) - record.zero_point) * record.scale
    np.testing.assert_allclose(found[0], values @ weights.T + bias, rtol=1e-5)


def test_float_regions_reach_through_operators_that_hand_values_on(tmp_path: Path) -> None:
    broken = requantization(tmp_path)
    graph = read_graph(broken.quantized_model).main
    wave = next(op for op in graph.ops if op.name == "SIN")
    ops, floats = float_region(graph, wave.outputs[0])
    behind = next(op for op in graph.ops if op.name == "QUANTIZE" and op.inputs[0] == wave.outputs[0])
    assert behind.outputs[0] in floats
    assert place(graph, "logits") in ops


def test_a_layer_that_is_float_does_no_harm_and_a_broken_one_pays(model: Broken, tmp_path: Path) -> None:
    good = debugged(model)
    assert all(op.regained_db is None or op.regained_db > -1.5 for op in good.ops)
    broken = made(
        tmp_path, ranges=lambda found: {**found, "project": (found["project"][0] / 5, found["project"][1] / 5)}
    )
    costs = {op.tensor: op.regained_db for op in debugged(broken).ops}
    worst = max((name for name, cost in costs.items() if cost is not None), key=lambda name: costs[name] or 0)
    assert worst == "project"


def test_relu_zeros_are_no_saturation(model: Broken) -> None:
    conv = next(op for op in debugged(model).ops if op.layer == "conv")
    assert (conv.saturated_low, conv.saturated_high) == (0.0, 0.0)
    assert conv.range_used is not None
    assert conv.range_used > 0.9


def test_saturation_is_the_share_of_values_beyond(model: Broken, tmp_path: Path) -> None:
    ranges = measured_ranges(model.float_model, model.samples)
    low, high = ranges["depthwise"]
    path = tmp_path / "cut.tflite"
    built(model.float_model, path, scheme="int8", ranges={**ranges, "depthwise": (low, high / 4)})
    found = next(op for op in debugged(replace(model, quantized_model=path)).ops if op.layer == "depthwise")
    assert found.saturated_low == 0
    assert 0.005 < found.saturated_high < 0.5


@pytest.mark.parametrize("scheme", ["int16x8", "dynamic_int8", "weight_only_int8", "dynamic_int4", "float16"])
def test_other_schemes_can_be_walked(scheme: str, model: Broken, tmp_path: Path) -> None:
    path = tmp_path / f"{scheme}.tflite"
    ranges = measured_ranges(model.float_model, model.samples) if scheme == "int16x8" else None
    built(model.float_model, path, scheme=scheme, ranges=ranges)
    found = debugged(replace(model, quantized_model=path), rows=8)
    assert {op.layer for op in found.ops} >= {"conv", "depthwise", "project", "logits"}
    assert found.whole.sqnr_db is not None
    assert found.whole.sqnr_db > 5


@pytest.mark.parametrize("interface", list(Interface))
def test_every_interface_can_be_walked(interface: Interface, model: Broken, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    ranges = measured_ranges(model.float_model, model.samples)
    built(model.float_model, path, scheme="int8", ranges=ranges, interface=interface)
    found = debugged(replace(model, quantized_model=path), rows=8)
    assert found.whole.sqnr_db == pytest.approx(debugged(model, rows=8).whole.sqnr_db, abs=0.5)


def test_one_sample_is_enough_to_walk(model: Broken) -> None:
    found = debugged(model, rows=1)
    assert (found.samples, found.effect_samples) == (1, 1)


def test_files_that_are_no_twins(model: Broken, tmp_path: Path) -> None:
    other = write_network(tmp_path / "other.tflite", Weights.drawn(seed=99))
    with pytest.raises(ConfigError, match=r"no float model and its quantized one: half of the layers' weights"):
        debugged(replace(model, float_model=other))
    draw = Drawing()
    image = draw.tensor("image", (1, 8, 8, 3))
    scores = draw.op("MEAN", [image, draw.constant("axes", np.array([1, 2], np.int32))], "other", (1, 3))
    path = draw.save(tmp_path / "mean.tflite", {"image": image}, {"scores": scores})
    with pytest.raises(ConfigError, match=r"no float model and its quantized one: 0 of 6 operators"):
        debugged(replace(model, float_model=path))


def test_control_flow_is_refused(model: Broken) -> None:
    graph = read_graph(model.float_model).main
    looped = replace(graph, ops=(replace(graph.ops[0], name="WHILE", calls=(1, 2)), *graph.ops[1:]))
    with pytest.raises(EvaluationError, match="has control flow \\(WHILE\\)"):
        require_walkable(looped, "loop.tflite")
