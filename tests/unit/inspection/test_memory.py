"""The planned arena, against plans by hand and against what the runtime really takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from spelled_tflite import Spelled, write_spelled
from tiny_tflite import write_cnn

from litesmith.core.isolated import Pool
from litesmith.core.layers import layer_names
from litesmith.inspection.memory import planned
from litesmith.runtime.arena import plan
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.probe import probe_in
from litesmith.runtime.scratch import scratch_bytes


def chain(folder: Path, *ops: tuple[str, int], first: int = 64) -> Path:
    """Write operators one after the other, each with an output of so many floats."""
    tensors, calls, last = {"t0": ("float32", (first,))}, [], "t0"
    for place, (name, size) in enumerate(ops):
        tensors[f"t{place + 1}"] = ("float32", (size,))
        calls.append((name, 1, [last], [f"t{place + 1}"]))
        last = f"t{place + 1}"
    return write_spelled(folder / "chain.tflite", [Spelled(tensors, calls, ["t0"], [last])])


def size(path: Path) -> int:
    made = plan(read_graph(path).main)
    assert made is not None
    return made.size_bytes


def test_input_and_output_stay_and_what_lies_between_takes_turns(tmp_path: Path) -> None:
    """256 bytes of input throughout; a, b, c alternate; the output takes the place that is free."""
    assert size(chain(tmp_path, ("TANH", 64), ("TANH", 64), ("TANH", 64), ("TANH", 64))) == 256 + 2 * 256


def test_blocks_are_aligned_to_64_bytes(tmp_path: Path) -> None:
    assert size(chain(tmp_path, ("TANH", 1), ("TANH", 1), first=1)) == 128 + 4


def test_a_reshape_takes_no_memory_of_its_own(tmp_path: Path) -> None:
    plain = size(chain(tmp_path, ("TANH", 64), ("TANH", 64), ("TANH", 1)))
    shared = size(chain(tmp_path, ("TANH", 64), ("RESHAPE", 64), ("TANH", 1)))
    assert (plain, shared) == (3 * 256, 2 * 256 + 4)


def test_the_busiest_operator(cnn: Path) -> None:
    subgraph = read_graph(cnn).main
    total, busiest = planned(subgraph, {0: layer_names(subgraph)})
    assert total is not None
    assert busiest is not None
    assert (busiest.op, busiest.layer) == ("CONV_2D", "conv")


def test_a_dynamic_size_has_no_plan(dynamic: Path) -> None:
    subgraph = read_graph(dynamic).main
    assert planned(subgraph, {}) == (None, None)
    assert plan(subgraph, dynamic=1) is not None


@pytest.mark.parametrize(
    "key",
    ["plain float32", "plain float16", "plain int8 int8", "plain int8 float32", "plain int16x8", "sine int8 int8"],
)
def test_the_plan_is_what_the_runtime_takes(variants: dict[str, Path], pool: Pool, key: str) -> None:
    path = next(path for name, path in variants.items() if name.startswith(key))
    made = plan(read_graph(path).main, dynamic=1)
    assert made is not None
    assert made.size_bytes == probe_in(pool.workers[0], path).arena_bytes


def ending_in_one(folder: Path, *calls: tuple[str, list[str], str]) -> Path:
    """Write operators on 640 floats, from `x` on, and take one number of the last."""
    tensors = dict.fromkeys(dict.fromkeys(["x", *(made for _, _, made in calls)]), ("float32", (1, 640)))
    ends = {"begin": ("int32", (2,)), "size": ("int32", (2,)), "y": ("float32", (1, 1))}
    ops = [(name, 1, read, [made]) for name, read, made in calls]
    ops.append(("SLICE", 1, [calls[-1][2], "begin", "size"], ["y"]))
    constants = {"begin": np.zeros(2, np.int32), "size": np.ones(2, np.int32)}
    return write_spelled(folder / "end.tflite", [Spelled({**tensors, **ends}, ops, ["x"], ["y"], constants)])


SHARING = [
    ([("TANH", ["x"], "a"), ("TANH", ["a"], "b")], 3),
    ([("TANH", ["x"], "a"), ("SOFTMAX", ["a"], "b")], 2),
    ([("SOFTMAX", ["x"], "a")], 2),  # the input is left as it is
    ([("TANH", ["x"], "a"), ("ADD", ["a", "a"], "b")], 3),  # read twice
    ([("TANH", ["x"], "a"), ("ADD", ["x", "a"], "b")], 2),
    ([("TANH", ["x"], "a"), ("SQUEEZE", ["a"], "s"), ("ADD", ["s", "x"], "b")], 2),
    ([("TANH", ["x"], "a"), ("SQUEEZE", ["a"], "s"), ("ADD", ["s", "a"], "b")], 3),  # the owner is read twice
]


@pytest.mark.parametrize(("calls", "blocks"), SHARING)
def test_what_is_written_over_is_what_the_runtime_writes_over(
    tmp_path: Path, pool: Pool, calls: list[tuple[str, list[str], str]], blocks: int
) -> None:
    path = ending_in_one(tmp_path, *calls)
    found = probe_in(pool.workers[0], path)
    assert found.arena_note == ""
    assert size(path) == found.arena_bytes
    assert size(path) // (4 * 640) == blocks


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL", "DIV", "MAXIMUM"])
@pytest.mark.parametrize("again", [False, True])
def test_an_operand_is_written_over_when_nothing_else_reads_it(
    tmp_path: Path, pool: Pool, name: str, again: bool
) -> None:
    """A second reader of both operands keeps them."""
    tensors = dict.fromkeys("xabcdefg", ("float32", (640,)))
    calls = [
        ("TANH", 1, ["x"], ["a"]),
        ("TANH", 1, ["x"], ["b"]),
        (name, 1, ["a", "b"], ["c"]),
        ("TANH", 1, ["c"], ["d"]),
        ("TANH", 1, ["a"] if again else ["d"], ["e"]),
        ("TANH", 1, ["b"] if again else ["e"], ["f"]),
        ("MAXIMUM", 1, ["e", "f"], ["g"]),
    ]
    path = write_spelled(tmp_path / "two.tflite", [Spelled(tensors, calls, ["x"], ["g"])])
    assert size(path) == probe_in(pool.workers[0], path).arena_bytes


def test_a_convolution_of_floats_with_integer_weights_unrolls_integers(tmp_path: Path) -> None:
    """3x3 over 8x8x4 to 6 channels: unrolled and quantized input in bytes, scales, sums and offsets in four bytes."""
    tensors = {
        "x": ("float32", (1, 8, 8, 4)),
        "w": ("int8", (6, 3, 3, 4), [0.1] * 6, 0),
        "y": ("float32", (1, 8, 8, 6)),
    }
    calls = [("CONV_2D", 1, ["x", "w"], ["y"])]
    graph = read_graph(write_spelled(tmp_path / "mixed.tflite", [Spelled(tensors, calls, ["x"], ["y"])])).main
    assert scratch_bytes(graph.ops[0], graph.tensors) == (64 * 36, 256, 4 * 64, 4 * 64 * 6, 4 * 64)


@pytest.mark.parametrize("key", ["plain dynamic_int8", "plain weight_only_int8"])
def test_scratch_behind_the_last_activation_is_planned_and_not_measured(
    variants: dict[str, Path], pool: Pool, key: str
) -> None:
    path = next(path for name, path in variants.items() if name.startswith(key))
    made = plan(read_graph(path).main, dynamic=1)
    assert made is not None
    assert made.activation_bytes == probe_in(pool.workers[0], path).arena_bytes


def test_a_larger_model_too(tmp_path: Path, pool: Pool) -> None:
    path = write_cnn(tmp_path / "large.tflite", size=64, channels=24)
    assert size(path) == probe_in(pool.workers[0], path).arena_bytes


def test_a_graph_beyond_reason_is_not_planned() -> None:
    from dataclasses import replace

    from litesmith.core.graph import GraphTensor, Subgraph

    tensor = GraphTensor(
        index=0, name="", dtype="int8", shape=(1,), size_bytes=0, constant=False, scales=0, scale=0.0, zero_point=0
    )
    many = tuple(replace(tensor, index=index) for index in range(10_001))
    assert plan(Subgraph(index=0, name="", tensors=many, ops=(), inputs=(0,), outputs=())) is None


def test_a_kernel_that_asks_for_more_than_any_memory_is_not_planned(tmp_path: Path) -> None:
    """The unrolled input is 2^70 bytes: the file's sizes are not believed."""
    wide = 1 << 20
    tensors = {
        "x": ("float32", (1, 8, 8, 4)),
        "w": ("float32", (1, wide, wide, wide)),
        "y": ("float32", (1, 64, 64, 1)),
    }
    calls = [("CONV_2D", 1, ["x", "w"], ["y"])]
    path = write_spelled(tmp_path / "vast.tflite", [Spelled(tensors, calls, ["x"], ["y"])])
    assert plan(read_graph(path).main) is None
