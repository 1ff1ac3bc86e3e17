"""Makes one tensor of a quantized model float: what makes it and what reads it compute in float, the rest stays.

The operator that makes the tensor takes the float model's own weights. Those that read it keep the weights they have,
as real numbers, and round their results to the integers they always made. So the tensor is neither rounded nor cut off,
and its layer's weights are exact: what the model then gains is what this one layer costs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.errors import EvaluationError
from litesmith.core.graph import CONVERSIONS, GraphOp, Subgraph
from litesmith.runtime.editing import EditableModel, packed

Array = npt.NDArray[Any]
PASSING = frozenset(
    {
        "RESHAPE",
        "SQUEEZE",
        "EXPAND_DIMS",
        "TRANSPOSE",
        "MAX_POOL_2D",
        "PAD",
        "STRIDED_SLICE",
        "SLICE",
        "SPLIT",
        "UNPACK",
    }
)
"""Operators that hand values on: their result has the input's scale, so it must be float too."""
_QUANTIZED = ("int8", "uint8", "int16")


def float_region(graph: Subgraph, tensor: int) -> tuple[set[int], set[int]]:
    """Return the operators that compute in float when a tensor is, and the tensors that are float with it.

    Those are the operators that make or read the tensor, and, where one of them only hands its values on with the
    same scale or rounds them to another, what reads its result as well.
    """
    consumers = graph.consumers()
    floats, ahead, ops = {tensor}, [tensor], set()
    for op in graph.ops:
        if tensor in op.outputs:
            ops.add(op.index)
            floats.update(op.outputs)
    while ahead:
        for index in consumers.get(ahead.pop(), []):
            op = graph.ops[index]
            ops.add(index)
            for made in op.outputs:
                hands_on = op.name == "QUANTIZE" or (op.name in PASSING and _same_grid(graph, op, made))
                if hands_on and made not in floats:
                    floats.add(made)
                    ahead.append(made)
    return ops, floats


def _same_grid(graph: Subgraph, op: GraphOp, made: int) -> bool:
    one, other = graph.tensors[op.inputs[0]], graph.tensors[made]
    return (one.dtype, one.scale, one.zero_point) == (other.dtype, other.scale, other.zero_point)


def spliced(
    model: EditableModel, ops: Sequence[int], tensor: int, output: int, *, constants: Mapping[int, Array]
) -> tuple[bytes, list[int], bool]:
    """Return a .tflite of some operators with one tensor float, its inputs, and whether its output is float.

    Args:
        model: The quantized model.
        ops: Positions of the operators to take, in execution order.
        tensor: The tensor; where it is an input, it is fed as real values.
        output: The tensor to return.
        constants: Real values that take the place of constants, by tensor, in the operator that makes the tensor.

    Raises:
        EvaluationError: a constant cannot be read as real values, or an operator runs other subgraphs.
    """
    made, fed = model.extract(ops, [output])
    region, floats = float_region(model.main, tensor)
    splice = _Splice(model, made, fed, floats)
    for index, op in zip(ops, made.subgraphs[0].operators, strict=True):
        record = model.main.ops[index]
        if index in region:
            splice.convert(record, op, constants if tensor in record.outputs else {})
        else:
            splice.keep(op)
    return *splice.finished(output), output in splice.twins


