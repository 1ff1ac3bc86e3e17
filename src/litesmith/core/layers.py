"""The user's layers, read from the names that TensorFlow gives a .tflite's tensors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from litesmith.core.graph import GraphOp, Subgraph

_CALLS = re.compile(r"^(?:StatefulPartitionedCall|PartitionedCall|serving_default)(?:_\d+)?[/:]")
_COUNTED = re.compile(r"_\d+$")
_SHARE = 0.8
"""Share of names that must agree before a root or a counter is taken for one that tracing added."""


def layer_names(subgraph: Subgraph) -> tuple[str, ...]:
    """Return one layer name per operator, in order; the tensor's own name where it tells no layer.

    TensorFlow names a fused operator `model/conv_bn/batchnorm/mul_1;model/conv/Conv2D`: scopes, the op last, and one
    such name for each op that was fused. Keras 3 traces twice and then counts every scope (`model_1/conv_1/...`).
    """
    paths = [_path(_tensor_name(subgraph, op)) for op in subgraph.ops]
    root = _common([path[0] for path in paths if len(path) > 2])
    paths = [path[1:] if root and len(path) > 1 and path[0] == root else path for path in paths]
    counter = _common([found[0] if (found := _COUNTED.search(path[0])) else "" for path in paths if len(path) > 1])
    names = []
    for path in paths:
        name = "/".join(path[:-1]) if len(path) > 1 else path[0]
        if counter and len(path) > 1:
            name = "/".join(part.removesuffix(counter) for part in path[:-1])
        names.append(name)
    return tuple(names)


def _tensor_name(subgraph: Subgraph, op: GraphOp) -> str:
    index = next((tensor for tensor in op.outputs if tensor >= 0), -1)
    return subgraph.tensors[index].name if index >= 0 else op.name


def _path(name: str) -> list[str]:
    """Return the scopes of a tensor name, the op last; of a fused name, those of the op that computes.

    The last part is what was there before activation and batch norm were fused into it.
    """
    parts = [part for part in name.split(";") if part]
    chosen = parts[-1] if len(parts) > 1 else name
    return [part for part in _CALLS.sub("", chosen).split("/") if part] or [name]


def _common(values: Sequence[str]) -> str:
    """Return the value that nearly all share, or empty."""
    if not values:
        return ""
    value, count = Counter(values).most_common(1)[0]
    return value if count >= _SHARE * len(values) else ""
