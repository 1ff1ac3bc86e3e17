"""What a bundle is made from beside the model: the report of its run, its preprocessing, its labels."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from litesmith.bundle.card import variant_of
from litesmith.bundle.job import Picture
from litesmith.core.deployment import Deployment
from litesmith.core.errors import ConfigError, UserError
from litesmith.core.names import unknown
from litesmith.core.preprocessing import PRESETS, Preprocessing
from litesmith.core.results import Finding, Severity
from litesmith.core.tensors import TensorSpec
from litesmith.data.images import ImagePlan, plan_images
from litesmith.pipeline.datasets import preprocessing_of
from litesmith.pipeline.settings import FIELDS, Settings
from litesmith.report.encode import from_data

_PREPROCESSING = ("preprocess", "resize", "crop", "input_size", "color", "layout", "mean", "std")
_TAKES = ("auto", "images", "tensors")
_LEAST_SIDE = 16
"""An input with fewer rows or columns is taken for something else than a picture, such as a spectrogram."""
_LONGEST_LABEL = 200
UNKNOWN = "preprocessing-unknown"
"""Code of the finding that nothing says how pictures become the input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeding:
    """How samples become a model's inputs.

    Attributes:
        preprocessing: Scale, offset and what is done to pictures.
        picture: How pictures become the input; None for a model that takes tensors.
        findings: Where that comes from.
    """

    preprocessing: Preprocessing
    picture: Picture | None
    findings: tuple[Finding, ...]


def report_beside(model: Path, digest: str) -> tuple[Deployment | None, tuple[Finding, ...]]:
    """Return the report of the run that made a model, from `report.json` in its folder or the one above.

    A report that does not have the file among its variants, by sha256, is not used, and a finding says so.
    """
    for folder in (model.parent, model.parent.parent):
        path = folder / "report.json"
        if not path.is_file():
            continue
        try:
            report = from_data(Deployment, json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, UserError) as error:
            said = error.message if isinstance(error, UserError) else str(error)
            return None, (_note("report-unreadable", f"{path} was not used: {said[:200]}", Severity.WARNING),)
        if variant_of(report, digest) is None:
            text = f"{path} was not used: none of its variants has the sha256 of {model.name}"
            return None, (_note("report-of-another-model", text, Severity.WARNING),)
        return report, ()
    return None, (
        _note(
            "no-report",
            f"there is no report.json beside {model.name}: the card has neither accuracy nor latency",
            Severity.INFO,
            "Bundle a variant where deploy wrote it.",
        ),
    )


def feeding_of(settings: Settings, inputs: tuple[TensorSpec, ...], report: Deployment | None) -> Feeding:
    """Return how samples become the inputs: as typed, else as the report says, else as they are.

    Raises:
        UnknownNameError: `takes` or a preprocessing name is none.
        UserError: the preprocessing does not fit the input.
    """
    if settings.takes not in _TAKES:
        raise unknown("kind of input", settings.takes, _TAKES)
    typed = any(getattr(settings, name) != FIELDS[name].default for name in _PREPROCESSING)
    if typed or report is None:
        record, where = preprocessing_of(settings), "as given"
    else:
        record, where = report.preprocessing, "from the report"
    picture = _picture(settings.takes, inputs, record)
    if picture is None:
        if not typed and report is None:
            record = PRESETS["raw"]
        return Feeding(preprocessing=record, picture=None, findings=())
    text = f"takes images of {picture.height}x{picture.width}, preprocessing '{record.preset}' {where}"
    if not typed and report is None:
        warned = _note(
            UNKNOWN,
            f"preprocessing is not known, so that images are fed as bytes 0..255 ('{record.preset}')",
            Severity.WARNING,
            "If the model was trained otherwise, give --preprocess, or --takes tensors.",
        )
        return Feeding(preprocessing=record, picture=picture, findings=(warned,))
    note = _note("takes-images", text, Severity.INFO, "If it takes none, give --takes tensors.")
    return Feeding(preprocessing=record, picture=picture, findings=(note,))


def _picture(takes: str, inputs: tuple[TensorSpec, ...], record: Preprocessing) -> Picture | None:
    if takes == "tensors":
        return None
    if len(inputs) != 1:
        if takes == "images":
            raise ConfigError(
                f"--takes images needs a model with one input, this one has {len(inputs)}",
                hint="Use --takes tensors.",
            )
        return None
    try:
        plan = plan_images(record, inputs[0])
    except UserError:
        looks_like = len(inputs[0].shape) == 4 and 3 in (inputs[0].shape[1], inputs[0].shape[3])
        if takes == "images" or looks_like:
            raise
        return None
    if takes == "auto" and (plan.channels == 0 or min(plan.height, plan.width) < _LEAST_SIDE):
        return None
    return picture_of(plan)


def picture_of(plan: ImagePlan) -> Picture:
    """Return what becomes of images, as the bundle's record."""
    return Picture(
        height=plan.height,
        width=plan.width,
        channels=plan.channels,
        swap=plan.swap,
        layout=plan.layout,
        resize=plan.resize,
        crop=plan.crop,
    )


def read_labels(name: str) -> tuple[str, ...]:
    """Return the names of classes from a text file, one per line; empty lines at its end do not count.

    Raises:
        ConfigError: the file cannot be read, is empty, or a line is empty, too long or holds control characters.
    """
    if not name:
        return ()
    try:
        lines = Path(name).read_text(encoding="utf-8-sig").rstrip().split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError(f"cannot read the labels {name}: {reason}", hint="Check --labels.") from error
    labels = tuple(line.rstrip("\r") for line in lines)
    for number, label in enumerate(labels, 1):
        wrong = ""
        if not label.strip():
            wrong = "is empty"
        elif len(label) > _LONGEST_LABEL:
            wrong = f"has {len(label)} characters, {_LONGEST_LABEL} are allowed"
        elif not label.isprintable():
            wrong = "holds control characters"
        if wrong:
            raise ConfigError(f"line {number} of {name} {wrong}", hint="Write one class name per line.")
    return labels


def _note(code: str, message: str, severity: Severity, hint: str = "") -> Finding:
    return Finding(code=code, severity=severity, message=message, hint=hint)
