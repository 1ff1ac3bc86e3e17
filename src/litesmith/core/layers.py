"""The user's layers, read from the names that converters give a .tflite's tensors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from litesmith.core.graph import CONVERSIONS, GraphOp, Subgraph

_CALL = r"(?:StatefulPartitionedCall|PartitionedCall|serving_default|Identity)(?:_\d+)?"
_CALLS = re.compile(rf"^{_CALL}[/:]")
_ONLY_CALL = re.compile(rf"^{_CALL}(?::\d+)?(?:_[a-z]\w*)?$")
_COUNTED = re.compile(r"_\d+$")
_CONVERTED = re.compile(r"_(?:re|de)?quant(?:ized?|ize)?$")
_TORCH = re.compile(r"^(?:\w+\.)+[A-Z]\w*?_(\w+)$")
"""A scope as PyTorch's exporter writes it: the class with its module, then the attribute's name."""
_SHARE = 0.8
"""Share of names that must agree before a root or a counter is taken for one that tracing added."""

_COMPUTES = {
    "CONV_2D": ("conv", "einsum", "matmul"),
    "DEPTHWISE_CONV_2D": ("depthwise",),
    "TRANSPOSE_CONV": ("transpose", "backpropinput", "conv"),
    "CONV_3D": ("conv3d", "conv"),
    "FULLY_CONNECTED": ("matmul", "tensordot", "einsum", "dot", "addmm", "linear"),
    "BATCH_MATMUL": ("matmul", "einsum", "dot"),
}
"""What the op that computes is called in the source framework, by what it became; the likelier first."""


def layer_names(subgraph: Subgraph) -> tuple[str, ...]:
    """Return one layer name per operator, in order; the tensor's own name where it tells no layer.

    TensorFlow names a fused operator `model/conv_bn/batchnorm/mul_1;model/conv/Conv2D;model/conv_pad/Pad`: scopes, the
    op last, and one such name for each op that was fused. The one that computes names the layer. Keras 3 traces twice
    and then counts every scope (`model_1/conv_1/...`). An output that bears only the name of the call
    (`StatefulPartitionedCall:0`) is named by its weights, or takes the layer that feeds it where it has none.
    """
    names = [_tensor_name(subgraph, op) for op in subgraph.ops]
    paths = [_path(name, op.name) for name, op in zip(names, subgraph.ops, strict=True)]
    root = _common([path[0] for path in paths if len(path) > 2])
    paths = [path[1:] if root and len(path) > 1 and path[0] == root else path for path in paths]
    counter = _common([found[0] if (found := _COUNTED.search(path[0])) else "" for path in paths if len(path) > 1])
    layers: list[str] = []
    producers = subgraph.producers()
    for op, name, path in zip(subgraph.ops, names, paths, strict=True):
        if _ONLY_CALL.match(name) and op.name not in _COMPUTES:
            before = [producers[i] for i in op.inputs if i in producers and producers[i] < op.index]
            layers.append(layers[before[0]] if before else name)
        elif len(path) == 1:
            layers.append(path[0])
        else:
            layers.append("/".join(part.removesuffix(counter) if counter else part for part in path[:-1]))
    return tuple(layers)


def _tensor_name(subgraph: Subgraph, op: GraphOp) -> str:
    index = next((tensor for tensor in op.outputs if tensor >= 0), -1)
    name = subgraph.tensors[index].name if index >= 0 else op.name
    if op.name in _COMPUTES and _ONLY_CALL.match(name) and len(op.inputs) > 1 and op.inputs[1] >= 0:
        weights = subgraph.tensors[op.inputs[1]].name
        name = weights if "/" in weights else name
    return _CONVERTED.sub("", name) or name if op.name in CONVERSIONS else name


def _path(name: str, op: str) -> list[str]:
    """Return the scopes of a tensor name, the op last; of a fused name, those of the op that computes."""
    if _ONLY_CALL.match(name):
        return [name]
    parts = [part for part in name.split(";") if part.strip("0123456789")]
    chosen = _computing(parts, op) if parts else name
    path = [part for part in _CALLS.sub("", chosen).split("/") if part] or [name]
    torch = [match[1] for part in path if (match := _TORCH.match(part))]
    return [".".join(torch)] if torch else path


def _computing(parts: Sequence[str], op: str) -> str:
    """Return the part of a fused name that computes; else the last, which is what was there before the rest was fused.

    Where several do, the first is taken: parts that were merged in because they share a constant stand behind it.
    """
    for word in _COMPUTES.get(op, ()):
        for part in parts:
            last = part.rpartition("/")[2].lower()
            if word in last and not (op == "CONV_2D" and "depthwise" in last):
                return part
    return parts[-1]


def _common(values: Sequence[str]) -> str:
    """Return the value that nearly all share, or empty."""
    if not values:
        return ""
    value, count = Counter(values).most_common(1)[0]
    return value if count >= _SHARE * len(values) else ""
