"""Evaluation and calibration samples: prepared once, split where only one dataset was given, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TypeVar

import numpy as np

from litesmith.core.deployment import DatasetSummary
from litesmith.core.errors import ConfigError, DatasetError
from litesmith.core.isolated import spans
from litesmith.core.names import unknown
from litesmith.core.preprocessing import (
    ColorOrder,
    Layout,
    Preprocessing,
    Resize,
    from_mean_std,
    preset,
)
from litesmith.core.results import Finding, Severity
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.data.check import check_representative
from litesmith.data.digest import digest
from litesmith.data.prepare import prepare
from litesmith.data.reader import find_reader
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings

Choice = TypeVar("Choice", bound=Enum)
_LARGEST_SHARE = 0.25
_SET_ASIDE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Datasets:
    """The samples of a run; None for what there is none of."""

    evaluation: SampleSet | None
    calibration: SampleSet | None
    summaries: tuple[DatasetSummary, ...]


def preprocessing_of(settings: Settings) -> Preprocessing:
    """Return the one preprocessing record of a run.

    Raises:
        UnknownNameError: an unknown preset, resize method, colour order or layout; the hint names the nearest.
        ConfigError: values that contradict each other.
    """
    record = preset(settings.preprocess)
    if settings.mean or settings.std:
        count = max(len(settings.mean), len(settings.std))
        mean, std = settings.mean or (0.0,) * count, settings.std or (1.0,) * count
        if len(mean) != len(std):
            raise ConfigError(f"--mean has {len(mean)} values and --std {len(std)}", hint="Give as many of each.")
        if 0.0 in std:
            raise ConfigError(
                "--std holds a 0, by which nothing can be divided", hint="Give the deviation in raw units."
            )
        record = replace(from_mean_std("custom", mean=mean, std=std), color_order=record.color_order)
    height, width = settings.input_size
    if settings.color:
        record = replace(record, color_order=_choice(ColorOrder, settings.color, "colour order"))
    return replace(
        record,
        resize=_choice(Resize, settings.resize, "resize method"),
        layout=_choice(Layout, settings.layout, "layout"),
        crop=settings.crop,
        height=height,
        width=width,
    )


def _choice(kind: type[Choice], text: str, what: str) -> Choice:
    known = {member.value: member for member in kind}
    if text not in known:
        raise unknown(what, text, known)
    return known[text]


def prepared(
    run: Run,
    source: str,
    *,
    role: str,
    inputs: Sequence[TensorSpec],
    classes: int | None,
    limit: int,
) -> SampleSet:
    """Return a dataset's samples, decoded in this run or an earlier one."""
    record = preprocessing_of(run.settings)
    seed = run.settings.seed
    content = digest(source, preprocessing=record, inputs=inputs, limit=limit or None, seed=seed)
    key = {"digest": content, "classes": classes}

    def make(folder: Path) -> SampleSet:
        with run.telling(f"decode {role} samples") as tell:
            samples = prepare(
                source,
                preprocessing=record,
                inputs=inputs,
                classes=classes,
                folder=folder,
                pool=run.pool,
                limit=limit or None,
                seed=seed,
                on_progress=tell,
            )
        _require_finite(samples)
        return samples

    kept = run.step("samples", key, SampleSet, make, version=2)
    return replace(moved(kept.value, kept.folder), source=source)


def _require_finite(samples: SampleSet) -> None:
    """Refuse samples that no model can be judged by.

    Raises:
        DatasetError: one holds NaN or infinity.
    """
    for position, entry in enumerate(samples.inputs):
        if np.dtype(entry.dtype).kind != "f":
            continue
        stored = samples.raw(position)
        parts = [np.isfinite(stored[a:b]).reshape(b - a, -1).all(axis=1) for a, b in spans(samples.count, 256)]
        bad = np.flatnonzero(~np.concatenate(parts))
        if bad.size:
            name = samples.names[bad[0]]
            raise DatasetError(
                f"{bad.size} of {samples.count} samples of {samples.source} hold NaN or infinity, the first is {name}",
                hint="Remove these samples, or find out where the values come from.",
            )


def moved(samples: SampleSet, folder: Path) -> SampleSet:
    """Return the samples with their files in `folder`."""
    return replace(samples, inputs=tuple(replace(entry, path=folder / entry.path.name) for entry in samples.inputs))


def subset(samples: SampleSet, rows: Sequence[int], folder: Path) -> SampleSet:
    """Return some of the samples, stored anew in `folder`."""
    entries = []
    for position, entry in enumerate(samples.inputs):
        path = folder / f"input_{position}.npy"
        np.save(path, samples.raw(position)[list(rows)])
        entries.append(replace(entry, path=path))
    return replace(
        samples,
        inputs=tuple(entries),
        labels=None if samples.labels is None else tuple(samples.labels[row] for row in rows),
        names=tuple(samples.names[row] for row in rows),
        digest=f"{samples.digest}[{','.join(map(str, rows))}]",
    )


