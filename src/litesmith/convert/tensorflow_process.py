"""What runs in the TensorFlow process: it opens one source and answers calls about it."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litesmith.convert.flex import select_ops
from litesmith.convert.interface import SIGNATURE, settle
from litesmith.convert.made_answers import runner
from litesmith.convert.opened import OpenedSource
from litesmith.convert.reference import source_runner, write_answers, write_separate_answers
from litesmith.convert.rungs.full_precision import precision
from litesmith.convert.rungs.order import applicable, rung_named
from litesmith.convert.rungs.rung import Rung
from litesmith.convert.rungs.shapes import working_size
from litesmith.convert.trial import trial
from litesmith.core.conversion import SelectOps
from litesmith.core.errors import ConversionError, PluginError
from litesmith.core.files import write_bytes
from litesmith.core.open_source import OpenModel
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.diagnosis.cause import Layer

_STEPS = 2
Progress = Callable[[int, int], None]


@dataclass
class _State:
    """The source that is open."""

    model: OpenModel | None = None


_state = _State()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A .tflite that a rung made.

    Attributes:
        signature: Its name.
        inputs: In the user's order.
        outputs: As `inputs`.
        select_ops: What it needs of TensorFlow itself; None for nothing.
    """

    signature: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    select_ops: SelectOps | None = None


def import_tensorflow() -> str:
    """Return TensorFlow's version, once everything a conversion imports is there."""
    import keras
    import tensorflow as tf

    assert keras.config.backend() == "tensorflow"
    assert tf.lite.TFLiteConverter is not None
    return str(tf.__version__)


def open_source(opener: str, path: Path) -> OpenedSource:
    """Open a source with `opener`, `module:function`; return what it is."""
    _state.model = None
    module, function = opener.split(":")
    model: OpenModel = getattr(importlib.import_module(module), function)(path)
    _state.model = model
    layers = _keras_layers(model)
    return OpenedSource(
        inputs=model.inputs,
        outputs=model.outputs,
        framework=model.framework,
        actions=model.actions,
        layers=_described(layers),
        stateful=tuple(str(layer.name) for layer in layers if getattr(layer, "stateful", False) is True),
        precision=precision(model),
    )


def rungs(batch: int) -> list[str]:
    """Return the rungs worth trying for the open source, in order."""
    return applicable(_open(), None if batch < 0 else batch)


def open_size() -> int:
    """Return a size for the open dimensions of the open source, at which it runs."""
    return working_size(_open())


def run_rung(
    rung: str, out: Path | None, folder: Path, batch: int, progress: Progress | None = None, *, try_out: bool = False
) -> Made:
    """Convert the open source by one rung and write `out`, if given.

    Args:
        rung: Its name.
        out: Written atomically, last of all.
        folder: To work in.
        batch: Batch size, -1 for dynamic.
        progress: Told of steps.
        try_out: Whether the answers are compared on random samples before anything is written.

    Raises:
        ConversionError: it gave another batch than the one asked for, lost an input or output, or changed the answers.
    """
    model, way = _open(), rung_named(rung)
    shutil.rmtree(folder, ignore_errors=True)
    if progress is not None:
        progress(0, _STEPS)
    try:
        draft = way.run(model, folder, None if batch < 0 else batch)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if progress is not None:
        progress(1, _STEPS)
    names_in = dict(zip(draft.inputs, (spec.name for spec in model.inputs), strict=True))
    names_out = dict(zip(draft.outputs, (spec.name for spec in model.outputs), strict=True))
    data, inputs, outputs = settle(draft.data, names_in, names_out)
    _require_batch(way, model, inputs, batch)
    needs = None
    if try_out:
        trial(model, data, inputs, outputs)
        needs = select_ops(data, _described(_keras_layers(model)), ())
    if out is not None:
        write_bytes(out, data)
    if progress is not None:
        progress(_STEPS, _STEPS)
    return Made(signature=SIGNATURE, inputs=inputs, outputs=outputs, select_ops=needs)


def try_rung(*, opener: str, path: Path, rung: str, out: Path | None, folder: Path, batch: int) -> Made:
    """Open a source and convert it by one rung, compared with the source. For a process of its own."""
    open_source(opener, path)
    return run_rung(rung, out, folder, batch, try_out=True)


def predict(samples: SampleSet, count: int, folder: Path, progress: Progress | None = None) -> list[Path]:
    """Write the open source's answers to the first `count` samples; return one .npy file per output."""
    return write_answers(_open(), samples, count, folder, progress)


def predict_separately(samples: SampleSet, folder: Path, rounds: int) -> list[Path]:
    """Write the open source's answers, one sample at a time; return one file of `core.separate_answers` per output."""
    model = _open()
    return write_separate_answers(source_runner(model), model.inputs, samples, folder, rounds=rounds)


def predict_made(path: Path, inputs: tuple[TensorSpec, ...], samples: SampleSet, folder: Path) -> list[Path]:
    """Write a .tflite's answers, one sample at a time; return one file of `core.separate_answers` per output.

    Raises:
        NotRunnable: nothing on this computer can run it.
    """
    return write_separate_answers(runner(path.read_bytes()), inputs, samples, folder)


def _require_batch(rung: Rung, model: OpenModel, inputs: tuple[TensorSpec, ...], batch: int) -> None:
    for source, made in zip(model.inputs, inputs, strict=True):
        if rung.keeps_shape and source.shape and made.shape[0] != batch:
            raise ConversionError(
                f"input '{made.name}' came out with batch {made.shape[0]}; asked was {batch}",
                hint="Try --batch 0, which leaves the batch dynamic.",
            )


def _keras_layers(model: OpenModel) -> list[Any]:
    """Return the model's layers, those inside layers too, and the operations that are no layers."""
    if not hasattr(model.keras, "_flatten_layers"):
        return []
    layers = list(model.keras._flatten_layers(include_self=False))
    return layers + [op for op in getattr(model.keras, "operations", ()) if not any(op is layer for layer in layers)]


def _described(layers: list[Any]) -> tuple[Layer, ...]:
    return tuple(Layer(name=str(layer.name), kind=type(layer).__name__) for layer in layers)


def _open() -> OpenModel:
    if _state.model is None:
        raise PluginError("no source is open in the TensorFlow process")
    return _state.model
