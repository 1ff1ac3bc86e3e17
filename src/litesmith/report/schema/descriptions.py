"""What the records' own docstrings leave unsaid about the fields of report.json."""

from __future__ import annotations

DESCRIPTIONS: dict[tuple[str, str], str] = {
    ("Deployment", "schema_version"): "Version of this format. It rises when a field changes its meaning or goes.",
    ("Deployment", "litesmith_version"): "Version that wrote the file.",
    ("Deployment", "source"): "The model as the user had it.",
    ("Deployment", "conversion"): "The one float32 .tflite and the proof that it answers like the source.",
    ("Deployment", "preprocessing"): "How a raw sample becomes the model's input, here and on the device.",
    ("Deployment", "datasets"): "Datasets as they were used; empty when there was none.",
    ("Deployment", "calibration"): "Where activation ranges came from; null when no scheme needed them.",
    ("Deployment", "variants"): "Every variant that was asked for, the failed ones too.",
    ("Deployment", "constraints"): "What the recommended variant has to meet.",
    ("Deployment", "recommended"): "Scheme of the recommended variant; empty when none qualifies.",
    ("Deployment", "warnings"): "What the user should know about the run as a whole.",
    ("Deployment", "stages"): "How long each stage took in this run.",
    ("Deployment", "environment"): "What the numbers were made with.",
    ("StageTime", "stage"): "Name of the stage.",
    ("StageTime", "duration_s"): "Wall time in seconds.",
    ("StageTime", "cached"): "Whether the result was taken from the cache.",
    ("Latency", "p50"): "Median, in ms.",
    ("Latency", "p90"): "90th percentile, in ms.",
    ("Latency", "p99"): "99th percentile, in ms.",
    ("Latency", "mean"): "Mean, in ms.",
    ("Latency", "min"): "Fastest run, in ms.",
}
"""Field descriptions for records whose docstring has none, by record and field."""

FRACTIONS = frozenset({"agreement", "top1_agreement", "p_value", "crop"})
"""Fields whose values lie in 0..1."""

COUNTS = frozenset(
    {"n", "skipped", "samples", "tensors", "check_samples", "threads", "warmup_runs", "runs", "rounds", "cores"}
    | {"height", "width", "more_samples"}
)
"""Whole numbers that are never negative."""

NON_NEGATIVE_SUFFIXES = ("_bytes", "_ms", "_s", "_per_s")
"""Ends of names whose unit has no negative values."""
