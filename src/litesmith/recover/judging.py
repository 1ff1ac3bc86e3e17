"""Whether the trained int8 model is measurably better than the one made without training.

Both are compared with the float model on the same samples. The error of a sample is the total variation of the
probabilities (half the sum of absolute differences: the probability that went elsewhere), or for other outputs the
squared error over the variance of float's answers. The test flips the signs of the paired differences (Fisher's
randomization test); it assumes nothing about how they are distributed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from litesmith.core.recovery import RecoveryFigures

Outputs = npt.NDArray[np.float32]
Scores = npt.NDArray[np.float64]
VARIATION, SQUARED = "total variation", "relative squared error"
LEVEL = 0.05
_FLIPS = 20_000
_SUM_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The comparison. Fields as in `core.recovery.Recovery`; `differences` float64 [N] is after less before."""

    kept: bool
    reason: str
    measure: str
    before: RecoveryFigures
    after: RecoveryFigures
    differences: Scores
    p_value: float


def measure_for(reference: Outputs) -> str:
    """Return how the error of answers [N, ...] is measured: they are probabilities if rows are and sum to 1."""
    flat = reference.reshape(len(reference), -1)
    sums = np.abs(reference.sum(axis=-1) - 1) if reference.ndim > 1 and flat.shape[1] > 1 else np.ones(1)
    return VARIATION if flat.min() >= 0 and sums.max() < _SUM_TOLERANCE else SQUARED


def errors(values: Outputs, reference: Outputs, measure: str) -> Scores:
    """Return the error of each sample's answers, float64 [N]."""
    rows = len(reference)
    gaps = values.reshape(rows, -1).astype(np.float64) - reference.reshape(rows, -1)
    if measure == VARIATION:
        vectors = reference.size // (rows * reference.shape[-1])
        variation: Scores = np.abs(gaps).sum(axis=1) / 2 / vectors
        return variation
    squared: Scores = np.square(gaps).mean(axis=1) / max(float(np.var(reference, dtype=np.float64)), 1e-12)
    return squared


def judge(before: Outputs, after: Outputs, reference: Outputs, *, agreements: tuple[float, float] | None) -> Judgement:
    """Return whether `after` is kept: its error is lower, measurably so, and it agrees with float no less often.

    Args:
        before: Answers of the int8 model made without training, float32 [N, ...].
        after: Answers of the one made with training.
        reference: The float model's.
        agreements: (before, after), the fractions of samples with float's top-1; None where there are no classes.
    """
    measure = measure_for(reference)
    old, new = errors(before, reference, measure), errors(after, reference, measure)
    change = new - old
    p_value = sign_flip_p(change)
    first = None if agreements is None else agreements[0]
    second = None if agreements is None else agreements[1]
    figures = f"{measure} {new.mean():.4f} against {old.mean():.4f}, p = {p_value:.2g}"
    on = f"on {len(change)} samples kept apart"
    kept = False
    if change.mean() >= 0:
        reason = f"no better than the model made without training {on}: {figures}"
    elif p_value >= LEVEL:
        reason = f"not measurably better than the model made without training {on}: {figures}"
    elif agreements is not None and agreements[1] < agreements[0]:
        reason = (
            f"nearer to float's answers {on} ({figures}), but it agrees with float on {agreements[1]:.1%} "
            f"of them, less than {agreements[0]:.1%} without training"
        )
    else:
        kept, reason = True, f"measurably nearer to float than the model made without training {on}: {figures}"
    return Judgement(
        kept=kept,
        reason=reason,
        measure=measure,
        before=RecoveryFigures(error=float(old.mean()), agreement=first),
        after=RecoveryFigures(error=float(new.mean()), agreement=second),
        differences=change,
        p_value=p_value,
    )


def sign_flip_p(differences: Scores) -> float:
    """Return the two-sided p-value that the paired differences are centred at zero.

    >>> round(sign_flip_p(np.ones(8)), 3), sign_flip_p(np.zeros(8))
    (0.008, 1.0)
    """
    count = len(differences)
    found = abs(differences.sum())
    if found == 0:
        return 1.0
    if count <= 14:  # every pattern of signs
        patterns = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
        sums = np.abs((2 * patterns - 1) @ differences)
        return float(np.mean(sums >= found * (1 - 1e-12)))
    random = np.random.default_rng(0)
    signs = random.integers(0, 2, size=(_FLIPS, count), dtype=np.int8) * np.int8(2) - np.int8(1)
    hits = int(np.sum(np.abs(signs @ differences) >= found * (1 - 1e-12)))
    return (hits + 1) / (_FLIPS + 1)
