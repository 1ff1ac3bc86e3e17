"""Audits to show: an int8 model with a float island, a Flex operator and a skip connection, and hostile ones."""

from __future__ import annotations

import dataclasses

from report_parts import HOSTILE, INT_IN, INT_OUT, VERSIONS, sha

from litesmith.core.audit import Audit, Expected, HealthIssue, Inspected, Island, Precision
from litesmith.core.delegates import DelegateUse, How, Partition, Refusal
from litesmith.core.graph import Graph, GraphOp, GraphTensor, Subgraph
from litesmith.core.model_facts import (
    Demand,
    End,
    ForeignOp,
    Memory,
    MetadataInfo,
    RuntimeNeed,
    Share,
    SignatureInfo,
)
from litesmith.core.op_ref import OpRef
from litesmith.core.severity import Severity

OPS = (
    ("CONV_2D", (0, 1), 2, "stem"),
    ("CONV_2D", (2, 1), 3, "block_1/expand"),
    ("CONV_2D", (3, 1), 4, "block_1/project"),
    ("ADD", (2, 4), 5, "block_1/add"),
    ("DEQUANTIZE", (5,), 6, "wave/dequantize"),
    ("SIN", (6,), 7, "wave"),
    ("QUANTIZE", (7,), 8, "wave/quantize"),
    ("FlexErf", (8,), 9, "gelu"),
    ("SOFTMAX", (9,), 10, "scores"),
)
FLOATING = {6, 7}


def tensor(index: int, name: str, **fields: object) -> GraphTensor:
    plain = GraphTensor(
        index=index,
        name=name,
        dtype="float32" if index in FLOATING else "int8",
        shape=(1, 8, 8, 16),
        size_bytes=0,
        constant=False,
        scales=0 if index in FLOATING else 1,
        scale=0.0 if index in FLOATING else 0.0235,
        zero_point=0 if index in FLOATING else -128,
    )
    return dataclasses.replace(plain, **fields)  # type: ignore[arg-type]


def make_graph(names: tuple[str, ...] = tuple(layer for *_, layer in OPS)) -> Graph:
    tensors = [
        tensor(0, "input_layer", shape=(1, 16, 16, 3)),
        tensor(1, "kernel", constant=True, size_bytes=2304, scales=16, buffer=2),
        *(tensor(made, f"{layer}/out") for (_, _, made, _), layer in zip(OPS, names, strict=True)),
    ]
    ops = tuple(
        GraphOp(
            index=index,
            name=kind,
            version=3 if kind == "CONV_2D" else 1,
            inputs=read,
            outputs=(made,),
            weight_bytes=2304 if kind == "CONV_2D" else 0,
            options={"strideH": 2} if kind == "CONV_2D" else {},
        )
        for index, (kind, read, made, _) in enumerate(OPS)
    )
    main = Subgraph(index=0, name="main", tensors=tuple(tensors), ops=ops, inputs=(0,), outputs=(10,))
    return Graph(description="MLIR Converted.", size_bytes=8192, subgraphs=(main,), signatures=(), metadata=())


def ref(index: int) -> OpRef:
    kind, _, _, layer = OPS[index]
    return OpRef(subgraph=0, index=index, op=kind, layer=layer)


def partition(*ops: int) -> Partition:
    return Partition(ops=ops, reads=("a",), writes=("b",))


