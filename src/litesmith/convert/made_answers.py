"""Answers of a fresh .tflite beside TensorFlow, one with TensorFlow's own operators (Flex) included.

TensorFlow's interpreter has no Flex delegate any more in its Python packages since 2.20
(https://github.com/google-ai-edge/LiteRT/issues/6458), and LiteRT's never had one. So such a file is cut at its Flex
operators: what lies between runs in TensorFlow's interpreter, and the Flex operators run in TensorFlow itself, from
the definition of the node that the file holds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.convert.interface import pack
from litesmith.core.errors import ConversionError

Array = npt.NDArray[Any]
Run = Callable[[Sequence[Array]], list[Array]]
FLEX = "Flex"


class NotRunnable(ConversionError):
    """A file that nothing on this computer can run."""


def flex_name(model: Any, operator: Any) -> str:
    """Return the TensorFlow name of a Flex operator, empty for any other."""
    code = model.operatorCodes[operator.opcodeIndex].customCode
    name = code.decode("utf-8", "replace") if isinstance(code, bytes) else str(code or "")
    return name.removeprefix(FLEX) if name.startswith(FLEX) else ""


def runner(data: bytes) -> Run:
    """Return a function from one array per input to one per output, both in the order of the file.

    Raises:
        NotRunnable: a Flex operator stands in the body of a loop or condition.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    flex = [[flex_name(model, op) for op in graph.operators or []] for graph in model.subgraphs]
    if not any(name for names in flex for name in names):
        return _interpreted(data)
    if any(name for names in flex[1:] for name in names):
        raise NotRunnable("operators of TensorFlow inside a loop or condition cannot be run on this computer")
    return _cut(schema, model)


def _interpreted(data: bytes) -> Run:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=data)
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()

    def run(feeds: Sequence[Array]) -> list[Array]:
        for detail, feed in zip(inputs, feeds, strict=True):
            if tuple(detail["shape"]) != feed.shape or -1 in detail["shape_signature"]:
                interpreter.resize_tensor_input(detail["index"], feed.shape)
        interpreter.allocate_tensors()
        for detail, feed in zip(inputs, feeds, strict=True):
            interpreter.set_tensor(detail["index"], feed.astype(detail["dtype"], copy=False))
        interpreter.reset_all_variables()  # else a fused LSTM goes on from the sample before
        interpreter.invoke()
        return [interpreter.get_tensor(detail["index"]) for detail in outputs]

    return run


def _cut(schema: Any, model: Any) -> Run:
    """Return a function that runs the main graph part by part."""
    graph = model.subgraphs[0]
    parts: list[tuple[list[int], list[int], Run]] = []
    for name, group in groupby(graph.operators, key=lambda op: flex_name(model, op)):
        operators = list(group)
        if name:
            parts += [(_reads(op), [int(i) for i in op.outputs], _tensorflow(op)) for op in operators]
        else:
            parts.append(_part(model, operators))
    constants = {i: value for i in range(len(graph.tensors)) if (value := _constant(schema, model, i)) is not None}

    def run(feeds: Sequence[Array]) -> list[Array]:
        known = constants | {int(i): feed for i, feed in zip(graph.inputs, feeds, strict=True)}
        for inputs, outputs, part in parts:
            known |= dict(zip(outputs, part([known[i] for i in inputs]), strict=True))
        return [known[int(i)] for i in graph.outputs]

    return run


def _reads(operator: Any) -> list[int]:
    return [int(i) for i in operator.inputs if i >= 0]


def _part(model: Any, operators: list[Any]) -> tuple[list[int], list[int], Run]:
    """Return (tensors read, tensors made, run) of a run of TFLite's own operators."""
    graph = model.subgraphs[0]
    made = {int(i) for op in operators for i in op.outputs}
    read = {i for op in operators for i in _reads(op)}
    inside = {id(op) for op in operators}
    wanted = {i for op in graph.operators if id(op) not in inside for i in _reads(op)} | {int(i) for i in graph.outputs}
    inputs = sorted(i for i in read - made if not _has_data(model, i))
    outputs = sorted(made & wanted)
    part, whole = copy.copy(model), copy.copy(graph)
    whole.operators, whole.inputs, whole.outputs = operators, inputs, outputs
    part.subgraphs, part.signatureDefs, part.metadata = [whole, *model.subgraphs[1:]], None, None
    return inputs, outputs, _interpreted(pack(part))


def _has_data(model: Any, index: int) -> bool:
    tensor = model.subgraphs[0].tensors[index]
    data = model.buffers[tensor.buffer].data
    return data is not None and (len(data) > 0 or 0 in _shape(tensor))


def _shape(tensor: Any) -> tuple[int, ...]:
    return () if tensor.shape is None else tuple(int(size) for size in tensor.shape)


def _constant(schema: Any, model: Any, index: int) -> Array | None:
    if not _has_data(model, index):
        return None
    tensor = model.subgraphs[0].tensors[index]
    names = {value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    if names[tensor.type] in ("string", "resource", "variant"):
        return None
    raw = np.asarray(model.buffers[tensor.buffer].data, dtype=np.uint8).tobytes()
    return np.frombuffer(raw, dtype=names[tensor.type]).reshape(_shape(tensor))


def _tensorflow(operator: Any) -> Run:
    """Return a Flex operator as a function; its options are a flexbuffer of its name and its serialized node."""
    import tensorflow as tf
    from flatbuffers import flexbuffers

    parts = flexbuffers.GetRoot(bytearray(bytes(operator.customOptions))).AsVector
    node = tf.compat.v1.NodeDef.FromString(bytes(parts[1].AsStringBytes))
    count = len(operator.outputs)

    def run(feeds: Sequence[Array]) -> list[Array]:
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            inputs = [tf.constant(feed) for feed in feeds]
            graph = tf.compat.v1.GraphDef()
            alone = graph.node.add()
            alone.CopyFrom(node)
            alone.name = "operator"  # the file keeps it without a name
            del alone.input[:]
            names = [f"input_{i}" for i in range(len(inputs))]
            alone.input.extend(names)
            for name, value in zip(names, inputs, strict=True):
                place = graph.node.add(name=name, op="Placeholder")
                place.attr["dtype"].type = value.dtype.as_datatype_enum
            outputs = tf.graph_util.import_graph_def(
                graph,
                input_map=dict(zip(names, inputs, strict=True)),
                return_elements=[f"{alone.name}:{i}" for i in range(count)],
                name="flex",
            )
            return [np.asarray(value) for value in session.run(outputs)]

    return run
