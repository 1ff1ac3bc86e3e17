"""What recovery by training did and whether its model was kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryFigures:
    """An int8 model against the float model, on samples kept apart for this comparison.

    Attributes:
        error: Mean over the samples of `Recovery.measure`.
        agreement: Fraction of samples with float's top-1; None when outputs are not class scores.
    """

    error: float
    agreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Quantization-aware training of the source with the float model as teacher, and its outcome.

    Attributes:
        kept: Whether its int8 model is among the variants.
        reason: Why, or why not.
        variant: Name of that variant; empty when it was not kept.
        measure: What `error` means: `total variation` of the probabilities, 0 to 1, or `relative squared error` over
            the variance of float's answers.
        before: The int8 model made without training; None when it did not come to a comparison.
        after: The int8 model made from the trained one; None likewise.
        difference: Mean of the paired differences of `error`, after less before.
        difference_interval: 95 % interval of `difference`.
        p_value: Of a two-sided permutation test that flips the signs of the paired differences; None without one.
        trained_on: Calibration samples it was trained on.
        chosen_on: Calibration samples the epoch was chosen on.
        judged_on: Calibration samples that `before` and `after` were measured on; neither training nor the ranges of
            the trained model saw them.
        epochs: Epochs trained.
        best_epoch: The one whose weights were taken; 0 is before training.
        losses: Distillation loss on the choosing samples with simulated 8 bits: before training and after each epoch.
        folded: BatchNormalization layers folded into the layers before them.
        left_float: Layers that were trained in float because their rounding is not simulated, as `name (Class)`.
        actions: What had to be done to open the source for training.
        duration_s: Wall time of training and what belongs to it, without the comparison.
        seed: Of the order of samples and their augmentation.
    """

    kept: bool
    reason: str
    variant: str = ""
    measure: str = ""
    before: RecoveryFigures | None = None
    after: RecoveryFigures | None = None
    difference: float = 0.0
    difference_interval: tuple[float, float] = (0.0, 0.0)
    p_value: float | None = None
    trained_on: int = 0
    chosen_on: int = 0
    judged_on: int = 0
    epochs: int = 0
    best_epoch: int = 0
    losses: tuple[float, ...] = ()
    folded: int = 0
    left_float: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    duration_s: float = 0.0
    seed: int = 0
