"""Openers that end their process, to see what becomes of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from litesmith.core.open_source import OpenModel
from litesmith.sources.kinds.keras import open_model


def open_and_abort(path: Path) -> OpenModel:
    """Abort as TensorFlow's converter does on a failed check."""
    sys.stderr.write(f"Check failed: planted in {path.name}\n")
    sys.stderr.flush()
    os.abort()


def abort_first_call(path: Path) -> OpenModel:
    """Open the model; the first time it is traced, in any process, the process ends."""
    model = open_model(path)
    mark = path.with_suffix(".aborted")

    def call(tensors: Sequence[Any]) -> list[Any]:
        if not mark.exists():
            mark.touch()
            os.abort()
        return model.call(tensors)

    return replace(model, call=call)


def sleep(path: Path) -> OpenModel:
    """Open nothing, slowly."""
    import time

    time.sleep(60)
    return open_model(path)


def open_without_objects(path: Path) -> OpenModel:
    """Open a SavedModel whose objects TensorFlow 2 refuses to rebuild, as it does for some written by TF 2.3."""
    import tensorflow as tf

    from litesmith.sources.kinds import saved_model

    def refuse(*arguments: Any) -> None:
        raise AttributeError("'_UserObject' object has no attribute 'add_slot'")

    load, tf.saved_model.load = tf.saved_model.load, refuse
    try:
        return saved_model.open_model(path)
    finally:
        tf.saved_model.load = load


def _nth_trace(path: Path) -> int:
    """Return how often a model was traced so far, this time included, in any process."""
    mark = path.with_suffix(".traced")
    count = int(mark.read_text()) + 1 if mark.exists() else 1
    mark.write_text(str(count))
    return count


def _traced(tensors: Sequence[Any]) -> bool:
    return not all(hasattr(tensor, "numpy") for tensor in tensors)


def abort_then_lie(path: Path) -> OpenModel:
    """Open the model; the first time it is traced the process ends, the second time it is another model."""
    model = open_model(path)

    def call(tensors: Sequence[Any]) -> list[Any]:
        nth = _nth_trace(path) if _traced(tensors) else 0
        if nth == 1:
            os.abort()
        return [answer + 0.5 for answer in model.call(tensors)] if nth > 1 else model.call(tensors)

    return replace(model, call=call)


def abort_then_hang(path: Path) -> OpenModel:
    """Open the model; the first time it is traced the process ends, then it takes for ever."""
    import time

    model = open_model(path)

    def call(tensors: Sequence[Any]) -> list[Any]:
        if _traced(tensors):
            if _nth_trace(path) == 1:
                os.abort()
            time.sleep(600)
        return model.call(tensors)

    return replace(model, call=call)


def fail_differently(path: Path) -> OpenModel:
    """Open the model; each time it is traced it fails with another message, and Keras' own ways in are closed."""
    model = open_model(path)

    def call(tensors: Sequence[Any]) -> list[Any]:
        raise RuntimeError(f"failure {_nth_trace(path)} of TensorFlow")

    object.__setattr__(model.keras, "call", None)
    return replace(model, call=call)


def _without_keras_2(opener: Any, path: Path) -> OpenModel:
    from litesmith.sources import keras_file

    before, keras_file.find_spec = keras_file.find_spec, lambda name: None
    try:
        return opener(path)
    finally:
        keras_file.find_spec = before


def without_keras_2_keras(path: Path) -> OpenModel:
    """Open a .keras file as if tf-keras were not installed."""
    return _without_keras_2(open_model, path)


def without_keras_2_h5(path: Path) -> OpenModel:
    """Open an .h5 file as if tf-keras were not installed."""
    from litesmith.sources.kinds import h5

    return _without_keras_2(h5.open_model, path)
