"""What TensorFlow Lite's GPU delegate can take, by Litesmith's table."""

from __future__ import annotations

from dataclasses import replace

from litesmith.core.delegates import DelegateUse, How, Partition
from litesmith.core.graph import GraphOp, Subgraph
from litesmith.core.probe import Probe
from litesmith.inspection.delegate import Delegate, Layers, refusals
from litesmith.inspection.delegates._gpu_rules import op_reason, type_reason
from litesmith.inspection.op_view import OpView, view
from litesmith.inspection.partition import described, partitions
from litesmith.runtime.flatbuffer import ModelFile

VERSION = "LiteRT, August 2026"
_UNPACKED = "its constant float16 input is read directly where the whole graph runs on the GPU"


def use(file: ModelFile, layers: Layers, probe: Probe | None) -> DelegateUse:
    """Return what the GPU delegate can take of the first subgraph.

    Float16 weights behind a DEQUANTIZE are read as they are, so that those DEQUANTIZEs count as taken where everything
    else is (`FP16GraphPartitionHelper`).
    """
    del probe
    subgraph = file.graph.main
    unpacking = {op.index for op in subgraph.ops if _unpacks_half(subgraph, op)}
    made = {tensor for index in unpacking for tensor in subgraph.ops[index].outputs}
    reasons = {
        op.index: reason
        for op in subgraph.ops
        if op.index not in unpacking
        and (reason := op_reason(seen := _seen(file, subgraph, op, made)) or type_reason(seen))
    }
    pieces: tuple[Partition, ...]
    if unpacking and not reasons:
        pieces = described(subgraph, [range(len(subgraph.ops))])
    else:
        reasons |= dict.fromkeys(unpacking, _UNPACKED)
        pieces = partitions(subgraph, {op.index for op in subgraph.ops} - set(reasons))
    return DelegateUse(
        delegate="GPU",
        how=How.TABLE,
        version=VERSION,
        taken=sum(len(piece.ops) for piece in pieces),
        ops=len(subgraph.ops),
        partitions=pieces,
        refusals=refusals(subgraph, layers, reasons),
        note=_note(subgraph, [len(piece.ops) for piece in pieces]),
    )


def _unpacks_half(subgraph: Subgraph, op: GraphOp) -> bool:
    source = subgraph.tensors[op.inputs[0]] if op.inputs and op.inputs[0] >= 0 else None
    return op.name == "DEQUANTIZE" and source is not None and source.constant and source.dtype == "float16"


def _seen(file: ModelFile, subgraph: Subgraph, op: GraphOp, made: set[int]) -> OpView:
    """Return an operator as the delegate sees it: what it reads of unpacked constants is constant."""
    seen = view(file, subgraph, op)
    if made.isdisjoint(op.inputs):
        return seen
    inputs = tuple(
        replace(tensor, constant=True) if tensor is not None and tensor.index in made else tensor
        for tensor in seen.inputs
    )
    return replace(seen, inputs=inputs)


def _note(subgraph: Subgraph, sizes: list[int]) -> str:
    notes = []
    if len(sizes) > 1:
        notes.append(
            f"by default the delegate takes the largest piece alone, {max(sizes)} of {len(subgraph.ops)} operators"
            " (option max_delegated_partitions)"
        )
    if any(size < 0 for index in subgraph.inputs for size in subgraph.tensors[index].shape):
        notes.append("dynamic dimensions are taken as set when the model is loaded; resizing builds the delegate again")
    return "; ".join(notes)


PLUGIN = Delegate(name="gpu", summary="GPU delegate of TensorFlow Lite and LiteRT (OpenCL, OpenGL)", use=use)
