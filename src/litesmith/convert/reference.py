"""The source model's own answers, to compare the .tflite with."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import DatasetError, ShapeVaries
from litesmith.core.files import write_bytes
from litesmith.core.open_source import OpenModel
from litesmith.core.samples import SampleSet
from litesmith.core.separate_answers import write_separate
from litesmith.core.tensors import TensorSpec

Array = npt.NDArray[Any]
_CHUNK = 16


def write_answers(
    model: OpenModel, samples: SampleSet, count: int, folder: Path, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write float32 or integer [count, ...] answers to the first `count` samples; return one .npy per output, in order.

    Raises:
        DatasetError: the samples do not fit the model's inputs.
        ShapeVaries: an output's shape depends on the sample.
    """
    count = min(count, samples.count)
    order = _match(samples, model.inputs)
    answers: list[list[Array]] = [[] for _ in model.outputs]
    size = _chunk(model.inputs, count)
    run = source_runner(model)
    start = 0
    while start < count:
        stop = min(start + size, count)
        rows = list(samples.batches(start, stop))
        rows += [rows[-1]] * (size - len(rows))  # a batch is filled up with its last sample
        outputs = run(_feeds(rows, model.inputs, order))
        if size > 1 and not _is_static(model) and any(out.shape[:1] != (size,) for out in outputs):
            size = 1  # an output without a batch: one sample at a time tells which answer is whose
            continue
        for kept, out, spec in zip(answers, outputs, model.outputs, strict=True):
            kept.append(out[: stop - start] if out.ndim and out.shape[0] == size else out[None])
            if kept[-1].shape[1:] != kept[0].shape[1:]:
                raise ShapeVaries.of(spec.name, kept[0].shape[1:], kept[-1].shape[1:])
        start = stop
        if progress is not None:
            progress(stop, count)
    return [_write(folder / f"source-{i}.npy", np.concatenate(kept)) for i, kept in enumerate(answers)]


def write_separate_answers(
    run: Callable[[list[Array]], list[Array]],
    inputs: Sequence[TensorSpec],
    samples: SampleSet,
    folder: Path,
    *,
    rounds: int = 1,
) -> list[Path]:
    """Write answers one sample at a time, of any shape; return one file of `core.separate_answers` per output.

    Args:
        run: Takes one array per input, returns one per output.
        inputs: What it takes.
        samples: What it is fed.
        folder: Where to.
        rounds: How often all samples are fed; the last answers are written.
    """
    order = _match(samples, inputs)
    for _ in range(rounds):
        answers = [
            [_plain(value) for value in run(_feeds([row], inputs, order))] for row in samples.batches(0, samples.count)
        ]
    return [write_separate(folder / f"output-{i}.npz", kept) for i, kept in enumerate(zip(*answers, strict=True))]


def _is_static(model: OpenModel) -> bool:
    """Tell whether the model's own batch is fixed."""
    return any(spec.shape and spec.shape[0] > 0 for spec in model.inputs)


def _chunk(inputs: Sequence[TensorSpec], count: int) -> int:
    fixed = [spec.shape[0] for spec in inputs if spec.shape and spec.shape[0] > 0]
    if fixed:
        return max(fixed)
    return 1 if any(not spec.shape for spec in inputs) else max(1, min(count, _CHUNK))


def source_runner(model: OpenModel) -> Callable[[list[Array]], list[Array]]:
    """Return the model's call as a graph, in the precision the user chose, answers as NumPy arrays."""
    import tensorflow as tf

    graph = tf.function(lambda *tensors: model.call(tensors), autograph=False)

    def run(feeds: list[Array]) -> list[Array]:
        tensors = [tf.constant(f, dtype=spec.dtype) for f, spec in zip(feeds, model.inputs, strict=True)]
        return [_plain(tensor.numpy()) for tensor in graph(*tensors)]

    return run


def _plain(values: Array) -> Array:
    """Return half and brain floats as float32: NumPy files have no bfloat16."""
    return values if values.dtype.kind in "iub" or values.dtype == np.float64 else values.astype(np.float32)


def _feeds(rows: Sequence[Sequence[Array]], inputs: Sequence[TensorSpec], order: Sequence[int]) -> list[Array]:
    """Return one array [len(rows), ...] per input."""
    feeds = []
    for position, spec in zip(order, inputs, strict=True):
        values = np.concatenate([row[position] for row in rows]).astype(spec.dtype, copy=False)
        feeds.append(values if spec.shape else values.reshape(()))
    return feeds


def _match(samples: SampleSet, inputs: Sequence[TensorSpec]) -> list[int]:
    """Return, for each input, the position of its samples."""
    names = [entry.name for entry in samples.inputs]
    if len(inputs) == 1 and len(names) == 1:
        order = [0]
    else:
        missing = [spec.name for spec in inputs if spec.name not in names]
        if missing:
            raise DatasetError(
                f"no samples for input {', '.join(missing)}; the dataset has {', '.join(names)}",
                hint="Name the arrays of the .npz as the model's inputs.",
            )
        order = [names.index(spec.name) for spec in inputs]
    for position, spec in zip(order, inputs, strict=True):
        shape = samples.inputs[position].shape
        fits = len(shape) == len(spec.sample_shape) and all(
            want in (-1, have) for want, have in zip(spec.sample_shape, shape, strict=True)
        )
        if not fits:
            raise DatasetError(
                f"samples for input '{spec.name}' have shape {list(shape)}; the model takes {list(spec.sample_shape)}",
                hint="Prepare the samples with the shape the model was trained on.",
            )
    return order


def _write(path: Path, values: Array) -> Path:
    file = io.BytesIO()
    np.save(file, values)
    write_bytes(path, file.getbuffer())
    return path
