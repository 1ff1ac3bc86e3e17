"""From a stored sample to the array a model takes, with as little work per sample as possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import DatasetError
from litesmith.core.preprocessing import normalize
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.core.tensors import TensorSpec, quantize

Array = npt.NDArray[np.generic]
Feed = Callable[[Array], Array]


def feeder(samples: SampleSet, entry: SampleInput, spec: TensorSpec) -> Feed:
    """Return the function that turns a stored row [1, ...] into the model's input [1, ...] of `spec.dtype`.

    8-bit samples with one scale for all channels go through a table of 256 entries when the model takes 8-bit
    integers; the table holds exactly what `normalize` and `quantize` give for each byte.
    """
    if not entry.normalized:
        dtype = np.dtype(spec.dtype)
        return lambda row: np.ascontiguousarray(row, dtype)
    record = samples.preprocessing
    single = len(record.scale) == 1 and len(record.offset) == 1
    if entry.dtype == "uint8" and single and spec.dtype in ("int8", "uint8"):
        levels = np.arange(256, dtype=np.uint8)
        table = quantize(normalize(levels, record), spec).view(np.uint8)
        if np.array_equal(table, levels):
            return lambda row: np.ascontiguousarray(row).view(spec.dtype)
        if np.array_equal(table, levels ^ 128):
            return lambda row: np.bitwise_xor(row, 128).view(spec.dtype)
        translation = table.tobytes()
        return lambda row: np.frombuffer(row.tobytes().translate(translation), spec.dtype).reshape(row.shape)
    return lambda row: quantize(normalize(row, record), spec)


def feeders(samples: SampleSet, specs: Sequence[TensorSpec]) -> list[Feed]:
    """Return one feeder per model input, samples matched to inputs by name.

    Raises:
        DatasetError: an input has no samples.
    """
    return [
        feeder(samples, samples.inputs[position], spec)
        for position, spec in zip(match(samples, specs), specs, strict=True)
    ]


def match(samples: SampleSet, specs: Sequence[TensorSpec]) -> list[int]:
    """Return, for each model input, the position of its samples.

    Raises:
        DatasetError: an input has no samples.
    """
    if len(specs) == 1 and len(samples.inputs) == 1:
        return [0]
    names = [entry.name for entry in samples.inputs]
    missing = [spec.name for spec in specs if spec.name not in names]
    if missing:
        raise DatasetError(
            f"no samples for input {', '.join(missing)}; the dataset has {', '.join(names)}",
            hint="Name the arrays of the .npz as the model's inputs.",
        )
    return [names.index(spec.name) for spec in specs]
