"""Times models on a phone by the instrumented benchmark of the project that Litesmith generated for them.

Such a test is installed there with one model inside; it sends, under the key `litesmith.benchmark`, one JSON object:

    {"schema_version": 1, "model_sha256": "...", "accelerator": "CPU", "runtime": "...", "threads": 1, "load_ms": ...,
     "first_ms": ..., "warmup": 10, "latencies_ms": [...], "thermal_before": 0, "thermal_after": 0}
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from litesmith.benchmark.measure import Timed
from litesmith.benchmark.on_phone import Request
from litesmith.benchmark.phone_heat import thermal_of_phone
from litesmith.core.benchmark import Benchmark, Latency, untimed
from litesmith.core.device import Device
from litesmith.core.errors import ConfigError, TargetError
from litesmith.core.phone import ALL, PhoneHeat
from litesmith.core.program_figures import ProgramFigures
from litesmith.core.target import RunsPrograms, Session
from litesmith.phone.instrumentation import BENCHMARK, Installed, installed, instrument

KEY = "litesmith.benchmark"
SCHEMA_VERSION = 1
NEITHER = (
    "Either give the official program: --benchmark-binary benchmark_model; or bundle the model for Android "
    "(litesmith bundle MODEL --for android --package com.example.app --out DIR), and in DIR type "
    "./gradlew :library:installDebugAndroidTest."
)
_ACCELERATORS = {"CPU": "", "GPU": "gpu"}
_ONE_TEST_S = 900.0


def measure_instrumented(
    session: Session,
    digests: Mapping[str, str],
    request: Request,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Timed:
    """Return the latencies of the models whose benchmark is installed on a phone, by the key they were given under.

    Models of which none is installed are left out; `unmeasured` of what comes back names them.

    Args:
        session: A phone.
        digests: sha256 of the models.
        request: What is asked for.
        on_progress: Told (done, total).

    Raises:
        ConfigError: cores were chosen, which only a program that is pushed can be given.
        TargetError: no benchmark of any of the models is installed, or one failed.
    """
    assert isinstance(session, RunsPrograms)
    device = session.device()
    where = request.name or device.target
    if request.cores != ALL:
        raise ConfigError(
            f"--cores {request.cores} needs --benchmark-binary: an app's cores are Android's choice",
            hint="Give benchmark_model, or leave --cores out.",
        )
    tests = installed(session)
    made: dict[str, Benchmark] = {}
    wanted = {digest: key for key, digest in digests.items()}
    others: list[str] = []
    for done, test in enumerate(tests, 1):
        before = session.heat()
        said = _said(session, test, request)
        key = wanted.get(said["model_sha256"])
        if key is None:
            others.append(test.library)
        else:
            made[key] = _benchmark(said, test, device, request, [before, session.heat()])
        if on_progress is not None:
            on_progress(done, len(tests))
    if not made:
        there = f"; {', '.join(others)} on it was made with another model" if others else ""
        raise TargetError(f"{where} has nothing that can time these models{there}", hint=NEITHER)
    missing = {key: f"its benchmark is not installed on {where}" for key in digests if key not in made}
    return Timed(benchmarks=made, failures={}, unmeasured=missing)


def _said(session: Session, test: Installed, request: Request) -> dict[str, Any]:
    """Return what a test sent, checked.

    Raises:
        TargetError: it sent nothing, or something else than is expected.
    """
    arguments = {
        "threads": str(request.threads),
        "runs": str(request.runs),
        "warmup": str(request.warmup_runs),
        "accelerator": "gpu" if request.gpu else "cpu",
    }
    text = instrument(session, test, BENCHMARK, arguments, timeout_s=_ONE_TEST_S).sent(KEY)
    what = f"{BENCHMARK} of {test.library}"
    if text is None:
        raise TargetError(f"{what} sent nothing under {KEY}", hint="Bundle the model again and install its test.")
    try:
        said = json.loads(text)
        version = said["schema_version"]
        times = [float(value) for value in said["latencies_ms"]]
        numbers = [*times, float(said["load_ms"]), float(said["first_ms"])]
        _ = (said["model_sha256"] + said["accelerator"] + said["runtime"], said["threads"] + said["warmup"])
    except (ValueError, KeyError, TypeError) as error:
        raise TargetError(f"{what} sent what cannot be read ({error!r}): {text[:160]!r}") from error
    if version != SCHEMA_VERSION:
        raise TargetError(
            f"{what} sends version {version} of its results, and this Litesmith reads {SCHEMA_VERSION}",
            hint="Bundle the model again and install its test.",
        )
    if not times or not all(math.isfinite(value) and value >= 0 for value in numbers):
        raise TargetError(f"{what} sent times that are none: {text[:160]!r}")
    if request.gpu and said["accelerator"] != "GPU":
        raise TargetError(
            f"{what} ran on the {said['accelerator']}, and the GPU was asked for",
            hint="See the bundle's README.md on the GPU of this phone; leave --delegate out for the CPU.",
        )
    return {**said, "latencies_ms": times}


def _benchmark(
    said: Mapping[str, Any], test: Installed, device: Device, request: Request, heat: list[PhoneHeat]
) -> Benchmark:
    """Return the record of what a test sent; on an emulated phone without its times."""
    statuses = (said.get("thermal_before"), said.get("thermal_after"))
    states = [
        replace(one, status=max((s for s in (one.status, told) if isinstance(s, int) and s >= 0), default=None))
        for one, told in zip(heat, statuses, strict=True)
    ]
    lacking = [
        word
        for word, given in (
            ("sweep of threads", request.sweep),
            ("sustained run", request.sustain_s),
            ("times of operators", request.ops),
            ("times", device.emulated),
        )
        if given
    ]
    why = "as the phone is emulated" if device.emulated else "as an instrumented benchmark gives none"
    runtime = replace(device, runtime=said["runtime"])
    plain = replace(
        untimed(runtime, target=request.name, threads=int(said["threads"])),
        delegate=_ACCELERATORS.get(said["accelerator"], said["accelerator"].lower()),
        note=f"no {' and no '.join(lacking)}, {why}" if lacking else "",
        program=ProgramFigures(program=f"{test.library}.{BENCHMARK}", accelerator=said["accelerator"]),
    )
    if device.emulated:
        return plain
    times = np.asarray(said["latencies_ms"])
    p50, p90, p99 = (float(value) for value in np.percentile(times, (50, 90, 99)))
    mean = float(times.mean())
    return replace(
        plain,
        warmup_runs=int(said["warmup"]),
        runs=times.size,
        rounds=1,
        latency_ms=Latency(p50=p50, p90=p90, p99=p99, mean=mean, min=float(times.min())),
        load_ms=float(said["load_ms"]),
        first_inference_ms=float(said["first_ms"]),
        throughput_per_s=1000 / max(mean, 1e-6),
        thermal=thermal_of_phone(states),
    )
