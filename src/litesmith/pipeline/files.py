"""Verbs on .tflite files that are already there: inspect, evaluate and benchmark."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from litesmith.core.deployment import SCHEMA_VERSION, DatasetSummary, Environment
from litesmith.core.environment import environment
from litesmith.core.errors import ConfigError, LitesmithError, SourceError
from litesmith.core.files import sha256_file
from litesmith.core.progress import Progress, silent
from litesmith.core.results import Finding, Status, Variant
from litesmith.evaluate.metric import class_count, metric_named
from litesmith.evaluate.score import choose_metrics
from litesmith.evaluate.verdict import require_margin
from litesmith.pipeline.benchmarking import benchmarks_of, with_benchmarks
from litesmith.pipeline.boards import require_targets
from litesmith.pipeline.coral import edge_tpu_findings, is_compiled
from litesmith.pipeline.datasets import load, preprocessing_of
from litesmith.pipeline.fleet import boards_of
from litesmith.pipeline.notices import held_back, over_limits
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.variants import evaluate_all, failed
from litesmith.runtime.flatbuffer import read_graph
from litesmith.sources.recognise import require_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResults:
    """What was measured of some .tflite files; the first is the reference of differences."""

    variants: tuple[Variant, ...]
    datasets: tuple[DatasetSummary, ...]
    environment: Environment
    warnings: tuple[Finding, ...] = ()
    schema_version: int = SCHEMA_VERSION


def _named(models: Sequence[str]) -> dict[str, Path]:
    """Return the files by a short name that tells them apart."""
    if not models:
        raise ConfigError("no .tflite was given", hint="Type: litesmith evaluate A.tflite B.tflite --data DATASET")
    paths = [Path(model) for model in models]
    for path in paths:
        require_tflite(path)
    twice = next((path for path in paths if paths.count(path) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice} is named twice", hint="Name each file once.")
    stems = [path.stem for path in paths]
    names = stems if len(set(stems)) == len(stems) else list(map(str, paths))
    return dict(zip(names, paths, strict=True))


def _opened(run: Run, name: str, path: Path) -> Variant:
    """Return a file as a variant; one that the runtime cannot prepare has failed."""
    graph = read_graph(path)
    variant = Variant(
        scheme=name,
        status=Status.OK,
        file=str(path),
        sha256=sha256_file(path),
        size_bytes=graph.size_bytes,
        op_counts=graph.main.op_counts(),
    )
    if run.settings.delegate == "edgetpu":
        variant = replace(variant, findings=edge_tpu_findings(path, variant.op_counts))
        if is_compiled(variant.op_counts):
            return variant  # the runtime here cannot open it without the device
    try:
        _, inputs, outputs = run.pool.workers[0].call("litesmith.runtime.interpreter:describe", path=path)
    except LitesmithError as error:
        return failed(variant, error.message)
    return replace(variant, inputs=inputs, outputs=outputs)


def evaluate(settings: Settings, models: Sequence[str], *, progress: Progress = silent) -> FileResults:
    """Return how right each file is on the dataset, and its paired difference to the first.

    Raises:
        UserError: a file or the dataset cannot be used.
        EvaluationError: the first file cannot be run.
    """
    if not settings.data:
        raise ConfigError("no dataset was given", hint="Give --data DATASET.")
    preprocessing_of(settings)
    if settings.max_drop is not None:
        require_margin(settings.max_drop)
    if settings.metric:
        metric_named(settings.metric)
    named = _named(models)
    with (
        tempfile.TemporaryDirectory(prefix="litesmith-") as folder,
        Run(settings, folder=Path(folder), progress=progress) as run,
    ):
        variants = [_opened(run, name, path.resolve()) for name, path in named.items()]
        variants[0] = replace(variants[0], reference=True)
        first = variants[0]
        if first.status is not Status.OK:
            raise SourceError(
                f"{first.file}: {first.reason}", hint="The first file is the reference; give one that runs."
            )
        if settings.output >= len(first.outputs):
            raise ConfigError(
                f"--output is {settings.output}, but there are {len(first.outputs)} outputs", hint="Counted from 0."
            )
        classes = class_count(first.outputs[settings.output].shape)
        floating = tuple(replace(spec, dtype="float32") if spec.quantized else spec for spec in first.inputs)
        datasets = load(run, inputs=floating, classes=classes, calibrated=False)
        assert datasets.evaluation is not None
        _require_fraction(settings, first, labelled=datasets.evaluation.labels is not None)
        found = evaluate_all(run, variants, datasets.evaluation)
        return FileResults(
            variants=tuple(found),
            datasets=datasets.summaries,
            environment=environment(seed=settings.seed),
        )


def _require_fraction(settings: Settings, first: Variant, *, labelled: bool) -> None:
    """Check that a loss that was given can be held against the headline metric.

    Raises:
        ConfigError: the metric is no fraction.
        UserError: the metric does not apply.
    """
    headline, *_ = choose_metrics(settings.metric, labelled=labelled, shape=first.outputs[settings.output].shape)
    if settings.max_drop is not None and headline.unit != "fraction":
        raise ConfigError(
            f"--max-drop is a fraction, and {headline.name} is in {headline.unit or 'units'}",
            hint="Leave --max-drop out, or choose another --metric.",
        )


def benchmark(settings: Settings, models: Sequence[str], *, progress: Progress = silent) -> FileResults:
    """Return latency and memory of each file on every target, measured interleaved.

    Raises:
        UserError: a file cannot be used.
        TargetError: no target can be reached.
    """
    named = _named(models)
    require_targets(settings)
    with (
        tempfile.TemporaryDirectory(prefix="litesmith-") as folder,
        Run(settings, folder=Path(folder), progress=progress) as run,
    ):
        variants = [_opened(run, name, path.resolve()) for name, path in named.items()]
        variants[0] = replace(variants[0], reference=True)
        usable = [variant for variant in variants if variant.status is Status.OK]
        files = {variant.scheme: Path(variant.file) for variant in usable}
        measured = benchmarks_of(run, files, {variant.scheme: variant.sha256 for variant in usable})
        variants = with_benchmarks(variants, measured)
    return FileResults(
        variants=tuple(variants),
        datasets=(),
        environment=environment(seed=settings.seed),
        warnings=(*measured.findings, *held_back(variants), *over_limits(variants, boards_of(settings))),
    )
