"""A layer of a package beside Keras."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.locations import at_layer

PLUGIN = Cause(
    name="addon_package",
    title="a layer of another package",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"Could not deserialize \w+ '(?P<kind>\w+)' because"
        r" its parent module (?P<package>\w+)[\w.]* cannot be imported"
    ),
    why=(
        "The class {kind} comes from the package {package}, which is not installed here; the file names it and "
        "does not hold it."
    ),
    remedy="Install {package} beside Litesmith; or, where it is installed, export the model as a SavedModel.",
    code='model.export("exported_model")  # then: litesmith convert exported_model',
    provoked_by="a file of Keras in which one layer was renamed to one of keras_hub; the package itself is not used",
    source="https://keras.io/api/models/model_saving_apis/serialization_utils/",
    rank=20,
    where=at_layer,
)
