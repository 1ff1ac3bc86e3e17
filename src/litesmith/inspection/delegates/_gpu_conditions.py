"""Conditions that the GPU delegate sets: each returns why an operator is refused, or nothing."""

from __future__ import annotations

from litesmith.inspection.op_view import OpView, Rule

_SIGN_BIT = 5
_SHUFFLED = 1
FLOATS = frozenset({"float32", "float16"})
"""Float types that the delegate computes on."""


def always(seen: OpView) -> str:
    """Take every form of an operator."""
    del seen
    return ""


def counts(fed: int, outputs: int = 1, fixed: int | None = None) -> Rule:
    """Return a condition on the number of computed inputs, outputs and constants."""

    def rule(seen: OpView) -> str:
        if seen.fed != fed:
            return f"it has {seen.fed} computed inputs instead of {fed}"
        if fixed is not None and seen.fixed != fixed:
            return f"it has {seen.fixed} constant inputs instead of {fixed}"
        return "" if len(seen.outputs) == outputs else f"it has {len(seen.outputs)} outputs instead of {outputs}"

    return rule


def inputs(*numbers: int) -> Rule:
    """Return a condition on the number of inputs."""
    names = " or ".join(map(str, numbers))
    return lambda seen: "" if len(seen.inputs) in numbers else f"it has {len(seen.inputs)} inputs instead of {names}"


def one_or_two(seen: OpView) -> str:
    """Two operands, one of which may be constant."""
    fits = (seen.fed, seen.fixed) in {(2, 0), (1, 1)} and len(seen.outputs) == 1
    return "" if fits else "it does not have two inputs of which at least one is computed"


def activation(seen: OpView) -> str:
    """Fused activations are taken but SIGN_BIT."""
    return "its fused activation is SIGN_BIT" if seen.option("fused_activation") == _SIGN_BIT else ""


def positive(*names: str) -> Rule:
    """Return a condition that these options are above zero."""

    def rule(seen: OpView) -> str:
        wrong = next((name for name in names if seen.option(name, 1) <= 0), "")
        return f"its {wrong} is {seen.option(wrong):g}" if wrong else ""

    return rule


def convolution(seen: OpView) -> str:
    """At most two computed inputs."""
    if seen.fed > 2:
        return f"it has {seen.fed} computed inputs (limit 2)"
    return "" if len(seen.outputs) == 1 else f"it has {len(seen.outputs)} outputs instead of 1"


def depthwise(seen: OpView) -> str:
    """Channels as the multiplier says, and one of both is 1."""
    read, weights = seen.shape(0), seen.shape(1)
    made = seen.outputs[0].shape if seen.outputs else ()
    if not len(read) == len(weights) == len(made) == 4:
        return "input, weights and output do not all have 4 dimensions"
    multiplier = int(seen.option("depth_multiplier", 1))
    if weights[3] != made[3] or made[3] != read[3] * multiplier:
        return "its channels do not fit its depth multiplier"
    return f"its depth multiplier is {multiplier} on {read[3]} channels" if multiplier != 1 and read[3] != 1 else ""


def broadcast(seen: OpView) -> str:
    """Shapes of different length that broadcast."""
    if len(seen.inputs) != 2:
        return f"it has {len(seen.inputs)} inputs instead of 2"
    one, other = seen.shape(0), seen.shape(1)
    if min(len(one), len(other)) < 2 or len(one) == len(other):
        return ""
    fits = all(a == b or 1 in (a, b) for a, b in zip(reversed(one), reversed(other), strict=False))
    return "" if fits else f"it broadcasts {list(one)} with {list(other)}"


def fixed_axes(seen: OpView) -> str:
    """Axes known beforehand."""
    return "" if seen.constant(1) and seen.dtype(1) == "int32" else "its axes are not constant int32"


def block(seen: OpView) -> str:
    """A block of more than one."""
    size = seen.option("block_size")
    return "" if size > 1 else f"its block size is {size:g}"


def dimensions(*numbers: int) -> Rule:
    """Return a condition on the number of dimensions."""

    def rule(seen: OpView) -> str:
        rank = len(seen.shape(0))
        return "" if rank in numbers else f"its input has {rank} dimensions instead of {' or '.join(map(str, numbers))}"

    return rule


