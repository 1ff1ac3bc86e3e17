"""Writes tiny float32 .tflite files straight into the flatbuffer, in milliseconds and without TensorFlow.

    write_cnn(folder / "cnn.tflite")                  convolution, depthwise, ADD, MEAN, FULLY_CONNECTED, SOFTMAX
    write_cnn(folder / "sine.tflite", sine=True)      with a SIN, which has no integer kernel
    write_cnn(folder / "any.tflite", dynamic=True)    batch -1
    write_planted(folder / "planted.tflite")          one layer that int8 ruins
    write_two_inputs(folder / "two.tflite")           inputs of different sizes, named unlike their tensors

Weights are random with a fixed seed, so that a file is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

CLASSES = 5
_OPTIONS = {
    "ADD": "Add",
    "CONV_2D": "Conv2D",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2D",
    "DIV": "Div",
    "EXP": "Exp",
    "FULLY_CONNECTED": "FullyConnected",
    "LOGISTIC": "",
    "MEAN": "Reducer",
    "SIN": "",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "SequenceRNN",
    "SOFTMAX": "Softmax",
    "SUB": "Sub",
}
"""Supported operators and the schema's name of their options, empty for those that have none."""


class Drawing:
    """A model of one subgraph in the making. Tensors are known by their indices."""

    def __init__(self, *, dynamic: bool = False) -> None:
        self._graph = schema.SubGraphT(tensors=[], operators=[], name="main")
        self._buffers = [schema.BufferT()]
        self._codes: list[str] = []
        self._dynamic = dynamic

    def tensor(
        self, name: str, shape: Sequence[int], *, buffer: int = 0, dtype: str = "float32", variable: bool = False
    ) -> int:
        """Add a fed or computed tensor, or one that keeps its value between inferences."""
        tensor = schema.TensorT(shape=list(shape), buffer=buffer, name=name, hasRank=True, isVariable=variable)
        tensor.type = getattr(schema.TensorType, dtype.upper())
        if self._dynamic and buffer == 0:
            tensor.shapeSignature = [-1, *shape[1:]]
        self._graph.tensors.append(tensor)
        return len(self._graph.tensors) - 1

    def constant(self, name: str, values: npt.NDArray[Any]) -> int:
        """Add a constant."""
        self._buffers.append(schema.BufferT(data=np.frombuffer(values.tobytes(), np.uint8)))
        return self.tensor(name, values.shape, buffer=len(self._buffers) - 1, dtype=values.dtype.name)

    def op(self, kind: str, inputs: Sequence[int], name: str, shape: Sequence[int], **options: Any) -> int:
        """Add an operator and return the tensor it makes."""
        if kind not in self._codes:
            self._codes.append(kind)
        op = schema.OperatorT(opcodeIndex=self._codes.index(kind), inputs=list(inputs))
        if _OPTIONS[kind]:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, f"{_OPTIONS[kind]}Options")
            op.builtinOptions = getattr(schema, f"{_OPTIONS[kind]}OptionsT")(**options)
        made = self.tensor(name, shape)
        op.outputs = [made]
        self._graph.operators.append(op)
        return made

    def save(self, path: Path, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> Path:
        """Write the model with a signature of these names."""
        self._graph.inputs, self._graph.outputs = list(inputs.values()), list(outputs.values())
        model = schema.ModelT(version=3, subgraphs=[self._graph], buffers=self._buffers, description="handmade")
        for kind in self._codes:
            code = getattr(schema.BuiltinOperator, kind)
            model.operatorCodes = [
                *(model.operatorCodes or []),
                schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=code, version=1),
            ]
        signature = schema.SignatureDefT(signatureKey="serving_default", subgraphIndex=0)
        signature.inputs = [schema.TensorMapT(name=n, tensorIndex=i) for n, i in inputs.items()]
        signature.outputs = [schema.TensorMapT(name=n, tensorIndex=i) for n, i in outputs.items()]
        model.signatureDefs = [signature]
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        path.write_bytes(bytes(builder.Output()))
        return path


def write_cnn(
    path: Path, *, size: int = 8, channels: int = 8, sine: bool = False, dynamic: bool = False, seed: int = 7
) -> Path:
    """An image classifier: `image` float32 [1, size, size, 3] -> `scores` [1, 5], probabilities."""
    relu6 = {"strideW": 1, "strideH": 1, "fusedActivationFunction": schema.ActivationFunctionType.RELU6}
    random = np.random.default_rng(seed)

    def weights(name: str, *shape: int, spread: float) -> int:
        return draw.constant(name, random.normal(0, spread, shape).astype(np.float32))

    draw = Drawing(dynamic=dynamic)
    area = (1, size, size, channels)
    image = draw.tensor("serving_default_image:0", (1, size, size, 3))
    kernel, bias = weights("conv/w", channels, 3, 3, 3, spread=0.6), weights("conv/b", channels, spread=0.5)
    first = draw.op("CONV_2D", [image, kernel, bias], "conv", area, **relu6)
    kernel, bias = weights("depthwise/w", 1, 3, 3, channels, spread=0.5), weights("depthwise/b", channels, spread=0.5)
    second = draw.op("DEPTHWISE_CONV_2D", [first, kernel, bias], "depthwise", area, depthMultiplier=1, **relu6)
    total = draw.op("ADD", [first, second], "sum", area)
    axes = draw.constant("axes", np.array([1, 2], np.int32))
    pooled = draw.op("MEAN", [total, axes], "pooled", (1, channels), keepDims=False)
    if sine:
        pooled = draw.op("SIN", [pooled], "wave", (1, channels))
    kernel, bias = weights("dense/w", CLASSES, channels, spread=1.5), weights("dense/b", CLASSES, spread=0.5)
    logits = draw.op("FULLY_CONNECTED", [pooled, kernel, bias], "logits", (1, CLASSES))
    scores = draw.op("SOFTMAX", [logits], "StatefulPartitionedCall:0", (1, CLASSES), beta=1.0)
    return draw.save(path, {"image": image}, {"scores": scores})


