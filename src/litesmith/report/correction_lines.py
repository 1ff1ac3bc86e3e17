"""Sentences on corrections, for the terminal and the page alike."""

from __future__ import annotations

from litesmith.core.corrections import CorrectionTrial
from litesmith.core.results import Variant
from litesmith.core.units import format_percent
from litesmith.report.text import count


def corrections_line(variant: Variant) -> str:
    """Return what corrections gained; empty when none were tried."""
    trials = variant.corrections
    if not trials:
        return ""
    measured = [trial for trial in trials if trial.samples]
    if not measured:
        return f"None. {trials[0].reason[:1].upper()}{trials[0].reason[1:]}."
    kept = ", ".join(f"{trial.correction} {gain_text(trial)}" for trial in measured if trial.kept)
    dropped = ", ".join(f"{trial.correction} {gain_text(trial)}" for trial in measured if not trial.kept)
    line = f"{kept or 'None'}."
    if dropped:
        line += f" Tried and dropped: {dropped}."
    return f"{line} {_held(measured)}"


def gain_text(trial: CorrectionTrial) -> str:
    """Return how much less noise there is with a correction, in dB.

    >>> gain_text(CorrectionTrial(correction="c", kept=True, reason="", gain_db=1.25))
    '+1.2 dB'
    """
    return "" if trial.gain_db is None else f"{trial.gain_db:+.1f} dB"


def trial_reason_text(trial: CorrectionTrial) -> str:
    """Return why a correction was kept or dropped, with what it did, as one sentence."""
    text = f"{trial.reason}; {trial.did}" if trial.did else trial.reason
    return f"{text[:1].upper()}{text[1:]}."


def _held(measured: list[CorrectionTrial]) -> str:
    """Return the figures before the first correction and after the last, on the held-back samples."""
    first = min(measured, key=lambda trial: trial.sqnr_before_db or 0.0)
    best = max((t for t in measured if t.kept), key=lambda trial: trial.sqnr_after_db or 0.0, default=None)
    last = first.sqnr_before_db if best is None else best.sqnr_after_db
    agreement = first.agreement_before if best is None else best.agreement_after
    text = f"Output SQNR on {count(first.samples, 'held-back calibration sample')}: {first.sqnr_before_db:.1f} dB plain"
    text += f", {last:.1f} dB corrected"
    if first.agreement_before is not None and agreement is not None:
        text += f"; agreement {format_percent(first.agreement_before)} and {format_percent(agreement)}"
    return f"{text}."