def masks(seen: OpView) -> str:
    """No masks that change the dimensions."""
    wrong = next((n for n in ("ellipsis_mask", "new_axis_mask", "shrink_axis_mask") if seen.option(n)), "")
    if wrong:
        return f"it has a {wrong.replace('_', ' ')}"
    return "" if len(seen.inputs) >= 4 else f"it has {len(seen.inputs)} inputs instead of 4"


def padding(seen: OpView) -> str:
    """Three or four dimensions are padded."""
    amounts = seen.shape(1)
    return "" if amounts in {(3, 2), (4, 2)} else f"its paddings are {list(amounts)} instead of [3, 2] or [4, 2]"


def cast(seen: OpView) -> str:
    """Between floats and truths, floats and int32."""
    before, after = seen.dtype(0), seen.outputs[0].dtype if seen.outputs else ""
    fits = (
        (before == "bool" and after in FLOATS)
        or (before in FLOATS and after == "bool")
        or (before in {"float32", "int32"} and after in {"float32", "int32"})
    )
    return "" if fits else f"it casts {before} to {after}"


def gather(seen: OpView) -> str:
    """A vector of int32."""
    if len(seen.shape(1)) != 1:
        return f"its indices have {len(seen.shape(1))} dimensions instead of 1"
    return "" if seen.dtype(1) == "int32" else f"its indices are {seen.dtype(1)} instead of int32"


def select(seen: OpView) -> str:
    """Same shape, or one element."""
    if len(seen.inputs) != 3 or len(seen.outputs) != 1:
        return "it does not have three inputs and one output"
    made = seen.outputs[0].shape
    for place in (1, 2):
        shape = seen.shape(place)
        if shape and shape != made and (len(shape) > 1 or shape[0] > 1):
            return "what it selects from has neither the output's shape nor one element"
        if len(shape) == 2 and not seen.constant(place):
            return "what it selects from has 2 dimensions and is computed"
    return ""


def lstm(seen: OpView) -> str:
    """The full or the basic kernel."""
    return "" if len(seen.inputs) in {5, 20, 24} else f"it has {len(seen.inputs)} inputs instead of 5, 20 or 24"


def cumsum(seen: OpView) -> str:
    """Floats along a known axis."""
    fits = seen.dtype(0) in FLOATS and seen.dtype(1) == "int32" and seen.constant(1)
    return "" if fits else "its input is no float or its axis no constant int32"


def one_hot(seen: OpView) -> str:
    """Int32 indices in the channels."""
    fits = len(seen.inputs) == 4 and seen.dtype(0) == "int32" and seen.constant(2) and seen.constant(3)
    if not fits or any(seen.dtype(place) != "float32" for place in (2, 3)):
        return "its indices are not int32, or its values no float constants"
    long = [size for place, size in enumerate(seen.shape(0)[:-1]) if not (place == 0 and len(seen.shape(0)) > 3)]
    return "" if all(size == 1 for size in long) else "its indices have more than batch and channels"


def update(seen: OpView) -> str:
    """A vector says where."""
    if len(seen.inputs) != 3 or seen.dtype(0) != seen.dtype(1) or len(seen.shape(0)) != len(seen.shape(1)):
        return "its operand and update differ in type or dimensions"
    return "" if len(seen.shape(2)) == 1 and seen.dtype(2) == "int32" else "its start is no int32 vector"


def lookup(seen: OpView) -> str:
    """A vector of indices into rows."""
    if len(seen.shape(0)) != 1 or len(seen.shape(1)) < 2:
        return "its indices are no vector, or its table has no columns"
    return "" if seen.dtype(1) in {"int8", "int4", "int2", "float32"} else f"its table is {seen.dtype(1)}"


def resize(seen: OpView) -> str:
    """Not both ways to place pixels."""
    both = seen.option("align_corners") and seen.option("half_pixel_centers")
    return "it has both align_corners and half_pixel_centers" if both else ""


def weights_format(seen: OpView) -> str:
    """Plain weights."""
    if seen.option("weights_format") == _SHUFFLED:
        return "its weights are shuffled"
    if seen.fed > 2 or seen.constant(0):
        return "its input is constant, or it has more than 2 computed inputs"
    if seen.option("keep_num_dims") and seen.outputs and len(seen.shape(0)) != len(seen.outputs[0].shape):
        return "it keeps dimensions that input and output do not share"
    return ""
