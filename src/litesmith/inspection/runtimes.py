"""The oldest runtimes that know every operator version of a file.

A runtime refuses a file with an operator version it does not know ("Didn't find op for builtin opcode 'X' version
'N'"). `op_versions.tsv` says since when each is known, and where that is from; what it does not list is reported as
unknown and never guessed. Where a file states less than its number types need, what they need is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from litesmith.core.graph import Graph
from litesmith.core.model_facts import Demand, RuntimeNeed
from litesmith.core.op_ref import OpRef
from litesmith.inspection.needed_versions import needed_version

TENSORFLOW = "TensorFlow (tf.lite.Interpreter)"
ANDROID_TFLITE = "org.tensorflow:tensorflow-lite (Android)"
ANDROID_LITERT = "com.google.ai.edge.litert:litert (Android)"
PYTHON_LITERT = "ai-edge-litert (Python)"
PYTHON_TFLITE = "tflite-runtime (Python)"
_LAST_ANDROID_TFLITE = "2.17.0"
_LAST_PYTHON_TFLITE = "2.14.0"
_FIRST_LITERT = "1.0.1"
_SINCE_UNKNOWN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Since when an operator version is known; empty text where no release is known to."""

    tensorflow: str
    litert: str
    tflite_runtime: bool


@cache
def table() -> Mapping[tuple[str, int], Known]:
    """Return the table of operator versions."""
    text = resources.files("litesmith.inspection").joinpath("op_versions.tsv").read_text(encoding="utf-8")
    found = {}
    for line in text.splitlines():
        if line.startswith(("#", "op\t")) or not line:
            continue
        op, version, tensorflow, litert, tflite_runtime = line.split("\t")
        found[op, int(version)] = Known(
            tensorflow=tensorflow.replace(_SINCE_UNKNOWN, ""), litert=litert, tflite_runtime=tflite_runtime == "yes"
        )
    return found


def release(version: str) -> tuple[int, ...]:
    """Return a version's numbers, so that versions can be compared; parts that are no numbers end it.

    >>> release("2.9.0") < release("2.14")
    True
    """
    numbers = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def demands(graph: Graph, layers: Mapping[int, tuple[str, ...]]) -> tuple[Demand, ...]:
    """Return each operator version of a file once, those that no release is known for first, then the newest."""
    first: dict[tuple[str, int], tuple[int, OpRef]] = {}
    for subgraph in graph.subgraphs:
        for op in subgraph.ops:
            version = needed_version(subgraph, op)
            if op.name.startswith("CUSTOM:") or (op.name, version) in first:
                continue
            layer = layers[subgraph.index][op.index]
            ref = OpRef(subgraph=subgraph.index, index=op.index, op=op.name, layer=layer)
            first[op.name, version] = op.version, ref
    known = table()
    found = [
        Demand(
            op=op,
            version=version,
            stated=stated,
            since=row.tensorflow if (row := known.get((op, version))) else "",
            first=ref,
        )
        for (op, version), (stated, ref) in first.items()
    ]
    return tuple(sorted(found, key=lambda demand: (bool(demand.since), [-n for n in release(demand.since)])))


def needs(found: tuple[Demand, ...], *, select_tf: bool, custom: bool) -> tuple[RuntimeNeed, ...]:
    """Return the minimum version of each runtime.

    Args:
        found: Operator versions of the file.
        select_tf: Whether it has operators of TensorFlow's own.
        custom: Whether it has other custom operators that the runtime does not bring along.
    """
    known = table()
    rows = {(demand.op, demand.version): known.get((demand.op, demand.version)) for demand in found}
    unknown = [f"{op} version {version}" for (op, version), row in rows.items() if row is None]
    extra = [
        "its TensorFlow operators need the Flex delegate as well" if select_tf else "",
        "its custom operators are the app's to register" if custom else "",
    ]

    def need(runtime: str, minimum: str, *notes: str) -> RuntimeNeed:
        if unknown:
            minimum, notes = "", (f"the file has {some(unknown)}, newer than the table or made up", *notes)
        return RuntimeNeed(runtime=runtime, minimum=minimum, note="; ".join(n for n in (*notes, *extra) if n))

    without = [f"{op} version {version}" for (op, version), row in rows.items() if row and not row.tensorflow]
    tensorflow = "" if without else _newest([row.tensorflow for row in rows.values() if row])
    litert = _newest([row.litert for row in rows.values() if row]) or _FIRST_LITERT
    refused = [f"{op} version {version}" for (op, version), row in rows.items() if row and not row.tflite_runtime]
    only_litert = f"no release up to 2.21.0 has {some(without)}" if without else ""
    measured = "the oldest release that was tried" if litert == _FIRST_LITERT else ""
    ends = bool(without) or release(tensorflow) > release(_LAST_ANDROID_TFLITE)
    return (
        need(TENSORFLOW, tensorflow, only_litert),
        need(PYTHON_LITERT, litert, measured),
        need(
            PYTHON_TFLITE,
            "" if refused else tensorflow,
            f"ends at {_LAST_PYTHON_TFLITE}, which does not know {some(refused)}" if refused else "",
        ),
        need(ANDROID_LITERT, litert, "taken from the Python package of the same release", measured),
        need(
            ANDROID_TFLITE,
            "" if ends else tensorflow,
            f"ends at {_LAST_ANDROID_TFLITE}; use {ANDROID_LITERT.split(maxsplit=1)[0]}" if ends else "",
        ),
    )


def minimum_of(found: tuple[RuntimeNeed, ...], runtime: str) -> RuntimeNeed:
    """Return what is needed of one runtime."""
    return next(need for need in found if need.runtime == runtime)


def demanding(found: tuple[Demand, ...], runtime: str, minimum: str) -> tuple[Demand, ...]:
    """Return the operator versions for which a runtime has to be that new."""
    known = table()
    by = []
    for demand in found:
        row = known.get((demand.op, demand.version))
        if row is not None and minimum == (row.litert if "litert" in runtime else row.tensorflow):
            by.append(demand)
    return tuple(by)


def _newest(versions: list[str]) -> str:
    return max(versions, key=release, default="")


def some(names: list[str]) -> str:
    """Return the first three names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
