"""Both models, operator by operator: what comes out is what the whole models give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from block_tflite import write_blocks
from sample_sets import pictures, sample_set
from tiny_tflite import Drawing

from litesmith.core.errors import EvaluationError
from litesmith.core.graph import GraphOp
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.feeding import feeders
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.lockstep import Lane, affordable_samples, feeds_of, lanes, sample_bytes, twin_ops, walk
from litesmith.runtime.single_op import SingleOp
from litesmith.runtime.weighted import layer_of, patches, positions, products

ROWS = list(range(6))


def whole(path: Path, samples: SampleSet) -> np.ndarray:
    model = OpenModel(path)
    feeds, stored = feeders(samples, model.inputs), samples.raw()
    return np.stack([model.feed(feeds, [stored[row : row + 1]])[0] for row in ROWS])


def test_walking_gives_what_the_whole_models_give(cnn: Path, int8: Path, images: SampleSet) -> None:
    reference, quantized, used = lanes(cnn, int8, images, ROWS)
    walk(reference, quantized)
    assert used == ROWS
    own, made = reference.model.main.outputs[0], quantized.model.main.outputs[0]
    assert np.array_equal(quantized.values[made], whole(int8, images))
    np.testing.assert_allclose(reference.values[own], whole(cnn, images), rtol=1e-5, atol=1e-6)


def test_a_change_before_an_operator_reaches_what_comes_after(cnn: Path, int8: Path, images: SampleSet) -> None:
    reference, quantized, _ = lanes(cnn, int8, images, ROWS)
    plain = whole(int8, images)

    def before(floats: Lane, integers: Lane, twin: GraphOp, op: GraphOp) -> None:
        del floats, twin
        if op.name == "FULLY_CONNECTED":
            integers.model.set_values(op.inputs[2], integers.model.values(op.inputs[2])[::-1] * 3)

    walk(reference, quantized, before=before)
    assert not np.array_equal(quantized.values[quantized.model.main.outputs[0]], plain)


def test_every_operator_has_its_twin(cnn: Path, int8: Path) -> None:
    floats, integers = read_graph(cnn).main, read_graph(int8).main
    assert [op.name for op in twin_ops(floats, integers).values()] == [op.name for op in floats.ops]


def test_models_in_another_order_are_refused(cnn: Path, tmp_path: Path) -> None:
    draw = Drawing()
    fed = draw.tensor("in", (1, 4))
    kernel = draw.constant("w", np.eye(4, dtype=np.float32))
    first = draw.op("FULLY_CONNECTED", [fed, kernel, -1], "a", (1, 4))
    draw.save(tmp_path / "one.tflite", {"x": fed}, {"y": draw.op("FULLY_CONNECTED", [first, kernel, -1], "b", (1, 4))})
    draw = Drawing()
    fed = draw.tensor("in", (1, 4))
    kernel = draw.constant("w", np.eye(4, dtype=np.float32))
    first = draw.op("FULLY_CONNECTED", [fed, kernel, -1], "b", (1, 4))
    draw.save(tmp_path / "two.tflite", {"x": fed}, {"y": draw.op("FULLY_CONNECTED", [first, kernel, -1], "a", (1, 4))})
    with pytest.raises(EvaluationError, match="order of operators differs"):
        twin_ops(read_graph(tmp_path / "one.tflite").main, read_graph(tmp_path / "two.tflite").main)


def test_memory_bounds_the_samples(cnn: Path, images: SampleSet, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = read_graph(cnn).main
    largest = 4 * 8 * 8 * 8
    assert 2 * largest <= sample_bytes(graph) <= 4 * largest
    monkeypatch.setattr("litesmith.runtime.lockstep.MEMORY_BYTES", 3 * 1.5 * sample_bytes(graph))
    assert affordable_samples(cnn) == 3


@pytest.mark.parametrize("name", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"])
def test_patches_times_weights_are_the_kernels_sums(name: str, tmp_path: Path) -> None:
    """Padding, strides, positions and the layout of weights: against the kernel without its activation."""
    model = EditableModel(write_blocks(tmp_path / "blocks.tflite", size=11 + 1))
    samples = sample_set(tmp_path / "samples", pictures(4, size=12))
    lane = Lane(model, feeds_of(model, samples, range(4)), threads=1)
    tested = 0
    for op in model.main.ops:
        layer = layer_of(op, model.main) if op.name == name else None
        if layer is not None:
            values = lane.values[op.inputs[0]]
            sums = SingleOp(model, op.index, activation="NONE").run_all([values])[0]
            output = sums.shape[1:]
            places = positions(layer, output, rows=40, samples=4, seed=1)
            spec = TensorSpec(name="", dtype="float32", shape=())
            rows = patches(layer, values, output, places, spec=spec)
            made = products(layer, rows, layer.matrix(model.values(op.inputs[1]))) + model.values(layer.bias)
            flat = sums.reshape(4, -1, output[-1])
            wanted = np.concatenate([sample[chosen] for sample, chosen in zip(flat, places, strict=True)])
            np.testing.assert_allclose(made, wanted, rtol=1e-4, atol=1e-4)
            assert np.array_equal(layer.weights(layer.matrix(model.values(op.inputs[1]))), model.values(op.inputs[1]))
            tested += 1
        lane.run(op)
    assert tested


def test_integers_are_padded_with_what_stands_for_zero(tmp_path: Path) -> None:
    model = EditableModel(write_blocks(tmp_path / "blocks.tflite"))
    op = model.main.ops[0]
    layer = layer_of(op, model.main)
    assert layer is not None
    image = np.full((1, 1, 12, 12, 3), 17, np.int8)
    spec = TensorSpec(name="", dtype="int8", shape=(), scale=0.5, zero_point=-3)
    corner = patches(layer, image, (1, 6, 6, 6), [np.array([35])], spec=spec).reshape(3, 3, 3)
    assert np.all(corner[:2, :2] == 10)
    assert np.all(corner[2] == 0)
    assert np.all(corner[:, 2] == 0)