def kept_subset(run: Run, samples: SampleSet, rows: Sequence[int]) -> SampleSet:
    """Return some of the samples, stored in the cache."""
    kept = run.step(
        "subsets", {"of": samples.digest, "rows": list(rows)}, SampleSet, lambda folder: subset(samples, rows, folder)
    )
    return moved(kept.value, kept.folder)


def with_parts(summaries: Sequence[DatasetSummary], *, choice: int, confirmation: int) -> tuple[DatasetSummary, ...]:
    """Return the summaries with the evaluation samples in two parts: those chosen by, and those figures are from."""
    found: list[DatasetSummary] = []
    for summary in summaries:
        parts = [summary]
        if summary.role == "evaluation":
            parts = [replace(summary, n=confirmation), replace(summary, role="choice", n=choice, findings=())]
        found += parts
    return tuple(found)


def require(settings: Settings, *, calibrated: bool) -> None:
    """Check, before any work, that the datasets exist and are of a known form.

    Raises:
        DatasetError: one is missing or of no known form, both are the same, or a scheme needs one and there is none.
    """
    for source in (settings.data, settings.calibrate):
        if source:
            find_reader(source)
    if settings.calibrate and settings.data and Path(settings.calibrate).resolve() == Path(settings.data).resolve():
        raise DatasetError(
            f"--calibrate and --data are both {settings.data}: accuracy measured on calibration data is no evidence",
            hint="Give other samples to --calibrate, or leave it out to have some of --data set aside.",
        )
    if calibrated and not settings.data and not settings.calibrate:
        raise DatasetError(
            "int8 and int16x8 need representative samples, and no dataset was given",
            hint="Give --calibrate DATASET (100 to 500 samples), or choose --schemes float16,dynamic_int8.",
        )


def load(run: Run, *, inputs: Sequence[TensorSpec], classes: int | None, calibrated: bool) -> Datasets:
    """Return the samples a run needs.

    Without `--calibrate`, a quarter of the evaluation samples, at most 200, is set aside for calibration and
    never evaluated on.

    Raises:
        DatasetError: a dataset cannot be used.
    """
    settings = run.settings
    evaluation = calibration = None
    notes: tuple[Finding, ...] = ()
    if settings.data:
        evaluation = prepared(
            run, settings.data, role="evaluation", inputs=inputs, classes=classes, limit=settings.samples
        )
    if settings.calibrate:
        calibration = prepared(
            run,
            settings.calibrate,
            role="calibration",
            inputs=inputs,
            classes=None,
            limit=settings.calibration_samples,
        )
    elif calibrated and evaluation is not None:
        evaluation, calibration, notes = _set_aside(run, evaluation)
    findings = notes
    if calibration is not None:
        findings += check_representative(calibration, specs=inputs)
        worst = next((f for f in findings if f.severity is Severity.ERROR), None)
        if worst is not None:
            where = f" (sample {worst.sample})" if worst.sample else ""
            raise DatasetError(f"{settings.calibrate or settings.data}: {worst.message}{where}", hint=worst.hint)
    summaries = [_summary("evaluation", evaluation, ())] if evaluation is not None else []
    summaries += [_summary("calibration", calibration, findings)] if calibration is not None else []
    return Datasets(evaluation=evaluation, calibration=calibration, summaries=tuple(summaries))


def calibration_findings(datasets: Datasets) -> tuple[Finding, ...]:
    """Return what was found in the representative samples."""
    return next((s.findings for s in datasets.summaries if s.role == "calibration"), ())


def _set_aside(run: Run, samples: SampleSet) -> tuple[SampleSet, SampleSet, tuple[Finding, ...]]:
    wanted = min(_SET_ASIDE, run.settings.calibration_samples or _SET_ASIDE)
    count = min(wanted, int(samples.count * _LARGEST_SHARE))
    if count < 1:
        raise DatasetError(
            f"{samples.source} has {samples.count} samples, too few to set some aside for calibration",
            hint="Give --calibrate DATASET.",
        )
    order = np.random.default_rng(run.settings.seed).permutation(samples.count)
    aside, rest = sorted(order[:count].tolist()), sorted(order[count:].tolist())
    note = Finding(
        code="calibration-set-aside",
        severity=Severity.INFO,
        message=f"{count} of {samples.count} samples of {samples.source} were set aside for calibration only",
        hint="Give --calibrate DATASET to evaluate on all of them.",
    )
    return kept_subset(run, samples, rest), kept_subset(run, samples, aside), (note,)


def _summary(role: str, samples: SampleSet, findings: tuple[Finding, ...]) -> DatasetSummary:
    return DatasetSummary(
        role=role,
        source=samples.source,
        kind=samples.kind,
        sha256=samples.digest if len(samples.digest) == 64 else samples.digest[:64],
        n=samples.count,
        labelled=samples.labels is not None,
        resized=samples.resized,
        skipped=sum(f.code == "unreadable-sample" for f in samples.findings),
        findings=(*samples.findings, *findings),
    )
