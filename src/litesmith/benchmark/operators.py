"""Times many small models on a target, such as single operators, interleaved and in one process."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.benchmark.measure import SCRIPT, read_event
from litesmith.core.target import Session

_ROUNDS, _RUNS, _LEAST_RUNS, _WARMUP = 5, 40, 10, 3
_SECONDS_PER_MODEL = 0.25
_LOW = 25
"""Percentile that counts: what disturbs an operator of some microseconds only ever makes it slower."""


def measure_operators(
    session: Session,
    models: Mapping[str, Path],
    *,
    threads: int,
    seed: int = 0,
    timeout_s: float = 1800.0,
    on_progress: Callable[[int, int], None] | None = None,
) -> dict[str, float]:
    """Return the time of one run of each model in ms, by its key; those that cannot run are left out.

    Raises:
        TargetError: the target failed.
    """
    keys = list(models)
    request = {
        "models": [session.send(models[key]) for key in keys],
        "threads": threads,
        "warmup_runs": _WARMUP,
        "runs": _RUNS,
        "least_runs": _LEAST_RUNS,
        "rounds": _ROUNDS,
        "seconds_per_model": _SECONDS_PER_MODEL,
        "seed": seed,
        "probe": False,
    }
    found: dict[str, float] = {}

    def on_line(line: str) -> None:
        event: dict[str, Any] = read_event(line)
        if event.get("event") == "progress" and on_progress is not None:
            on_progress(event["done"], event["total"])
        if event.get("event") == "latencies":
            found[keys[event["model"]]] = float(np.percentile(event["ms"], _LOW))

    session.run_script(SCRIPT, [], request=json.dumps(request), on_line=on_line, timeout_s=timeout_s)
    return found