def write_two_inputs(path: Path, *, seed: int = 7) -> Path:
    """Two inputs, two outputs: `left` float32 [1, 4] and `right` [1, 3] -> `both` [1, 2] and `chance` [1, 1]."""
    random = np.random.default_rng(seed)
    draw = Drawing()
    left, right = draw.tensor("in_a", (1, 4)), draw.tensor("in_b", (1, 3))
    halves = []
    for name, entry, width in (("l", left, 4), ("r", right, 3)):
        kernel = draw.constant(f"{name}/w", random.normal(0, 1, (2, width)).astype(np.float32))
        bias = draw.constant(f"{name}/b", random.normal(0, 1, 2).astype(np.float32))
        halves.append(draw.op("FULLY_CONNECTED", [entry, kernel, bias], name, (1, 2)))
    both = draw.op("ADD", halves, "out_a", (1, 2))
    kernel = draw.constant("c/w", random.normal(0, 1, (1, 2)).astype(np.float32))
    logit = draw.op("FULLY_CONNECTED", [both, kernel, -1], "c", (1, 1))
    chance = draw.op("LOGISTIC", [logit], "out_b", (1, 1))
    return draw.save(path, {"left": left, "right": right}, {"both": both, "chance": chance})


def write_unpreparable(path: Path) -> Path:
    """A model that opens and cannot be prepared: it adds tensors of shapes that do not broadcast."""
    draw = Drawing()
    left, right = draw.tensor("a", (1, 4)), draw.tensor("b", (1, 3))
    return draw.save(path, {"a": left, "b": right}, {"y": draw.op("ADD", [left, right], "y", (1, 4))})


def write_rnn(path: Path) -> Path:
    """A recurrent network whose state is a variable tensor: float32 `steps` [1, 4, 3] -> `states` [1, 4, 2]."""
    chance = np.random.default_rng(5)
    draw = Drawing()
    steps = draw.tensor("steps", (1, 4, 3))
    weights = draw.constant("weights", chance.normal(size=(2, 3)).astype(np.float32))
    recurrent = draw.constant("recurrent", chance.normal(size=(2, 2)).astype(np.float32))
    bias = draw.constant("bias", np.zeros(2, np.float32))
    state = draw.tensor("state", (1, 2), variable=True)
    tanh = schema.ActivationFunctionType.TANH
    made = draw.op(
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        [steps, weights, recurrent, bias, state],
        "states",
        (1, 4, 2),
        fusedActivationFunction=tanh,
    )
    return draw.save(path, {"steps": steps}, {"states": made})


def write_planted(path: Path, *, size: int = 8, wide: int = 32, seed: int = 5) -> Path:
    """A classifier of which int8 ruins one layer, `planted`: float32 `image` [1, size, size, 3] -> `scores` [1, 5].

    Each of that layer's output channels has one weight a thousand times as large as the others, on an input that is
    always 0: it changes no answer, and its scale rounds the other weights away.
    """
    relu6 = {"strideW": 1, "strideH": 1, "fusedActivationFunction": schema.ActivationFunctionType.RELU6}
    random = np.random.default_rng(seed)
    draw = Drawing()

    def normal(*shape: int, spread: float) -> npt.NDArray[np.float32]:
        return random.normal(0, spread, shape).astype(np.float32)

    area = (1, size, size)
    image = draw.tensor("serving_default_image:0", (*area, 3))
    kernel, bias = draw.constant("conv/w", normal(wide, 3, 3, 3, spread=0.5)), normal(wide, spread=0.5)
    first = draw.op("CONV_2D", [image, kernel, draw.constant("conv/b", bias)], "conv", (*area, wide), **relu6)
    weights, bias = normal(wide, 3, 3, wide, spread=0.08), normal(wide, spread=0.5)
    weights[0], bias[0] = 0.0, -1.0
    inputs = [first, draw.constant("wide/w", weights), draw.constant("wide/b", bias)]
    second = draw.op("CONV_2D", inputs, "wide", (*area, wide), **relu6)
    weights = normal(wide // 2, 1, 1, wide, spread=0.3)
    weights[..., 0] = 300.0
    inputs = [second, draw.constant("planted/w", weights), draw.constant("planted/b", normal(wide // 2, spread=0.5))]
    third = draw.op("CONV_2D", inputs, "planted", (*area, wide // 2), **relu6)
    axes = draw.constant("axes", np.array([1, 2], np.int32))
    pooled = draw.op("MEAN", [third, axes], "pooled", (1, wide // 2), keepDims=False)
    dense = normal(CLASSES, wide // 2, spread=2.0)
    inputs = [pooled, draw.constant("dense/w", dense), draw.constant("dense/b", normal(CLASSES, spread=0.2))]
    logits = draw.op("FULLY_CONNECTED", inputs, "logits", (1, CLASSES))
    scores = draw.op("SOFTMAX", [logits], "StatefulPartitionedCall:0", (1, CLASSES), beta=1.0)
    return draw.save(path, {"image": image}, {"scores": scores})
