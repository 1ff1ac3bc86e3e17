"""The four measurements of `make bench`. Each compares with a baseline taken in the same run, alternately."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from bare_inference import BareLoops

HERE = Path(__file__).parent
REPEATS = 3
RATE_REPEATS = 9


@dataclass(frozen=True, kw_only=True)
class Job:
    """What to measure on."""

    model: str
    data: str
    calibrate: str
    preprocess: str


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One ratio: what was compared, how often, and the goal."""

    name: str
    ours: str
    baseline: str
    ratio: float
    goal: str
    met: bool
    note: str = ""


def seconds(command: list[str]) -> tuple[float, str]:
    """Return the wall time of a command and what it printed."""
    begun = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return time.perf_counter() - begun, done.stdout


def litesmith(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "litesmith", *arguments]


SIX = "float32,float16,dynamic_int8,weight_only_int8,int8,dynamic_int4"


def deploy(job: Job) -> list[Measured]:
    """Compare a whole `deploy` with the usual way of making three variants: six schemes, then all by default."""
    script = [sys.executable, str(HERE / "usual_way.py"), job.model, job.data, job.calibrate]
    usual = [seconds([*script, "--preprocess", job.preprocess])]
    found = []
    for schemes in (["--schemes", SIX], []):
        ours, again = [], 0.0
        for _ in range(REPEATS):
            if len(usual) < REPEATS:
                usual.append(seconds([*script, "--preprocess", job.preprocess]))
            with tempfile.TemporaryDirectory() as out:
                options = ["--data", job.data, "--calibrate", job.calibrate, "--preprocess", job.preprocess, *schemes]
                command = litesmith("deploy", job.model, *options, "--out", out, "--json", "--quiet")
                ours.append(seconds(command)[0])
                report = json.loads((Path(out) / "report.json").read_text())
                again = seconds(command)[0]
        base = [taken for taken, _ in usual]
        ratio = median(ours) / median(base)
        built = sum(v["status"] == "ok" for v in report["variants"])
        stages = ", ".join(f"{s['stage']} {s['duration_s']:.1f}" for s in report["stages"])
        found.append(
            Measured(
                name=f"deploy, {built} variants{'' if schemes else ' (default)'}",
                ours=f"{median(ours):.1f} s ({min(ours):.1f} to {max(ours):.1f})",
                baseline=f"three conversions and loops: {median(base):.1f} s ({min(base):.1f} to {max(base):.1f})",
                ratio=ratio,
                goal="<= 0.5",
                met=ratio <= 0.5,
                note=f"median of {REPEATS}. stages, s: {stages}",
            )
        )
    parts = json.loads(usual[-1][1])["parts_s"]
    return [
        *found,
        Measured(
            name="the same deploy again",
            ours=f"{again:.2f} s",
            baseline="2 s",
            ratio=again / 2,
            goal="<= 1",
            met=again <= 2,
            note="usual way, s: " + ", ".join(f"{k} {v:.1f}" for k, v in parts.items()),
        ),
    ]


class Prepared:
    """A converted model and prepared samples, made once by the product's own steps."""

    def __init__(self, job: Job, folder: Path) -> None:
        from litesmith.pipeline.datasets import load
        from litesmith.pipeline.float_model import Conversions
        from litesmith.pipeline.run import Run
        from litesmith.pipeline.settings import Settings

        self.run = Run(
            Settings(model=job.model, data=job.data, calibrate=job.calibrate, preprocess=job.preprocess), folder=folder
        )
        with Conversions(self.run) as conversions:
            self.model = conversions.convert()
            self.datasets = load(self.run, inputs=self.model.conversion.inputs, classes=None, calibrated=True)


