"""The instrumented benchmark of a generated project: its figures, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from local_phone import LocalPhone
from phone_programs import install

from litesmith.benchmark.instrumented import measure_instrumented
from litesmith.benchmark.on_phone import Request
from litesmith.core.errors import ConfigError, TargetError

ASKED = Request(threads=2, warmup_runs=5, runs=40)
DIGEST = "ab" * 32
SAID = {
    "schema_version": 1, "model_sha256": DIGEST, "accelerator": "CPU", "runtime": "LiteRT 2.3.2", "threads": 2,
    "load_ms": 12.5, "first_ms": 4.0, "warmup": 5, "latencies_ms": [float(n) for n in range(1, 102)],
    "thermal_before": 0, "thermal_after": 1,
}  # fmt: skip


@pytest.fixture
def phone(tmp_path: Path) -> LocalPhone:
    return LocalPhone(tmp_path)


def installed(phone: LocalPhone, accelerator: str = "CPU", **changed: Any) -> None:
    install(phone.state, "com.a", {("BenchmarkTest", accelerator): {"litesmith.benchmark": {**SAID, **changed}}})


def test_single_runs_give_percentiles(phone: LocalPhone) -> None:
    installed(phone)
    found = measure_instrumented(phone, {"int8": DIGEST, "float32": "cd" * 32}, replace(ASKED, ops=True))
    made = found.benchmarks["int8"]
    assert (made.latency_ms.p50, made.latency_ms.p90, made.latency_ms.p99, made.runs) == (51.0, 91.0, 100.0, 101)
    assert (made.typical_word, made.load_ms, made.first_inference_ms) == ("p50", 12.5, 4.0)
    assert (made.peak_memory_bytes, made.model_memory_bytes) == (None, None)
    assert (made.device.runtime, made.program.program) == ("LiteRT 2.3.2", "com.a.library.BenchmarkTest")
    assert made.thermal.reasons == ("Android reported thermal status light",)
    assert made.note == "no times of operators, as an instrumented benchmark gives none"
    assert found.unmeasured == {"float32": "its benchmark is not installed on adb:LOCAL"}
    assert "-e threads 2 -e runs 40 -e warmup 5 -e accelerator cpu" in (phone.state / "asked").read_text()


def test_an_emulated_phone_reports_no_times(phone: LocalPhone) -> None:
    phone.emulated = True
    installed(phone)
    made = measure_instrumented(phone, {"int8": DIGEST}, ASKED).benchmarks["int8"]
    assert (made.typical_ms, made.load_ms, made.thermal, made.runs) == (None, None, None, 0)
    assert made.note == "no times, as the phone is emulated"


def test_neither_way_is_one_error_that_tells_both(phone: LocalPhone) -> None:
    with pytest.raises(TargetError, match=r"adb:LOCAL has nothing that can time these models$") as caught:
        measure_instrumented(phone, {"int8": DIGEST}, ASKED)
    assert "--benchmark-binary benchmark_model" in caught.value.hint
    assert "./gradlew :library:installDebugAndroidTest" in caught.value.hint
    installed(phone, model_sha256="cd" * 32)
    with pytest.raises(TargetError, match=r"com\.a\.library on it was made with another model"):
        measure_instrumented(phone, {"int8": DIGEST}, ASKED)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"schema_version": 2}, "sends version 2 of its results, and this Litesmith reads 1"),
        ({"latencies_ms": []}, "sent times that are none"),
        ({"latencies_ms": [1.0, -2.0]}, "sent times that are none"),
        ({"latencies_ms": ["fast"]}, "sent what cannot be read (ValueError"),
        ({"load_ms": None}, "sent what cannot be read (TypeError"),
        ({"runtime": None}, "sent what cannot be read (TypeError"),
    ],
)
def test_figures_that_are_none(phone: LocalPhone, changed: dict[str, Any], message: str) -> None:
    installed(phone, **changed)
    with pytest.raises(TargetError) as caught:
        measure_instrumented(phone, {"int8": DIGEST}, ASKED)
    assert message in caught.value.message


def test_the_gpu_is_never_silently_the_cpu(phone: LocalPhone) -> None:
    installed(phone, "GPU")
    with pytest.raises(TargetError, match="ran on the CPU, and the GPU was asked for"):
        measure_instrumented(phone, {"int8": DIGEST}, replace(ASKED, gpu=True))


def test_cores_cannot_be_chosen_for_an_app(phone: LocalPhone) -> None:
    with pytest.raises(ConfigError, match="--cores big needs --benchmark-binary"):
        measure_instrumented(phone, {"int8": DIGEST}, replace(ASKED, cores="big"))
