"""Inputs and outputs in the words that who fills and reads the buffers needs."""

from __future__ import annotations

from litesmith.core.graph import Graph
from litesmith.core.model_facts import End, SignatureInfo
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.storage import storage_bits

_LIMITS = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int4": (-8, 7), "uint4": (0, 15)}
_BYTES = {
    "uint8": "takes raw bytes as they are",
    "int8": "takes raw bytes: the byte less 128",
}
_MOST_CHANNELS = 4


def inputs_of(graph: Graph) -> tuple[End, ...]:
    """Return the model's inputs, each with what to write into its buffer."""
    return tuple(_end(spec, is_input=True) for spec in graph.input_specs)


def outputs_of(graph: Graph) -> tuple[End, ...]:
    """Return the model's outputs, each with how to read its buffer."""
    return tuple(_end(spec, is_input=False) for spec in graph.output_specs)


def signatures_of(graph: Graph) -> tuple[SignatureInfo, ...]:
    """Return the signatures, in the file's order."""
    return tuple(
        SignatureInfo(key=signature.key, inputs=tuple(signature.inputs), outputs=tuple(signature.outputs))
        for signature in graph.signatures
    )


def _end(spec: TensorSpec, *, is_input: bool) -> End:
    bits = storage_bits(spec.dtype)
    size = None
    if bits and all(d >= 0 for d in spec.shape):
        count = 1
        for d in spec.shape:
            count *= d
        size = (count * bits + 7) // 8
    return End(spec=spec, size_bytes=size, bytes=_words(spec, size, bits, is_input=is_input))


def _words(spec: TensorSpec, size: int | None, bits: int, *, is_input: bool) -> str:
    shape = "x".join("?" if d < 0 else str(d) for d in spec.shape) or "scalar"
    if not bits:
        return f"{spec.dtype} {shape}: not a plain buffer; use the runtime's own calls for it"
    order = ", little-endian" if bits > 8 else ""
    amount = f"{size} bytes" if size is not None else _dynamic(spec, bits)
    parts = [f"{amount}: {spec.dtype} {shape}{order}{_layout(spec.shape)}"]
    if spec.dtype == "bool":
        parts.append("one byte each, 0 or 1")
    if spec.byte_fed and spec.dtype in _BYTES and is_input:
        parts.append(_BYTES[spec.dtype])
    if spec.quantized:
        parts.append(_arithmetic(spec, is_input=is_input))
    elif spec.dtype in _LIMITS:
        parts.append("no scale: whole numbers as they are")
    return "; ".join(parts)


def _dynamic(spec: TensorSpec, bits: int) -> str:
    known = 1
    for d in spec.shape:
        known *= max(d, 1)
    unit = f"{known * bits // 8} bytes" if known * bits >= 8 else f"{known * bits} bits"
    return f"{unit} times each dynamic size"


def _layout(shape: tuple[int, ...]) -> str:
    """Return the order of the dimensions, as far as the shape shows it."""
    if len(shape) != 4:
        return ", last dimension fastest" if len(shape) > 1 else ""
    if 1 <= shape[3] <= _MOST_CHANNELS:
        return ", rows, columns, channels (NHWC), channels fastest"
    if 1 <= shape[1] <= _MOST_CHANNELS and shape[2] > _MOST_CHANNELS:
        return ", by its shape channels first (NCHW), columns fastest"
    return ", last dimension fastest"


def _arithmetic(spec: TensorSpec, *, is_input: bool) -> str:
    """Return how real values and integers turn into each other, with the scale in full."""
    point = spec.zero_point
    shift = "" if point == 0 else (f" + {point}" if point > 0 else f" - {-point}")
    unshift = "q" if point == 0 else (f"(q - {point})" if point > 0 else f"(q + {-point})")
    if not is_input:
        return f"real = {unshift} * {spec.scale:.9g}"
    low, high = _LIMITS.get(spec.dtype, (None, None))
    clip = "" if low is None else f", clipped to {low}..{high}"
    return f"q = round(real / {spec.scale:.9g}){shift}{clip}"
