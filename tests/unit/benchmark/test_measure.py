"""Timing two tiny models for real, and reading what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tiny_tflite import write_unpreparable

from litesmith.benchmark.measure import Timed, measure
from litesmith.core.connecting import connect
from litesmith.core.device import Device
from litesmith.core.errors import TargetError, UserError
from litesmith.core.target import OnLine


@pytest.fixture(scope="module")
def timed(cnn: Path, int8: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Timed, list[tuple[int, int]]]:
    odd = write_unpreparable(tmp_path_factory.mktemp("odd") / "odd.tflite")
    seen: list[tuple[int, int]] = []
    found = measure(
        connect("local"),
        {"float32": cnn, "broken": odd, "int8": int8},
        threads=1,
        warmup_runs=2,
        runs=12,
        timeout_s=60,
        on_progress=lambda done, total: seen.append((done, total)),
    )
    return found, seen


@pytest.mark.slow
def test_every_model_has_a_benchmark_or_a_reason(timed: tuple[Timed, Any]) -> None:
    found, _ = timed
    assert sorted(found.benchmarks) == ["float32", "int8"]
    assert list(found.failures) == ["broken"]
    assert "prepare" in found.failures["broken"]


def test_counts_and_device(timed: tuple[Timed, Any]) -> None:
    for one in timed[0].benchmarks.values():
        assert (one.threads, one.warmup_runs, one.runs, one.rounds) == (1, 2, 12, 10)
        assert one.target == one.device.target == "local"
        assert one.device.runtime.startswith("ai-edge-litert 2")
        assert one.device.cores >= 1


def test_times_are_in_order(timed: tuple[Timed, Any]) -> None:
    for one in timed[0].benchmarks.values():
        ms = one.latency_ms
        assert 0 < ms.min <= ms.p50 <= ms.p90 <= ms.p99 < 1000
        assert ms.min <= ms.mean
        assert one.load_ms > 0
        assert one.first_inference_ms > 0
        assert 0 <= one.model_memory_bytes < one.peak_memory_bytes


def test_progress_ends_at_its_total(timed: tuple[Timed, Any]) -> None:
    _, seen = timed
    assert seen == [(done, 13) for done in range(1, 14)]


@pytest.mark.parametrize("name", ["threads", "runs", "warmup_runs"])
def test_a_count_below_one(cnn: Path, name: str) -> None:
    counts = {"threads": 1, "runs": 1, "warmup_runs": 1, name: 0}
    with pytest.raises(UserError, match=rf"{name.replace('warmup_', 'warm-up ')} is 0; it must be at least 1"):
        measure(connect("local"), {"a": cnn}, **counts)


@dataclass
class Scripted:
    """A session that prints fixed lines."""

    lines: list[str]
    sent: list[Path] = field(default_factory=list)

    def device(self) -> Device:
        return Device(
            target="scripted",
            machine="m",
            cpu="c",
            cores=1,
            memory_bytes=1,
            os="o",
            governor="g",
            python="3",
            runtime="r",
        )

    def send(self, file: Path) -> str:
        self.sent.append(file)
        return f"/there/{file.name}"

    def run_script(self, script: Path, arguments: Any, *, request: str, on_line: OnLine, timeout_s: float) -> None:
        for line in self.lines:
            on_line(line)

    def close(self) -> None:
        """Nothing to do."""


PROBE = '{"event": "probe", "model": 0, "load_ms": 2, "first_inference_ms": 3, "peak_memory_bytes": 90, '
TIMES = '{"event": "latencies", "model": 0, "threads": 2, "warmup_runs": 1, "ms": [4, 1, 2, 3, 10]}'


def scripted(*lines: str) -> Callable[[], Timed]:
    return lambda: measure(Scripted(list(lines)), {"a": Path("a.tflite")}, threads=2, warmup_runs=1, runs=5)


def test_percentiles_of_known_times() -> None:
    one = scripted("INFO: noise", PROBE + '"base_memory_bytes": 50}', TIMES, "")().benchmarks["a"]
    ms = one.latency_ms
    assert (ms.min, ms.p50, ms.mean) == (1, 3, 4)
    assert (ms.p90, ms.p99) == (pytest.approx(7.6), pytest.approx(9.76))
    assert (one.runs, one.model_memory_bytes, one.peak_memory_bytes) == (5, 40, 90)
    assert (one.load_ms, one.first_inference_ms, one.device.target) == (2, 3, "scripted")


def test_memory_of_a_model_is_never_negative() -> None:
    one = scripted(PROBE + '"base_memory_bytes": 95}', TIMES)().benchmarks["a"]
    assert one.model_memory_bytes == 0


def test_a_broken_line_is_the_targets_fault() -> None:
    with pytest.raises(TargetError, match="which is no JSON"):
        scripted('{"event": "pro')()