def make_audit() -> Audit:
    return Audit(
        size_bytes=8192,
        sha256=sha("audit"),
        precision=Precision.MIXED,
        claims=(Expected(text="io=int8", met=True, found="inputs and outputs are int8"),),
        expectations=(
            Expected(text="full-int8", met=False, found="1 operator computes in float: SIN", ops=(ref(5),)),
            Expected(text="no-select-ops", met=False, found="1 operator is TensorFlow's own", ops=(ref(7),)),
        ),
        islands=(
            Island(
                ops=(ref(5),),
                layers=("wave",),
                why="SIN has no integer kernel",
                quantize=1,
                dequantize=1,
                converted_bytes=10_240,
            ),
        ),
        foreign_ops=(
            ForeignOp(
                name="FlexErf",
                select_tf=True,
                ops=(ref(7),),
                layers=("gelu",),
                dependency="tensorflow-lite-select-tf-ops",
            ),
        ),
        demands=(
            Demand(op="CONV_2D", version=3, stated=3, since="1.14", first=ref(0)),
            Demand(op="ADD", version=1, stated=1, since="1.5", first=ref(3)),
        ),
        runtimes=(
            RuntimeNeed(runtime="ai-edge-litert (Python)", minimum="1.0.1", note="oldest release measured is 1.0.1"),
            RuntimeNeed(runtime="tflite-runtime (Python)", minimum="", note="it brings no Select TF operators"),
        ),
        delegates=(
            DelegateUse(
                delegate="XNNPACK",
                how=How.MEASURED,
                version="LiteRT 2.3.0",
                taken=6,
                ops=9,
                partitions=(partition(0, 1, 2, 3, 4), partition(6)),
                refusals=(
                    Refusal(op="SIN", reason="", ops=(ref(5),)),
                    Refusal(op="FlexErf", reason="it is TensorFlow's own", ops=(ref(7),)),
                ),
            ),
            DelegateUse(
                delegate="Edge TPU",
                how=How.TABLE,
                version="compiler 16",
                taken=0,
                ops=9,
                partitions=(),
                refusals=(),
                note="only full-integer models are taken",
            ),
        ),
        health=(
            HealthIssue(
                code="per-tensor-weights",
                severity=Severity.WARNING,
                message="3 convolutions have one scale for all channels.",
                hint="Quantize weights per channel.",
                ops=(ref(0), ref(1), ref(2)),
                tensors=("kernel",),
            ),
        ),
        by_op=(
            Share(name="CONV_2D", ops=3, weight_bytes=6912, macs=1_769_472),
            Share(name="ADD", ops=1, weight_bytes=0, macs=0),
        ),
        by_layer=tuple(
            Share(name=f"layer_{i}", ops=1, weight_bytes=7000 - 300 * i, macs=(20 - i) * 9000) for i in range(20)
        ),
        macs=1_769_472,
        macs_uncounted=("FlexErf",),
        memory=Memory(
            planned_bytes=3072, busiest=ref(3), measured_bytes=4096, measured_note="LiteRT 2.3.0, without a delegate"
        ),
        inputs=(End(spec=INT_IN, size_bytes=150_528, bytes="150528 bytes, q = round(real / 0.00784314) - 1"),),
        outputs=(End(spec=INT_OUT, size_bytes=None, bytes="real = (q + 128) * 0.00390625"),),
        signatures=(SignatureInfo(key="serving_default", inputs=("input_layer",), outputs=("output_0",)),),
        metadata=(MetadataInfo(name="min_runtime_version", size_bytes=16, says="1.14.0"),),
    )


def make_inspected() -> Inspected:
    return Inspected(file="models/wave_int8.tflite", audit=make_audit(), graph=make_graph(), versions=VERSIONS)


def make_hostile_inspected() -> Inspected:
    """The same with every text from the file hostile, and one name of 100,000 characters."""
    long = HOSTILE + "x" * 100_000
    audit, graph = make_audit(), make_graph((long, *(f"{HOSTILE}{i}" for i in range(len(OPS) - 1))))
    bad = OpRef(subgraph=0, index=5, op=HOSTILE, layer=long)
    spec = dataclasses.replace(INT_IN, name=long)
    return Inspected(
        file=HOSTILE,
        graph=dataclasses.replace(graph, description=HOSTILE),
        versions=VERSIONS,
        audit=dataclasses.replace(
            audit,
            expectations=(Expected(text="full-int8", met=False, found=HOSTILE, ops=(bad,)),),
            islands=(dataclasses.replace(audit.islands[0], ops=(bad,), layers=(long,)),),
            foreign_ops=(dataclasses.replace(audit.foreign_ops[0], name=HOSTILE, layers=(long,)),),
            health=(dataclasses.replace(audit.health[0], message=HOSTILE, ops=(bad,), tensors=(long,)),),
            by_layer=(Share(name=long, ops=1, weight_bytes=1, macs=1),),
            inputs=(End(spec=spec, size_bytes=1, bytes=HOSTILE),),
            signatures=(SignatureInfo(key=HOSTILE, inputs=(long,), outputs=(HOSTILE,)),),
            metadata=(MetadataInfo(name=HOSTILE, size_bytes=1, says=long),),
        ),
    )


def make_chain(operators: int) -> Inspected:
    """A model of many operators, every third of which reads an older value too."""
    tensors = [tensor(10, "t0", shape=(1, 8))]
    ops = []
    for index in range(operators):
        tensors.append(tensor(10, f"block_{index // 9}/t{index}", shape=(1, 8)))
        read = (index, max(0, index - 4)) if index % 3 == 2 else (index,)
        kind = "ADD" if len(read) > 1 else "LOGISTIC"
        ops.append(GraphOp(index=index, name=kind, version=1, inputs=read, outputs=(index + 1,), weight_bytes=0))
    placed = tuple(dataclasses.replace(t, index=i) for i, t in enumerate(tensors))
    main = Subgraph(index=0, name="main", tensors=placed, ops=tuple(ops), inputs=(0,), outputs=(operators,))
    plain = make_inspected()
    graph = dataclasses.replace(plain.graph, subgraphs=(main, *plain.graph.subgraphs))
    audit = dataclasses.replace(plain.audit, islands=(), foreign_ops=(), delegates=())
    return dataclasses.replace(plain, graph=graph, audit=audit)
