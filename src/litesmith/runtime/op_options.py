"""Which of an operator's builtin options are read, by their field number in the TFLite schema."""

from __future__ import annotations

from litesmith.core.graph import Option
from litesmith.runtime.flatbuffer_table import Table

_POOL = {
    "padding": (0, "int8"),
    "stride_w": (1, "int32"),
    "stride_h": (2, "int32"),
    "filter_width": (3, "int32"),
    "filter_height": (4, "int32"),
    "fused_activation": (5, "int8"),
}
_ACTIVATED = {"fused_activation": (0, "int8")}
_RESIZE = {"align_corners": (2, "bool"), "half_pixel_centers": (3, "bool")}
_CONV_3D = {
    "padding": (0, "int8"),
    "stride_d": (1, "int32"),
    "stride_w": (2, "int32"),
    "stride_h": (3, "int32"),
    "fused_activation": (4, "int8"),
    "dilation_d": (5, "int32"),
    "dilation_w": (6, "int32"),
    "dilation_h": (7, "int32"),
}

_FIELDS: dict[str, dict[str, tuple[int, str]]] = {
    "CONV_2D": {
        "padding": (0, "int8"),
        "stride_w": (1, "int32"),
        "stride_h": (2, "int32"),
        "fused_activation": (3, "int8"),
        "dilation_w": (4, "int32"),
        "dilation_h": (5, "int32"),
    },
    "DEPTHWISE_CONV_2D": {
        "padding": (0, "int8"),
        "stride_w": (1, "int32"),
        "stride_h": (2, "int32"),
        "depth_multiplier": (3, "int32"),
        "fused_activation": (4, "int8"),
        "dilation_w": (5, "int32"),
        "dilation_h": (6, "int32"),
    },
    "TRANSPOSE_CONV": {
        "padding": (0, "int8"),
        "stride_w": (1, "int32"),
        "stride_h": (2, "int32"),
        "fused_activation": (3, "int8"),
    },
    "CONV_3D": _CONV_3D,
    "CONV_3D_TRANSPOSE": _CONV_3D,
    "AVERAGE_POOL_2D": _POOL,
    "MAX_POOL_2D": _POOL,
    "L2_POOL_2D": _POOL,
    "FULLY_CONNECTED": {
        "fused_activation": (0, "int8"),
        "weights_format": (1, "int8"),
        "keep_num_dims": (2, "bool"),
        "asymmetric_quantize_inputs": (3, "bool"),
    },
    "ADD": _ACTIVATED,
    "SUB": _ACTIVATED,
    "MUL": _ACTIVATED,
    "DIV": _ACTIVATED,
    "L2_NORMALIZATION": _ACTIVATED,
    "CONCATENATION": {"axis": (0, "int32"), "fused_activation": (1, "int8")},
    "BATCH_MATMUL": {"adj_x": (0, "bool"), "adj_y": (1, "bool")},
    "RESIZE_BILINEAR": _RESIZE,
    "RESIZE_NEAREST_NEIGHBOR": {"align_corners": (0, "bool"), "half_pixel_centers": (1, "bool")},
    "STRIDED_SLICE": {
        "begin_mask": (0, "int32"),
        "end_mask": (1, "int32"),
        "ellipsis_mask": (2, "int32"),
        "new_axis_mask": (3, "int32"),
        "shrink_axis_mask": (4, "int32"),
    },
    "MEAN": {"keep_dims": (0, "bool")},
    "SUM": {"keep_dims": (0, "bool")},
    "REDUCE_MAX": {"keep_dims": (0, "bool")},
    "REDUCE_MIN": {"keep_dims": (0, "bool")},
    "GATHER": {"axis": (0, "int32"), "batch_dims": (1, "int32")},
    "SPLIT": {"num_splits": (0, "int32")},
    "PACK": {"values_count": (0, "int32"), "axis": (1, "int32")},
    "UNPACK": {"num": (0, "int32"), "axis": (1, "int32")},
    "MIRROR_PAD": {"mode": (0, "int8")},
    "SPACE_TO_DEPTH": {"block_size": (0, "int32")},
    "DEPTH_TO_SPACE": {"block_size": (0, "int32")},
    "CAST": {"in_data_type": (0, "int8"), "out_data_type": (1, "int8")},
}
_ONE_UNLESS_SAID = frozenset({"dilation_w", "dilation_h", "dilation_d"})
_CALLS = {"IF": (0, 1), "WHILE": (0, 1), "CALL_ONCE": (0,), "CALL": (0,)}
_REALS = {"SOFTMAX": {"beta": 0}, "LEAKY_RELU": {"alpha": 0}}


def read_options(name: str, table: Table | None) -> dict[str, Option]:
    """Return an operator's options by the schema's names, as far as Litesmith uses them."""
    if table is None:
        return {}
    found: dict[str, Option] = {}
    for option, (number, kind) in _FIELDS.get(name, {}).items():
        value = table.number(number, kind, 1 if option in _ONE_UNLESS_SAID else 0)
        found[option] = bool(value) if kind == "bool" else value
    for option, number in _REALS.get(name, {}).items():
        found[option] = table.real(number)
    return found


def read_calls(name: str, table: Table | None) -> tuple[int, ...]:
    """Return the subgraphs an operator runs."""
    return () if table is None else tuple(table.number(number, "int32") for number in _CALLS.get(name, ()))
