"""What delegates take: the partitions the runtime would make, XNNPACK as measured, and the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spelled_tflite import Spelled, write_spelled
from tiny_tflite import write_cnn

from litesmith.core.delegates import DelegateUse, How
from litesmith.core.isolated import Pool
from litesmith.core.layers import layer_names
from litesmith.core.probe import Probe
from litesmith.inspection.delegate import uses
from litesmith.inspection.partition import partitions
from litesmith.runtime.flatbuffer import ModelFile, read_graph
from litesmith.runtime.probe import probe_in

F32 = ("float32", (1, 4))


def uses_of(path: Path, probe: Probe | None = None) -> dict[str, DelegateUse]:
    with ModelFile(path) as file:
        layers = {subgraph.index: layer_names(subgraph) for subgraph in file.graph.subgraphs}
        return {use.delegate: use for use in uses(file, layers, probe)}


def one_op(folder: Path, name: str, given: list[tuple[Any, ...]], made: tuple[Any, ...], **constants: Any) -> Path:
    tensors = {f"t{place}": entry for place, entry in enumerate(given)} | {"y": made}
    read = list(tensors)[:-1]
    fed = [entry for entry in read if entry not in constants]
    return write_spelled(folder / "o.tflite", [Spelled(tensors, [(name, 1, read, ["y"])], fed, ["y"], constants)])


def line(folder: Path, *names: str) -> Path:
    """Operators one after the other."""
    tensors = {f"t{place}": F32 for place in range(len(names) + 1)}
    calls = [(name, 1, [f"t{place}"], [f"t{place + 1}"]) for place, name in enumerate(names)]
    return write_spelled(folder / "l.tflite", [Spelled(tensors, calls, ["t0"], [f"t{len(names)}"])])


def test_pieces_lie_between_what_is_refused(tmp_path: Path) -> None:
    subgraph = read_graph(line(tmp_path, "RELU", "RELU", "SIN", "RELU")).main
    found = partitions(subgraph, {0, 1, 3})
    assert [piece.ops for piece in found] == [(0, 1), (3,)]
    assert (found[0].reads, found[0].writes) == (("t0",), ("t2",))


def test_a_piece_grows_past_operators_that_it_does_not_need(tmp_path: Path) -> None:
    """RELU 0 and RELU 2 are ready together, although SIN 1 stands between them in the order."""
    tensors = dict.fromkeys("xabcd", F32)
    calls = [
        ("RELU", 1, ["x"], ["a"]),
        ("SIN", 1, ["x"], ["b"]),
        ("RELU", 1, ["a"], ["c"]),
        ("ADD", 1, ["b", "c"], ["d"]),
    ]
    subgraph = read_graph(write_spelled(tmp_path / "g.tflite", [Spelled(tensors, calls, ["x"], ["d"])])).main
    assert [piece.ops for piece in partitions(subgraph, {0, 2, 3})] == [(0, 2), (3,)]


def test_nothing_taken_is_no_piece(cnn: Path) -> None:
    assert partitions(read_graph(cnn).main, set()) == ()


def test_pieces_are_those_the_runtime_makes(variants: dict[str, Path], pool: Pool) -> None:
    """XNNPACK's operators, cut by our rule, give XNNPACK's partitions: operators, inputs and outputs."""
    several = 0
    for key, path in variants.items():
        found = probe_in(pool.workers[0], path)
        assert found.partitions is not None, key
        taken = {index for piece in found.partitions for index in piece.ops}
        assert partitions(read_graph(path).main, taken) == found.partitions, key
        several += len(found.partitions) > 1
    assert several > 0


def test_xnnpack_is_measured_and_says_where(cnn: Path, pool: Pool) -> None:
    probe = probe_in(pool.workers[0], cnn)
    use = uses_of(cnn, probe)["XNNPACK"]
    assert (use.how, use.taken, use.ops) == (How.MEASURED, 6, 6)
    assert use.version == f"LiteRT {probe.runtime_version}"
    assert probe.machine in use.note


def test_xnnpack_names_what_it_leaves(int8: Path, pool: Pool) -> None:
    use = uses_of(int8, probe_in(pool.workers[0], int8))["XNNPACK"]
    assert use.taken < use.ops
    assert [(refusal.op, refusal.reason) for refusal in use.refusals] == [("SOFTMAX", "XNNPACK has it for floats only")]


def test_without_a_measurement_xnnpack_has_no_numbers(cnn: Path) -> None:
    use = uses_of(cnn)["XNNPACK"]
    assert (use.taken, use.partitions, use.refusals) == (0, (), ())
    assert use.how is How.NOTHING
    assert use.note == "the model was not run"
    assert uses_of(cnn, Probe(note="it crashed"))["XNNPACK"].note == "it crashed"


def test_the_gpu_takes_a_whole_float_model(cnn: Path) -> None:
    use = uses_of(cnn)["GPU"]
    assert (use.how, use.taken, len(use.partitions), use.refusals) == (How.TABLE, 6, 1, ())


def test_the_gpu_leaves_what_it_has_not(tmp_path: Path) -> None:
    use = uses_of(line(tmp_path, "RELU", "WHERE", "RELU", "RELU"))["GPU"]
    assert [piece.ops for piece in use.partitions] == [(0,), (2, 3)]
    assert [(r.op, r.reason) for r in use.refusals] == [("WHERE", "the GPU delegate does not have it")]
    assert "the largest piece alone, 2 of 4 operators" in use.note


IMAGE, VECTOR = ("float32", (1, 8, 8, 3)), ("float32", (1, 3))
GPU_REFUSED = [
    ("RELU", [("int32", (1, 4))], ("int32", (1, 4)), {}, "it reads int32"),
    ("RELU", [("float32", (1, 2, 2, 2, 2))], ("float32", (1, 2, 2, 2, 2)), {}, "a tensor has 5 dimensions (limit 4)"),
    ("CAST", [("int64", (1, 4))], F32, {}, "it casts int64 to float32"),
    ("DEQUANTIZE", [("int16", (1, 4), 0.1, 0)], F32, {}, "it unpacks int16"),
    ("RESHAPE", [F32, ("int32", (2,))], F32, {}, "it has 2 computed inputs instead of 1"),
    ("MEAN", [IMAGE, ("int32", (2,))], VECTOR, {}, "it has 2 computed inputs instead of 1"),
    ("PAD", [VECTOR, ("int32", (2, 2))], VECTOR, {"t1": np.zeros((2, 2), np.int32)}, "its paddings are [2, 2]"),
    ("ADD", [("float32", (2, 3, 4)), ("float32", (5, 4))], ("float32", (2, 3, 4)), {}, "it broadcasts"),
    ("GATHER", [F32, ("int32", (2, 2))], F32, {}, "its indices have 2 dimensions"),
    ("SLICE", [F32, ("int32", (2,)), ("int32", (2,))], F32, {}, "its input has 2 dimensions instead of 3 or 4"),
]


@pytest.mark.parametrize(("name", "given", "made", "constants", "reason"), GPU_REFUSED)
def test_gpu_conditions(
    tmp_path: Path, name: str, given: list[Any], made: tuple[Any, ...], constants: dict[str, Any], reason: str
) -> None:
    use = uses_of(one_op(tmp_path, name, given, made, **constants))["GPU"]
    assert len(use.refusals) == 1
    assert reason in use.refusals[0].reason


def test_float16_weights_go_to_the_gpu_as_they_are(variants: dict[str, Path]) -> None:
    use = uses_of(variants["plain float16"])["GPU"]
    assert (use.taken, len(use.partitions)) == (use.ops, 1)


def test_the_edge_tpu_takes_integer_models_only(cnn: Path, int8: Path, dynamic: Path) -> None:
    assert uses_of(cnn)["Edge TPU"].taken == 0
    use = uses_of(int8)["Edge TPU"]
    assert (use.taken, use.ops, len(use.partitions)) == (6, 6, 1)
    assert "only edgetpu_compiler decides" in use.note
    assert all("float32" in refusal.reason for refusal in uses_of(dynamic)["Edge TPU"].refusals)


def test_the_edge_tpu_stops_at_the_first_it_has_not(tmp_path: Path) -> None:
    q = ("int8", (1, 4), 0.1, 0)
    tensors = {f"t{place}": q for place in range(4)}
    calls = [("RELU", 1, ["t0"], ["t1"]), ("HARD_SWISH", 1, ["t1"], ["t2"]), ("RELU", 1, ["t2"], ["t3"])]
    use = uses_of(write_spelled(tmp_path / "e.tflite", [Spelled(tensors, calls, ["t0"], ["t3"])]))["Edge TPU"]
    assert (use.taken, [piece.ops for piece in use.partitions]) == (1, [(0,)])
    assert {refusal.op for refusal in use.refusals} == {"HARD_SWISH", "RELU"}
    assert "comes after" in next(r.reason for r in use.refusals if r.op == "RELU")


EDGE_REFUSED = [
    ("RELU", [("int8", (-1, 4), 0.1, 0)], ("int8", (-1, 4), 0.1, 0), {}, "a size is dynamic"),
    ("RELU", [("int8", (2, 3, 3, 4), 0.1, 0)], ("int8", (2, 3, 3, 4), 0.1, 0), {}, "only the 3 innermost dimensions"),
    ("SOFTMAX", [("int8", (1, 20_000), 0.1, 0)], ("int8", (1, 20_000), 0.1, 0), {}, "20000 elements (limit 16000)"),
    ("RELU", [("int16", (1, 4), 0.1, 0)], ("int16", (1, 4), 0.1, 0), {}, "it computes on int16"),
    (
        "MEAN",
        [("int8", (1, 2, 2, 6), 0.1, 0), ("int32", (1,))],
        ("int8", (1, 2, 2), 0.1, 0),
        {"t1": np.array([3], np.int32)},
        "it reduces a depth of 6, no multiple of 4",
    ),
]


@pytest.mark.parametrize(("name", "given", "made", "constants", "reason"), EDGE_REFUSED)
def test_edge_tpu_conditions(
    tmp_path: Path, name: str, given: list[Any], made: tuple[Any, ...], constants: dict[str, Any], reason: str
) -> None:
    use = uses_of(one_op(tmp_path, name, given, made, **constants))["Edge TPU"]
    assert len(use.refusals) == 1
    assert reason in use.refusals[0].reason


def test_measured_statements_stand_first(cnn: Path) -> None:
    assert list(uses_of(cnn)) == ["XNNPACK", "Edge TPU", "GPU"]


@pytest.mark.tensorflow
def test_tensorflows_analyzer_checks_nothing(tmp_path: Path) -> None:
    """It calls an operator compatible that the delegate never had, since its check was taken out (issue 77042).

    When this fails, the check is back: use it beside our table.
    """
    import contextlib
    import io

    import tensorflow as tf

    path = line(tmp_path, "WHERE")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        tf.lite.experimental.Analyzer.analyze(model_path=str(path), gpu_compatibility=True)
    assert "looks compatible with GPU delegate" in printed.getvalue()
    assert uses_of(path)["GPU"].taken == 0


def test_a_large_graph_is_cut_in_good_time(tmp_path: Path) -> None:
    path = write_cnn(tmp_path / "c.tflite")
    subgraph = read_graph(path).main
    assert len(partitions(subgraph, range(0, 6, 2))) == 3
