"""Threads, sustained runs and emulated CPUs, with real models on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from litesmith.benchmark.measure import measure
from litesmith.core.connecting import connect
from litesmith.core.device import Device
from litesmith.core.errors import TargetError, UserError
from litesmith.core.instructions import InstructionCount
from litesmith.targets.local import LocalSession

pytestmark = pytest.mark.slow


class Emulated(LocalSession):
    """This machine, said to be emulated; there is no other way to have an emulated CPU without an emulator."""

    def device(self) -> Device:
        return replace(super().device(), target="emulated", emulated=True)


class Counting(Emulated):
    """The same with a way to count."""

    def instructions(self, models: Mapping[str, Path]) -> Mapping[str, InstructionCount]:
        return {
            key: InstructionCount(
                total=path.stat().st_size, by_class={}, inferences=2, repeats=1, spread=0, cpu="m", emulator="e"
            )
            for key, path in models.items()
            if key != "uncountable"
        }


class Without(Emulated):
    """The same without a plugin."""

    def instructions(self, models: Mapping[str, Path]) -> Mapping[str, InstructionCount]:
        raise TargetError(f"{len(models)} models could not be counted: qemu takes no plugins", hint="Build one.")


def test_a_sweep_times_each_number_of_threads_once(cnn: Path, int8: Path) -> None:
    found = measure(connect("local"), {"a": cnn, "b": int8}, threads=2, warmup_runs=1, runs=12, sweep=(1, 2))
    for made in found.benchmarks.values():
        assert [(one.threads, one.runs) for one in made.by_threads] == [(1, 12), (2, 12)]
        assert made.latency_ms == made.by_threads[1].latency_ms
        assert made.by_threads[0].latency_ms != made.by_threads[1].latency_ms
        for one in made.by_threads:
            assert one.throughput_per_s == pytest.approx(1000 / one.latency_ms.mean)
        assert made.throughput_per_s == made.by_threads[1].throughput_per_s


def test_without_a_sweep_there_is_none(cnn: Path) -> None:
    made = measure(connect("local"), {"a": cnn}, threads=1, warmup_runs=1, runs=2).benchmarks["a"]
    assert (made.by_threads, made.sustained, made.delegate, made.note) == ((), None, "", "")
    assert made.thermal is not None


def test_a_sweep_of_nothing(cnn: Path) -> None:
    with pytest.raises(UserError, match="threads of the sweep is 0"):
        measure(connect("local"), {"a": cnn}, threads=1, warmup_runs=1, runs=2, sweep=(0, 1))


def test_a_sustained_run_lasts_as_long_as_asked_for(cnn: Path, int8: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = measure(
        connect("local"),
        {"a": cnn, "b": int8},
        threads=1,
        warmup_runs=1,
        runs=2,
        sustain_s=0.9,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    for made in found.benchmarks.values():
        run = made.sustained
        assert run is not None
        assert 0.9 <= run.duration_s < 5
        assert len(run.points) == 30
        assert sum(point.runs for point in run.points) == run.runs > 30
        assert run.throughput_per_s == pytest.approx(run.runs / run.duration_s)
        times = [point.t_s for point in run.points]
        assert times == sorted(times)
        assert min(p.p50_ms for p in run.points[:3]) <= run.first_p50_ms <= max(p.p50_ms for p in run.points[:3])
        assert min(p.p50_ms for p in run.points[-3:]) <= run.last_p50_ms <= max(p.p50_ms for p in run.points[-3:])
    assert seen[-1] == (6, 6)  # two models, two rounds, two sustained runs
    assert seen.count((5, 6)) > 20  # it says something while it runs


def test_an_emulated_cpu_has_instructions_and_no_times(cnn: Path, int8: Path) -> None:
    seen: list[tuple[int, int]] = []
    found = measure(
        Counting(),
        {"a": cnn, "uncountable": int8},
        threads=1,
        warmup_runs=5,
        runs=50,
        sweep=(1, 2),
        sustain_s=60,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(1, 2), (2, 2)]  # each model is opened; there are no rounds
    made = found.benchmarks["a"]
    assert (made.latency_ms, made.load_ms, made.first_inference_ms, made.throughput_per_s) == (None,) * 4
    assert (made.by_threads, made.sustained, made.thermal, made.throttled) == ((), None, None, None)
    assert (made.runs, made.rounds, made.warmup_runs) == (0, 0, 0)
    assert made.instructions is not None
    assert made.instructions.total == cnn.stat().st_size
    assert made.peak_memory_bytes > 1e6
    assert made.note == "no sweep of threads and no sustained run, as the CPU is emulated"
    other = found.benchmarks["uncountable"]
    assert other.instructions is None
    assert other.note.startswith("its instructions could not be counted; no sweep")


def test_why_instructions_were_not_counted(cnn: Path) -> None:
    made = measure(Without(), {"a": cnn}, threads=1, warmup_runs=1, runs=1).benchmarks["a"]
    assert (made.instructions, made.note) == (None, "1 models could not be counted: qemu takes no plugins. Build one")
    made = measure(Emulated(), {"a": cnn}, threads=1, warmup_runs=1, runs=1).benchmarks["a"]
    assert made.note == "instructions were not counted: this target cannot"


def test_what_does_not_run_on_an_emulated_cpu_is_told(tmp_path: Path) -> None:
    junk = tmp_path / "junk.tflite"
    junk.write_bytes(b"no model")
    found = measure(Counting(), {"junk": junk}, threads=1, warmup_runs=1, runs=1)
    assert found.benchmarks == {}
    assert "Error" in found.failures["junk"]


def test_a_missing_delegate_says_what_to_install(cnn: Path) -> None:
    with pytest.raises(TargetError, match="the delegate 'edgetpu' is not on local: none of libedgetpu") as caught:
        measure(connect("local"), {"a": cnn}, threads=1, warmup_runs=1, runs=1, delegate="edgetpu")
    assert "libedgetpu1-std" in caught.value.hint


def test_the_name_of_a_board_is_that_of_its_figures(cnn: Path) -> None:
    made = measure(connect("local"), {"a": cnn}, threads=1, warmup_runs=1, runs=1, name="kitchen").benchmarks["a"]
    assert (made.target, made.device.target) == ("kitchen", "local")
