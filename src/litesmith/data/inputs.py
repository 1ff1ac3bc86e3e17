"""Matching what a dataset holds to the inputs a model takes: names, shapes and types."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from litesmith.core.errors import ConfigError, DatasetError
from litesmith.core.names import nearest
from litesmith.core.preprocessing import Layout, Preprocessing
from litesmith.core.tensors import TensorSpec

_CHANNELS = (1, 3)


def match_names(keys: Collection[str], inputs: Sequence[TensorSpec], where: str) -> list[str]:
    """Return the key of each model input: its name, or `x` for the only input.

    Raises:
        DatasetError: an input has no key; the missing ones and the nearest keys are named.
    """
    if len(inputs) == 1 and inputs[0].name not in keys and "x" in keys:
        return ["x"]
    missing = [spec.name for spec in inputs if spec.name not in keys]
    if not missing:
        return [spec.name for spec in inputs]
    close = [(name, nearest(name, keys)) for name in missing]
    near = ", ".join(f"'{key}' to '{name}'" for name, key in close if key and key != "y")
    first = f"Rename {near}. " if near else ""
    wanted = "x" if len(inputs) == 1 else ", ".join(spec.name for spec in inputs)
    raise DatasetError(
        f"{where} has nothing for input {', '.join(repr(name) for name in missing)}; "
        f"it holds {', '.join(repr(key) for key in sorted(keys)) or 'nothing'}",
        hint=f"{first}Expected one array per model input, named {wanted}, and optionally y.",
    )


def same_shape(shape: Sequence[int], expected: Sequence[int]) -> bool:
    """Tell whether a sample's shape is what the model takes; -1 accepts any size.

    >>> same_shape((28, 28, 1), (-1, -1, 1))
    True
    """
    return len(shape) == len(expected) and all(e in (-1, s) for s, e in zip(shape, expected, strict=True))


def adapted_shape(shape: tuple[int, ...], expected: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape to store samples of `shape` in, adding or dropping a last dimension of 1; None if none fits.

    >>> adapted_shape((28, 28), (28, 28, 1)), adapted_shape((28, 28, 1), (28, 28)), adapted_shape((3,), (4,))
    ((28, 28, 1), (28, 28), None)
    """
    if same_shape(shape, expected):
        return shape
    if same_shape((*shape, 1), expected):
        return (*shape, 1)
    if shape[-1:] == (1,) and same_shape(shape[:-1], expected):
        return shape[:-1]
    return None


def takes_integers(spec: TensorSpec) -> bool:
    """Tell whether an input takes plain integers, such as token ids, which no preprocessing applies to.

    8-bit inputs without a scale are not among them: those take pixels.
    """
    return not spec.quantized and spec.dtype in ("int16", "uint16", "int32", "uint32", "int64", "uint64", "bool")


def check_layout(spec: TensorSpec, preprocessing: Preprocessing) -> None:
    """Check that the input's shape has its channels where the preprocessing says.

    Raises:
        DatasetError: the shape looks like the other layout.
    """
    if len(spec.shape) != 4:
        return
    first, last = spec.shape[1], spec.shape[-1]
    looks_chw = first in _CHANNELS and last not in _CHANNELS
    looks_hwc = last in _CHANNELS and first not in _CHANNELS
    layout = preprocessing.layout
    if (looks_chw and layout is Layout.HWC) or (looks_hwc and layout is Layout.CHW):
        other = "chw" if layout is Layout.HWC else "hwc"
        raise DatasetError(
            f"input '{spec.name}' has shape {list(spec.shape)}, which has its channels "
            f"{'first' if other == 'chw' else 'last'}, but the preprocessing says layout '{layout.value}'",
            hint=f"Set the layout of the preprocessing to '{other}'.",
        )


def check_channels(preprocessing: Preprocessing, channels: int, spec: TensorSpec) -> None:
    """Check that values given per channel are as many as the input's channels.

    Raises:
        ConfigError: they are not.
    """
    given = max(len(preprocessing.scale), len(preprocessing.offset))
    if given not in (1, channels):
        raise ConfigError(
            f"preprocessing '{preprocessing.preset}' has values for {given} channels, "
            f"input '{spec.name}' of shape {list(spec.shape)} has {channels}",
            hint="Choose a preset with one value, such as unit or signed, or give one value per channel.",
        )
