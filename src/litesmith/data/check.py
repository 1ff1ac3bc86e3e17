"""Audits a calibration set before it is used: too few, broken, repeated, random or wrongly scaled samples.

Samples are looked at once, in chunks. Every rule is meant to stay silent on real photos, drawings and audio
features; where that could not be had, such as telling noise from sound, there is no rule.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litesmith.core.preprocessing import PRESETS, Preprocessing, normalize
from litesmith.core.results import Finding, Severity
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.data.coverage import check_coverage
from litesmith.data.inputs import takes_integers
from litesmith.data.measure import InputFacts, measure

FEWEST, ADVISED, MOST = 10, 100, 500
_REPEATED_SHARE = 0.1
_CONSTANT_SIZE = 16
"""Samples with fewer values may well be constant."""
_PIXELS = "--preprocess raw"


def check_representative(
    samples: SampleSet, *, specs: Sequence[TensorSpec], classes: int | None = None
) -> tuple[Finding, ...]:
    """Return what is suspicious about a calibration set; an empty tuple for a good one.

    Codes: `few-samples`, `many-samples`, `dtype-mismatch`, `non-finite`, `constant-sample`, `identical-samples`,
    `repeated-samples`, `noise-sample`, `noise-calibration`, `already-scaled`, `outside-preset-range`,
    `few-classes`, `cut-off-order`. Only `dtype-mismatch` and `non-finite` are errors.

    Args:
        samples: Prepared samples.
        specs: The model's inputs.
        classes: Number of classes of the model; None to go by the labels.
    """
    findings = _count(samples.count)
    by_name = {spec.name: spec for spec in specs}
    measured: list[InputFacts] = []
    for position, entry in enumerate(samples.inputs):
        spec = by_name.get(entry.name, specs[0])
        facts = measure(samples.raw(position), layout=samples.preprocessing.layout)
        measured.append(facts)
        findings += _dtype(entry, spec)
        findings += _non_finite(samples, entry, facts)
        if not takes_integers(spec):
            findings += _constant(samples, entry, facts)
            findings += _noise(samples, entry, facts)
        if entry.normalized:
            findings += _range(samples.preprocessing, entry, facts)
    findings += _repeated(samples, measured)
    if samples.labels is not None:
        findings += check_coverage(samples.labels, classes)
    return tuple(findings)


def _of(entry: SampleInput) -> str:
    return f" of input '{entry.name}'" if entry.name else ""


def _count(count: int) -> list[Finding]:
    if count < ADVISED:
        few = count < FEWEST
        return [
            Finding(
                code="few-samples",
                severity=Severity.WARNING if few else Severity.INFO,
                message=f"{count} calibration samples, fewer than {FEWEST if few else ADVISED}; "
                + ("ranges will miss values that occur in use" if few else "more give steadier ranges"),
                hint=f"Give {ADVISED} to {MOST} samples.",
            )
        ]
    if count > MOST:
        return [
            Finding(
                code="many-samples",
                severity=Severity.INFO,
                message=f"{count} calibration samples, more than {MOST}; ranges hardly change beyond that",
                hint=f"Limit them to {MOST} to save time.",
            )
        ]
    return []


def _dtype(entry: SampleInput, spec: TensorSpec) -> list[Finding]:
    if not (takes_integers(spec) and np.dtype(entry.dtype).kind == "f"):
        return []
    return [
        Finding(
            code="dtype-mismatch",
            severity=Severity.ERROR,
            message=f"samples{_of(entry)} are {entry.dtype}, the model takes {spec.dtype}",
            hint=f"Store x.astype('{spec.dtype}').",
        )
    ]


def _non_finite(samples: SampleSet, entry: SampleInput, facts: InputFacts) -> list[Finding]:
    bad = np.flatnonzero(~facts.finite)
    if not len(bad):
        return []
    name = samples.names[bad[0]]
    return [
        Finding(
            code="non-finite",
            severity=Severity.ERROR,
            message=f"{len(bad)} of {samples.count} samples{_of(entry)} hold NaN or infinity, the first is {name}",
            hint="Remove these samples, or find out where the values come from.",
            sample=name,
        )
    ]


def _constant(samples: SampleSet, entry: SampleInput, facts: InputFacts) -> list[Finding]:
    bad = np.flatnonzero(facts.finite & (facts.low == facts.high))
    if not len(bad) or int(np.prod(entry.shape)) < _CONSTANT_SIZE:
        return []
    name = samples.names[bad[0]]
    return [
        Finding(
            code="constant-sample",
            severity=Severity.WARNING,
            message=f"{len(bad)} of {samples.count} samples{_of(entry)} hold one value only, "
            f"the first is {name} (all {facts.low[bad[0]]:g})",
            hint="Remove blank samples; they say nothing about the ranges in use.",
            sample=name,
        )
    ]


def _noise(samples: SampleSet, entry: SampleInput, facts: InputFacts) -> list[Finding]:
    bad = np.flatnonzero(facts.noise)
    if not len(bad):
        return []
    name = samples.names[bad[0]]
    most = 2 * len(bad) > samples.count
    seen = f"{len(bad)} of {samples.count} samples{_of(entry)} look like random noise (neighbouring values unrelated)"
    return [
        Finding(
            code="noise-calibration" if most else "noise-sample",
            severity=Severity.WARNING,
            message=f"the model would be calibrated on noise: {seen}" if most else f"{seen}, the first is {name}",
            hint="Calibrate on samples as they occur in use; ranges from noise do not fit real inputs.",
            sample=name,
        )
    ]


def _repeated(samples: SampleSet, measured: Sequence[InputFacts]) -> list[Finding]:
    first: dict[tuple[bytes, ...], int] = {}
    repeats = [
        row
        for row, key in enumerate(zip(*(facts.keys for facts in measured), strict=True))
        if first.setdefault(key, row) != row
    ]
    if not repeats:
        return []
    if len(first) == 1:
        return [
            Finding(
                code="identical-samples",
                severity=Severity.WARNING,
                message=f"all {samples.count} samples are identical",
                hint="Check the loop that makes them; give different samples.",
                sample=samples.names[0],
            )
        ]
    share = len(repeats) / samples.count
    name = samples.names[repeats[0]]
    return [
        Finding(
            code="repeated-samples",
            severity=Severity.WARNING if share > _REPEATED_SHARE else Severity.INFO,
            message=f"{len(repeats)} of {samples.count} samples ({share:.1%}) repeat an earlier one, "
            f"the first is {name}",
            hint="Give each sample once.",
            sample=name,
        )
    ]


def _range(record: Preprocessing, entry: SampleInput, facts: InputFacts) -> list[Finding]:
    """Compare raw values with the 0..255 that a preset other than raw scales from."""
    usable = facts.finite
    if not usable.any():
        return []
    low, high = float(facts.low[usable].min()), float(facts.high[usable].max())
    identity = all(s == 1 for s in record.scale) and all(o == 0 for o in record.offset)
    from_pixels = record.preset in PRESETS or all(abs(s) <= 1 / 50 for s in record.scale)
    if identity or low == high or not from_pixels:
        return []
    fed = _fed(record, low, high)
    code, what = "", ""
    if low >= -1.001 and high <= 1.001:
        code = "already-scaled"
        what = f"samples{_of(entry)} already lie in {low:g}..{high:g}"
    elif low < -0.5 or high > 255.5:
        code = "outside-preset-range"
        what = f"samples{_of(entry)} lie in {low:g}..{high:g}"
    if not code:
        return []
    return [
        Finding(
            code=code,
            severity=Severity.WARNING,
            message=f"{what}, but preprocessing '{record.preset}' expects 0..255; the model would be fed {fed}",
            hint=f"Use {_PIXELS} if x holds what the model takes, or store pixels of 0..255.",
        )
    ]


def _fed(record: Preprocessing, low: float, high: float) -> str:
    channels = max(len(record.scale), len(record.offset))
    corners = np.array([[low] * channels, [high] * channels], np.float32)
    values = normalize(corners.reshape(2, channels), record)
    return f"{values.min():.4g}..{values.max():.4g}"
