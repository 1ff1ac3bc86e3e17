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
