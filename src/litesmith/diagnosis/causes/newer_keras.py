"""A file of a later Keras."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_kind


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    return by_kind(evidence, [match["kind"] or match["kind_2"] or match["kind_3"]])


PLUGIN = Cause(
    name="newer_keras",
    title="the file uses what this Keras does not have",
    stage=Stage.OPENING,
    pattern=re.compile(
        r"Unrecognized keyword arguments passed to (?P<kind>\w+): \{[^}\n]*\}"
        r"|(?P<kind_2>\w+)\.__init__\(\) got an unexpected keyword argument '\w+'"
        r"|Could not deserialize 'keras\.\w+\.(?P<kind_3>\w+)' because it is not a KerasSaveable subclass"
    ),
    why=(
        "The installed Keras has no class {kind}{kind_2}{kind_3} with the settings that stand in the file: another "
        "version of Keras wrote it."
    ),
    remedy=(
        "Install the Keras that wrote the file, which is at least as new; or open the model where it was made and"
        " export it as a SavedModel."
    ),
    code='model.export("exported_model")  # then: litesmith convert exported_model',
    provoked_by="files of Keras 3.15 to which a class, a setting and a version were added that it does not have",
    source="https://keras.io/api/models/model_saving_apis/serialization_utils/",
    rank=35,
    where=_where,
)
