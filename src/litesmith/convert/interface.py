"""The names, shapes and order of a fresh .tflite's inputs and outputs, read and put right. Runs beside TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litesmith.core.errors import ConversionError
from litesmith.core.tensors import TensorSpec

SIGNATURE = "serving_default"
_ALIGNMENT = 16  # the schema's force_align of Buffer.data


def settle(
    data: bytes, inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> tuple[bytes, tuple[TensorSpec, ...], tuple[TensorSpec, ...]]:
    """Return the model with one signature `serving_default` of the user's names in the user's order, and its specs.

    TensorFlow turns names into Python identifiers and sorts them; the TF1 converter leaves no signature at all.
    The file is left as it is, byte for byte, when nothing has to change.

    Args:
        data: A .tflite with one signature or none.
        inputs: For each input, in the user's order: its key in the signature, or its tensor's name where there is no
            signature, to the user's name.
        outputs: As `inputs`.

    Raises:
        ConversionError: an input or output got lost on the way.
    """
    from tensorflow.lite.python import schema_py_generated as schema

    model = schema.ModelT.InitFromPackedBuf(data, 0)
    graph = model.subgraphs[0]
    signature = model.signatureDefs[0] if model.signatureDefs else None
    ins = _indices(graph, graph.inputs, signature and signature.inputs, inputs, "input")
    outs = _indices(graph, graph.outputs, signature and signature.outputs, outputs, "output")
    if not _as_wanted(graph, signature, ins, outs):
        model.signatureDefs = [_signature(schema, ins, outs)]
        graph.inputs = [index for _, index in ins]
        graph.outputs = [index for _, index in outs]
        data = pack(model)
    return data, _specs(schema, graph, ins), _specs(schema, graph, outs)


Named = list[tuple[str, int]]


def _indices(graph: Any, tensors: Sequence[int], maps: Any, wanted: Mapping[str, str], what: str) -> Named:
    """Return (the user's name, tensor index) in the user's order."""
    if maps:
        known = {_text(entry.name): int(entry.tensorIndex) for entry in maps}
    else:
        known = {_text(graph.tensors[int(i)].name): int(i) for i in tensors}
        if not set(wanted) <= set(known) and len(wanted) == len(tensors) == 1:
            known = {next(iter(wanted)): int(tensors[0])}
    lost = [name for key, name in wanted.items() if key not in known]
    if lost:
        raise ConversionError(
            f"the converted model has lost the {what} {', '.join(lost)}; it has {', '.join(known) or 'none'}",
            hint=f"Check that the model uses every {what}.",
        )
    return [(name, known[key]) for key, name in wanted.items()]


def _as_wanted(graph: Any, signature: Any, ins: Named, outs: Named) -> bool:
    return (
        signature is not None
        and _text(signature.signatureKey) == SIGNATURE
        and {(_text(m.name), int(m.tensorIndex)) for m in signature.inputs} == set(ins)
        and {(_text(m.name), int(m.tensorIndex)) for m in signature.outputs} == set(outs)
        and [int(i) for i in graph.inputs] == [i for _, i in ins]
        and [int(i) for i in graph.outputs] == [i for _, i in outs]
    )


def _signature(schema: Any, ins: Named, outs: Named) -> Any:
    def entries(pairs: Named) -> list[Any]:
        made = []
        for name, index in pairs:
            entry = schema.TensorMapT()
            entry.name, entry.tensorIndex = name.encode(), index
            made.append(entry)
        return made

    signature = schema.SignatureDefT()
    signature.signatureKey = SIGNATURE.encode()
    signature.subgraphIndex = 0
    signature.inputs, signature.outputs = entries(ins), entries(outs)
    return signature


def pack(model: Any) -> bytes:
    """Return the model as bytes, constants aligned as the schema demands: the Python packer alone would not."""
    import flatbuffers

    class AlignedBuilder(flatbuffers.Builder):  # type: ignore[misc] # flatbuffers ships no types
        def CreateNumpyVector(self, values: Any) -> int:  # noqa: N802 - the name it overrides
            if values.dtype.itemsize != 1:
                return int(super().CreateNumpyVector(values))
            self.StartVector(1, values.size, _ALIGNMENT)
            head = self.Head() - values.size
            self.head = head
            self.Bytes[head : head + values.size] = values.tobytes()
            self.vectorNumElems = values.size
            return int(self.EndVector())

    builder = AlignedBuilder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _specs(schema: Any, graph: Any, named: Named) -> tuple[TensorSpec, ...]:
    types = {value: name.lower() for name, value in vars(schema.TensorType).items() if isinstance(value, int)}
    specs = []
    for name, index in named:
        tensor = graph.tensors[index]
        has_signature = tensor.shapeSignature is not None and len(tensor.shapeSignature) > 0
        shape = tensor.shapeSignature if has_signature else tensor.shape
        sizes = () if shape is None else tuple(int(size) for size in shape)
        specs.append(TensorSpec(name=name, dtype=types[tensor.type], shape=sizes))
    return tuple(specs)


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
