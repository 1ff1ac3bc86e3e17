"""Times models on the machine it runs on. A script of its own: standard library, NumPy and LiteRT only, Python 3.9 on.

Reads one JSON request on standard input and prints one JSON object per line:

    {"models": [path, ...], "threads": 1, "warmup_runs": 10, "runs": 200, "rounds": 10, "least_runs": 30,
     "seconds_per_model": 3.0, "seed": 0, "probe": true, "sweep": [1, 2, 4], "times": true, "sustain_s": 0,
     "delegate": "", "root": "/"}

    {"event": "probe", "model": 0, "load_ms": ..., "first_inference_ms": ..., "peak_memory_bytes": ..., ...}
    {"event": "failed", "model": 1, "reason": "..."}    {"event": "progress", "done": 3, "total": 10}
    {"event": "thermal", "temperature_c": ..., "clock_mhz": ..., ...}    {"event": "beat"}
    {"event": "latencies", "model": 0, "threads": 1, "warmup_runs": 10, "ms": [...]}
    {"event": "sustained", "model": 0, "duration_s": ..., "runs": ..., "first_ms": ..., "last_ms": ..., "points": [...]}
    {"event": "no delegate", "delegate": "edgetpu", "looked": [...]}

Every model is first opened in a fresh process (`--probe PATH THREADS LIBRARY`), which gives load time, first inference
and peak memory, and keeps a crash away from the others. Then all that can run are timed in one process, in rounds, in a
new random order each round, so that drift of the machine hits all alike; with `sweep` each with each number of threads.
Heat, clock and throttling are read before, between and after the rounds. With `"probe": false` no process is started
for a model, for many small models that are known to run; one that cannot be prepared is reported as failed. With
`"times": false` nothing is timed, for a CPU that is emulated. `root` is where `/sys` is looked for.
"""

from __future__ import annotations

import ctypes.util
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, load_delegate

PROBE_TIMEOUT_S = 300
STRETCHES = 30
LIBRARIES = {"edgetpu": ("libedgetpu.so.1", "libedgetpu.so.1.0", "libedgetpu.1.dylib")}
FOLDERS = ("/usr/lib", *(f"/usr/lib/{arch}-linux-gnu" for arch in ("aarch64", "x86_64")), "/usr/local/lib", "/lib")


def say(**fields: Any) -> None:
    """Print one JSON line."""
    print(json.dumps(fields), flush=True)


