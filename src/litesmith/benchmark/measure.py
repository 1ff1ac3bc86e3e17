"""Times variants on a target, interleaved, and reads the answers into records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.core.benchmark import Benchmark, Latency
from litesmith.core.device import Device
from litesmith.core.errors import TargetError, UserError
from litesmith.core.target import Session

SCRIPT = Path(__file__).parent.parent / "runtime" / "latency.py"
_SECONDS_PER_MODEL = 1.5
_LEAST_RUNS = 30
_ROUNDS = 10
_SEED = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What came of timing: a benchmark for each model that ran, a reason for each that did not."""

    benchmarks: dict[str, Benchmark]
    failures: dict[str, str]


def measure(
    session: Session,
    models: Mapping[str, Path],
    *,
    threads: int,
    warmup_runs: int,
    runs: int,
    timeout_s: float = 1800.0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Timed:
    """Return latency and memory of each model, by the key it was given under.

    A model whose inference is slow gets fewer runs: as many as fit in 1.5 s, but at least 30; the result says how many.

    Raises:
        TargetError: the target failed.
        UserError: a count is below 1.
    """
    for name, value in (("threads", threads), ("runs", runs), ("warm-up runs", warmup_runs)):
        if value < 1:
            raise UserError(f"{name} is {value}; it must be at least 1", hint="Leave the option out for its default.")
    keys = list(models)
    rounds = min(_ROUNDS, runs)
    request = {
        "models": [session.send(models[key]) for key in keys],
        "threads": threads,
        "warmup_runs": warmup_runs,
        "runs": runs,
        "least_runs": min(_LEAST_RUNS, runs),
        "rounds": rounds,
        "seconds_per_model": _SECONDS_PER_MODEL,
        "seed": _SEED,
    }
    events: list[dict[str, Any]] = []

    def on_line(line: str) -> None:
        event = read_event(line)
        if event.get("event") == "progress" and on_progress is not None:
            on_progress(event["done"], event["total"])
        events.append(event)

    session.run_script(SCRIPT, [], request=json.dumps(request), on_line=on_line, timeout_s=timeout_s)
    device = session.device()
    by_kind: dict[str, dict[int, dict[str, Any]]] = {"probe": {}, "latencies": {}, "failed": {}}
    for event in events:
        if event.get("event") in by_kind:
            by_kind[event["event"]][event["model"]] = event
    return Timed(
        benchmarks={
            keys[index]: _benchmark(by_kind["probe"][index], found, device, threads=threads, rounds=rounds)
            for index, found in by_kind["latencies"].items()
        },
        failures={keys[index]: str(found["reason"]) for index, found in by_kind["failed"].items()},
    )


def read_event(line: str) -> dict[str, Any]:
    """Return a line's event; lines that are not ours are passed over."""
    if not line.startswith("{"):
        return {}
    try:
        event = json.loads(line)
    except json.JSONDecodeError as error:
        raise TargetError(f"the timing script printed '{line[:80]}', which is no JSON") from error
    return event if isinstance(event, dict) else {}


def _benchmark(
    probe: Mapping[str, Any], found: Mapping[str, Any], device: Device, *, threads: int, rounds: int
) -> Benchmark:
    times = np.asarray(found["ms"])
    p50, p90, p99 = (float(v) for v in np.percentile(times, (50, 90, 99)))
    return Benchmark(
        target=device.target,
        device=device,
        threads=threads,
        warmup_runs=found["warmup_runs"],
        runs=times.size,
        rounds=rounds,
        latency_ms=Latency(p50=p50, p90=p90, p99=p99, mean=float(times.mean()), min=float(times.min())),
        throughput_per_s=1000 / max(float(times.mean()), 1e-6),
        load_ms=probe["load_ms"],
        first_inference_ms=probe["first_inference_ms"],
        peak_memory_bytes=probe["peak_memory_bytes"],
        model_memory_bytes=max(0, probe["peak_memory_bytes"] - probe["base_memory_bytes"]),
    )
