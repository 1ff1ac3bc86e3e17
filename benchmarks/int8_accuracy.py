"""How right int8 models are: the usual ways and Litesmith's, on the same samples, against the float model.

python benchmarks/int8_accuracy.py MODEL DATA CALIBRATION --preprocess PRESET [--ablation] [--json FILE]

Each row is a model: float32, the TFLiteConverter's int8, litert-quantizer's with its own calibration, and ours.
Labels, where DATA has them, are used to count right answers and for nothing else.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from int8_job import PARTS, Job, get_ready
from int8_made import OURS, Made, ablation, by_others, by_search, by_us
from int8_rows import WIDTH, measured, plain, table
from rich.console import Console

from litesmith.core.environment import environment
from litesmith.core.errors import LitesmithError
from litesmith.pipeline.settings import FIELDS, read_setting
from litesmith.report.encode import to_data


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help=".keras, .h5, SavedModel folder or float .tflite")
    parser.add_argument("data", help="samples to evaluate on: folder with labels.csv, image folder or .npz")
    parser.add_argument("calibration", help="samples to calibrate on, in the same forms")
    parser.add_argument("--preprocess", default="raw", help="preset for both sets (default: raw)")
    parser.add_argument("--mean", default="", metavar="M,..", help="subtracted from raw values, instead of a preset")
    parser.add_argument("--std", default="", metavar="S,..", help="divides the result")
    parser.add_argument("--resize", default="bilinear", metavar="METHOD", help="resampling of images")
    parser.add_argument("--crop", type=float, default=0.0, help="central square of the images of DATA")
    parser.add_argument("--calibration-crop", type=float, default=0.0, help="the same of CALIBRATION")
    parser.add_argument("--samples", type=int, default=0, help="evaluate on at most this many (default: all)")
    parser.add_argument("--calibration-samples", type=int, default=400, help="calibrate on at most this many")
    parser.add_argument("--part", choices=PARTS, default="all", help="evaluate on all rows, or on every other one")
    parser.add_argument(
        "--ours",
        action="append",
        default=[],
        metavar="'SETTING=VALUE ..'",
        help="one more row, of api.quantize with these settings; may be repeated",
    )
    parser.add_argument(
        "--search",
        default="",
        metavar="GOAL",
        help="also rows of the models that a search with this goal finds on the samples that --part leaves out",
    )
    parser.add_argument("--ablation", action="store_true", help="one row per calibrator and per correction")
    parser.add_argument("--per-tensor", action="store_true", help="one scale per weight tensor, for all tools")
    parser.add_argument("--runs", type=int, default=200, help="timed runs of each model; 0 times nothing")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of samples")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the models in this new folder")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    options = parser.parse_args()
    if options.search and options.part == "all":
        parser.error("--search chooses by samples that are not evaluated: add --part even or --part odd")
    for text in options.ours:
        for pair in text.split():
            if pair.partition("=")[0] not in FIELDS:
                parser.error(f"--ours '{text}': '{pair}' is no SETTING=VALUE of litesmith quantize")
    return options


def job_of(options: argparse.Namespace) -> Job:
    preprocessing = {name: getattr(options, name) for name in ("preprocess", "resize", "mean", "std")}
    return Job(
        model=options.model,
        data=options.data,
        calibration=options.calibration,
        preprocessing={name: read_setting(name, text) for name, text in preprocessing.items() if text},
        crop=options.crop,
        calibration_crop=options.calibration_crop,
        samples=options.samples,
        calibration_samples=options.calibration_samples,
        part=options.part,
        seed=options.seed,
    )


def all_made(options: argparse.Namespace, job: Job, folder: Path) -> tuple[Any, list[Made]]:
    """Return what the models were made from, and the models."""
    ready = get_ready(job, folder)
    made = by_others(ready, folder, per_tensor=options.per_tensor)
    rows: dict[str, dict[str, Any]] = {OURS: {}}
    for text in options.ours:
        rows[f"{OURS} {text}"] = dict(pair.split("=", 1) for pair in text.split())
    if options.ablation:
        rows.update(ablation())
    scheme = "int8_per_tensor" if options.per_tensor else "int8"
    for name, settings in rows.items():
        made += by_us(job, ready, folder, name=name, settings={"schemes": scheme, **settings})
    if options.search:
        made += by_search(job, ready, folder, settings={"schemes": scheme, "goal": options.search})
    return ready, made


def report(options: argparse.Namespace, folder: Path) -> None:
    """Measure and print."""
    job = job_of(options)
    ready, made = all_made(options, job, folder)
    rows = measured(job, ready, made, runs=options.runs)
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    title = f"{job.model}: {ready.n} samples to evaluate on, {ready.n_calibration} to calibrate on"
    console.print(table(rows, title=title))
    for entry in rows:
        if entry.note:
            console.print(f"{entry.name}: {entry.note}", markup=False)
    facts = environment(seed=job.seed)
    packages = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    console.print(f"{facts.cpu}, {facts.cores} cores, {facts.os}; {packages}", markup=False)
    if options.json:
        told = {
            "job": vars(job),
            "per_tensor": options.per_tensor,
            "n": ready.n,
            "n_calibration": ready.n_calibration,
            "rows": plain(rows),
            "environment": to_data(facts),
        }
        options.json.write_text(json.dumps(told, indent=1) + "\n")


def main() -> None:
    options = arguments()
    try:
        if options.keep:
            options.keep.mkdir(parents=True)
            report(options, options.keep)
        else:
            with tempfile.TemporaryDirectory(prefix="int8-") as folder:
                report(options, Path(folder))
    except FileExistsError:
        sys.exit(f"--keep {options.keep} exists; name a new folder")
    except LitesmithError as error:
        sys.exit(f"{error.message}\n{error.hint}".strip())


if __name__ == "__main__":
    main()
