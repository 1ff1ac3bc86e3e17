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

LARGEST_RELATIVE = 1e-2
"""Difference, relative to the largest output, above which a conversion counts as wrong. Reordered float32 sums
stay some hundred times below it."""

_ROUNDING = {"float16": 2.0**-11, "bfloat16": 2.0**-8}
_ROUNDINGS = 16.0

Outputs = Sequence[npt.NDArray[Any]]


class AnswersChanged(ConversionError):
    """The .tflite does not answer like the source."""


def limit_for(precision: str) -> float:
    """Return the largest relative difference allowed for a source that computes in `precision`.

    A source in half precision rounds each of its layers' outputs; a sum of sixteen such errors is no fault of the
    conversion, which computes in float32.

    >>> limit_for("float32"), limit_for("bfloat16")
    (0.01, 0.0625)
    """
    return max(LARGEST_RELATIVE, _ROUNDINGS * _ROUNDING.get(precision, 0.0))


def checked(
    conversion: Conversion, source: Outputs, converted: Outputs, *, check_source: str, precision: str = "float32"
) -> Conversion:
    """Return the conversion with its differences filled in.

    Args:
        conversion: As made.
        source: The source model's outputs, one array [N, ...] per output.
        converted: The .tflite's, in the same order.
        check_source: What the samples were.
        precision: Coarsest type the source computes in.

    Raises:
        AnswersChanged: shapes differ, values are not finite where the source's are, or the answers changed.
    """
    largest_abs = largest_rel = 0.0
    agreement: float | None = None
    for spec, theirs, ours in zip(conversion.outputs, source, converted, strict=True):
        if theirs.shape != ours.shape:
            raise AnswersChanged(
                f"output '{spec.name}' has shape {list(ours.shape)} after conversion, {list(theirs.shape)} before",
                hint="Convert with a static batch (--batch 1).",
            )
        real = theirs.astype(np.float64)
        usable = np.isfinite(real)
        difference = np.abs(real - ours)[usable]
        worst = float(difference.max(initial=0.0))
        largest_abs = max(largest_abs, worst if np.isfinite(worst) else np.inf)
        scale = float(np.abs(real[usable]).max(initial=0.0))
        largest_rel = max(largest_rel, worst / scale if scale > 0 else worst)
        if agreement is None and real.ndim == 2 and real.shape[1] > 1:
            agreement = float(np.mean(real.argmax(axis=1) == ours.argmax(axis=1)))
    count = len(source[0])
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
