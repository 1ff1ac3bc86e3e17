"""A table of keys and values."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.causes._kernels import without_kernel
from litesmith.diagnosis.locations import at_errors, by_kind

_TABLES = ("IntegerLookup", "StringLookup", "TextVectorization")
_OPS = without_kernel(r"(?:Mutable|Anonymous|Dense)*HashTable\w*", r"LookupTable\w*", r"InitializeTable\w*")


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    return by_kind(evidence, _TABLES) or at_errors(match, evidence)


PLUGIN = Cause(
    name="lookup_table",
    title="a lookup table",
    stage=Stage.CONVERTING,
    pattern=re.compile(
        rf"{_OPS.pattern}|Tried to export a function which references an 'untracked' resource[\s\S]*?LookupInterface"
    ),
    why=(
        "The model looks values up in a table, as IntegerLookup and StringLookup do. TFLite has tables from text to "
        "numbers and back, and none from numbers to numbers."
    ),
    remedy="Where the keys are small whole numbers, use tf.gather on a constant; else look up in the app.",
    code="ids = tf.gather(tf.constant([0, 4, 5]), x)  # in place of a table 1 -> 4, 2 -> 5",
    cured_by="select_tf_ops",
    source="https://github.com/tensorflow/tensorflow/issues/42061",
    rank=26,
    where=_where,
)
