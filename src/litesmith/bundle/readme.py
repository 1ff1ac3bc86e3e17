"""What the README of a bundle says of its model: facts of the card in words, as Markdown."""

from __future__ import annotations

import platform
from dataclasses import replace

from litesmith.bundle.feeding import Feed
from litesmith.bundle.job import BundleJob, Picture
from litesmith.bundle.literals import markdown
from litesmith.core.benchmark import Benchmark
from litesmith.core.preprocessing import Layout, Preprocessing, Resize
from litesmith.core.results import Evaluation
from litesmith.core.tensors import TensorSpec
from litesmith.core.units import format_instructions, format_latency, format_percent, format_points, format_size

_FILTERS = {
    Resize.BILINEAR: "bilinear, averaging where it shrinks",
    Resize.NEAREST: "nearest pixel",
    Resize.BICUBIC: "bicubic, averaging where it shrinks",
    Resize.LANCZOS: "Lanczos",
    Resize.BOX: "averages of boxes",
}


def readme_values(job: BundleJob, fed: list[Feed]) -> dict[str, object]:
    """Return what the README is filled with, besides what the module is."""
    card = job.card
    several = len(card.inputs) > 1
    return {
        "command_example": "photo.jpg" if job.picture else f"--npy {'samples.npz' if several else 'sample.npy'}",
        "input_rows": tensor_rows(tuple(replace(feed.spec, shape=feed.shape) for feed in fed)),
        "output_rows": tensor_rows(tuple(replace(s, shape=_of_one(s.shape)) for s in card.outputs)),
        "feed_steps": steps(job, fed),
        "first_labels": ", ".join(markdown(label, 40) for label in job.labels[:5]),
        "figures": figure_rows(job),
        "timed": any(b.latency_ms is not None and b.device.machine == "aarch64" for b in card.benchmarks),
        "made_with": ", ".join(markdown(f"{name} {version}") for name, version in sorted(card.versions.items()))
        or "Litesmith",
        "made_on": f" ({platform.machine()})" if platform.machine() else "",
    }


def steps(job: BundleJob, fed: list[Feed]) -> list[str]:
    """Return what happens to what is given, one step per line."""
    found = _picture_steps(job.picture) if job.picture is not None else []
    record = job.card.preprocessing
    if record is not None and any(feed.normalized for feed in fed):
        found += _value_steps(record)
    for feed in fed:
        found += _fed(feed)
    return found


def _picture_steps(picture: Picture) -> list[str]:
    gray = picture.channels != 3
    found = [
        f"The file is decoded, turned as its EXIF says, and made {'gray' if gray else 'RGB'}; transparency is dropped."
    ]
    if picture.crop:
        found.append(f"The central square of {picture.crop:.4g} of the shorter side is kept.")
    kept = "" if picture.crop else " Its aspect may change."
    found.append(
        f"It is brought to {picture.height} rows and {picture.width} columns ({_FILTERS[picture.resize]}).{kept}"
    )
    if picture.swap:
        found.append("Channels are put in the order blue, green, red.")
    if picture.layout is Layout.CHW:
        found.append("Channels are put first.")
    return found


def _value_steps(record: Preprocessing) -> list[str]:
    if all(s == 1 for s in record.scale) and all(o == 0 for o in record.offset):
        return []
    if max(len(record.scale), len(record.offset)) > 1:
        scale, offset = (", ".join(f"{v:.6g}" for v in values) for values in (record.scale, record.offset))
        return [f"Each value is multiplied by {scale}, then {offset} is added, by channel (preset '{record.preset}')."]
    return [f"Each value becomes value x {record.scale[0]:.6g} {_signed(record.offset[0])} (preset '{record.preset}')."]


def _fed(feed: Feed) -> list[str]:
    spec = feed.spec
    if spec.byte_fed:
        return [f"Input {markdown(spec.name)} takes the bytes as they are; the step before is part of the model."]
    if not spec.quantized:
        return []
    made = f"value / {spec.scale:.6g} {_signed(spec.zero_point)}"
    return [f"Input {markdown(spec.name)} takes {spec.dtype}: {made}, rounded half to even."]


def _real(spec: TensorSpec) -> str:
    """Return what a stored integer q stands for."""
    return f"{spec.scale:.6g} x " + (f"(q {_signed(-spec.zero_point)})" if spec.zero_point else "q")


def _signed(value: float) -> str:
    """Return a number with its sign apart, as it stands in a sum.

    >>> _signed(-1.0), _signed(0.25)
    ('- 1', '+ 0.25')
    """
    return f"{'-' if value < 0 else '+'} {abs(value):.6g}"


def _of_one(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape for a batch of one."""
    return (1, *shape[1:]) if shape[:1] == (-1,) else shape


def tensor_rows(specs: tuple[TensorSpec, ...]) -> list[str]:
    """Return rows of a Markdown table: name, type, shape, what an integer stands for."""
    return [
        f"| {markdown(s.name)} | {s.dtype} | {list(s.shape)} | " + (_real(s) if s.quantized else "") + " |"
        for s in specs
    ]


def figure_rows(job: BundleJob) -> list[str]:
    """Return rows of a Markdown table: what was measured, the figure, how."""
    card = job.card
    rows = [f"| Size of the model | {format_size(card.size_bytes)} | {markdown(card.scheme)} |"]
    if card.evaluation is not None:
        rows += _accuracy(card.evaluation)
    for benchmark in card.benchmarks:
        rows += _speed(benchmark)
    return rows


def _accuracy(evaluation: Evaluation) -> list[str]:
    metric, (low, high) = markdown(evaluation.metric), evaluation.interval
    if evaluation.unit != "fraction":
        value = f"{evaluation.value:.4g} {markdown(evaluation.unit)} (95 % interval {low:.4g} to {high:.4g})"
        return [f"| {metric} | {value} | n = {evaluation.n} |"]
    value = f"{format_percent(evaluation.value)} (95 % interval {format_percent(low)} to {format_percent(high)})"
    rows = [f"| {metric} | {value} | n = {evaluation.n}, samples that calibration never saw |"]
    if evaluation.p_value is not None:
        below, above = evaluation.difference_interval
        points = f"{format_points(evaluation.difference)} points"
        rows.append(
            f"| Difference to the float model | {points} | 95 % interval {format_points(below)} to "
            f"{format_points(above)}, the same {evaluation.n} samples |"
        )
    return rows


def _speed(benchmark: Benchmark) -> list[str]:
    device = benchmark.device
    where = f"{device.cpu}, {device.os}, {device.runtime}"
    threads = f"{benchmark.threads} thread{'' if benchmark.threads == 1 else 's'}"
    heat = "; the clock was held back" if benchmark.throttled else ""
    about = f"{markdown(where)}, {threads}, n = {benchmark.runs}{heat}"
    if benchmark.summary_ms is not None:
        return [f"| Latency, average | {format_latency(benchmark.summary_ms.mean)} | {about} |"]
    if benchmark.latency_ms is None:
        if benchmark.instructions is None:
            return []
        counted = benchmark.instructions
        how = f"emulated {markdown(counted.cpu)}, {markdown(counted.emulator)}: a cost, no time"
        return [f"| Instructions of one inference | {format_instructions(counted.total)} | {how} |"]
    took = benchmark.latency_ms
    figures = f"{format_latency(took.p50)} (p90 {format_latency(took.p90)}, p99 {format_latency(took.p99)})"
    return [f"| Latency, median | {figures} | {about} |"]
