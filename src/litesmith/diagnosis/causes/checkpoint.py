"""A training checkpoint."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="checkpoint",
    title="a checkpoint and not a model",
    stage=Stage.OPENING,
    pattern=re.compile(r"holds a checkpoint: weights without a model|is a part of a checkpoint"),
    why="A checkpoint holds the values of variables and not the graph that uses them.",
    remedy="Restore it where the model is defined and save the whole model.",
    code=(
        'tf.train.Checkpoint(model=model).restore(tf.train.latest_checkpoint("checkpoints"))\nmodel.save("model.keras")'
    ),
    source="https://www.tensorflow.org/guide/checkpoint",
    rank=10,
)
