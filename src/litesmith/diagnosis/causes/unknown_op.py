"""An op that this TensorFlow does not have."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del evidence
    return (f"tf.{match['op']}",)


PLUGIN = Cause(
    name="unknown_op",
    title="an op that TensorFlow does not know",
    stage=Stage.OPENING,
    pattern=re.compile(r"Op type not registered '(?P<op>[^'\n]+)'"),
    why=(
        "The graph uses the op {op}, which is in no part of TensorFlow: it comes from a package with ops of its "
        "own, such as tensorflow_text, or from a later TensorFlow."
    ),
    remedy=(
        "Where the op comes from text preparation or the like, save the part of the model behind it and do the "
        "rest in the app."
    ),
    provoked_by="a SavedModel in which one op was renamed; no package with ops of its own is used",
    source="https://ai.google.dev/edge/litert/models/ops_custom",
    rank=10,
    where=_where,
)