def bare_rate(path: Path, rows: list[Any], *, repeats: int = REPEATS) -> float:
    """Return samples per second of a loop of set_tensor and invoke, one thread, the best of several."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=str(path), num_threads=1)
    interpreter.allocate_tensors()
    index = interpreter.get_input_details()[0]["index"]
    best = 0.0
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        for row in rows:
            interpreter.set_tensor(index, row)
            interpreter.invoke()
        best = max(best, len(rows) / (time.perf_counter() - begun))
    return best


def evaluation(job: Job) -> list[Measured]:
    """Compare the rate of evaluation with cores x a bare single-thread loop, for float32 and int8."""
    from litesmith.core.isolated import usable_cores
    from litesmith.evaluate.collect import answer
    from litesmith.pipeline.calibration import calibrate
    from litesmith.pipeline.variants import build_one
    from litesmith.runtime.feeding import feeders
    from litesmith.runtime.interpreter import describe

    found = []
    with tempfile.TemporaryDirectory() as folder:
        prepared = Prepared(job, Path(folder))
        run, data = prepared.run, prepared.datasets
        assert data.calibration is not None
        assert data.evaluation is not None
        ranges = calibrate(run, prepared.model, data.calibration, findings=())
        for scheme in ("float32", "int8"):
            path = run.folder / build_one(run, prepared.model, ranges, scheme).file
            feed = feeders(data.evaluation, describe(path)[1])[0]
            stored = data.evaluation.raw()
            rows = [np.array(feed(stored[i : i + 1])) for i in range(data.evaluation.count)]
            rates, bases = [], []
            for turn in range(RATE_REPEATS):
                bases.append(bare_rate(path, rows, repeats=1))
                answers = answer(path, data.evaluation, pool=run.pool, folder=Path(folder) / f"{scheme}{turn}")
                rates.append(answers.samples_per_s)
            cores = usable_cores()
            ratio = max(rates) / (cores * max(bases))
            found.append(
                Measured(
                    name=f"evaluation rate, {scheme}",
                    ours=f"{max(rates):.0f} samples/s",
                    baseline=f"{cores} cores x {max(bases):.0f} samples/s",
                    ratio=ratio,
                    goal=">= 0.85",
                    met=ratio >= 0.85,
                    note=(
                        f"{data.evaluation.count} samples, the best of {RATE_REPEATS} on both sides, alternately; "
                        f"of the medians {median(rates) / (cores * median(bases)):.2f}"
                    ),
                )
            )
        run.pool.close()
    return found


def calibration(job: Job) -> list[Measured]:
    """Compare the calibration pass with bare float inference, and with the quantizer's own calibration."""
    from litert_quantizer import recipe
    from litert_quantizer.quantizer import Quantizer

    from litesmith.quantize.collect import collect
    from litesmith.runtime.feeding import feeders
    from litesmith.runtime.interpreter import describe

    with tempfile.TemporaryDirectory() as folder:
        prepared = Prepared(job, Path(folder))
        run, samples, model = prepared.run, prepared.datasets.calibration, prepared.model
        assert samples is not None
        signature, inputs, _ = describe(model.path)
        feed, stored = feeders(samples, inputs)[0], samples.raw()
        rows = [np.array(feed(stored[i : i + 1])) for i in range(samples.count)]

        def ours() -> float:
            begun = time.perf_counter()
            collect(model.path, samples, pool=run.pool)
            return time.perf_counter() - begun

        def theirs() -> float:
            quantizer = Quantizer(str(model.path), recipe.static_wi8_ai8())
            begun = time.perf_counter()
            quantizer.calibrate({signature: [{inputs[0].name: row} for row in rows]}, num_threads=2)
            return time.perf_counter() - begun

        run.pool.close()
        cold = ours()
        stacked = Path(folder) / "rows.npy"
        np.save(stacked, np.concatenate(rows))
        processes = len(run.pool.workers)
        taken, bare = [], []
        with BareLoops(model.path, stacked, processes=processes) as loops:
            for _ in range(RATE_REPEATS):
                bare.append(loops.seconds())
                taken.append(ours())
        own = [theirs() for _ in range(REPEATS)]
        run.pool.close()
    ratio = median(a / b for a, b in zip(taken, bare, strict=True))
    note = (
        f"{len(rows)} samples, median of {RATE_REPEATS} alternately and of their ratios; "
        f"of the best {min(taken) / min(bare):.2f}; with starting the workers {cold:.2f} s"
    )
    return [
        Measured(
            name="calibration pass, all cores",
            ours=f"{median(taken):.2f} s",
            baseline=f"bare float inference, {processes} processes: {median(bare):.2f} s",
            ratio=ratio,
            goal="<= 1.5",
            met=ratio <= 1.5,
            note=note,
        ),
        Measured(
            name="calibration pass, all cores",
            ours=f"{median(taken):.2f} s",
            baseline=f"Quantizer.calibrate, 2 threads: {median(own):.2f} s",
            ratio=median(taken) / median(own),
            goal="<= 0.25",
            met=median(taken) / median(own) <= 0.25,
            note=note,
        ),
    ]


def start_up(job: Job) -> list[Measured]:
    """Measure starting: the import and the help, less what an empty Python takes."""
    del job

    def best(command: list[str]) -> float:
        return min(seconds(command)[0] for _ in range(10)) * 1000

    empty = best([sys.executable, "-c", "pass"])
    imported = best([sys.executable, "-c", "import litesmith"]) - empty
    helped = best(litesmith("--help"))
    return [
        Measured(
            name="import litesmith",
            ours=f"{imported:.0f} ms over an empty Python ({empty:.0f} ms)",
            baseline="50 ms",
            ratio=imported / 50,
            goal="<= 1",
            met=imported <= 50,
            note="best of 10",
        ),
        Measured(
            name="litesmith --help",
            ours=f"{helped:.0f} ms",
            baseline="150 ms",
            ratio=helped / 150,
            goal="<= 1",
            met=helped <= 150,
            note="best of 10",
        ),
    ]


PARTS: dict[str, Callable[[Job], list[Measured]]] = {
    "start": start_up,
    "calibration": calibration,
    "evaluation": evaluation,
    "deploy": deploy,
}
