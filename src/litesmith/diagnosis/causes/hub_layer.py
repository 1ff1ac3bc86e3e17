"""A model with a layer of TensorFlow Hub."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_layer

PLUGIN = Cause(
    name="hub_layer",
    title="a layer of TensorFlow Hub",
    stage=Stage.OPENING,
    pattern=re.compile(r"(?:Unknown layer:|Could not locate class) '?(?:\w+>)?(?P<kind>KerasLayer)'?"),
    why="hub.KerasLayer is a class of the package tensorflow_hub, which a Keras file names and does not hold.",
    remedy=(
        "Where tensorflow_hub is installed, load the model with its class and export it as a SavedModel; that "
        "holds the whole graph."
    ),
    code=(
        'model = tf_keras.models.load_model("model.h5", custom_objects={{"KerasLayer": hub.KerasLayer}})\n'
        'model.export("exported_model")  # then: litesmith convert exported_model'
    ),
    provoked_by="a layer of the tests' own with the name KerasLayer; tensorflow_hub itself is not used",
    source="https://github.com/tensorflow/tensorflow/issues/26835",
    rank=20,
    where=at_layer,
)
