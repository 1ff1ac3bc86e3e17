"""A model that stops with an error on what it is fed."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage
from litesmith.diagnosis.locations import by_name

_NODE = re.compile(r"\{\{node ([^}\n]+)\}\}")
_COUNTER = re.compile(r"_\d+$")


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del match
    known = {layer.name for layer in evidence.layers}
    scopes = [scope for node in _NODE.findall(evidence.text) for scope in node.split("/")]
    return by_name(evidence, [name for s in scopes for name in (s, _COUNTER.sub("", s)) if name in known])


PLUGIN = Cause(
    name="refuses_samples",
    title="the source model refuses the samples",
    stage=Stage.CHECKING,
    pattern=re.compile(r"assertion failed: \[|Integer division by zero|indices\[[\d,]*\] = -?\d+ is not in \[0, \d+\)"),
    why=(
        "The check runs the source on samples, and there it stopped with an error: an assertion, a division by zero or "
        "an index out of range. Without a dataset, the samples are random numbers."
    ),
    remedy="Give real samples, as the model was trained on: --data DATASET.",
    source="https://www.tensorflow.org/api_docs/python/tf/debugging/Assert",
    rank=20,
    where=_where,
)
