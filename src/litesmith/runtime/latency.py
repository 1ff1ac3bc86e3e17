"""Times models on the machine it runs on. A script of its own: standard library, NumPy and LiteRT only.

Reads one JSON request on standard input and prints one JSON object per line:

    {"models": [path, ...], "threads": 1, "warmup_runs": 10, "runs": 200, "rounds": 10, "least_runs": 30,
     "seconds_per_model": 3.0, "seed": 0, "probe": true}

    {"event": "probe", "model": 0, "load_ms": ..., "first_inference_ms": ..., "peak_memory_bytes": ...,
     "base_memory_bytes": ...}
    {"event": "failed", "model": 1, "reason": "..."}
    {"event": "progress", "done": 3, "total": 10}
    {"event": "latencies", "model": 0, "warmup_runs": 10, "ms": [...]}

Every model is first opened in a fresh process (`--probe PATH THREADS`), which gives load time, first inference and
peak memory, and keeps a crash away from the others. Then all that can run are timed in one process, in rounds, in a
new random order each round, so that drift of the machine hits all alike. With `"probe": false` no process is started
for a model, for many small models that are known to run; one that cannot be prepared is reported as failed.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

PROBE_TIMEOUT_S = 300


def say(**fields: Any) -> None:
    """Print one JSON line."""
    print(json.dumps(fields), flush=True)


def peak_memory_bytes() -> int:
    """Return the peak resident memory of this process since it was started."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def opened(path: str, threads: int) -> Any:
    """Return an interpreter with tensors allocated and inputs filled: random floats, or random integers."""
    interpreter = Interpreter(model_path=path, num_threads=threads)
    for detail in interpreter.get_input_details():
        declared = [int(d) for d in detail["shape_signature"]]
        if any(d < 0 for d in declared):
            interpreter.resize_tensor_input(detail["index"], [1 if d < 0 else d for d in declared])
    interpreter.allocate_tensors()
    return interpreter


def fill(interpreter: Any) -> None:
    """Give every input fixed pseudo-random values; integer inputs without a scale get zeros, which any index allows."""
    values = np.random.default_rng(0)
    for detail in interpreter.get_input_details():
        dtype, shape = np.dtype(detail["dtype"]), tuple(detail["shape"])
        if dtype.kind == "f":
            array = values.uniform(-1, 1, shape).astype(dtype)
        elif dtype.kind in "iu" and detail["quantization"][0]:
            limits = np.iinfo(dtype)
            array = values.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
        else:
            array = np.zeros(shape, dtype)
        interpreter.set_tensor(detail["index"], array)


def timed_ms(interpreter: Any) -> float:
    """Return the wall time of one inference."""
    begun = time.perf_counter_ns()
    interpreter.invoke()
    return (time.perf_counter_ns() - begun) / 1e6


def probe(path: str, threads: int) -> None:
    """Print load time, first inference and memory of one model in this fresh process."""
    base = peak_memory_bytes()
    begun = time.perf_counter_ns()
    interpreter = opened(path, threads)
    load_ms = (time.perf_counter_ns() - begun) / 1e6
    fill(interpreter)
    first_ms = timed_ms(interpreter)
    say(
        load_ms=load_ms,
        first_inference_ms=first_ms,
        peak_memory_bytes=peak_memory_bytes(),
        base_memory_bytes=base,
    )


def probed(model: int, path: str, threads: int) -> bool:
    """Report what a fresh process says of a model; return whether it can run."""
    command = [sys.executable, str(Path(__file__).resolve()), "--probe", path, str(threads)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        say(event="failed", model=model, reason=f"no first inference within {PROBE_TIMEOUT_S} s")
        return False
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"the process ended with code {done.returncode}"])[-1]
        say(event="failed", model=model, reason=last[:300])
        return False
    say(event="probe", model=model, **json.loads(done.stdout.splitlines()[-1]))
    return True


def prepared(model: int, path: str, threads: int) -> Any:
    """Return an interpreter ready to run, or None after reporting why there is none."""
    try:
        interpreter = opened(path, threads)
        fill(interpreter)
        interpreter.invoke()
    except (ValueError, RuntimeError) as error:
        say(event="failed", model=model, reason=str(error)[:300])
        return None
    return interpreter


def main(request: dict[str, Any]) -> None:
    """Probe every model, then time those that run, interleaved."""
    total = len(request["models"]) + request["rounds"]
    ready: dict[int, Any] = {}
    for model, path in enumerate(request["models"]):
        if not request.get("probe", True):
            if (interpreter := prepared(model, path, request["threads"])) is not None:
                ready[model] = interpreter
        elif probed(model, path, request["threads"]):
            ready[model] = opened(path, request["threads"])
            fill(ready[model])
        say(event="progress", done=model + 1, total=total)
    runs: dict[int, int] = {}
    for model, interpreter in ready.items():
        warm = [timed_ms(interpreter) for _ in range(request["warmup_runs"])]
        fits = request["seconds_per_model"] * 1000 / max(float(np.median(warm)), 1e-6)
        wanted = min(request["runs"], max(request["least_runs"], int(fits)))
        runs[model] = max(request["rounds"], wanted)
    times: dict[int, list[float]] = {model: [] for model in ready}
    order = list(ready)
    shuffle = random.Random(request["seed"])  # noqa: S311 - an order, not a secret
    for number in range(request["rounds"]):
        shuffle.shuffle(order)
        for model in order:
            timed_ms(ready[model])  # brings the model back into the caches
            share = runs[model] * (number + 1) // request["rounds"] - runs[model] * number // request["rounds"]
            times[model] += [timed_ms(ready[model]) for _ in range(share)]
        say(event="progress", done=len(request["models"]) + number + 1, total=total)
    for model, values in times.items():
        say(event="latencies", model=model, warmup_runs=request["warmup_runs"], ms=values)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--probe"]:
        probe(sys.argv[2], int(sys.argv[3]))
    else:
        main(json.load(sys.stdin))
