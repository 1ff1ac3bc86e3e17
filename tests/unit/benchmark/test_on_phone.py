"""Timing models with `benchmark_model`, whose stand-in prints the official formats: what becomes of its figures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from local_phone import LocalPhone
from phone_programs import benchmark_model, write_program

from litesmith.benchmark.measure import Timed
from litesmith.benchmark.on_phone import Request, measure_with_tool
from litesmith.benchmark.phone_heat import thermal_of_phone
from litesmith.benchmark.tool_file import find_tool, require_program
from litesmith.benchmark.tool_runs import summary_of
from litesmith.core.errors import ConfigError, TargetError, UnknownNameError, UserError
from litesmith.core.phone import PhoneHeat

ASKED = Request(threads=1, warmup_runs=5, runs=40)


@pytest.fixture
def phone(tmp_path: Path) -> LocalPhone:
    return LocalPhone(tmp_path / "phone")


@pytest.fixture
def models(tmp_path: Path) -> dict[str, Path]:
    found = {}
    for name, size in (("float32", 40_000), ("int8", 10_000)):
        found[name] = tmp_path / f"{name}.tflite"
        found[name].write_bytes(b"\x1c\0\0\0TFL3" + bytes(size - 8))
    (tmp_path / "broken.tflite").write_bytes(b"nothing of the kind")
    return {**found, "broken": tmp_path / "broken.tflite"}


def measured(phone: LocalPhone, models: dict[str, Path], asked: Request = ASKED) -> Timed:
    return measure_with_tool(phone, models, phone.tool(), asked)


def test_figures_and_failures(phone: LocalPhone, models: dict[str, Path]) -> None:
    seen: list[tuple[int, int]] = []
    found = measure_with_tool(phone, models, phone.tool(), ASKED, on_progress=lambda *told: seen.append(told))
    assert found.failures == {"broken": "benchmark_model failed: code 1: The model is not a valid Flatbuffer buffer"}
    assert seen == [(done, 8) for done in range(1, 9)]
    for name, mean in (("float32", 0.5), ("int8", 0.2)):
        made = found.benchmarks[name]
        assert (made.latency_ms, made.typical_ms, made.typical_word) == (None, mean, "average")
        assert (made.threads, made.runs, made.rounds, made.warmup_runs) == (1, 40, 5, 5)
        summary = made.program.summary_ms
        assert (summary.runs, summary.rounds, summary.mean, summary.min) == (40, 5, mean, round(mean - 0.01, 3))
        assert (summary.median, summary.p95) == (round(mean - 0.001, 3), round(mean + 0.029, 3))
        assert (made.first_inference_ms, made.load_ms) == (round(3 * mean, 3), 1.5)
        assert (made.peak_memory_bytes, made.model_memory_bytes) == (8.25 * 2**20, 3.625 * 2**20)
        assert made.program.accelerator == "XNNPACK"
        assert [(one.nodes, one.of_nodes) for one in made.program.delegated] == [(3, 4)]
        assert made.device.runtime.startswith("benchmark_model ")
        assert made.note == ""


def test_rounds_are_interleaved_and_in_fresh_processes(phone: LocalPhone, models: dict[str, Path]) -> None:
    measured(phone, models)
    timed = [
        next(word for word in command if word.startswith("--graph"))
        for command in phone.commands
        if "--warmup_runs=5" in command
    ]
    assert len(timed) == 10
    assert all(set(timed[i : i + 2]) == {f"--graph={models[n]}" for n in ("float32", "int8")} for i in range(0, 10, 2))
    assert len({tuple(timed[i : i + 2]) for i in range(0, 10, 2)}) == 2, "always in the same order"


def test_threads_cores_and_operators(phone: LocalPhone, models: dict[str, Path]) -> None:
    del models["broken"]
    found = measured(phone, models, replace(ASKED, sweep=(1, 2), cores="big", ops=True, sustain_s=5.0))
    made = found.benchmarks["float32"]
    assert [(one.threads, one.runs, one.latency_ms, one.summary_ms.mean) for one in made.by_threads] == [
        (1, 40, None, 0.5),
        (2, 40, None, 0.3),
    ]
    assert made.program.cores == "big: 1"
    assert all(c[:2] == ["taskset", "2"] for c in phone.commands if "--warmup_runs=5" in c)
    assert made.thermal.clock_most_mhz == 2800.0
    profiled = [c for c in phone.commands if "--enable_op_profiling=true" in c]
    assert len(profiled) == 2
    assert all("--allow_dynamic_profiling_buffer_increase=true" in c for c in profiled)
    assert made.op_profile.apart is False
    assert [op.op for op in made.op_profile.ops][:2] == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert made.op_profile.ops[0].ms == 0.061
    assert made.note == "no sustained run, as benchmark_model only sums up its runs"


def test_the_gpu_that_takes_nothing_is_a_failure(phone: LocalPhone, models: dict[str, Path]) -> None:
    found = measured(phone, models, replace(ASKED, gpu=True))
    assert found.benchmarks == {}
    assert found.failures["int8"] == "the GPU took no operator of it: the times would have been the CPU's"


def test_an_emulated_phone_reports_no_times(phone: LocalPhone, models: dict[str, Path]) -> None:
    phone.emulated = True
    made = measured(phone, models, replace(ASKED, ops=True)).benchmarks["int8"]
    assert (made.typical_ms, made.latency_ms, made.load_ms, made.first_inference_ms, made.runs) == (None,) * 4 + (0,)
    assert (made.program.summary_ms, made.op_profile, made.thermal, made.throughput_per_s) == (None,) * 4
    assert made.peak_memory_bytes == 8.25 * 2**20
    assert made.note == "no times and no times of operators, as the phone is emulated"


def test_heat_is_recorded_and_throttling_flagged(phone: LocalPhone, models: dict[str, Path]) -> None:
    phone.heats = [PhoneHeat(status=0, battery_c=30.0), PhoneHeat(status=2, battery_c=33.5, clock_mhz=900.0)]
    made = measured(phone, models).benchmarks["int8"]
    assert made.throttled is True
    assert made.thermal.reasons == ("Android reported thermal status moderate",)
    assert (made.thermal.before.battery_c, made.thermal.after.battery_c) == (30.0, 33.5)
    assert made.thermal.after.holding == ("thermal status moderate",)


def test_what_a_phone_does_not_say_is_not_known() -> None:
    assert thermal_of_phone([PhoneHeat(), PhoneHeat()]).throttled is None
    assert thermal_of_phone([PhoneHeat(cooling=0), PhoneHeat(cooling=0)]).throttled is False
    assert thermal_of_phone([PhoneHeat(status=0), PhoneHeat(cooling=3)]).throttled is True


@pytest.mark.parametrize("name", ["threads", "runs", "warmup_runs"])
def test_a_count_below_one(phone: LocalPhone, models: dict[str, Path], name: str) -> None:
    with pytest.raises(UserError, match="is 0; it must be at least 1"):
        measured(phone, models, replace(ASKED, **{name: 0}))


def test_cores_that_are_not_there(phone: LocalPhone, models: dict[str, Path]) -> None:
    with pytest.raises(UnknownNameError, match="unknown cores 'bigg'"):
        measured(phone, models, replace(ASKED, cores="bigg"))
    phone.groups = phone.groups[:1]
    with pytest.raises(ConfigError, match=r"the cores of adb:LOCAL are all of one kind"):
        measured(phone, models, replace(ASKED, cores="big"))


def test_another_program_is_no_benchmark_model(phone: LocalPhone, models: dict[str, Path], tmp_path: Path) -> None:
    other = write_program(tmp_path / "other", "echo hello; exit 7", machine="x86_64")
    with pytest.raises(TargetError, match=r"no benchmark_model, or does not run on adb:LOCAL: code 7, 'hello'"):
        measure_with_tool(phone, models, other, ASKED)


def test_an_option_it_does_not_know_is_an_error(phone: LocalPhone, models: dict[str, Path], tmp_path: Path) -> None:
    text = (
        "[ \"$1\" = --help ] && echo 'Flags: --graph=' && exit 1\n"
        "echo 'WARN: Unconsumed cmdline flags: --warmup_min_secs=0'\n"
        "echo 'INFO: count=1 curr=5'\necho 'INFO: count=1 curr=5'\n"
        "echo 'INFO: Inference timings in us: Init: 1, First inference: 5, Warmup (avg): 5, Inference (avg): 5'"
    )
    old = write_program(tmp_path / "old", text, machine="x86_64")
    with pytest.raises(TargetError, match="does not know --warmup_min_secs=0"):
        measure_with_tool(phone, models, old, ASKED)


def test_operators_left_out_fail_the_model(phone: LocalPhone, models: dict[str, Path]) -> None:
    tool = phone.tool()
    text = benchmark_model().replace("exit 0\n", "echo 'INFO: Warning: Dropping ProfileBuffer event.' >&2; exit 0\n")
    write_program(tool, text, machine="x86_64")
    asked = {"int8": models["int8"]}
    assert measure_with_tool(phone, asked, tool, ASKED).failures == {}
    found = measure_with_tool(phone, asked, tool, replace(ASKED, ops=True))
    assert "cannot time so many operators, and left some out" in found.failures["int8"]


def test_rounds_of_a_summary_are_put_together_exactly() -> None:
    from benchmark_model_texts import run_text

    from litesmith.benchmark.tool_output import read_output

    rounds = [read_output(run_text(mean_us=mean, runs=runs)) for mean, runs in ((100, 10), (200, 30))]
    made = summary_of(rounds)
    assert (made.runs, made.mean, made.min, made.max) == (40, 0.175, 0.09, 0.23)
    assert made.std == pytest.approx((0.007**2 + 0.25 * 0.75 * 0.1**2) ** 0.5)
    assert made.median == 0.1
    old = [read_output(run_text(percentiles=False)), rounds[0]]
    assert summary_of(old).median is None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no program, and an ELF program is needed"),
        (b"#!/bin/sh\necho hello there, this is a script\n", "is a script, and an ELF program"),
        (b"PK\x03\x04" + bytes(40), "is an archive or app, and an ELF"),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x01\x00\xb7\x00" + bytes(40), "an ELF file of type 1, and no program"),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(40), "for x86_64, and adb:A runs arm64-v8a"),
        (b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x15\x00" + bytes(40), "for ELF machine 21, and adb:A"),
    ],
)
def test_files_that_are_no_program_for_the_phone(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "benchmark_model"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        require_program(path, ("arm64-v8a", "armeabi-v7a"), where="adb:A")
    assert words in caught.value.message
    assert "arm64-v8a" in caught.value.hint


def test_where_the_program_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert find_tool("", ("arm64-v8a", "armeabi-v7a"), where="adb:A") is None
    place = tmp_path / "litesmith" / "programs" / "arm64-v8a"
    place.mkdir(parents=True)
    made = write_program(place / "benchmark_model", "exit 0", machine="aarch64")
    assert find_tool("", ("arm64-v8a", "armeabi-v7a"), where="adb:A") == made
    assert find_tool("", ("x86_64",), where="adb:A") is None
    with pytest.raises(ConfigError, match=r"cannot read .*nowhere: No such file"):
        find_tool(str(tmp_path / "nowhere"), ("arm64-v8a",), where="adb:A")
