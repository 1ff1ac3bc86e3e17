"""Benchmarks and golden vectors over real adb, with stand-ins on the phone for `benchmark_model`, `pm` and `am`.

They print the formats of the sources. The last test runs the official program, where LITESMITH_BENCHMARK_MODEL names
one that was built for arm64. No real phone was met.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_programs import benchmark_model, install, parity_of, write_program, write_tools
from phone_sessions import GOOD, GOOD_PHONE, opened
from virtual_phone import PROPERTIES, Room

from litesmith import api
from litesmith.benchmark.instrumented import measure_instrumented
from litesmith.benchmark.on_phone import Request, measure_with_tool
from litesmith.cli.main import main
from litesmith.core.errors import TargetError
from litesmith.core.files import sha256_file
from litesmith.phone.session import PhoneSession
from litesmith.pipeline.verifying_phones import said_on_phone

pytestmark = pytest.mark.device
PACKAGE = "com.example.app"
OFFICIAL = "LITESMITH_BENCHMARK_MODEL"
ASKED = Request(threads=2, warmup_runs=2, runs=2)


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tool")
    return write_program(folder / "benchmark_model", benchmark_model(), machine="aarch64", shell="/system/bin/sh")


@pytest.fixture(scope="module")
def state(phones: Room) -> Iterator[Path]:
    """What the stand-ins for `pm` and `am` know, which is nothing yet."""
    root = phones.roots[GOOD_PHONE.name]
    made = root / "system/stand-in/tests"
    made.mkdir()
    made.chmod(0o777)
    write_tools(root / "system/bin", "/system/stand-in/tests", shell="/system/bin/sh")
    yield made
    for file in (root / "system/bin/pm", root / "system/bin/am", *made.iterdir()):
        file.unlink()
    made.rmdir()


@pytest.fixture(scope="module")
def session(phones: Room, state: Path) -> Iterator[PhoneSession]:
    """A session on a phone that says that it is no emulator: only then are figures shown. They are the stand-in's."""
    hardware = phones.roots[GOOD_PHONE.name] / "system/stand-in/ro.hardware"
    hardware.write_text("standin\n")
    try:
        made = opened(GOOD)
        assert made.device().emulated is False  # it is asked once in a session
    finally:
        hardware.write_text(f"{PROPERTIES['ro.hardware']}\n")
    yield made
    made.close()


def test_neither_program_nor_test(session: PhoneSession, models: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="has nothing that can time these models") as caught:
        measure_instrumented(session, {"int8": sha256_file(models["int8"])}, ASKED)
    assert "./gradlew :library:installDebugAndroidTest" in caught.value.hint


