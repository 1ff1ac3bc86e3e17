"""A SavedModel that says nothing of inputs."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="no_signature",
    title="a SavedModel without signatures",
    stage=Stage.OPENING,
    pattern=re.compile(r"is a SavedModel without signatures"),
    why=(
        "Nothing in it says which function to run and what to feed it, as when tf.saved_model.save was called on "
        "an object without signatures."
    ),
    remedy="Save it with a signature, or export the Keras model.",
    code=(
        "concrete = module.serve.get_concrete_function(tf.TensorSpec([None, 8]))\n"
        'tf.saved_model.save(module, "saved", signatures=concrete)'
    ),
    source="https://www.tensorflow.org/guide/saved_model",
    rank=10,
)
