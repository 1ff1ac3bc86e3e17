"""Comparing the .tflite's answers with the source model's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.conversion import Conversion
from litesmith.core.errors import ConversionError
from litesmith.core.units import format_percent
from litesmith.diagnosis.catalogue import diagnose
from litesmith.diagnosis.cause import Evidence, Stage

LARGEST_RELATIVE = 1e-2
"""Difference, relative to the largest output, above which a conversion counts as wrong. Reordered float32 sums
stay some hundred times below it."""

_ROUNDING = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
_ROUNDINGS = 16.0

Outputs = Sequence[npt.NDArray[Any]]
Separate = Sequence[Sequence[npt.NDArray[Any]]]
"""For each output, one array per sample."""


class AnswersChanged(ConversionError):
    """The .tflite does not answer like the source."""


class SourceNotFinite(ConversionError):
    """The source answers with nothing but NaN or infinity, so that there is nothing to compare."""


def limit_for(precision: str) -> float:
    """Return the largest relative difference allowed for a source that computes in `precision`.

    A source in half precision rounds each of its layers' outputs; a sum of sixteen such errors is no fault of the
    conversion, which computes in float32.

    >>> limit_for("float32"), limit_for("bfloat16")
    (0.01, 0.0625)
    """
    return max(LARGEST_RELATIVE, _ROUNDINGS * _ROUNDING.get(precision, 0.0))


def checked(
    conversion: Conversion,
    source: Outputs,
    converted: Outputs,
    *,
    check_source: str,
    precision: str = "float32",
    count: int | None = None,
) -> Conversion:
    """Return the conversion with its differences filled in.

    Args:
        conversion: As made.
        source: The source model's outputs, one array [N, ...] per output.
        converted: The .tflite's, in the same order.
        check_source: What the samples were.
        precision: Coarsest type the source computes in.
        count: Number of samples; that of the first output's rows by default.

    Raises:
        AnswersChanged: shapes differ, values are NaN or infinite in one of the two alone, or the answers changed.
        SourceNotFinite: an output of the source has no finite value on any sample.
    """
    largest_abs = largest_rel = 0.0
    agreement: float | None = None
    count = len(source[0]) if count is None else count
    for spec, theirs, ours in zip(conversion.outputs, source, converted, strict=True):
        if theirs.shape != ours.shape:
            raise _other_shape(conversion, spec.name, ours.shape, theirs.shape)
        real = theirs.astype(np.float64)
        usable = np.isfinite(real)
        _require_comparable(spec.name, real, ours, count=count, samples=check_source)
        worst, relative = _difference(real, ours, usable)
        largest_abs = max(largest_abs, worst)
        largest_rel = max(largest_rel, relative)
        if agreement is None and real.ndim == 2 and real.shape[1] > 1:
            agreement = float(np.mean(real.argmax(axis=1) == ours.argmax(axis=1)))
    limit = limit_for(precision)
    if not largest_rel <= limit:
        same = "" if agreement is None else f", and top-1 agrees on {format_percent(agreement)}"
        raise AnswersChanged(
            f"conversion changed the answers: the largest difference on {count} samples is {largest_abs:.3g}, "
            f"{largest_rel:.2%} of the largest output (limit {limit:.0%}){same}",
            hint="Layers that act differently in training (dropout, batch norm) or random layers are the usual cause.",
        )
    return replace(
        conversion,
        check_samples=count,
        check_source=check_source,
        max_abs_difference=largest_abs,
        max_rel_difference=largest_rel,
        top1_agreement=agreement,
    )


def _require_comparable(
    name: str, source: npt.NDArray[np.float64], converted: npt.NDArray[Any], *, count: int, samples: str
) -> None:
    """Refuse an output without finite values, and one where NaN or infinity stand at other places than before."""
    finite = np.isfinite(source)
    if source.size and not finite.any():
        message = f"the source model itself answers with NaN or infinity: no value of output '{name}' is finite"
        message += f" on {count} samples ({samples})"
        raise SourceNotFinite(
            message,
            hint="Look for NaN or infinite weights in the model; where it needs samples of a certain kind, give real "
            "ones: --data DATASET",
            diagnosis=diagnose(Evidence(text=message, stage=Stage.CHECKING)),
        )
    both = finite & np.isfinite(converted)
    neither = ~finite & ((np.isnan(source) & np.isnan(converted)) | (source == converted))
    changed = int(np.count_nonzero(~both & ~neither))
    if changed:
        before, after = (int(np.count_nonzero(~np.isfinite(values))) for values in (source, converted))
        raise AnswersChanged(
            f"conversion changed the answers: of {source.size} values of output '{name}', {before} are NaN or infinite "
            f"before and {after} after it, {changed} of them not in both",
            hint="Keep the values in the range of float32: clip before tf.exp, add a small number before tf.math.log "
            "and before a division.",
        )


def checked_separately(
    conversion: Conversion, source: Separate, converted: Separate, *, check_source: str, precision: str = "float32"
) -> Conversion:
    """Return the conversion with its differences filled in, from answers whose shapes may depend on the sample.

    Args:
        conversion: As made.
        source: The source model's answers.
        converted: The .tflite's, in the same order.
        check_source: What the samples were.
        precision: Coarsest type the source computes in.

    Raises:
        AnswersChanged: as for `checked`; the shapes are compared sample by sample.
    """
    for spec, theirs, ours in zip(conversion.outputs, source, converted, strict=True):
        for row, (one, other) in enumerate(zip(theirs, ours, strict=True)):
            if one.shape != other.shape:
                raise _other_shape(conversion, spec.name, other.shape, one.shape, f", for sample {row}")
    return checked(
        conversion,
        [_together(values) for values in source],
        [_together(values) for values in converted],
        check_source=check_source,
        precision=precision,
        count=len(source[0]),
    )


def require_steady(first: Separate, again: Separate, *, precision: str = "float32") -> None:
    """Refuse a source that gives two answers to the same samples: nothing can be compared with it.

    Raises:
        AnswersChanged: it differs from itself by more than a conversion may.
    """
    limit = limit_for(precision)
    for values, others in zip(first, again, strict=True):
        for one, other in zip(values, others, strict=True):
            real = one.astype(np.float64)
            if one.shape == other.shape and _difference(real, other, np.isfinite(real))[1] <= limit:
                continue
            raise AnswersChanged(
                "the source model answers differently each time it is fed the same sample, so that no conversion can "
                "be compared with it",
                hint="Leave out what draws random numbers or keeps count, and save the model again.",
            )


def _difference(real: npt.NDArray[Any], other: npt.NDArray[Any], usable: npt.NDArray[Any]) -> tuple[float, float]:
    """Return the largest difference, and the same divided by the largest of `real`."""
    worst = float(np.abs(real[usable] - other[usable]).max(initial=0.0))
    worst = worst if np.isfinite(worst) else np.inf
    scale = float(np.abs(real[usable]).max(initial=0.0))
    return worst, worst / scale if scale > 0 else worst


def _together(values: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return answers [N, ...] where all have one shape, else their values in one row."""
    if len({value.shape for value in values}) == 1:
        return np.stack([value[0] if value.shape[:1] == (1,) else value for value in values])
    return np.concatenate([value.ravel() for value in values])


def _other_shape(
    conversion: Conversion, output: str, ours: tuple[int, ...], theirs: tuple[int, ...], where: str = ""
) -> AnswersChanged:
    return AnswersChanged(
        f"output '{output}' has shape {list(ours)} after conversion, {list(theirs)} before{where}",
        hint="Convert with a static batch (--batch 1)." if conversion.batch < 0 else "",
    )
