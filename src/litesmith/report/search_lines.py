"""Sentences about the search for mixed precision, for the terminal and the page alike."""

from __future__ import annotations

from litesmith.core.search import Search, SearchPoint
from litesmith.core.units import format_duration, format_latency, format_points, format_size
from litesmith.report.text import count, sentence, shortened

_MOST_NAMED = 4


def search_lines(made: Search) -> tuple[str, ...]:
    """Return how the search ended, what was measured on which samples, and which operators gain most in float.

    >>> made = Search(goal="size", base="", target="local", choice_samples=4, confirmation_samples=8, stopped="no")
    >>> search_lines(made)[0]
    'Goal size: no.'
    """
    lines = [sentence(f"goal {made.goal}: {made.stopped}")]
    lines.append(
        f"Chosen by {count(made.choice_samples, 'evaluation sample')}; the figures below are from the other "
        f"{made.confirmation_samples:,}, which no choice saw."
    )
    if made.screened:
        cached = f" ({made.cached} of them by an earlier run)" if made.cached else ""
        held = count(made.screening_samples, "calibration sample")
        lines.append(
            f"{count(made.screened, 'set')} of operators screened on {held}, "
            f"{count(made.evaluations, 'mixed model')} corrected and evaluated{cached}, in "
            f"{format_duration(made.duration_s)}; operators timed on {made.target}."
        )
    best = sorted((op for op in made.ops if op.gain_db), key=lambda op: -(op.gain_db or 0.0))[:_MOST_NAMED]
    if best:
        named = "; ".join(
            f"{shortened(op.layer, 40)} ({op.op}) {op.gain_db:+.2f} dB for {format_cost(op.ms_added)}" for op in best
        )
        lines.append(f"What an operator alone in float gains, the largest: {named}.")
    return tuple(lines)


def search_variants(made: Search) -> tuple[SearchPoint, ...]:
    """Return the points of the frontier that were evaluated."""
    return tuple(point for point in made.points if point.evaluated)


def format_cost(ms_added: float) -> str:
    """Return a time that is added, with its sign.

    >>> format_cost(-0.25)
    '-0.25 ms'
    """
    return f"{'-' if ms_added < 0 else '+'}{format_latency(abs(ms_added))}"


def search_point_line(point: SearchPoint, made: Search) -> str:
    """Return what is known of a mixed model, on one line."""
    parts = [f"{point.variant or 'not kept'}: {search_layers_text(point, made)} in float", f"{point.sqnr_db:.1f} dB"]
    if point.difference is not None:
        parts.append(f"{format_points(point.difference)} points on the choice samples")
    parts.append(format_size(point.size_bytes))
    if point.p50_ms is not None:
        parts.append(f"p50 {format_latency(point.p50_ms)}")
    return ", ".join(parts)


def search_layers_text(point: SearchPoint, made: Search) -> str:
    """Return the layers that are float, those that follow each other as the first and the last."""
    places = {op.name: index for index, op in enumerate(made.ops)}
    runs: list[list[int]] = []
    for place in sorted(places[name] for name in point.float_ops if name in places):
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    texts = []
    for run in runs:
        layers = list(dict.fromkeys(shortened(made.ops[index].layer, 40) for index in run))
        texts.append(layers[0] if len(layers) == 1 else f"{layers[0]} to {layers[-1]} ({count(len(run), 'operator')})")
    return ", ".join(texts)