def test_figures_of_the_program(session: PhoneSession, phones: Room, models: dict[str, Path], tool: Path) -> None:
    broken = tool.with_name("broken.tflite")
    broken.write_bytes(b"no model at all")
    asked = Request(threads=2, warmup_runs=2, runs=2, cores="little", ops=True)
    found = measure_with_tool(session, {"int8": models["int8"], "broken": broken}, tool, asked)
    assert found.failures == {"broken": "benchmark_model failed: code 1: The model is not a valid Flatbuffer buffer"}
    made = found.benchmarks["int8"]
    assert made.program is not None
    assert made.thermal is not None
    assert made.op_profile is not None
    assert made.summary_ms is not None
    mean = (100 + os.path.getsize(models["int8"]) // 100 // 2) / 1000
    assert (made.latency_ms, made.typical_ms, made.runs, made.rounds) == (None, mean, 2, 2)
    assert (made.program.cores, made.program.accelerator, made.program.said) == ("little: 0-3", "XNNPACK", ())
    assert (made.peak_memory_bytes, made.program.delegated[0].nodes) == (8.25 * 2**20, 3)
    assert (made.thermal.before.battery_c, made.thermal.clock_most_mhz) == (28.1, 1803.0)
    assert made.thermal.reasons == ("the kernel lowered the clock against heat (step 2)",)
    assert [op.op for op in made.op_profile.ops[:2]] == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert (made.device.os, made.device.emulated) == ("Android 14 (SDK 34)", False)
    if (os.cpu_count() or 1) <= 4:  # cores that the emulator says are there, and this machine has not
        with pytest.raises(TargetError, match=r"the chosen cores cannot be used on .*: taskset: failed to set"):
            measure_with_tool(
                session, {"int8": models["int8"]}, tool, Request(threads=1, warmup_runs=1, runs=1, cores="big")
            )


def test_the_benchmark_of_a_generated_project(session: PhoneSession, state: Path, models: dict[str, Path]) -> None:
    digest = sha256_file(models["int8"])
    said = {
        "schema_version": 1, "model_sha256": digest, "accelerator": "CPU", "runtime": "LiteRT 2.3.2", "threads": 2,
        "load_ms": 12.5, "first_ms": 4.0, "warmup": 2, "latencies_ms": [1.0, 2.0, 3.0],
        "thermal_before": 0, "thermal_after": 0,
    }  # fmt: skip
    install(state, PACKAGE, {("BenchmarkTest", "CPU"): {"litesmith.benchmark": said}})
    found = measure_instrumented(session, {"int8": digest, "float32": sha256_file(models["float32"])}, ASKED)
    assert found.benchmarks["int8"].latency_ms is not None
    assert found.benchmarks["int8"].latency_ms.p50 == 2.0
    assert found.unmeasured == {"float32": f"its benchmark is not installed on {GOOD}"}


def test_golden_vectors(session: PhoneSession, state: Path, models: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "android"
    api.bundle(models["int8"], "android", folder, package="com.other", takes="tensors")
    with pytest.raises(TargetError, match=r"the test of com.other.library is not installed") as caught:
        said_on_phone(session, folder, gpu=False)
    assert caught.value.hint == f"In {folder}, type: ./gradlew :library:installDebugAndroidTest"
    install(state, "com.other", {("ParityTest", "CPU"): {"litesmith.parity": parity_of(folder)}})
    (said,) = said_on_phone(session, folder, gpu=False)
    assert said.events[-1]["verdict"] == "identical"
    assert said.device.runtime == "LiteRT 2.3.2"


def test_the_command_on_an_emulated_phone_shows_no_times(
    phones: Room, models: dict[str, Path], tool: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--target", GOOD, "--benchmark-binary", str(tool), "--json", "--quiet")
    assert main(["benchmark", str(models["int8"]), *options]) == 0
    (one,) = json.loads(capsys.readouterr().out)["variants"][0]["benchmarks"]
    assert (one["latency_ms"], one["load_ms"], one["program"]["summary_ms"], one["thermal"]) == (None,) * 4
    assert (one["peak_memory_bytes"], one["note"]) == (8.25 * 2**20, "no times, as the phone is emulated")
    assert one["device"]["emulated"] is True


@pytest.fixture
def official() -> Path:
    """The official program for arm64."""
    if not os.environ.get(OFFICIAL):
        pytest.skip(f"{OFFICIAL} names no benchmark_model for arm64")
    return Path(os.environ[OFFICIAL]).resolve(strict=True)


def test_the_official_program(session: PhoneSession, models: dict[str, Path], official: Path, tmp_path: Path) -> None:
    """Its times are an emulator's and are looked at for consistency only."""
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model at all")
    asked = Request(threads=1, warmup_runs=1, runs=4, cores="little", ops=True)
    found = measure_with_tool(session, {**models, "broken": broken}, official, asked)
    assert found.failures == {"broken": "benchmark_model failed: code 1: The model is not a valid Flatbuffer buffer"}
    for name in models:
        made = found.benchmarks[name]
        assert made.program is not None
        assert made.op_profile is not None
        assert made.summary_ms is not None
        assert made.peak_memory_bytes is not None
        assert made.model_memory_bytes is not None
        assert (made.summary_ms.runs, made.summary_ms.rounds, made.program.said) == (4, 4, ())
        assert made.program.accelerator in ("XNNPACK", "CPU or XNNPACK")
        assert made.peak_memory_bytes > made.model_memory_bytes > 0
        assert made.op_profile.sum_ms == pytest.approx(sum(op.ms for op in made.op_profile.ops))
