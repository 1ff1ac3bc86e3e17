"""Makes the int8 models that `int8_accuracy.py` compares: two by other tools, ours by `api.quantize`."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from int8_job import Job, Ready

from litesmith import api
from litesmith.core.errors import LitesmithError, UserError
from litesmith.core.registry import plugin_names
from litesmith.core.results import Status
from litesmith.pipeline.calibration import AUTO
from litesmith.pipeline.settings import FIELDS
from litesmith.quantize.calibrator import PACKAGE as CALIBRATORS
from litesmith.quantize.scheme import PACKAGE as SCHEMES

HERE = Path(__file__).parent
CORRECTIONS = "litesmith.quantize.corrections"
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
    out = folder / f"litesmith-{len(list(folder.glob('litesmith-*')))}"
    chosen = {"schemes": "int8", "calibration_samples": 0, **job.preprocessing, "seed": job.seed, **settings}
    begun = time.perf_counter()
    try:
        result = api.quantize(ready.float_model, calibrate=ready.calibration, out=out, **chosen)
    except UserError:
        raise
    except LitesmithError as error:
        return [Made(name=name, file=None, seconds=time.perf_counter() - begun, note=error.message)]
    seconds = time.perf_counter() - begun
    variants = [variant for variant in result.variants if not variant.reference]
    return [
        Made(
            name=name if len(variants) == 1 else f"{name} {variant.scheme}",
            file=named(out, variant.file) if variant.status is Status.OK else None,
            seconds=seconds,
            note=variant.reason or ", ".join(note for note in (variant.calibrator, corrected(variant)) if note),
        )
        for variant in variants
    ]


def named(out: Path, file: str) -> Path:
    """Return a variant's file under a name that no other variant has."""
    return (out / file).rename(out / f"{out.name}-{Path(file).name}")


def corrected(variant: Any) -> str:
    """Return the corrections that are in a variant, where this version of Litesmith records them."""
    kept = [entry.correction for entry in getattr(variant, "corrections", ()) if getattr(entry, "kept", True)]
    return " + ".join(kept)


def corrections() -> tuple[str, ...]:
    """Return the corrections of this version of Litesmith; none in one that has no such setting."""
    if "corrections" not in FIELDS or find_spec(CORRECTIONS) is None:
        return ()
    return plugin_names(CORRECTIONS)


def ablation() -> dict[str, dict[str, Any]]:
    """Return the settings of each row of the ablation: every calibrator, and every correction alone and left out."""
    known = corrections()
    plain: dict[str, Any] = {"corrections": "none"} if known else {}
    rows: dict[str, dict[str, Any]] = {}
    for calibrator in plugin_names(CALIBRATORS):
        rows[f"{calibrator}, plain" if known else calibrator] = {"calibrator": calibrator, **plain}
    for correction in known:
        rows[f"only {correction}"] = {"calibrator": AUTO, "corrections": correction}
    if len(known) > 1:
        for correction in known:
            rest = ",".join(other for other in known if other != correction)
            rows[f"all but {correction}"] = {"calibrator": AUTO, "corrections": rest}
        rows["all corrections"] = {"calibrator": AUTO, "corrections": ",".join(known)}
    return rows


def per_tensor_scheme() -> str | None:
    """Return the scheme with one scale per weight tensor; None in a version of Litesmith that has none."""
    return next((name for name in plugin_names(SCHEMES) if "per_tensor" in name), None)
