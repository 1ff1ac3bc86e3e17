"""Runs a user's dataset function and stores its samples. Works in a process of its own, as the code is not ours."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import DatasetError
from litesmith.core.files import output_error
from litesmith.core.names import nearest
from litesmith.core.tensors import TensorSpec
from litesmith.data.inputs import adapted_shape, match_names
from litesmith.data.labels import class_indices
from litesmith.data.npy import RowWriter
from litesmith.data.reader import Listing

Array = npt.NDArray[np.generic]
MAX_SAMPLES = 1_000_000
"""A generator that yields more is taken for one that never ends."""
_FORM = "Yield x or (x, y) for each sample; x is an array, or a dict from input name to array."


def find_module_file(place: str) -> Path | None:
    """Return the source file of `package.module` or of a path to a .py file, without importing it; None if unknown."""
    if place.endswith(".py"):
        return Path(place) if Path(place).is_file() else None
    stem = place.replace(".", "/")
    for base in (Path.cwd(), *(Path(entry) for entry in sys.path)):
        for candidate in (base / f"{stem}.py", base / stem / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None


def store(source: str, inputs: Sequence[TensorSpec], folder: Path) -> Listing:
    """Call the function and write its samples to .npy files in `folder`.

    A yielded array may be one sample, one sample with a batch dimension of 1, or a batch; a function may also
    return all of x, or (x, y), at once.

    Raises:
        DatasetError: the function does not exist, gives nothing, or gives something else than samples.
        OutputError: the disk is full.
    """
    where = f"dataset function '{source}'"
    function = _load(source)
    writers: list[RowWriter] = []
    labels: list[Array] = []
    count = 0
    with ExitStack() as stack:
        for x, y in _pairs(function(), where):
            arrays = _batches(x, inputs, f"sample {count} of {where}")
            if not writers:
                for position, array in enumerate(arrays):
                    path = folder / f"array-{position}.npy"
                    writers.append(stack.enter_context(RowWriter(path, array.shape[1:], array.dtype)))
            elif bool(labels) != (y is not None):
                raise DatasetError(
                    f"{where} gave {'no label for sample' if labels else 'its first label for sample'} {count}",
                    hint="Yield (x, y) for every sample, or x alone for every sample.",
                )
            for writer, array in zip(writers, arrays, strict=True):
                _append(writer, array, f"sample {count} of {where}")
            if y is not None:
                labels.append(_label_rows(y, len(arrays[0]), f"sample {count} of {where}"))
            count += len(arrays[0])
            if count > MAX_SAMPLES:
                raise DatasetError(
                    f"{where} gave more than {MAX_SAMPLES:,} samples and may never end",
                    hint="Let it stop: remove repeat() or the endless loop.",
                )
    if count == 0:
        raise DatasetError(f"{where} gave no samples", hint=_FORM)
    indices, findings = class_indices(_joined(labels, where), count, where) if labels else (None, ())
    return Listing(
        names=tuple(f"row {row}" for row in range(count)),
        labels=indices,
        arrays={spec.name: folder / f"array-{position}.npy" for position, spec in enumerate(inputs)},
        findings=findings,
    )


def _load(source: str) -> Callable[[], Any]:
    place, _, name = source.rpartition(":")
    sys.path.insert(0, str(Path.cwd()))
    module = _module_at(Path(place)) if place.endswith(".py") else _module_named(place)
    function = getattr(module, name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        close = nearest(name, known)
        raise DatasetError(
            f"{place} has no function '{name}'",
            hint=f"Did you mean '{place}:{close}'?" if close else "Name a function after the colon.",
        )
    loaded: Callable[[], Any] = function
    return loaded


def _module_at(path: Path) -> ModuleType:
    if not path.is_file():
        raise DatasetError(f"file '{path}' does not exist", hint=f"It is looked for in {Path.cwd()}.")
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(f"_dataset_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _module_named(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            raise
        raise DatasetError(
            f"there is no module '{error.name}' in {Path.cwd()} or on the Python path",
            hint=f"Name the file instead: path/to/{name.rpartition('.')[2]}.py:function.",
        ) from error


def _pairs(result: object, where: str) -> Iterator[tuple[object, object]]:
    """Yield x and y (None without labels) of what a function returned or yields."""
    if isinstance(result, tuple) and len(result) == 2:
        yield result[0], result[1]
        return
    if isinstance(result, Mapping | np.ndarray):
        yield result, None
        return
    if isinstance(result, str | bytes) or not isinstance(result, Iterable):
        raise DatasetError(f"{where} returned {type(result).__name__}, which holds no samples", hint=_FORM)
    for item in result:
        if not isinstance(item, tuple):
            yield item, None
        elif len(item) == 1:
            yield item[0], None
        elif len(item) == 2:
            yield item
        else:
            raise DatasetError(f"{where} yielded a tuple of {len(item)}, expected x or (x, y)", hint=_FORM)


def _batches(x: object, inputs: Sequence[TensorSpec], where: str) -> list[Array]:
    """Return one array [B, ...] per model input."""
    if isinstance(x, Mapping):
        given = [x[key] for key in match_names(x.keys(), inputs, where)]
    elif isinstance(x, list) and len(x) == len(inputs) and all(np.ndim(item) for item in x):
        given = x
    elif len(inputs) == 1:
        given = [x]
    else:
        names = ", ".join(repr(spec.name) for spec in inputs)
        raise DatasetError(
            f"{where} is a {type(x).__name__}, but the model has {len(inputs)} inputs",
            hint=f"Yield a dict with an array for each of {names}.",
        )
    arrays = [_batch(item, spec, where) for item, spec in zip(given, inputs, strict=True)]
    if len({len(array) for array in arrays}) > 1:
        sizes = ", ".join(f"{spec.name} {len(array)}" for spec, array in zip(inputs, arrays, strict=True))
        raise DatasetError(f"inputs of {where} differ in length: {sizes}", hint="Give all inputs the same rows.")
    return arrays


def _batch(value: object, spec: TensorSpec, where: str) -> Array:
    try:
        array: Array = np.asarray(value)
    except ValueError as error:
        raise DatasetError(f"{where} is not one array: {error}", hint="Give all parts of x one shape.") from error
    if array.dtype.kind not in "iufb":
        raise DatasetError(f"{where} has dtype {array.dtype}, expected numbers", hint=_FORM)
    expected = spec.sample_shape
    if adapted_shape(array.shape, expected) is not None:
        return array[None]
    if array.ndim > len(expected) or adapted_shape(array.shape[1:], expected) is not None:
        return array
    return array[None]


def _append(writer: RowWriter, array: Array, where: str) -> None:
    if array.shape[1:] != writer.shape:
        raise DatasetError(
            f"{where} has shape {list(array.shape[1:])}, the first had {list(writer.shape)}",
            hint="Bring all samples to one shape in the function.",
        )
    if array.dtype != writer.dtype and not array.dtype.kind == writer.dtype.kind == "f":
        raise DatasetError(
            f"{where} has dtype {array.dtype}, the first had {writer.dtype}", hint="Give all samples one dtype."
        )
    try:
        writer.append(array)
    except OSError as error:
        raise output_error(error, writer.path) from error


def _label_rows(y: object, size: int, where: str) -> Array:
    """Return labels [B] or [B, C] of a batch of `size`."""
    labels: Array = np.asarray(y)
    if size == 1 and (labels.ndim == 0 or (labels.ndim == 1 and len(labels) != 1)):
        labels = labels[None]
    if labels.ndim == 0 or len(labels) != size:
        raise DatasetError(f"{where} has {size} rows and labels of shape {list(labels.shape)}", hint=_FORM)
    return labels


def _joined(labels: Sequence[Array], where: str) -> Array:
    if len({part.shape[1:] for part in labels}) > 1:
        shapes = sorted({str(list(part.shape[1:])) for part in labels})
        raise DatasetError(f"labels of {where} differ in shape: {', '.join(shapes)}", hint=_FORM)
    return np.concatenate(labels)
