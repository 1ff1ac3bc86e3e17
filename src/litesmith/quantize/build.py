"""Makes one variant from the float file. Runs in a worker: the quantizer prints, and reads files from outside."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from litesmith.core.errors import EvaluationError
from litesmith.core.files import replacing
from litesmith.core.graph import BYTE_INPUTS, Graph
from litesmith.core.registry import load_plugin
from litesmith.core.tensors import TensorSpec
from litesmith.quantize.mixed import with_float
from litesmith.quantize.scheme import PACKAGE, Interface, Scheme
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import describe
from litesmith.runtime.rewrite import unsigned_interface

Ranges = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A variant that was written and that the runtime can prepare."""

    size_bytes: int
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    op_counts: dict[str, int]
    float_ops: tuple[str, ...]


def scheme_named(name: str) -> Scheme:
    """Return a scheme.

    Raises:
        UnknownNameError: no such scheme.
    """
    scheme: Scheme = load_plugin(PACKAGE, name, kind="scheme")
    return scheme


def build(
    float_model: Path,
    out: Path,
    *,
    scheme: str,
    ranges: Ranges | None,
    interface: Interface = Interface.INT8,
    keep_float: Sequence[str] = (),
) -> Built:
    """Write the variant to `out` and return what it became.

    Args:
        float_model: The float32 .tflite.
        out: Where to write it; only a whole file that the runtime can prepare appears there.
        scheme: Scheme plugin.
        ranges: (min, max) of every activation by tensor name, for calibrated schemes.
        interface: Number type of inputs and outputs for schemes with int8 activations; int16 activations keep int16
            or, with FLOAT32, float.
        keep_float: First output tensor of each operator that is to stay float.

    Raises:
        EvaluationError: the quantizer refuses the model, or the runtime cannot prepare what it made.
    """
    plugin = scheme_named(scheme)
    with replacing(out) as temporary:
        if plugin.recipe is None:
            shutil.copyfile(float_model, temporary)
        else:
            temporary.write_bytes(_quantized(float_model, plugin, ranges, interface, keep_float))
            _pass_on(BYTE_INPUTS, float_model, temporary)
        if plugin.activation_bits == 8 and interface is Interface.UINT8:
            unsigned_interface(temporary)
        return _described(temporary, plugin)


def finish(model: Path, out: Path, *, scheme: str, interface: Interface = Interface.INT8) -> Built:
    """Write a corrected variant to `out` and return what it became.

    Args:
        model: As `build` wrote it with the interface int8 or float32, its numbers changed since.
        out: Where to write it; only a whole file that the runtime can prepare appears there.
        scheme: Scheme plugin.
        interface: Number type of inputs and outputs.

    Raises:
        EvaluationError: the runtime cannot prepare it.
    """
    with replacing(out) as temporary:
        shutil.copyfile(model, temporary)
        plugin = scheme_named(scheme)
        if plugin.activation_bits == 8 and interface is Interface.UINT8:
            unsigned_interface(temporary)
        return _described(temporary, plugin)


def _pass_on(metadata: str, source: Path, made: Path) -> None:
    """Give a variant a metadata entry that its float model has."""
    text = next((entry.text for entry in read_graph(source).metadata if entry.name == metadata), "")
    if text:
        model = EditableModel(made)
        model.set_metadata(metadata, text)
        model.save(made)


def _described(path: Path, plugin: Scheme) -> Built:
    try:
        _, inputs, outputs = describe(path)
    except EvaluationError as error:
        reason = error.message.split("cannot be prepared: ", 1)[-1]
        raise EvaluationError(f"the runtime cannot prepare it: {reason}") from error
    graph = read_graph(path)
    return Built(
        size_bytes=graph.size_bytes,
        inputs=inputs,
        outputs=outputs,
        op_counts=graph.main.op_counts(),
        float_ops=_float_islands(graph) if plugin.integer else (),
    )


def _float_islands(graph: Graph) -> tuple[str, ...]:
    """Return the operators that compute in float, each with the tensor it makes."""
    names = [tensor.name for tensor in graph.main.tensors]
    return tuple(f"{op.name} ({names[op.outputs[0]]})" if op.outputs else op.name for op in graph.main.float_ops())


def _quantized(
    float_model: Path, scheme: Scheme, ranges: Ranges | None, interface: Interface, keep_float: Sequence[str]
) -> bytes:
    from litert_quantizer.quantizer import Quantizer

    assert scheme.recipe is not None
    recipe = scheme.recipe()
    if scheme.calibrated and interface is Interface.FLOAT32:
        recipe = _float_interface(recipe)
    if keep_float:
        recipe = with_float(recipe, read_graph(float_model).main, keep_float)
    calibration = None
    if scheme.calibrated:
        if ranges is None:
            raise EvaluationError(
                f"scheme {scheme.name} needs the ranges of a calibration", hint="Give --calibrate DATASET."
            )
        calibration = {name: {"min": np.float32(low), "max": np.float32(high)} for name, (low, high) in ranges.items()}
    try:
        quantizer = Quantizer(str(float_model), recipe)
        result = quantizer.quantize(calibration, enable_progress_bar=False, enable_progress_report=False)
    except (ValueError, RuntimeError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        text = " ".join(str(error).split())[:400]
        raise EvaluationError(f"the quantizer refuses the model: {text or type(error).__name__}") from error
    return bytes(result.quantized_model)


def _float_interface(recipe: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the recipe with inputs and outputs left in float."""
    from litert_quantizer import qtyping, recipe_manager
    from litert_quantizer.quantizer import AlgorithmName

    manager = recipe_manager.RecipeManager()
    manager.load_quantization_recipe(recipe)
    for operation in (qtyping.TFLOperationName.INPUT, qtyping.TFLOperationName.OUTPUT):
        manager.add_quantization_config(".*", operation, None, AlgorithmName.NO_QUANTIZE)
    return list(manager.get_quantization_recipe())
