"""What the official `benchmark_model` printed: LiteRT f6745779 of August 2026, built for arm64, run by qemu.

The models are the variants `int8` and `dynamic_int8` of `examples/fashion_mnist`, and a Keras model of a SimpleRNN,
whose steps a WHILE runs. The times are an emulator's.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from litesmith.benchmark.on_phone import profile_of
from litesmith.benchmark.tool_output import ToolOutput, read_output
from litesmith.benchmark.tool_runs import accelerator_of

RECORDED = Path(__file__).with_name("recorded")


def read(name: str) -> ToolOutput:
    return read_output((RECORDED / name).read_text(encoding="utf-8").splitlines())


def test_a_first_run_with_its_memory() -> None:
    found = read("probe.txt")
    assert (found.init_ms, found.first_ms, found.runs.mean, found.runs.median) == (130.487, 13.203, 7.424, 7.424)
    assert (found.memory_init, found.memory_overall, found.memory_peak) == (5005315, 5267459, 26103775)
    assert [(one.delegate, one.nodes, one.of_nodes, one.partitions, one.graph) for one in found.delegated] == [
        ("TfLiteXNNPackDelegate", 28, 29, 2, "0 (main)")
    ]
    assert accelerator_of(found, gpu=False) == "XNNPACK"
    assert (found.said, found.warnings, found.errors, found.unconsumed) == ([], [], [], "")


def test_operators_that_xnnpack_runs_in_several_parts() -> None:
    """It gives those of one name as one, after no order, and the runtime's own kernels beside them."""
    found = read("operators.txt")
    assert (found.warmup.count, found.runs.count, found.runs.median) == (12, 5, 22.231)
    assert (found.said, found.dropped, found.delegated[0].partitions) == ([], False, 15)
    made = profile_of(found, 5)
    assert made.sum_ms == pytest.approx(22.0616, abs=0.02), "the program's own sum of the timed runs"
    assert len(made.ops) == 17
    slowest = max(made.ops, key=lambda op: op.ms)
    assert slowest.name == "Delegate/Fully Connected (NC, QD8, F32, QC8W) GEMM:0, 7 times"
    assert slowest.ms / made.sum_ms == pytest.approx(0.28, abs=0.02)
    assert sum(op.op == "DEPTHWISE_CONV_2D" for op in made.ops) == 7
    assert made.how.endswith("operators of the same name in several parts of the model are added up in one line")


def test_what_a_loop_runs_is_counted_once() -> None:
    found = read("while.txt")
    assert [(one.nodes, one.of_nodes, one.graph[:2]) for one in found.delegated] == [(3, 5, "0 "), (5, 8, "2 ")]
    made = profile_of(found, 5)
    assert [op.op for op in made.ops if op.ms > made.sum_ms / 2] == ["WHILE"]
    assert made.sum_ms == pytest.approx(27.096, abs=0.01), "the program's own sum of the timed runs"
    assert len(found.tables.nested_ops) == 4 + 11
    assert made.how.endswith("such as WHILE, holds theirs")


def test_a_build_that_does_not_say_what_xnnpack_took() -> None:
    """Release builds for Linux leave out the lines of severity VERBOSE."""
    lines = (RECORDED / "probe.txt").read_text(encoding="utf-8").splitlines()
    quiet = [line for line in lines if not line.startswith("VERBOSE")]
    assert accelerator_of(read_output(quiet), gpu=False) == "CPU or XNNPACK"
    alone = [line for line in quiet if "XNNPACK" not in line]
    assert accelerator_of(read_output(alone), gpu=False) == "CPU"
