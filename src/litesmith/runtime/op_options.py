"""Which of an operator's builtin options are read, by their field number in the TFLite schema."""

from __future__ import annotations

from typing import NamedTuple

from litesmith.core.graph import Option
from litesmith.runtime.flatbuffer_table import Table


class Field(NamedTuple):
    """Where an option stands, what it is, and its value where it is left out."""

    number: int
    kind: str
    default: int = 0


TABLES: dict[str, str] = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "CONV_3D": "Conv3DOptions",
    "CONV_3D_TRANSPOSE": "Conv3DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "L2_POOL_2D": "Pool2DOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "DIV": "DivOptions",
    "L2_NORMALIZATION": "L2NormOptions",
    "CONCATENATION": "ConcatenationOptions",
    "BATCH_MATMUL": "BatchMatMulOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "MEAN": "ReducerOptions",
    "SUM": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "REDUCE_MIN": "ReducerOptions",
    "GATHER": "GatherOptions",
    "SPLIT": "SplitOptions",
    "PACK": "PackOptions",
    "UNPACK": "UnpackOptions",
    "MIRROR_PAD": "MirrorPadOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions",
    "CAST": "CastOptions",
    "SOFTMAX": "SoftmaxOptions",
    "LEAKY_RELU": "LeakyReluOptions",
    "IF": "IfOptions",
    "WHILE": "WhileOptions",
    "CALL_ONCE": "CallOnceOptions",
    "CALL": "CallOptions",
}
"""The options table of each operator whose options are read."""

FIELDS: dict[str, dict[str, Field]] = {
    "Conv2DOptions": {
        "padding": Field(0, "int8"),
        "stride_w": Field(1, "int32"),
        "stride_h": Field(2, "int32"),
        "fused_activation": Field(3, "int8"),
        "dilation_w": Field(4, "int32", 1),
        "dilation_h": Field(5, "int32", 1),
    },
    "DepthwiseConv2DOptions": {
        "padding": Field(0, "int8"),
        "stride_w": Field(1, "int32"),
        "stride_h": Field(2, "int32"),
        "depth_multiplier": Field(3, "int32"),
        "fused_activation": Field(4, "int8"),
        "dilation_w": Field(5, "int32", 1),
        "dilation_h": Field(6, "int32", 1),
    },
    "TransposeConvOptions": {
        "padding": Field(0, "int8"),
        "stride_w": Field(1, "int32"),
        "stride_h": Field(2, "int32"),
        "fused_activation": Field(3, "int8"),
    },
    "Conv3DOptions": {
        "padding": Field(0, "int8"),
        "stride_d": Field(1, "int32"),
        "stride_w": Field(2, "int32"),
        "stride_h": Field(3, "int32"),
        "fused_activation": Field(4, "int8"),
        "dilation_d": Field(5, "int32", 1),
        "dilation_w": Field(6, "int32", 1),
        "dilation_h": Field(7, "int32", 1),
    },
    "Pool2DOptions": {
        "padding": Field(0, "int8"),
        "stride_w": Field(1, "int32"),
        "stride_h": Field(2, "int32"),
        "filter_width": Field(3, "int32"),
        "filter_height": Field(4, "int32"),
        "fused_activation": Field(5, "int8"),
    },
    "FullyConnectedOptions": {
        "fused_activation": Field(0, "int8"),
        "weights_format": Field(1, "int8"),
        "keep_num_dims": Field(2, "bool"),
        "asymmetric_quantize_inputs": Field(3, "bool"),
    },
    "AddOptions": {
        "fused_activation": Field(0, "int8"),
    },
    "SubOptions": {
        "fused_activation": Field(0, "int8"),
    },
    "MulOptions": {
        "fused_activation": Field(0, "int8"),
    },
    "DivOptions": {
        "fused_activation": Field(0, "int8"),
    },
    "L2NormOptions": {
        "fused_activation": Field(0, "int8"),
    },
    "ConcatenationOptions": {
        "axis": Field(0, "int32"),
        "fused_activation": Field(1, "int8"),
    },
    "BatchMatMulOptions": {
        "adj_x": Field(0, "bool"),
        "adj_y": Field(1, "bool"),
    },
    "ResizeBilinearOptions": {
        "align_corners": Field(2, "bool"),
        "half_pixel_centers": Field(3, "bool"),
    },
    "ResizeNearestNeighborOptions": {
        "align_corners": Field(0, "bool"),
        "half_pixel_centers": Field(1, "bool"),
    },
    "StridedSliceOptions": {
        "begin_mask": Field(0, "int32"),
        "end_mask": Field(1, "int32"),
        "ellipsis_mask": Field(2, "int32"),
        "new_axis_mask": Field(3, "int32"),
        "shrink_axis_mask": Field(4, "int32"),
    },
    "ReducerOptions": {
        "keep_dims": Field(0, "bool"),
    },
    "GatherOptions": {
        "axis": Field(0, "int32"),
        "batch_dims": Field(1, "int32"),
    },
    "SplitOptions": {
        "num_splits": Field(0, "int32"),
    },
    "PackOptions": {
        "values_count": Field(0, "int32"),
        "axis": Field(1, "int32"),
    },
    "UnpackOptions": {
        "num": Field(0, "int32"),
        "axis": Field(1, "int32"),
    },
    "MirrorPadOptions": {
        "mode": Field(0, "int8"),
    },
    "SpaceToDepthOptions": {
        "block_size": Field(0, "int32"),
    },
    "DepthToSpaceOptions": {
        "block_size": Field(0, "int32"),
    },
    "CastOptions": {
        "in_data_type": Field(0, "int8"),
        "out_data_type": Field(1, "int8"),
    },
    "SoftmaxOptions": {
        "beta": Field(0, "float32"),
    },
    "LeakyReluOptions": {
        "alpha": Field(0, "float32"),
    },
    "IfOptions": {
        "then_subgraph_index": Field(0, "int32"),
        "else_subgraph_index": Field(1, "int32"),
    },
    "WhileOptions": {
        "cond_subgraph_index": Field(0, "int32"),
        "body_subgraph_index": Field(1, "int32"),
    },
    "CallOnceOptions": {
        "init_subgraph_index": Field(0, "int32"),
    },
    "CallOptions": {
        "subgraph": Field(0, "uint32"),
    },
}
_CALLS = frozenset({"IF", "WHILE", "CALL_ONCE", "CALL"})


def read_options(name: str, kind: str, table: Table | None) -> dict[str, Option]:
    """Return an operator's options by the schema's names, as far as Litesmith uses them.

    Args:
        name: Of the operator.
        kind: Name of the options table as the file declares it. One that is not the operator's own is not read: the
            runtime ignores it too.
        table: The options.
    """
    if table is None or kind != TABLES.get(name) or name in _CALLS:
        return {}
    found: dict[str, Option] = {}
    for option, field in FIELDS[kind].items():
        if field.kind == "float32":
            found[option] = table.real(field.number)
        else:
            value = table.number(field.number, field.kind, field.default)
            found[option] = bool(value) if field.kind == "bool" else value
    return found


def read_calls(name: str, kind: str, table: Table | None) -> tuple[int, ...]:
    """Return the subgraphs an operator runs."""
    if table is None or name not in _CALLS or kind != TABLES[name]:
        return ()
    return tuple(table.number(field.number, field.kind, field.default) for field in FIELDS[kind].values())
