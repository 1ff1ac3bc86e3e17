"""Sentences about a run, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Sequence

from litesmith.core.conversion import Attempt, Conversion, SelectOps
from litesmith.core.deployment import Constraints, DatasetSummary, Deployment
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.results import Variant
from litesmith.core.units import format_duration, format_latency, format_percent, format_size
from litesmith.core.verdict import VerdictWord
from litesmith.report.figures import (
    difference_text,
    difference_unit,
    evaluation_of,
    interval_text,
    is_reference,
    margin_text,
    value_text,
    verdict_more_text,
)
from litesmith.report.text import count


def evaluation_line(variants: Sequence[Variant]) -> str:
    """Return what accuracies were measured on; empty when they were not."""
    made = evaluation_of(variants)
    if made is None:
        return ""
    base = next((v.scheme for v in variants if is_reference(v) and v.evaluation), "")
    value, interval = value_text(made.value, made.unit), interval_text(made.interval, made.unit)
    has = f"; {base} has {value}, 95 % interval {interval}" if base else ""
    unit = f", in {difference_unit(made.unit)}" if made.unit else ""
    return (
        f"{made.metric} on {count(made.n, 'sample')}{has}. Differences to {base or 'the reference'} are paired{unit}."
    )


def verdict_line(variants: Sequence[Variant]) -> str:
    """Return the verdicts of all variants, by word; empty when there are none."""
    found = [(v.scheme, v.evaluation.unit, v.evaluation.verdict) for v in variants if v.evaluation]
    told = [(name, unit, verdict) for name, unit, verdict in found if verdict is not None]
    if not told:
        return ""
    margin = margin_text(told[0][2].margin, told[0][1])
    groups: dict[str, list[str]] = {f"no worse than {margin}": [], "worse": [], "not enough samples to tell": []}
    heads = dict(zip(VerdictWord, groups.values(), strict=True))
    for name, _, verdict in told:
        more = verdict_more_text(verdict)
        heads[verdict.word].append(f"{name} ({more})" if more else name)
    text = "; ".join(f"{head}: {', '.join(names)}" for head, names in groups.items() if names)
    return f"{text[:1].upper()}{text[1:]}."


def conversion_line(made: Conversion) -> str:
    """Return how the float model was made."""
    if made.route == "none":
        return "The source is a .tflite already; it was used as it is."
    title = made.attempts[-1].title if made.attempts else made.route
    return f"{title[:1].upper()}{title[1:]}, {format_duration(made.duration_s)}, {format_size(made.size_bytes)}."


def attempt_line(attempt: Attempt) -> str:
    """Return one rung of the ladder with what became of it."""
    line = f"{attempt.title}: {attempt.outcome.value}, {format_duration(attempt.duration_s)}"
    return f"{line}. {attempt.message}" if attempt.message else line


def select_ops_line(needs: SelectOps) -> str:
    """Return what the app has to bring along for TensorFlow's own operators."""
    where = f" (from {', '.join(needs.layers)})" if needs.layers else ""
    return (
        f"{needs.dependency} for {', '.join(needs.ops)}{where}: "
        f"{format_size(needs.app_bytes)} more in the app (arm64, uncompressed). {needs.avoid}"
    )


def check_line(made: Conversion) -> str:
    """Return what the comparison of the converted model with its source gave."""
    if made.check_samples == 0 or made.max_abs_difference is None:
        return "Not compared with a source." if made.route == "none" else "Not compared with the source."
    relative = "" if made.max_rel_difference is None else f" ({made.max_rel_difference:.1e} of the largest output)"
    line = (
        f"Largest difference to the source {made.max_abs_difference:.1e}{relative} "
        f"on {count(made.check_samples, 'sample')}{f' ({made.check_source})' if made.check_source else ''}."
    )
    if made.top1_agreement is not None:
        line += f" Same top-1 on {format_percent(made.top1_agreement)}."
    return line


def dataset_line(made: DatasetSummary) -> str:
    """Return a dataset with its size."""
    kind = "labelled" if made.labelled else "unlabelled"
    skipped = f", {made.skipped:,} left out" if made.skipped else ""
    return f"{made.source} ({made.kind}), {made.n:,} {kind} {'sample' if made.n == 1 else 'samples'}{skipped}."


def input_line(deployment: Deployment) -> str:
    """Return what a raw sample of a run goes through."""
    images = not deployment.datasets or any(dataset.resized for dataset in deployment.datasets)
    return preprocessing_line(deployment.preprocessing, images=images)


def preprocessing_line(made: Preprocessing, *, images: bool = True) -> str:
    """Return what a raw sample goes through.

    >>> preprocessing_line(Preprocessing(preset="unit", scale=(1 / 255,)))
    'unit: raw * 0.00392157, RGB, HWC, resized by bilinear.'
    >>> preprocessing_line(Preprocessing(preset="raw"), images=False)
    'raw: values are fed as they are stored.'
    """
    if not images:
        return f"{made.preset}: {'values are fed as they are stored' if formula(made) == 'raw' else formula(made)}."
    crop = f", central {format_percent(made.crop)} kept" if made.crop else ""
    size = f" to {made.height} x {made.width}" if made.height and made.width else ""
    order = f"{made.color_order.value.upper()}, {made.layout.value.upper()}"
    return f"{made.preset}: {formula(made)}, {order}{crop}, resized by {made.resize.value}{size}."


def formula(made: Preprocessing) -> str:
    """Return the arithmetic of a preprocessing record.

    >>> formula(Preprocessing(preset="raw"))
    'raw'
    """
    scale = "" if all(s == 1 for s in made.scale) else f" * {_numbers(made.scale)}"
    if all(o == 0 for o in made.offset):
        return f"raw{scale}"
    if len(made.offset) == 1:
        sign = "-" if made.offset[0] < 0 else "+"
        return f"raw{scale} {sign} {abs(made.offset[0]):.6g}"
    return f"raw{scale} + {_numbers(made.offset)}"


def _numbers(values: Sequence[float]) -> str:
    texts = [f"{v:.6g}" for v in values]
    return texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"


def constraint_lines(made: Constraints, unit: str) -> tuple[str, ...]:
    """Return the limits the user set; `unit` is the primary metric's."""
    lines = []
    if made.max_drop is not None:
        loss = difference_text(made.max_drop, unit).lstrip("+")
        lines.append(f"loss at most {loss} {difference_unit(unit)}")
    if made.max_size_bytes is not None:
        lines.append(f"size at most {format_size(made.max_size_bytes)}")
    if made.max_latency_ms is not None:
        lines.append(f"latency at most {format_latency(made.max_latency_ms)}")
    for target, limit in made.max_latency_ms_by_target.items():
        lines.append(f"latency on {target} at most {format_latency(limit)}")
    return tuple(lines)
