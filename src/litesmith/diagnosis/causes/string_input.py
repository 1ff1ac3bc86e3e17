"""Text as an input or output."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY
from litesmith.diagnosis.locations import by_kind

_LOOKUPS = ("StringLookup", "Hashing")  # a TextVectorization holds one of them


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    layers = by_kind(evidence, ["TextVectorization"]) or by_kind(evidence, _LOOKUPS)
    return (f"{match['side']} {match['name']}", *layers)


PLUGIN = Cause(
    name="string_input",
    title="an input or output of text",
    stage=Stage.CONVERTING,
    pattern=re.compile(r"(?P<side>input|output) '(?P<name>[^'\n]*)' is of type string"),
    why=(
        "The {side} {name} is text. A .tflite works on numbers; its text operators come from TensorFlow's own library."
    ),
    remedy=(
        "Cut the model behind its text layers, convert the part that takes numbers, and turn the text into "
        "numbers in the app."
    ),
    code=(
        'numbers = keras.Input((20,), dtype="int32")\n'
        "model = keras.Model(numbers, rest_of_model(numbers))\n"
        'model.save("numbers_only.keras")'
    ),
    source=COMPATIBILITY,
    rank=5,
    where=_where,
)
