"""A batch that is fixed in the model."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del evidence
    return (f"input {match['input']}",)


PLUGIN = Cause(
    name="fixed_batch",
    title="the model has a fixed batch",
    stage=Stage.CONVERTING,
    pattern=re.compile(
        r"the batch of input '(?P<input>[^'\n]*)' is fixed at (?P<batch>\d+); "
        r"asked was (?P<asked>-?\d+)"
    ),
    why=(
        "The input {input} takes exactly {batch} samples at once, and the .tflite was to take {asked} (-1 stands "
        "for any number)."
    ),
    remedy="Build the model without batch_size and save it again.",
    code="x = keras.Input(shape=(6,))  # without batch_size={batch}",
    source="https://keras.io/api/layers/core_layers/input/",
    cured_by="rebatched",
    rank=5,
    where=_where,
)
