"""State that a model keeps between inferences, which an app has to know of."""

from __future__ import annotations

from collections.abc import Iterator

from litesmith.core.graph import stateful_ops
from litesmith.core.results import Severity
from litesmith.inspection.symptom import Finding, Symptom
from litesmith.runtime.flatbuffer import ModelFile

KEPT = Symptom(
    code="kept-state",
    severity=Severity.WARNING,
    hint=(
        "Reset it before each independent sample: reset_all_variables() in Python, resetVariableTensors() on Android. "
        "Litesmith does so whenever it runs a model."
    ),
)
ASSIGNED = Symptom(
    code="assigned-state",
    severity=Severity.WARNING,
    hint=(
        "Right for a stream. The runtime has no call that resets it: for samples that are independent, open the model "
        "anew for each. Litesmith does not, so measure such a model on whole streams."
    ),
)
"""Resource variables: measured with LiteRT 2.3.0, `reset_all_variables()` leaves them as they are."""


def state_findings(file: ModelFile) -> Iterator[Finding]:
    """Yield operators that begin with what the inference before left."""
    for subgraph in file.graph.subgraphs:
        for op, tensors in stateful_ops(subgraph):
            yield Finding(
                symptom=KEPT if tensors else ASSIGNED,
                subgraph=subgraph.index,
                ops=(op.index,),
                tensors=tensors,
                message=f"{op.name} {op.index} keeps state between inferences: the second answer depends on the first",
                weight=float(len(tensors)),
            )
