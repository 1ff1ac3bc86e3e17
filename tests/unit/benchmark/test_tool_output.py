"""Reading what `benchmark_model` prints: every version's format, cut off, and with figures that are none."""

from __future__ import annotations

import math
import random

import pytest
from benchmark_model_texts import MASKED, OPS, UNKNOWN_VERSION, kinds_text, litert_text, profile_text, run_text

from litesmith.benchmark.tool_output import errors_of, read_output
from litesmith.core.errors import TargetError


@pytest.mark.parametrize(
    ("lines", "percentiles"),
    [
        (run_text(percentiles=False, prefix=""), False),
        (run_text(percentiles=False), False),
        (run_text(), True),
        (litert_text(), True),
    ],
    ids=["without severity", "TensorFlow 2.14 to 2.17", "LiteRT 1.2 to 2.2", "benchmark_litert_model"],
)
def test_figures_of_every_version(lines: list[str], percentiles: bool) -> None:
    found = read_output(lines)
    assert (round(found.init_ms, 2), found.first_ms) == (1.23, 0.24)
    assert (found.warmup.count, found.warmup.mean) == (10, 0.11)
    runs = found.runs
    assert (runs.count, runs.first, runs.last) == (50, 0.13, 0.1)
    assert (runs.min, runs.max, runs.mean, runs.std) == (0.09, 0.13, 0.10025, 0.007)
    assert (runs.p5, runs.median, runs.p95) == ((0.091, 0.1, 0.129) if percentiles else (None, None, None))
    assert found.memory_init == 2.5 * 2**20
    assert found.memory_overall // 2**18 == 14
    assert [(d.delegate, d.nodes, d.of_nodes, d.partitions, d.graph) for d in found.delegated] == [
        ("TfLiteXNNPackDelegate", 3, 4, 2, "0 (main)")
    ]
    assert (found.said, found.warnings, found.errors) == ([], [], [])


def test_peak_memory_where_it_is_printed() -> None:
    assert read_output(run_text()).memory_peak == 8.25 * 2**20
    assert read_output([line for line in run_text() if "periodic" not in line]).memory_peak is None


@pytest.mark.parametrize("csv", [False, True])
@pytest.mark.parametrize("start", [False, True])
def test_operators_as_text_and_as_csv(csv: bool, start: bool) -> None:
    found = read_output([*run_text(), *profile_text(csv=csv, start=start)])
    assert [(op.type, op.name.replace("\t", ","), op.times_called) for op in found.ops] == [
        (kind, name, 1) for kind, name, _ in OPS
    ]
    assert [op.ms * 1000 for op in found.ops] == pytest.approx([us for _, _, us in OPS], abs=0.5)
    assert found.said == []


def test_operators_of_litert() -> None:
    found = read_output(litert_text(profile=True))
    assert [(op.type, op.name) for op in found.ops] == [(kind, f"[Builtin]:{i}") for i, (kind, _, _) in enumerate(OPS)]
    assert found.said == []


def test_runs_that_are_all_the_same_and_a_single_one() -> None:
    lines = ["INFO: count=1 curr=7 p5=7 median=7 p95=7", "INFO: count=50 curr=7(all same) p5=7 median=7 p95=7"]
    found = read_output(
        [*lines, "INFO: Inference timings in us: Init: 5, First inference: 7, Warmup (avg): 7, Inference (avg): 7"]
    )
    assert (found.warmup.count, found.warmup.min, found.runs.count, found.runs.std) == (1, 0.007, 50, 0.0)


@pytest.mark.parametrize(
    ("words", "nodes", "of", "parts", "graph"),
    [
        (MASKED + "the whole graph.", 3, 4, 2, ""),
        (MASKED + "subgraph 1.", 3, 4, 2, "1"),
        (MASKED + "subgraph 0 (main).", 3, 4, 2, "0 (main)"),
        ("Replacing 64 node(s) with delegate (TfLiteGpuDelegateV2) node, yielding 3 partitions.", 64, None, 3, ""),
    ],
)
def test_what_a_delegate_took(words: str, nodes: int, of: int | None, parts: int, graph: str) -> None:
    one = read_output([*run_text()[:-1], f"INFO: {words}"]).delegated[0]
    assert (one.nodes, one.of_nodes, one.partitions, one.graph) == (nodes, of, parts, graph)


def test_a_delegate_that_was_asked_for() -> None:
    asked = "Explicitly applied GPU delegate, and the model graph will be"
    said = {
        f"{asked} completely executed by the delegate.": "completely",
        f"{asked} partially executed by the delegate w/ 2 delegate kernels.": "partially",
        "Though GPU delegate is explicitly applied, the model graph will not be executed by the delegate.": "not",
    }
    for line, share in said.items():
        assert read_output([*run_text(), f"INFO: {line}"]).applied == {"GPU": share}