class _Splice:
    """A model of extracted operators while some of them are turned into float ones."""

    def __init__(self, model: EditableModel, made: Any, fed: list[int], floats: set[int]) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self._schema, self._model, self._made = schema, model, made
        self._graph = made.subgraphs[0]
        self._fed, self._floats = fed, floats
        self._codes: dict[str, int] = {}
        self.twins: dict[int, int] = {}
        """Float twins, by tensor of the whole model."""
        self._read: dict[int, int] = {}
        self._ops: list[Any] = []
        self._inputs = list(self._graph.inputs)
        for position, index in enumerate(fed):
            if index in floats and model.main.tensors[index].dtype in _QUANTIZED:
                self.twins[index] = self._inputs[position] = self._float_twin(self._graph.inputs[position])

    def keep(self, op: Any) -> None:
        """Take an operator as it is."""
        self._ops.append(op)

    def convert(self, record: GraphOp, op: Any, constants: Mapping[int, Array]) -> None:
        """Take an operator as a float one."""
        pairs = list(zip(record.inputs, op.inputs, strict=True))
        if record.name in CONVERSIONS:
            self._conversion(record, op)
            return
        op.inputs = [-1 if whole < 0 else self._input(whole, place, constants) for whole, place in pairs]
        after, outputs = [], []
        for whole, place in zip(record.outputs, op.outputs, strict=True):
            if self._model.main.tensors[whole].dtype not in _QUANTIZED:
                outputs.append(place)
                continue
            twin = self._float_twin(place)
            outputs.append(twin)
            if whole in self._floats:
                self.twins[whole] = twin
            else:
                after.append(self._conversion_op("QUANTIZE", twin, place))
        op.outputs = outputs
        self._ops += [op, *after]

    def _conversion(self, record: GraphOp, op: Any) -> None:
        """Take a QUANTIZE or DEQUANTIZE that reads or makes the tensor: it reads the float twin, or falls away."""
        source, result = record.inputs[0], record.outputs[0]
        if source in self.twins:
            op.inputs = [self.twins[source]]
        types = [self._model.main.tensors[i].dtype for i in (source, result)]
        if result in self._floats and types[1] in _QUANTIZED and (types[0] == "float32" or source in self.twins):
            self.twins[result] = op.inputs[0]
        elif result in self._floats and types[1] in _QUANTIZED:
            self.twins[result] = self._float_twin(op.outputs[0])
            self._ops.append(self._conversion_op("DEQUANTIZE", op.inputs[0], self.twins[result]))
        elif source in self.twins and types[1] == "float32":
            for later in self._graph.operators:
                later.inputs = [op.inputs[0] if i == op.outputs[0] else i for i in later.inputs]
            self._graph.outputs = [op.inputs[0] if i == op.outputs[0] else i for i in self._graph.outputs]
        else:
            self._ops.append(op)

    def _input(self, whole: int, place: int, constants: Mapping[int, Array]) -> int:
        """Return the float tensor that stands for an operator's input, as a position in the part."""
        tensor = self._model.main.tensors[whole]
        if whole in self.twins:
            return self.twins[whole]
        if whole in constants:
            return self._constant(place, constants[whole])
        if tensor.constant:
            return self._constant(place, real_values(self._model, whole)) if tensor.scales else place
        if tensor.dtype not in _QUANTIZED:
            return place
        if whole not in self._read:
            self._read[whole] = self._float_twin(place)
            self._ops.append(self._conversion_op("DEQUANTIZE", place, self._read[whole]))
        return self._read[whole]

    def _float_twin(self, place: int, buffer: int = 0) -> int:
        found, schema = self._graph.tensors[place], self._schema
        name = found.name if isinstance(found.name, bytes) else str(found.name).encode()
        twin = schema.TensorT(
            shape=found.shape, shapeSignature=found.shapeSignature, buffer=buffer, name=name + b"_real"
        )
        twin.type, twin.hasRank = schema.TensorType.FLOAT32, found.hasRank
        self._graph.tensors.append(twin)
        return len(self._graph.tensors) - 1

    def _constant(self, place: int, values: Array) -> int:
        data = np.frombuffer(np.ascontiguousarray(values, np.float32).tobytes(), np.uint8)
        self._made.buffers.append(self._schema.BufferT(data=data))
        return self._float_twin(place, buffer=len(self._made.buffers) - 1)

    def _conversion_op(self, name: str, source: int, result: int) -> Any:
        schema = self._schema
        if name not in self._codes:
            code = getattr(schema.BuiltinOperator, name)
            self._codes[name] = len(self._made.operatorCodes)
            entry = schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=code, version=2)
            self._made.operatorCodes.append(entry)
        return schema.OperatorT(opcodeIndex=self._codes[name], inputs=[source], outputs=[result])

    def finished(self, output: int) -> tuple[bytes, list[int]]:
        """Return the .tflite and its inputs."""
        self._graph.operators = self._ops
        self._graph.inputs = self._inputs
        if output in self.twins:
            self._graph.outputs = [self.twins[output]]
        return packed(self._made), self._fed


def real_values(model: EditableModel, tensor: int) -> Array:
    """Return a constant as real numbers, float32, with one scale or one per index along its axis.

    Raises:
        EvaluationError: its values have no plain layout, as 4-bit ones.
    """
    values = model.values(tensor)
    found = model.main.tensors[tensor]
    if not found.scales:
        return np.asarray(values, np.float32)
    if found.block_size:
        raise EvaluationError(f"tensor '{found.name}' has scales per block")
    scales = model.scales(tensor).astype(np.float64)
    shape = [1] * values.ndim
    if len(scales) > 1:
        shape[found.axis] = len(scales)
    real = (values.astype(np.float64) - model.zero_point(tensor)) * scales.reshape(shape)
    return real.astype(np.float32)
