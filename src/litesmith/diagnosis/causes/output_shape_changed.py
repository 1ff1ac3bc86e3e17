"""Outputs whose shape depends on the sample or the batch."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del evidence
    return (f"output {match['output'] or match['output_2']}",)


PLUGIN = Cause(
    name="output_shape_changed",
    title="an output whose shape depends on the sample",
    stage=Stage.CHECKING,
    pattern=re.compile(
        r"output '(?P<output>[^'\n]*)' has shape (?P<made>\[[^\]\n]*\]) after conversion, "
        r"(?P<source>\[[^\]\n]*\]) before"
        r"|output '(?P<output_2>[^'\n]*)' has shape \[[^\]\n]*\] for one sample and \[[^\]\n]*\] for another"
    ),
    why=(
        "The shape of an output depends on the values fed or on the batch, as after tf.where, tf.unique or a mask, "
        "so that the answers to several samples cannot be told apart, or differ in shape from those of the source."
    ),
    remedy="Give the output a shape that depends neither on the batch nor on the values: pad what a mask selects.",
    code="scores, indices = tf.math.top_k(scores, k=10)  # always ten, in place of tf.where(scores > 0.5)",
    source="https://ai.google.dev/edge/litert/conversion/tensorflow/ops_compatibility",
    rank=20,
    where=_where,
)