def test_options_the_program_does_not_know() -> None:
    found = read_output([*run_text(), "WARN: Unconsumed cmdline flags: --enable_op_profiling=true"])
    assert found.unconsumed == "--enable_op_profiling=true"


def test_errors_come_first_the_telling_one() -> None:
    assert errors_of(["ERROR: Benchmarking failed.", *UNKNOWN_VERSION])[0].startswith(
        "Didn't find op for builtin opcode"
    )
    with pytest.raises(TargetError, match=r"did not print the runs to warm up; its last line is 'ERROR: Benchmarking"):
        read_output(UNKNOWN_VERSION)


def test_operators_the_profiler_had_no_place_for() -> None:
    lines = [*run_text(), *profile_text()]
    assert read_output([*lines, "INFO: Warning: Dropping ProfileBuffer event."]).dropped is True
    grown = read_output([*lines, "INFO: Warning: Doubling internal profiling buffer."])
    assert (grown.dropped, grown.said) == (False, [])


def test_lines_nobody_knows_are_kept() -> None:
    found = read_output([*run_text(), "WARNING: linker: unsupported flags", "hello", "WARN: something else"])
    assert (found.said, found.warnings) == (["hello"], ["linker: unsupported flags", "something else"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("avg=100.25", "avg=", "line that cannot be read: 'count=50"),
        ("min=90", "min=abc", "line that cannot be read: 'count=50"),
        (" min=90 max=130 avg=100.25 std=7 p5=91 median=100 p95=129", "", "50 runs without their spread"),
        ("Init: 1234, ", "", "line that cannot be read: 'Inference timings"),
        ("overall=3.625", "overall=", "line that cannot be read: 'Memory footprint"),
        ("monitoring: 8.25", "monitoring: much", "line that cannot be read: 'Overall peak"),
        ("Replacing 3 out", "Replacing three out", "line that cannot be read: 'Replacing three"),
        ("Inference (avg): 100.25", "Inference (avg): 10.25", "two averages of the same runs: 0.10025 and 0.01025"),
        ("count=50 first=130", "count=0 first=130", "ran no inference"),
        ("avg=100.25", "avg=999", "an average that is outside of its runs"),
    ],
)
def test_figures_that_are_none(old: str, new: str, message: str) -> None:
    lines = [line.replace(old, new) for line in run_text()]
    assert lines != run_text(), "the fault was not planted"
    with pytest.raises(TargetError) as caught:
        read_output(lines)
    assert message in caught.value.message


def test_cut_off_at_every_line() -> None:
    """However much of the end is missing, there is an error, or every figure of the runs is there."""
    whole = run_text()
    enough = 1 + next(i for i, line in enumerate(whole) if "Inference timings" in line)
    for end in range(enough):
        with pytest.raises(TargetError, match="did not print"):
            read_output(whole[:end])
    for end in range(enough, len(whole)):
        found = read_output(whole[:end])
        assert (found.runs.mean, found.first_ms) == (0.10025, 0.24)


def test_a_cut_off_table() -> None:
    lines = profile_text()
    place = max(i for i, line in enumerate(lines) if "DEPTHWISE" in line and "[a, b;c]" in line)
    with pytest.raises(TargetError, match="a row of 'Top by Computation Time' that cannot be read"):
        read_output([*run_text(), *lines[:place], lines[place][:60]])
    first = min(i for i, line in enumerate(lines) if "[a, b;c]" in line)
    with pytest.raises(TargetError, match="printed 2 operators and says that it ran 3"):
        read_output([*run_text(), *lines[:first], *lines[first + 1 :]])
    with pytest.raises(TargetError, match="the unknown column 'joules'"):
        read_output([*run_text(), *(line.replace("[first]", "[joules]") for line in lines)])
    assert "Number of nodes executed" in kinds_text()


@pytest.mark.parametrize("lines", [[*run_text(), *profile_text()], litert_text(profile=True)], ids=["tflite", "litert"])
def test_whatever_is_changed_there_are_figures_or_an_error(lines: list[str]) -> None:
    """Characters lost, doubled and replaced anywhere: never another exception, and never a time that is none."""
    chance, text = random.Random(7), "\n".join(lines)
    refused = 0
    for _ in range(300):
        broken = list(text)
        for _ in range(chance.choice((1, 1, 3, 20))):
            place = chance.randrange(len(broken))
            broken[place : place + chance.choice((0, 1, 1, 40))] = chance.choice(
                ("", "9", ".", " ", "\n", "\t", "nan", "count=")
            )
        try:
            found = read_output("".join(broken).split("\n"))
        except TargetError:
            refused += 1
        else:
            assert found.runs is not None
            assert found.runs.count > 0
            for value in (
                found.first_ms,
                found.runs.min,
                found.runs.mean,
                found.runs.max,
                *(op.ms for op in found.ops),
            ):
                assert math.isfinite(value)
    assert refused > 30
