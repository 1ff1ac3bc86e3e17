"""Times variants on a target, interleaved, and reads the answers into records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.benchmark.thermal import sustained_of, thermal_of
from litesmith.core.benchmark import Benchmark, Latency, ThreadLatency, untimed
from litesmith.core.device import Device
from litesmith.core.errors import LitesmithError, TargetError, UserError
from litesmith.core.instructions import InstructionCount
from litesmith.core.target import CountsInstructions, Session

SCRIPT = Path(__file__).parent.parent / "runtime" / "latency.py"
INSTALL = {
    "edgetpu": "Install the Edge TPU runtime on that machine: libedgetpu1-std from Coral's or a community's packages; "
    "or leave --delegate out."
}
"""What to do where the library of a delegate is missing."""
_SECONDS_PER_MODEL = 1.5
_LEAST_RUNS = 30
_ROUNDS = 10
_SEED = 0
_SPARE = 1.5
"""What a sustained run may take longer than asked for before it is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """What came of timing: a benchmark for each model that ran, a reason for each that did not.

    `unmeasured` are those that may run well and could not be timed there, with the reason.
    """

    benchmarks: dict[str, Benchmark]
    failures: dict[str, str]
    unmeasured: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Events:
    """What the timing script said: by kind and model, and in order what it said of heat."""

    of: dict[str, dict[int, dict[str, Any]]] = field(default_factory=dict)
    thermal: list[dict[str, Any]] = field(default_factory=list)
    times: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)

    def add(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "thermal":
            self.thermal.append(event)
        elif kind == "latencies":
            self.times[event["model"], event.get("threads", 0)] = event
        elif kind is not None:
            self.of.setdefault(kind, {})[event.get("model", -1)] = event


def measure(
    session: Session,
    models: Mapping[str, Path],
    *,
    threads: int,
    warmup_runs: int,
    runs: int,
    sweep: Sequence[int] = (),
    sustain_s: float = 0.0,
    delegate: str = "",
    name: str = "",
    timeout_s: float = 1800.0,
    on_progress: Callable[[int, int], None] | None = None,
) -> Timed:
    """Return latency and memory of each model, by the key it was given under.

    A model whose inference is slow gets fewer runs: as many as fit in 1.5 s, but at least 30; the result says how many.
    Where the CPU is emulated nothing is timed: memory is measured, and instructions are counted if the session can.

    Args:
        session: Where.
        models: Files here.
        threads: Interpreter threads.
        warmup_runs: Runs before timing.
        runs: Timed runs.
        sweep: Numbers of threads to time as well, in the same rounds.
        sustain_s: Seconds without rest for each model, after the rounds; 0 for none.
        delegate: `edgetpu`, or empty for the runtime's default.
        name: What to call the target; its own name when empty.
        timeout_s: Limit for all but the sustained runs.
        on_progress: Told (done, total).

    Raises:
        TargetError: the target failed, or the delegate's library is not on it.
        UserError: a count is below 1.
    """
    counts = [("threads", threads), ("runs", runs), ("warm-up runs", warmup_runs)]
    for what, value in (*counts, *(("threads of the sweep", one) for one in sweep)):
        if value < 1:
            raise UserError(f"{what} is {value}; it must be at least 1", hint="Leave the option out for its default.")
    device, keys = session.device(), list(models)
    request = {
        "models": [session.send(models[key]) for key in keys],
        "threads": threads,
        "warmup_runs": warmup_runs,
        "runs": runs,
        "least_runs": min(_LEAST_RUNS, runs),
        "rounds": min(_ROUNDS, runs),
        "seconds_per_model": _SECONDS_PER_MODEL,
        "seed": _SEED,
        "sweep": list(sweep),
        "sustain_s": sustain_s,
        "times": not device.emulated,
        "delegate": delegate,
    }
    found, told = _Events(), [0, 0]

    def on_line(line: str) -> None:
        event = read_event(line)
        if event.get("event") == "progress":
            told[:] = [event["done"], event["total"]]
        if event.get("event") in ("progress", "beat") and on_progress is not None:
            on_progress(*told)
        found.add(event)

    limit_s = timeout_s + _SPARE * sustain_s * len(keys)
    session.run_script(SCRIPT, [], request=json.dumps(request), on_line=on_line, timeout_s=limit_s)
    for missing in found.of.get("no delegate", {}).values():
        raise TargetError(
            f"the delegate '{delegate}' is not on {name or device.target}: none of {', '.join(missing['looked'])}",
            hint=INSTALL[delegate],
        )
    failures = {index: str(event["reason"]) for index, event in found.of.get("failed", {}).items()}
    made: dict[str, Benchmark] = {}
    for index, probe in found.of.get("probe", {}).items():
        if index in failures or (not device.emulated and (index, threads) not in found.times):
            continue
        plain = _without_times(probe, device, request, name=name)
        made[keys[index]] = plain if device.emulated else _timed(plain, index, found, request)
    if device.emulated:
        made = _counted(session, {key: models[key] for key in made}, made, refused=_refused(request))
    return Timed(benchmarks=made, failures={keys[index]: reason for index, reason in failures.items()})


def read_event(line: str) -> dict[str, Any]:
    """Return a line's event; lines that are not ours are passed over."""
    if not line.startswith("{"):
        return {}
    try:
        event = json.loads(line)
    except json.JSONDecodeError as error:
        raise TargetError(f"the timing script printed '{line[:80]}', which is no JSON") from error
    return event if isinstance(event, dict) else {}


def _without_times(probe: Mapping[str, Any], device: Device, request: Mapping[str, Any], *, name: str) -> Benchmark:
    """Return what is known of a model wherever it ran: its memory."""
    return replace(
        untimed(device, target=name, threads=request["threads"]),
        peak_memory_bytes=probe["peak_memory_bytes"],
        model_memory_bytes=max(0, probe["peak_memory_bytes"] - probe["base_memory_bytes"]),
        delegate=request["delegate"],
    )


def _timed(plain: Benchmark, index: int, found: _Events, request: Mapping[str, Any]) -> Benchmark:
    """Return a benchmark with what the rounds and the sustained run gave."""
    probe, event = found.of["probe"][index], found.times[index, plain.threads]
    latency, runs = _latency(event)
    swept = dict.fromkeys((plain.threads, *request["sweep"])) if request["sweep"] else {}
    rested = found.of.get("sustained", {}).get(index)
    return replace(
        plain,
        warmup_runs=event["warmup_runs"],
        runs=runs,
        rounds=request["rounds"],
        latency_ms=latency,
        load_ms=probe["load_ms"],
        first_inference_ms=probe["first_inference_ms"],
        throughput_per_s=_per_s(latency),
        by_threads=tuple(_of_threads(found.times[index, n], n) for n in sorted(swept) if (index, n) in found.times),
        sustained=None if rested is None else sustained_of(rested),
        thermal=thermal_of(found.thermal) if found.thermal else None,
    )


def _latency(event: Mapping[str, Any]) -> tuple[Latency, int]:
    times = np.asarray(event["ms"])
    p50, p90, p99 = (float(v) for v in np.percentile(times, (50, 90, 99)))
    return Latency(p50=p50, p90=p90, p99=p99, mean=float(times.mean()), min=float(times.min())), times.size


def _per_s(latency: Latency) -> float:
    return 1000 / max(latency.mean, 1e-6)


def _of_threads(event: Mapping[str, Any], threads: int) -> ThreadLatency:
    latency, runs = _latency(event)
    return ThreadLatency(threads=threads, runs=runs, latency_ms=latency, throughput_per_s=_per_s(latency))


def _refused(request: Mapping[str, Any]) -> str:
    """Return what was asked for and cannot be had without times; empty for nothing."""
    asked = [word for word, given in (("sweep of threads", "sweep"), ("sustained run", "sustain_s")) if request[given]]
    return f"no {' and no '.join(asked)}, as the CPU is emulated" if asked else ""


def with_counts(
    session: Session, models: Mapping[str, Path], timed: Timed, *, sweep: Sequence[int] = (), sustain_s: float = 0.0
) -> Timed:
    """Return what came of an emulated CPU with the instructions that were not counted before, if they can be now."""
    lacking = {key: models[key] for key, made in timed.benchmarks.items() if made.instructions is None}
    if not lacking or not isinstance(session, CountsInstructions):
        return timed
    refused = _refused({"sweep": sweep, "sustain_s": sustain_s})
    found = _counted(session, lacking, {key: timed.benchmarks[key] for key in lacking}, refused=refused)
    return replace(timed, benchmarks={**timed.benchmarks, **found})


def _counted(
    session: Session, models: Mapping[str, Path], plain: Mapping[str, Benchmark], *, refused: str
) -> dict[str, Benchmark]:
    """Return benchmarks with the instructions of one inference; without them, with the reason."""
    counts: Mapping[str, InstructionCount] = {}
    reason = "instructions were not counted: this target cannot"
    if isinstance(session, CountsInstructions) and models:
        try:
            counts, reason = session.instructions(models), "its instructions could not be counted"
        except LitesmithError as error:
            reason = f"{error.message.rstrip('.')}. {error.hint}".rstrip(". ")
    return {
        key: replace(
            one,
            instructions=counts.get(key),
            note="; ".join(part for part in ("" if key in counts else reason, refused) if part),
        )
        for key, one in plain.items()
    }