def text_of(path: Path) -> str:
    """Return the text of a small file; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def peak_memory_bytes() -> int:
    """Return the peak resident memory of this process since it was started."""
    for line in text_of(Path("/proc/self/status")).splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def number_of(path: Path) -> int | None:
    """Return the number in a small file; None where there is none."""
    try:
        return int(text_of(path), 0)
    except ValueError:
        return None


def numbers(folder: Path, pattern: str) -> list[int]:
    """Return the numbers in all files of a pattern that have one."""
    return [value for path in sorted(folder.glob(pattern)) if (value := number_of(path)) is not None]


def firmware_flags(root: str) -> int | None:
    """Return what `vcgencmd get_throttled` says on a Raspberry Pi, as its bits; None elsewhere."""
    said = text_of(Path(root, "sys/devices/platform/soc/soc:firmware/get_throttled"))
    if shutil.which("vcgencmd"):
        asked = ["vcgencmd", "get_throttled"]
        with suppress(OSError, subprocess.TimeoutExpired):
            said = subprocess.run(asked, capture_output=True, text=True, timeout=5, check=False).stdout.partition("=")[
                2
            ]
    try:
        return int(said, 16)
    except ValueError:
        return None


def state(root: str = "/") -> dict[str, Any]:
    """Return heat, clock and what holds it back. None where the machine does not say.

    `flags` are the firmware's bits, `events` how often the CPU counted that heat slowed it down since boot, `cooling`
    how far the kernel lowered the clock against heat, 0 for not at all.
    """
    kernel, cpus = Path(root, "sys/class/thermal"), Path(root, "sys/devices/system/cpu")
    zones = sorted(kernel.glob("thermal_zone*"))
    read = [(text_of(zone / "type").lower(), number_of(zone / "temp")) for zone in zones]
    known = [(kind, value / 1000) for kind, value in read if value is not None]
    hot = [value for kind, value in known if any(word in kind for word in ("cpu", "pkg", "soc"))]
    hot = hot or [value for _, value in known[:1]]
    cooling = [
        number_of(device / "cur_state")
        for device in kernel.glob("cooling_device*")
        if "cpufreq" in text_of(device / "type") or text_of(device / "type") == "Processor"
    ]
    clocks = numbers(cpus, "cpu[0-9]*/cpufreq/scaling_cur_freq")
    most = numbers(cpus, "cpu[0-9]*/cpufreq/cpuinfo_max_freq")
    events = numbers(cpus, "cpu[0-9]*/thermal_throttle/*_throttle_count")
    return {
        "temperature_c": max(hot) if hot else None,
        "clock_mhz": max(clocks) / 1000 if clocks else None,
        "clock_most_mhz": max(most) / 1000 if most else None,
        "flags": firmware_flags(root),
        "events": sum(events) if events else None,
        "cooling": max([value for value in cooling if value is not None], default=None),
    }


def library_of(delegate: str) -> str:
    """Return the library of a delegate, by its name for the linker or its path; empty where it is not installed."""
    for folder in [*os.environ.get("LD_LIBRARY_PATH", "").split(":"), *FOLDERS]:
        for name in LIBRARIES[delegate]:
            if folder and Path(folder, name).exists():
                return str(Path(folder, name))
    return ctypes.util.find_library(delegate) or ""


def opened(path: str, threads: int, library: str = "") -> Any:
    """Return an interpreter with tensors allocated; `library` is that of a delegate, or empty."""
    delegates = [load_delegate(library)] if library else None
    interpreter = Interpreter(model_path=path, num_threads=threads, experimental_delegates=delegates)
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


def probe(path: str, threads: int, library: str) -> None:
    """Print load time, first inference and memory of one model in this fresh process."""
    base = peak_memory_bytes()
    begun = time.perf_counter_ns()
    interpreter = opened(path, threads, library)
    load_ms = (time.perf_counter_ns() - begun) / 1e6
    fill(interpreter)
    first_ms = timed_ms(interpreter)
    peak = peak_memory_bytes()
    say(load_ms=load_ms, first_inference_ms=first_ms, peak_memory_bytes=peak, base_memory_bytes=base)


def probed(model: int, path: str, threads: int, library: str) -> bool:
    """Report what a fresh process says of a model; return whether it can run."""
    command = [sys.executable, str(Path(__file__).resolve()), "--probe", path, str(threads), library]
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


def prepared(model: int, path: str, threads: int, library: str) -> Any:
    """Return an interpreter ready to run, or None after reporting why there is none."""
    try:
        interpreter = opened(path, threads, library)
        fill(interpreter)
        interpreter.invoke()
    except (ValueError, RuntimeError, OSError) as error:
        say(event="failed", model=model, reason=str(error)[:300])
        return None
    return interpreter


def sustained(model: int, interpreter: Any, request: dict[str, Any]) -> None:
    """Run a model without rest and report its times, heat and clock in stretches of equal length."""
    root, stretch_s = request.get("root", "/"), request["sustain_s"] / STRETCHES
    stretches: list[list[float]] = []
    points: list[dict[str, Any]] = [{**state(root), "t_s": 0.0}]
    begun = time.perf_counter()
    for number in range(STRETCHES):
        times = [timed_ms(interpreter)]
        while time.perf_counter() - begun < (number + 1) * stretch_s:
            times.append(timed_ms(interpreter))
        ended = time.perf_counter() - begun
        points.append({"t_s": ended, "runs": len(times), "p50_ms": float(np.median(times)), **state(root)})
        stretches.append(times)
        say(event="beat")
        if len(stretches) > 6:  # those of the first and the last tenth are kept, not a million of others
            del stretches[3]
    first, last = (float(np.median(np.concatenate(part))) for part in (stretches[:3], stretches[-3:]))
    runs = sum(point.get("runs", 0) for point in points)
    say(event="sustained", model=model, duration_s=ended, runs=runs, first_ms=first, last_ms=last, points=points)


def in_rounds(ready: dict[tuple[int, int], Any], request: dict[str, Any], tell: Any) -> None:
    """Time all in rounds, in a new order each, and report the times of each."""
    root, rounds = request.get("root", "/"), request["rounds"]
    runs: dict[tuple[int, int], int] = {}
    for one, interpreter in ready.items():
        warm = [timed_ms(interpreter) for _ in range(request["warmup_runs"])]
        fits = request["seconds_per_model"] * 1000 / max(float(np.median(warm)), 1e-6)
        runs[one] = max(rounds, min(request["runs"], max(request["least_runs"], int(fits))))
    times: dict[tuple[int, int], list[float]] = {one: [] for one in ready}
    order = list(ready)
    shuffle = random.Random(request["seed"])  # noqa: S311 - an order, not a secret
    say(event="thermal", **state(root))
    for number in range(rounds):
        shuffle.shuffle(order)
        for one in order:
            timed_ms(ready[one])  # brings the model back into the caches
            share = runs[one] * (number + 1) // rounds - runs[one] * number // rounds
            times[one] += [timed_ms(ready[one]) for _ in range(share)]
        say(event="thermal", **state(root))
        tell()
    for (model, threads), values in times.items():
        say(event="latencies", model=model, threads=threads, warmup_runs=request["warmup_runs"], ms=values)


def main(request: dict[str, Any]) -> None:
    """Probe every model, then time those that run, interleaved, then one by one without rest."""
    models, timing = request["models"], request.get("times", True)
    sustain = timing and request.get("sustain_s", 0) > 0
    total = len(models) * (1 + sustain) + (request["rounds"] if timing else 0)
    done = iter(range(1, total + 1))

    def tell() -> None:
        say(event="progress", done=next(done), total=total)

    delegate, library = request.get("delegate", ""), ""
    if delegate and not (library := library_of(delegate)):
        say(event="no delegate", delegate=delegate, looked=list(LIBRARIES[delegate]))
        return
    counts = list(dict.fromkeys([request["threads"], *request.get("sweep", [])]))
    ready: dict[tuple[int, int], Any] = {}
    for model, path in enumerate(models):
        if not request.get("probe", True) or probed(model, path, counts[0], library):
            for threads in counts if timing else ():
                if (interpreter := prepared(model, path, threads, library)) is None:
                    break
                ready[model, threads] = interpreter
        tell()
    if not timing:
        return
    in_rounds(ready, request, tell)
    for model in range(len(models) if sustain else 0):
        if (model, counts[0]) in ready:
            sustained(model, ready[model, counts[0]], request)
        tell()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:2] == ["--probe"]:
        try:
            probe(sys.argv[2], int(sys.argv[3]), sys.argv[4])
        except (ValueError, RuntimeError, OSError) as error:
            reason = f"{type(error).__name__}: {error}"
        else:
            sys.exit(0)
        sys.exit(reason)  # here what the error held is gone, and with it its last words: this is the last line
    else:
        main(json.load(sys.stdin))
