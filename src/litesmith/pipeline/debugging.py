"""`litesmith debug`: a quantized .tflite held against its float model, layer by layer."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from litesmith.core.debugging import Debugging
from litesmith.core.environment import versions
from litesmith.core.errors import ConfigError
from litesmith.core.files import sha256_file
from litesmith.core.graph import Graph
from litesmith.core.progress import Progress, silent
from litesmith.debugging.effects import Judge, require_walkable
from litesmith.debugging.session import Session
from litesmith.evaluate.intervals import wilson
from litesmith.evaluate.metric import class_count, predicted
from litesmith.pipeline.comparing import different_inputs
from litesmith.pipeline.datasets import load, preprocessing_of, require
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.runtime.flatbuffer import read_graph
from litesmith.sources.recognise import require_tflite

SAMPLES = 128
"""Samples that are walked where `--samples` says nothing."""
_FEW = 16
_USAGE = "litesmith debug FLOAT.tflite QUANTIZED.tflite --data DATASET"


def debug(settings: Settings, models: Sequence[str], *, progress: Progress = silent) -> Debugging:
    """Return what every operator of a quantized model adds to its error, and why.

    Raises:
        UserError: not a float and a quantized file, they are no twins, or there are no samples.
        EvaluationError: a model cannot be run operator by operator.
    """
    if len(models) != 2:
        raise ConfigError(f"debug takes two files, not {len(models)}", hint=f"Type: {_USAGE}")
    paths = [Path(model) for model in models]
    for path in paths:
        require_tflite(path)
    if not settings.data:
        raise ConfigError("no samples were given", hint=f"Type: {_USAGE}")
    preprocessing_of(settings)
    require(settings, calibrated=False)
    graphs = [read_graph(path) for path in paths]
    _require_pair(models, graphs, same=sha256_file(paths[0]) == sha256_file(paths[1]))
    if settings.output >= len(graphs[0].main.outputs):
        raise ConfigError(
            f"--output is {settings.output}, but there are {len(graphs[0].main.outputs)} outputs",
            hint="Counted from 0.",
        )
    with (
        tempfile.TemporaryDirectory(prefix="litesmith-") as folder,
        Run(settings, folder=Path(folder), progress=progress) as run,
    ):
        shapes = graphs[0].output_specs
        datasets = load(
            run, inputs=graphs[0].input_specs, classes=class_count(shapes[settings.output].shape), calibrated=False
        )
        samples = datasets.evaluation
        assert samples is not None
        wanted = settings.samples or SAMPLES
        rows = np.unique(np.linspace(0, samples.count - 1, min(wanted, samples.count)).astype(int)).tolist()
        with run.telling("walk both models") as tell:
            made: Session = run.pool.workers[0].call(
                "litesmith.debugging.session:debug",
                on_progress=tell,
                float_model=paths[0].resolve(),
                quantized_model=paths[1].resolve(),
                samples=replace(samples, findings=()),
                rows=rows,
                output=settings.output,
                judge=Judge(interval=wilson, classes=class_count, predicted=predicted),
            )
    notes = list(made.notes)
    if made.samples < _FEW:
        notes.append(f"{made.samples} samples say little: give {_FEW} or more")
    if samples.labels is None and made.whole.agreement is not None:
        notes.append("the samples have no labels: agreement with the float model stands for accuracy")
    if not _integers(graphs[1]):
        notes.append("no operator computes in integers: only weights are rounded, and there are no ranges to look at")
    return Debugging(
        float_model=str(models[0]),
        quantized_model=str(models[1]),
        data=settings.data,
        samples=made.samples,
        effect_samples=made.effect_samples,
        output=made.output,
        whole=made.whole,
        effect_base=made.effect_base,
        float_top1=made.float_top1,
        causes=made.causes,
        ops=made.ops,
        skipped=made.skipped,
        pictures=made.pictures,
        notes=tuple(notes),
        duration_s=made.duration_s,
        versions=versions(),
    )


def _quantized(graph: Graph) -> bool:
    """Tell whether anything in a model is quantized: it has scales, or weights of fewer bits."""
    return any(t.scales or (t.constant and t.dtype == "float16") for t in graph.main.tensors)


def _integers(graph: Graph) -> bool:
    """Tell whether a computed value is a quantized integer."""
    return any(t.scales and t.dtype in ("int8", "uint8", "int16") for t in graph.main.activations())


def _require_pair(models: Sequence[str], graphs: Sequence[Graph], *, same: bool) -> None:
    """Refuse files that are not a float model and a quantized one.

    Raises:
        ConfigError: they are swapped, the same, both quantized or both float.
        EvaluationError: one has control flow.
    """
    if same:
        raise ConfigError(f"{models[0]} and {models[1]} are the same file, byte for byte", hint=f"Type: {_USAGE}")
    first, second = (_quantized(graph) for graph in graphs)
    if first and not second:
        raise ConfigError(
            f"{models[0]} is quantized and {models[1]} is float: the files are swapped",
            hint=f"Type: litesmith debug {models[1]} {models[0]} --data DATASET",
        )
    if first:
        raise ConfigError(
            f"{models[0]} is quantized itself; it takes a float model to see what quantizing cost",
            hint="Give the float .tflite that the quantized one was made from.",
        )
    if not second:
        raise ConfigError(
            f"{models[1]} has nothing quantized in it", hint="litesmith compare holds two float models side by side."
        )
    if reason := different_inputs(graphs[0].input_specs, graphs[1].input_specs):
        raise ConfigError(
            f"the files are no float model and its quantized one: {reason}",
            hint="Give the float .tflite that the quantized one was made from.",
        )
    for model, graph in zip(models, graphs, strict=True):
        require_walkable(graph.main, model)
