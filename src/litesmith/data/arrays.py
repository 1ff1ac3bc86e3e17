"""Array datasets: checked against the model's inputs and stored as they are, or resized where they are images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from litesmith.core.errors import DatasetError
from litesmith.core.files import replacing
from litesmith.core.isolated import Pool, spans
from litesmith.core.preprocessing import ColorOrder, Layout, Preprocessing
from litesmith.core.results import Finding, Severity
from litesmith.core.samples import SampleInput
from litesmith.core.tensors import TensorSpec
from litesmith.data.images import ImagePlan, plan_images
from litesmith.data.inputs import adapted_shape, check_channels, takes_integers
from litesmith.data.npy import Array, RowWriter, create, rows_per_chunk

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredArrays:
    """Array samples as stored.

    Attributes:
        inputs: One entry per model input.
        image: Whether the first input has 8-bit samples of image shape.
        findings: What was done to them that the user should know.
    """

    inputs: tuple[SampleInput, ...]
    image: bool
    findings: tuple[Finding, ...]


def store_arrays(
    arrays: Mapping[str, Path],
    rows: Sequence[int],
    *,
    preprocessing: Preprocessing,
    inputs: Sequence[TensorSpec],
    folder: Path,
    pool: Pool,
    on_progress: OnProgress,
) -> StoredArrays:
    """Write the chosen rows of each array to `folder`/input-<position>.npy.

    uint8, float32 and integers are kept, other floats become float32 and bool uint8. Values stay raw.

    Raises:
        DatasetError: an array has a shape or type the model does not take.
        OutputError: the folder cannot be written or the disk is full.
    """
    entries: list[SampleInput] = []
    findings: list[Finding] = []
    for position, spec in enumerate(inputs):
        source, target = arrays[spec.name], folder / f"input-{position}.npy"
        data: Array = np.load(source, mmap_mode="r")
        _check_dtype(data, spec)
        shape = adapted_shape(data.shape[1:], spec.sample_shape)
        if shape is not None:
            _copy(data, rows, shape, target, lambda done: on_progress(done, len(rows)))
        else:
            plan = _resizing(data, spec, preprocessing)
            findings.append(_resized(data, plan))
            shape = plan.shape
            with replacing(target) as temporary:
                create(temporary, (len(rows), *shape), np.uint8)
                parts = spans(len(rows), 64)
                calls = [
                    {"source": source, "picked": rows[a:b], "start": a, "target": temporary, "plan": plan}
                    for a, b in parts
                ]
                pool.map(
                    "litesmith.data.decode:resize_span",
                    calls,
                    on_done=lambda done: on_progress(min(done * 64, len(rows)), len(rows)),
                )
        stored = np.load(target, mmap_mode="r")
        entry = SampleInput(
            name=spec.name if len(inputs) > 1 else "",
            path=target,
            shape=shape,
            dtype=stored.dtype.name,
            normalized=is_normalized(spec, shape, several=len(inputs) > 1),
        )
        if entry.normalized:
            check_channels(preprocessing, _channels(shape, preprocessing), spec)
        entries.append(entry)
    findings += _notes(entries, preprocessing)
    image = entries[0].dtype == "uint8" and len(entries[0].shape) == 3
    return StoredArrays(inputs=tuple(entries), image=image, findings=tuple(findings))


def _check_dtype(data: Array, spec: TensorSpec) -> None:
    if data.dtype.kind not in "iufb":
        raise DatasetError(
            f"samples for input '{spec.name}' have dtype {data.dtype}, expected numbers",
            hint="Store plain numbers, such as x.astype('float32').",
        )
    if takes_integers(spec) and data.dtype.kind == "f":
        raise DatasetError(
            f"input '{spec.name}' takes {spec.dtype}, the samples are {data.dtype}",
            hint=f"Store x.astype('{spec.dtype}').",
        )


def _stored_dtype(dtype: np.dtype[np.generic]) -> np.dtype[np.generic]:
    if dtype.kind == "f":
        return np.dtype(np.float32)
    return np.dtype(np.uint8) if dtype.kind == "b" else dtype.newbyteorder("=")


def _copy(
    data: Array, rows: Sequence[int], shape: tuple[int, ...], target: Path, on_done: Callable[[int], None]
) -> None:
    dtype = _stored_dtype(data.dtype)
    step = rows_per_chunk(shape, max(dtype.itemsize, data.itemsize))
    with replacing(target) as temporary, RowWriter(temporary, shape, dtype) as writer:
        for start, stop in spans(len(rows), step):
            picked = list(rows[start:stop])
            with np.errstate(over="ignore"):  # a float64 beyond float32 becomes inf; the audit names it
                part = np.asarray(data[picked]).astype(dtype, copy=False)
            writer.append(part.reshape(len(picked), *shape))
            on_done(stop)


def _resizing(data: Array, spec: TensorSpec, preprocessing: Preprocessing) -> ImagePlan:
    """Return how 8-bit images of another size are resized.

    Raises:
        DatasetError: the samples are no 8-bit images, or have other channels.
    """
    shape, expected = data.shape[1:], spec.sample_shape
    squeezed = shape[:-1] if shape[-1:] == (1,) and preprocessing.layout is Layout.HWC else shape
    channels = 1 if len(squeezed) == 2 else _channels(shape, preprocessing)
    if data.dtype == np.uint8 and len(expected) in (2, 3) and len(squeezed) in (2, 3) and 0 not in shape:
        plan = plan_images(preprocessing, spec)
        if max(plan.channels, 1) == channels:
            return replace(plan, swap=False)
    raise DatasetError(
        f"samples for input '{spec.name}' have shape {_text(shape)}, expected {_text(expected)}",
        hint=_shape_hint(shape, expected, data.dtype),
    )


def _shape_hint(shape: tuple[int, ...], expected: tuple[int, ...], dtype: np.dtype[np.generic]) -> str:
    if len(shape) == len(expected) == 3 and adapted_shape((shape[2], shape[0], shape[1]), expected):
        return "Move the channels to the front: x.transpose(0, 3, 1, 2)."
    if len(shape) == len(expected) == 3 and adapted_shape((shape[1], shape[2], shape[0]), expected):
        return "Move the channels to the end: x.transpose(0, 2, 3, 1)."
    if -1 not in expected and np.prod(shape, dtype=np.int64) == np.prod(expected, dtype=np.int64):
        return f"The number of values fits: x.reshape({', '.join(str(d) for d in (-1, *expected))})."
    resizable = " Only uint8 images are resized." if len(expected) == 3 and dtype != np.uint8 else ""
    return f"Give x the shape [N, {', '.join(str(d) if d != -1 else 'any' for d in expected)}].{resizable}"


def _text(shape: tuple[int, ...]) -> str:
    return "[" + ", ".join(str(side) if side != -1 else "any" for side in shape) + "]"


def _resized(data: Array, plan: ImagePlan) -> Finding:
    return Finding(
        code="resized-arrays",
        severity=Severity.INFO,
        message=f"uint8 images of shape {_text(data.shape[1:])} were resized to {_text(plan.shape)} "
        f"({plan.resize.value}{f', central {plan.crop:g}' if plan.crop else ''})",
        hint="Store them at the model's size to control how they are resized.",
    )


def _channels(shape: tuple[int, ...], preprocessing: Preprocessing) -> int:
    if len(shape) == 3 and preprocessing.layout is Layout.CHW:
        return shape[0]
    return shape[-1] if shape else 1


def is_normalized(spec: TensorSpec, shape: tuple[int, ...], *, several: bool) -> bool:
    """Tell whether scale and offset apply: not to plain integers, nor to features beside an image."""
    return not takes_integers(spec) and (not several or len(shape) == 3)


def _notes(entries: Sequence[SampleInput], preprocessing: Preprocessing) -> list[Finding]:
    notes: list[Finding] = []
    identity = all(s == 1 for s in preprocessing.scale) and all(o == 0 for o in preprocessing.offset)
    plain = [entry.name for entry in entries if not entry.normalized]
    if plain and not identity:
        notes.append(
            Finding(
                code="not-normalized",
                severity=Severity.INFO,
                message=f"preprocessing '{preprocessing.preset}' is not applied to "
                + ("the integer input" if plain == [""] else f"input {', '.join(repr(name) for name in plain)}"),
                hint="Scale and offset apply to float images only; store other inputs as the model takes them.",
            )
        )
    colored = any(len(e.shape) == 3 and _channels(e.shape, preprocessing) == 3 for e in entries)
    if preprocessing.color_order is ColorOrder.BGR and colored:
        notes.append(
            Finding(
                code="array-channel-order",
                severity=Severity.WARNING,
                message=f"preprocessing '{preprocessing.preset}' says BGR; arrays keep their order, "
                "so x must hold BGR already",
                hint="If x holds RGB, store x[..., ::-1], or give image files.",
            )
        )
    return notes
