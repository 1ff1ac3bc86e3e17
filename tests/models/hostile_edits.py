"""Changes of a sound model to what no converter writes: impossible, enormous, or meant to do harm when shown.

Each is given the model, unpacked by the schema, and its first subgraph.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from ai_edge_litert import schema_py_generated as schema

MARKUP = "<script>alert('1')</script>\"[red]x[/red][/]{{7*7}}{% raw %}&amp;\\x00%s"
CONTROL = "a\x1b[31m\x00\n\r\t\x07b\u202ec\u2028d\x9b2J"

Edit = Callable[[Any, Any], None]


def _all_names(name: str | bytes) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for tensor in main.tensors:
            tensor.name = name
        model.description = main.name = model.signatureDefs[0].signatureKey = name
        for entry in (*model.signatureDefs[0].inputs, *model.signatureDefs[0].outputs):
            entry.name = name
        model.metadata = [schema.MetadataT(name=name, buffer=0)]

    return edit


def _shapes(shape: list[int]) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for tensor in main.tensors:
            tensor.shape = shape

    return edit


def _quantized(scales: list[float], points: list[int], axis: int = 0) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for tensor in main.tensors:
            tensor.type = schema.TensorType.INT8
            tensor.quantization = schema.QuantizationParametersT(
                scale=scales, zeroPoint=points, quantizedDimension=axis
            )

    return edit


def _codes(**changes: Any) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for code in model.operatorCodes:
            for name, value in changes.items():
                setattr(code, name, value)

    return edit


def _custom(name: str | bytes) -> Edit:
    return _codes(builtinCode=32, deprecatedBuiltinCode=32, customCode=name)


def _ops(**changes: Any) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for op in main.operators:
            for name, value in changes.items():
                setattr(op, name, value)

    return edit


def _options(**changes: Any) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for op in main.operators:
            for name, value in changes.items():
                if hasattr(op.builtinOptions, name):
                    setattr(op.builtinOptions, name, value)

    return edit


def _empty(model: Any, main: Any) -> None:
    main.tensors, main.operators, main.inputs, main.outputs = [], [], [], []
    model.signatureDefs = []


def _no_ends(model: Any, main: Any) -> None:
    main.inputs, main.outputs, model.signatureDefs = [], [], []


def _wrong_options(model: Any, main: Any) -> None:
    for op in main.operators:
        op.builtinOptionsType = schema.BuiltinOptions.WhileOptions
        op.builtinOptions = schema.WhileOptionsT(condSubgraphIndex=2**31 - 1, bodySubgraphIndex=-7)


def _circle(model: Any, main: Any) -> None:
    for op in main.operators:
        op.inputs = list(main.operators[-1].outputs)


def _one_output(model: Any, main: Any) -> None:
    for op in main.operators:
        op.outputs = list(main.outputs) * 3


def _calls(model: Any, main: Any, targets: tuple[int, int]) -> None:
    op = main.operators[0]
    model.operatorCodes[op.opcodeIndex].builtinCode = schema.BuiltinOperator.WHILE
    op.builtinOptionsType = schema.BuiltinOptions.WhileOptions
    op.builtinOptions = schema.WhileOptionsT(condSubgraphIndex=targets[0], bodySubgraphIndex=targets[1])


def _calls_nowhere(model: Any, main: Any) -> None:
    _calls(model, main, (1, 400))
    model.subgraphs = [main, schema.SubGraphT(), schema.SubGraphT()]


def _doubling(depth: int) -> Edit:
    """Each subgraph runs the next one twice: 2 to the power of `depth` runs."""

    def edit(model: Any, main: Any) -> None:
        model.operatorCodes = [schema.OperatorCodeT(builtinCode=119, deprecatedBuiltinCode=119, version=1)]
        tensors, model.subgraphs = main.tensors, []
        for place in range(depth):
            op = schema.OperatorT(opcodeIndex=0, inputs=[0], outputs=[1])
            op.builtinOptionsType = schema.BuiltinOptions.WhileOptions
            following = min(place + 1, depth - 1)
            op.builtinOptions = schema.WhileOptionsT(condSubgraphIndex=following, bodySubgraphIndex=following)
            last = place == depth - 1
            model.subgraphs.append(
                schema.SubGraphT(
                    tensors=tensors if place == 0 else tensors[:2],
                    operators=[] if last else [op],
                    inputs=[0],
                    outputs=[1],
                    name=f"s{place}",
                )
            )
        model.signatureDefs = []

    return edit


def _blocks(scale_tensor: int) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for tensor in main.tensors:
            tensor.type = schema.TensorType.INT4
            tensor.quantization = schema.QuantizationParametersT(
                detailsType=schema.QuantizationDetails.BlockwiseQuantization,
                details=schema.BlockwiseQuantizationT(scales=scale_tensor, zeroPoints=-5, blockSize=-3),
            )

    return edit


def _external(model: Any, main: Any) -> None:
    for tensor in main.tensors[1:3]:
        tensor.buffer, tensor.externalBuffer = 0, 7
    model.externalBufferGroups = [schema.ExternalBufferGroupT(name="weights.bin")]
    model.externalBuffers = [schema.ExternalBufferT(id=7, group=0, offset=2**40, length=2**62)]


def _types(number: int) -> Edit:
    def edit(model: Any, main: Any) -> None:
        for tensor in main.tensors:
            tensor.type = number

    return edit


def _set(thing: str, name: str, value: Any) -> Edit:
    """Change one field of the model, of the first subgraph, or of its first tensor, operator or signature."""

    def edit(model: Any, main: Any) -> None:
        places = {"model": model, "main": main, "signature": model.signatureDefs[0]}
        places |= {"tensor": main.tensors[0], "op": main.operators[0], "entry": model.signatureDefs[0].inputs[0]}
        setattr(places[thing], name, value)

    return edit


EDITS: dict[str, Edit] = {
    "no_ops": _set("main", "operators", []),
    "nothing": _empty,
    "no_subgraphs": _set("model", "subgraphs", []),
    "no_ends": _no_ends,
    "unknown_op": _codes(builtinCode=9999, deprecatedBuiltinCode=127),
    "placeholder_op": _codes(builtinCode=0, deprecatedBuiltinCode=127),
    "negative_op": _codes(builtinCode=-5, deprecatedBuiltinCode=-7),
    "huge_version": _codes(version=2**31 - 1),
    "negative_version": _codes(version=-1),
    "custom_markup": _custom(MARKUP),
    "custom_control": _custom(CONTROL),
    "custom_unnamed": _custom(""),
    "flex_markup": _custom(f"Flex{MARKUP}"),
    "flex_unnamed": _custom("Flex"),
    "unknown_type": _types(99),
    "negative_type": _types(-3),
    "text": _types(schema.TensorType.STRING),
    "resources": _types(schema.TensorType.RESOURCE),
    "complex": _types(schema.TensorType.COMPLEX128),
    "float8": _types(schema.TensorType.FLOAT8_E4M3FN),
    "int2": _types(schema.TensorType.INT2),
    "names_control": _all_names(CONTROL),
    "names_markup": _all_names(MARKUP),
    "names_invalid": _all_names(b"\xff\xfe\xc3(\x80\xed\xa0\x80"),
    "names_empty": _all_names(""),
    "names_separators": _all_names("/;/;;//"),
    "names_emoji": _all_names("\U0001f600" * 300),
    "names_long": _all_names("x" * 100_000),
    "names_deep": _all_names("a/" * 20_000),
    "names_fused": _all_names("a/b;" * 20_000),
    "shapes_huge": _shapes([2**31 - 1] * 8),
    "shapes_negative": _shapes([-(2**31), -7, -1]),
    "shapes_zero": _shapes([0, 0, 2**31 - 1]),
    "shapes_scalar": _shapes([]),
    "many_dimensions": _shapes([1] * 64),
    "thirty_dimensions": _shapes([1] * 30),
    "scales_missing": _quantized([], [3]),
    "scales_nan": _quantized([math.nan, math.inf, -math.inf, 0.0, -1.0, 1e-45], [0, 1, 2**62, -(2**63), 5, 6]),
    "scales_zero": _quantized([0.0], [0]),
    "scales_axis": _quantized([0.5] * 8, [0] * 8, axis=2**31 - 1),
    "scales_axis_negative": _quantized([0.5] * 8, [0] * 8, axis=-9),
    "scales_uneven": _quantized([0.5] * 8, [0] * 3, axis=1),
    "blocks_self": _blocks(1),
    "blocks_nowhere": _blocks(800),
    "external": _external,
    "buffer_nowhere": _set("tensor", "buffer", 4000),
    "code_nowhere": _set("op", "opcodeIndex", 77),
    "reads_nothing": _ops(inputs=[]),
    "reads_omitted": _ops(inputs=[-1, -1, -1]),
    "reads_twice": _ops(inputs=[1] * 5000),
    "reads_nowhere": _set("op", "inputs", [5000]),
    "reads_negative": _set("op", "inputs", [-2]),
    "writes_nothing": _ops(outputs=[]),
    "writes_omitted": _ops(outputs=[-1]),
    "writes_constants": _ops(outputs=[1, 2]),
    "writes_one": _one_output,
    "circle": _circle,
    "options_wrong": _wrong_options,
    "options_missing": _ops(builtinOptions=None, builtinOptionsType=0),
    "options_zero": _options(strideW=0, strideH=0, dilationWFactor=0, dilationHFactor=0, depthMultiplier=0),
    "options_negative": _options(strideW=-(2**31), strideH=-1, dilationWFactor=-5, depthMultiplier=-1, beta=math.nan),
    "activation_unknown": _options(fusedActivationFunction=120, padding=-9),
    "input_nowhere": _set("main", "inputs", [999]),
    "input_minus_one": _set("main", "inputs", [-1]),
    "input_constant": _set("main", "inputs", [1, 1, 1]),
    "metadata_nowhere": _set("model", "metadata", [schema.MetadataT(name="x", buffer=500)]),
    "metadata_odd": _set(
        "model", "metadata", [schema.MetadataT(name=n, buffer=2) for n in ("min_runtime_version", "TFLITE_METADATA")]
    ),
    "signature_nowhere": _set("signature", "subgraphIndex", 9),
    "signature_tensor_nowhere": _set("entry", "tensorIndex", 12345),
    "signature_other_tensor": _set("entry", "tensorIndex", 3),
    "signature_empty": _set("signature", "inputs", []),
    "calls_nowhere": _calls_nowhere,
    "calls_itself": lambda model, main: _calls(model, main, (0, 0)),
    "calls_doubling": _doubling(60),
    "calls_deep": _doubling(3000),
    "version_zero": _set("model", "version", 0),
}
