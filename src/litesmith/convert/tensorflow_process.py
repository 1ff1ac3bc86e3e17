"""What runs in the TensorFlow process: it opens one source and answers calls about it."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from litesmith.convert.interface import SIGNATURE, settle
from litesmith.convert.reference import write_answers
from litesmith.convert.routes.ladder import applicable, route_named
from litesmith.core.errors import ConversionError, PluginError
from litesmith.core.files import write_bytes
from litesmith.core.open_source import OpenModel
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec

_STEPS = 2


@dataclass
class _State:
    """The source that is open."""

    model: OpenModel | None = None


_state = _State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A .tflite that a route wrote."""

    signature: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


def import_tensorflow() -> str:
    """Return TensorFlow's version, once everything a conversion imports is there."""
    import keras
    import tensorflow as tf

    assert keras.config.backend() == "tensorflow"
    assert tf.lite.TFLiteConverter is not None
    return str(tf.__version__)


def open_source(opener: str, path: Path) -> tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...], str, tuple[str, ...]]:
    """Open a source with `opener`, `module:function`; return its inputs, outputs, framework and actions."""
    _state.model = None
    module, function = opener.split(":")
    model: OpenModel = getattr(importlib.import_module(module), function)(path)
    _state.model = model
    return model.inputs, model.outputs, model.framework, model.actions


def routes() -> list[str]:
    """Return the routes worth trying for the open source, in order."""
    return applicable(_open())


def run_route(
    route: str, out: Path, folder: Path, batch: int, progress: Callable[[int, int], None] | None = None
) -> Made:
    """Convert the open source by one route and write `out`.

    Raises:
        ConversionError: the route gave another batch than the one asked for, or lost an input or output.
    """
    model = _open()
    shutil.rmtree(folder, ignore_errors=True)
    if progress is not None:
        progress(0, _STEPS)
    try:
        draft = route_named(route).run(model, folder, None if batch < 0 else batch)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if progress is not None:
        progress(1, _STEPS)
    names_in = dict(zip(draft.inputs, (spec.name for spec in model.inputs), strict=True))
    names_out = dict(zip(draft.outputs, (spec.name for spec in model.outputs), strict=True))
    data, inputs, outputs = settle(draft.data, names_in, names_out)
    for source, made in zip(model.inputs, inputs, strict=True):
        if source.shape and source.shape[0] < 0 and made.shape[0] != batch:
            raise ConversionError(
                f"input '{made.name}' came out with batch {made.shape[0]}; asked was {batch}",
                hint="Try --batch 0, which leaves the batch dynamic.",
            )
    write_bytes(out, data)
    if progress is not None:
        progress(_STEPS, _STEPS)
    return Made(signature=SIGNATURE, inputs=inputs, outputs=outputs)


def predict(
    samples: SampleSet, count: int, folder: Path, progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Write the open source's answers to the first `count` samples; return one .npy file per output."""
    return write_answers(_open(), samples, count, folder, progress)


def _open() -> OpenModel:
    if _state.model is None:
        raise PluginError("no source is open in the TensorFlow process")
    return _state.model
