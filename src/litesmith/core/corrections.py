"""What corrections of a quantized model gained, as measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionTrial:
    """One correction, tried on top of those that were kept before it.

    Measured on calibration samples that no correction was computed from. Noise is the difference to the float model in
    the tensor before a final SOFTMAX or LOGISTIC, or in the scored output.

    Attributes:
        correction: Plugin name.
        kept: Whether it is in the variant.
        reason: Why it was kept or dropped, or could not be tried.
        did: What it did, in words; empty where there is nothing to tell.
        samples: Held-back samples it was measured on; 0 when it was not tried.
        sqnr_before_db: Signal to noise ratio without it.
        sqnr_after_db: The same with it.
        gain_db: Mean over the samples of how much less noise there is with it, in dB.
        gain_interval_db: 95 % interval of that mean.
        agreement_before: Share of samples with the float model's class, without it; None for other outputs.
        agreement_after: The same with it.
        duration_s: Wall time of the trial.
        source: Author, title, venue and year of the method.
    """

    correction: str
    kept: bool
    reason: str
    did: str = ""
    samples: int = 0
    sqnr_before_db: float | None = None
    sqnr_after_db: float | None = None
    gain_db: float | None = None
    gain_interval_db: tuple[float, float] | None = None
    agreement_before: float | None = None
    agreement_after: float | None = None
    duration_s: float = 0.0
    source: str = ""
