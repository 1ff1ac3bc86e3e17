"""Patterns of the causes that are about ops without a TFLite kernel."""

from __future__ import annotations

import re

from litesmith.diagnosis.locations import SHAPE_CHECK

COMPATIBILITY = "https://ai.google.dev/edge/litert/conversion/tensorflow/ops_compatibility"
NOT_IN_FLEX = "ERROR_NEEDS_CUSTOM_OPS"
"""What the converter adds where an op is not among the select TF ops either."""
BROKEN_OP = "op found invalid"
"""What the converter says of an op that it wrote itself and then finds wrong: no other set of ops avoids that."""
_MISSING = "op is neither a custom op nor a flex op"
_OPERATION = r"[^\n]*(?:\n[^\n]*called from)*\n[^\n]*see current operation: [^\n]*"


def without_kernel(*ops: str) -> re.Pattern[str]:
    """Return the pattern of the converter's complaint about one of some TensorFlow ops (regular expressions)."""
    return re.compile(rf"'tf\.(?P<op>{'|'.join(ops)})' {_MISSING}")


def without_kernel_for(element: str) -> re.Pattern[str]:
    """Return the pattern of the complaint about an op whose first operand or result has an element type.

    Args:
        element: Regular expression of types as the converter writes them: `f64`, `ui16`.
    """
    tensor = rf"tensor<(?:[*\d?]+x)*(?P<type>{element})>"
    return re.compile(rf"'tf\.(?!{SHAPE_CHECK}')(?P<op>\w+)' {_MISSING}{_OPERATION}(?:: \(|-> \(?){tensor}")


def without_kernel_at(ops: str, operation: str) -> re.Pattern[str]:
    r"""Return the pattern of the complaint about some ops where the operation that follows it is of a kind.

    Args:
        ops: Regular expression of their names.
        operation: Regular expression searched in the operation's text, such as `new_axis_mask = 4 .*: \(tensor<\?`.
    """
    return re.compile(rf"'tf\.(?P<op>{ops})' {_MISSING}{_OPERATION}{operation}")
