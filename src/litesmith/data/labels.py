"""Class indices: read from what datasets hold, and checked against the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import DatasetError
from litesmith.core.results import Finding, Severity

_FORM = "Store y as one whole number per sample: the position of its class in the model's output."


def class_indices(y: npt.NDArray[np.generic], count: int, where: str) -> tuple[tuple[int, ...], tuple[Finding, ...]]:
    """Return the class index of each sample.

    Args:
        y: Integers [N] or [N, 1], whole-valued floats of the same shapes, or one-hot rows [N, C].
        count: Number of samples.
        where: What to call the dataset in messages.

    Returns:
        The indices, and an info finding when rows were one-hot.

    Raises:
        DatasetError: y has another length, shape or type, or values that are not whole.
    """
    if y.ndim == 0 or len(y) != count:
        size = "is a single value" if y.ndim == 0 else f"has {len(y)} labels"
        raise DatasetError(f"{where} has {count} samples but y {size}", hint="Give x and y the same length.")
    if y.dtype.kind not in "iufb":
        raise DatasetError(f"y of {where} has dtype {y.dtype}, expected whole numbers", hint=_FORM)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    findings: tuple[Finding, ...] = ()
    if y.ndim == 2:
        y, findings = _from_one_hot(y, where)
    if y.ndim != 1:
        raise DatasetError(f"y of {where} has shape {list(y.shape)}, expected [{count}]", hint=_FORM)
    if y.dtype.kind == "f":
        whole = np.isfinite(y.astype(np.float64)) & (y == np.rint(y.astype(np.float64)))
        if not whole.all():
            row = int(np.argmin(whole))
            raise DatasetError(f"label {y[row]} of row {row} in {where} is not a whole number", hint=_FORM)
    return tuple(int(value) for value in y.tolist()), findings


def _from_one_hot(y: npt.NDArray[np.generic], where: str) -> tuple[npt.NDArray[np.generic], tuple[Finding, ...]]:
    ones = (y == 1).sum(axis=1)
    good = (ones == 1) & ((y != 0).sum(axis=1) == 1)
    if not good.all():
        row = int(np.argmin(good))
        raise DatasetError(
            f"y of {where} has shape {list(y.shape)} but row {row} is not one-hot ({int(ones[row])} ones)",
            hint=_FORM,
        )
    note = Finding(
        code="one-hot-labels",
        severity=Severity.INFO,
        message=f"y of {where} is one-hot [{y.shape[0]}, {y.shape[1]}]; the position of the 1 is used as the label",
    )
    return np.argmax(y, axis=1), (note,)


def check_range(labels: Sequence[int], names: Sequence[str], classes: int | None) -> None:
    """Check that every label is a class of the model; with `classes` None only that none is negative.

    Raises:
        DatasetError: a label lies outside 0..classes-1; the first such sample is named.
    """
    values = np.asarray(labels, np.int64)
    bad = (values < 0) | (values >= classes) if classes is not None else values < 0
    if not bad.any():
        return
    row = int(np.argmax(bad))
    limit = f"0..{classes - 1}" if classes is not None else "0 or more"
    hint = "Labels count from 0, in the order of the model's output."
    if classes is not None and values.min() >= 1 and values.max() == classes:
        hint = "The labels seem to count from 1: subtract 1 from each."
    others = f" ({int(bad.sum())} such labels)" if bad.sum() > 1 else ""
    raise DatasetError(f"label {values[row]} of sample '{names[row]}' must lie in {limit}{others}", hint=hint)
