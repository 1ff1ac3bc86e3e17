"""Makes the int8 models that `int8_accuracy.py` compares: two by other tools, ours by `api.quantize`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from int8_job import Job, Ready

from litesmith import api
from litesmith.core.errors import LitesmithError, UserError
from litesmith.core.registry import plugin_names
from litesmith.core.results import Status, Variant
from litesmith.quantize.calibrator import PACKAGE as CALIBRATORS
from litesmith.quantize.correction import correction_names

HERE = Path(__file__).parent
USUAL = "TFLiteConverter int8"
THEIRS = "litert-quantizer int8"
OURS = "litesmith"


@dataclass(frozen=True, kw_only=True)
class Made:
    """One model to compare.

    Attributes:
        name: What the table calls it.
        file: Where it is; None when it could not be made.
        seconds: What making it took.
        note: How it was made, or why it could not be.
    """

    name: str
    file: Path | None
    seconds: float
    note: str = ""


def by_others(ready: Ready, folder: Path, *, per_tensor: bool) -> list[Made]:
    """Return the models of the two other tools."""
    shared: dict[str, Any] = {"values": ready.values, "options": ["--per-tensor"] if per_tensor else []}
    theirs = by_script(
        THEIRS,
        "int8_litert_quantizer.py",
        model=ready.float_model,
        out=folder / "litert-quantizer.tflite",
        **shared,
    )
    if ready.model.suffix == ".tflite":
        note = "TFLiteConverter reads no .tflite; give the Keras model"
        return [Made(name=USUAL, file=None, seconds=0.0, note=note), theirs]
    usual = by_script(USUAL, "int8_tensorflow.py", model=ready.model, out=folder / "usual.tflite", **shared)
    return [usual, theirs]


def by_script(name: str, script: str, *, model: Path, values: Path, out: Path, options: list[str]) -> Made:
    """Run one of the scripts beside this one; a failure becomes the row's note."""
    command = [sys.executable, str(HERE / script), str(model), str(values), str(out), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return Made(name=name, file=None, seconds=0.0, note=reason)
    told: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    note = "from_saved_model refused it: TF1 converter" if told.get("way", 1) > 1 else ""
    return Made(name=name, file=out, seconds=told["seconds"], note=note)


def by_us(job: Job, ready: Ready, folder: Path, *, name: str, settings: dict[str, Any]) -> list[Made]:
    """Return the models that `api.quantize` makes with some settings: one, or one per scheme.

    Raises:
        UserError: a setting is unknown or has a value it does not take.
    """
    asked = asked_for(job, ready, folder, settings)
    begun = time.perf_counter()
    try:
        variants = api.quantize(ready.float_model, **asked).variants
    except UserError:
        raise
    except LitesmithError as error:
        return [Made(name=name, file=None, seconds=time.perf_counter() - begun, note=error.message)]
    return made_of(variants, name=name, out=asked["out"], seconds=time.perf_counter() - begun)


def by_search(job: Job, ready: Ready, folder: Path, *, settings: dict[str, Any]) -> list[Made]:
    """Return what `api.deploy` makes with a goal: int8 and mixed models, chosen by samples that are not evaluated here.

    Raises:
        LitesmithError: the goal is unknown, or the search failed.
    """
    assert ready.rest is not None, "a search chooses by samples that are not evaluated"
    asked = asked_for(job, ready, folder, settings)
    begun = time.perf_counter()
    found = api.deploy(ready.float_model, data=ready.rest, **asked)
    made = made_of(found.variants, name="search,", out=asked["out"], seconds=time.perf_counter() - begun)
    best = f"search, {found.recommended}"
    return [replace(entry, note=f"recommended; {entry.note}") if entry.name == best else entry for entry in made]


def asked_for(job: Job, ready: Ready, folder: Path, settings: dict[str, Any]) -> dict[str, Any]:
    """Return all settings of a call of ours, with an output folder that is not there yet."""
    return {
        "calibrate": ready.calibration,
        "out": folder / f"litesmith-{len(list(folder.glob('litesmith-*')))}",
        "schemes": "int8",
        "calibration_samples": 0,
        **job.preprocessing,
        "seed": job.seed,
        **settings,
    }


def made_of(variants: Sequence[Variant], *, name: str, out: Path, seconds: float) -> list[Made]:
    """Return variants but for the reference, under `name` and, where there are several, their scheme."""
    others = [variant for variant in variants if not variant.reference]
    several = len(others) > 1 or name.endswith(",")
    return [
        Made(
            name=f"{name} {variant.scheme}" if several else name,
            file=named(out, variant.file) if variant.status is Status.OK else None,
            seconds=seconds,
            note=told(variant),
        )
        for variant in others
    ]


def named(out: Path, file: str) -> Path:
    """Return a variant's file under a name that no other variant has."""
    return (out / file).rename(out / f"{out.name}-{Path(file).name}")


def told(variant: Variant) -> str:
    """Return how a variant was made: its ranges, corrections that were kept with their gain, and those dropped."""
    kept = [f"{trial.correction} ({trial.gain_db:+.1f} dB)" for trial in variant.corrections if trial.kept]
    dropped = [trial.correction for trial in variant.corrections if not trial.kept]
    parts = (f"ranges of {variant.calibrator}" if variant.calibrator else "", *kept)
    left = f"; dropped: {', '.join(dropped)}" if dropped else ""
    return variant.reason or ", ".join(part for part in parts if part) + left


def ablation() -> dict[str, dict[str, Any]]:
    """Return the settings of each row of the ablation: every calibrator, and every correction alone and left out."""
    known = correction_names()
    rows: dict[str, dict[str, Any]] = {}
    for calibrator in plugin_names(CALIBRATORS):
        rows[f"{calibrator}, plain"] = {"calibrator": calibrator, "corrections": "none"}
    for correction in known:
        rows[f"only {correction}"] = {"corrections": correction}
    for correction in known:
        rows[f"all but {correction}"] = {"corrections": ",".join(other for other in known if other != correction)}
    return rows
