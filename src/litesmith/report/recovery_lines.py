"""Sentences about recovery by training, for the terminal and the page alike."""

from __future__ import annotations

from litesmith.core.recovery import Recovery, RecoveryFigures
from litesmith.core.units import format_duration, format_percent
from litesmith.report.text import count, sentence


def recovery_lines(made: Recovery) -> tuple[str, ...]:
    """Return what training did: the outcome first, then the figures, what was trained, and what was not.

    >>> recovery_lines(Recovery(kept=False, reason="12 calibration samples; training needs at least 40"))
    ('Not kept. 12 calibration samples; training needs at least 40.',)
    """
    lines = [f"{f'Kept as {made.variant}' if made.kept else 'Not kept'}. {sentence(made.reason)}"]
    if made.before is not None and made.after is not None:
        low, high = made.difference_interval
        after, before = _figures(made.after, made.measure), _figures(made.before, made.measure)
        lines.append(
            f"Against float on {count(made.judged_on, 'sample')}: {after}; without training {before}. "
            f"Paired difference {made.difference:+.4f} ({low:+.4f} to {high:+.4f})."
        )
    if made.losses:
        lines.append(
            f"{count(made.epochs, 'epoch')} on {count(made.trained_on, 'sample')} "
            f"in {format_duration(made.duration_s)}; "
            f"epoch {made.best_epoch} did best on {count(made.chosen_on, 'other')}: simulated loss "
            f"{made.losses[0]:.4g} to {min(made.losses):.4g}. Seed {made.seed}."
        )
    lines += [sentence(action) for action in made.actions]
    if made.left_float:
        lines.append(f"Trained without rounding: {', '.join(made.left_float)}.")
    return tuple(lines)


def _figures(made: RecoveryFigures, measure: str) -> str:
    agreement = "" if made.agreement is None else f", agreement {format_percent(made.agreement)}"
    return f"{measure} {made.error:.4f}{agreement}"
