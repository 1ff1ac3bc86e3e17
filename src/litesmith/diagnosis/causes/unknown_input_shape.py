"""A Keras model that has not been told what it takes."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del evidence
    return (match["kind"],)


PLUGIN = Cause(
    name="unknown_input_shape",
    title="the model does not say what shape it takes",
    stage=Stage.OPENING,
    pattern=re.compile(r"is a (?P<kind>\w+) whose input shape is not known"),
    why=(
        "A subclassed model, or a Sequential without an Input, has no declared inputs: only a call tells their "
        "shape, and the file does not keep it."
    ),
    remedy="Call the model once on data where it is defined and export it; or begin a Sequential with keras.Input.",
    code=('model(sample_batch)\nmodel.export("exported_model")  # then: litesmith convert exported_model'),
    source="https://keras.io/guides/sequential_model/",
    rank=10,
    where=_where,
)
