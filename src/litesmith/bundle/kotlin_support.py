"""What an Android bundle can serve: types, shapes and operators that the runtime of a phone knows."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from litesmith.bundle.job import BundleJob
from litesmith.core.errors import BundleError
from litesmith.core.model_facts import RuntimeNeed
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.flatbuffer import read_graph

TYPES = ("float32", "int8", "uint8", "int32", "int64", "bool")
"""Of inputs and outputs, which both the interpreter's and LiteRT's Kotlin interface can hold."""
RUNTIME_VERSIONS = {"litert": "2.3.2", "tensorflow-lite": "2.16.1"}
"""What a bundle pins: the newest release of each that its Kotlin code was written for."""
ARTIFACTS = {"litert": "com.google.ai.edge.litert:litert", "tensorflow-lite": "org.tensorflow:tensorflow-lite"}
_MOST_TENSORS = 200
"""A function of the Java virtual machine takes 255 arguments."""
_LARGEST_BYTES = 2**31 - 1
_SHIPPED = frozenset({"TFLite_Detection_PostProcess", "AudioSpectrogram", "Mfcc", "NumericVerify"})
"""Custom operators that every runtime brings."""


def require_runnable(model: Path) -> None:
    """Check, before anything is run, that a phone's runtime has all operators of a model and takes its types.

    Raises:
        SourceError: it is no .tflite, or damaged.
        BundleError: it has select or custom operators, or inputs or outputs of a type without an interface.
    """
    graph = read_graph(model)
    customs = sorted(
        {op.name.partition(":")[2] for g in graph.subgraphs for op in g.ops if op.name.startswith("CUSTOM:")}
    )
    select = [name for name in customs if name.startswith("Flex")]
    if select:
        raise BundleError(
            f"{model.name} needs TensorFlow's own operators ({_listed([n[4:] for n in select])}), which the Android "
            "runtime does not have",
            hint="Convert it without --allow-select-tf-ops; `litesmith convert` says what each of them can become.",
        )
    foreign = [name for name in customs if name not in _SHIPPED]
    if foreign:
        raise BundleError(
            f"{model.name} has custom operators that no runtime brings: {_listed(foreign)}",
            hint="Build the model without them: an app would have to register its own code for each.",
        )
    for what, specs in (("input", graph.input_specs), ("output", graph.output_specs)):
        for spec in specs:
            require_type(spec, what)


def require_type(spec: TensorSpec, what: str) -> None:
    """Check that Kotlin can feed or read a tensor.

    Raises:
        BundleError: its type has no interface there, or is quantized in a way that nothing reads.
    """
    name = ascii(spec.name[:60])
    if spec.dtype not in TYPES:
        raise BundleError(
            f"{what} {name} is of type {spec.dtype}, which the Android runtime's Kotlin interface cannot hold; it can "
            f"hold {', '.join(TYPES)}",
            hint="Make strings into numbers before the model."
            if spec.dtype == "string"
            else "Convert the model with float32 inputs and outputs: the conversion to "
            f"{spec.dtype} is then part of the model.",
        )
    if spec.quantized and spec.dtype not in ("int8", "uint8"):
        raise BundleError(
            f"{what} {name} is {spec.dtype} with a scale, which a bundle for Android does not serve",
            hint="Convert the model with float32, int8 or uint8 inputs and outputs.",
        )


def require_servable(job: BundleJob) -> None:
    """Check types and shapes of a job's tensors.

    Raises:
        BundleError: a type has no interface, or the size of an output is open.
    """
    for what, specs in (("inputs", job.card.inputs), ("outputs", job.card.outputs)):
        if len(specs) > _MOST_TENSORS:
            raise BundleError(
                f"the model has {len(specs)} {what}, and Kotlin code for more than {_MOST_TENSORS} is not generated",
                hint="Join them in the model: one tensor of more dimensions in place of many.",
            )
    for spec in job.card.inputs:
        require_type(spec, "input")
    for spec in job.card.outputs:
        require_type(spec, "output")
        if -1 in spec.shape[1:] or (spec.shape[:1] not in ((), (-1,), (1,)) and spec.shape[0] < 0):
            raise BundleError(
                f"output {spec.name[:60]!a} of shape {list(spec.shape)} takes any size, and a phone's buffers "
                "are made once",
                hint="Convert the model with fixed sizes; only the batch may be open.",
            )
    shapes = [*job.input_shapes, *((1, *spec.shape[1:]) for spec in job.card.outputs)]
    for spec, shape in zip((*job.card.inputs, *job.card.outputs), shapes, strict=True):
        size = math.prod(shape) * np.dtype(spec.dtype).itemsize
        if size > _LARGEST_BYTES:
            raise BundleError(
                f"tensor {spec.name[:60]!a} takes {size} bytes, a buffer of Java holds {_LARGEST_BYTES}",
                hint="Convert the model with a smaller size.",
            )
    if job.delegate != "none":
        raise BundleError(f"an Android bundle cannot use delegate '{job.delegate}'", hint="Leave --delegate out.")


def runtime_version(job: BundleJob) -> str:
    """Return the version of the runtime that a job's bundle pins.

    Raises:
        BundleError: the model needs a newer one, or one that does not exist.
    """
    version = RUNTIME_VERSIONS[job.runtime]
    need = _need(job)
    if need is None:
        return version
    hint = "Use --runtime litert." if job.runtime != "litert" else "See what needs it with `litesmith inspect`."
    if not need.minimum:
        raise BundleError(f"no release of {ARTIFACTS[job.runtime]} is known to run the model: {need.note}", hint=hint)
    if _numbers(need.minimum) > _numbers(version):
        raise BundleError(
            f"the model needs {ARTIFACTS[job.runtime]} {need.minimum}, and a bundle pins {version}", hint=hint
        )
    return version


def runtime_minimum(job: BundleJob) -> str:
    """Return the oldest version of the runtime that knows a job's operators; the pinned one where none is known."""
    need = _need(job)
    return need.minimum if need is not None and need.minimum else RUNTIME_VERSIONS[job.runtime]


def _need(job: BundleJob) -> RuntimeNeed | None:
    return next((need for need in job.needs if need.runtime.startswith(f"{ARTIFACTS[job.runtime]} ")), None)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]


def _listed(names: list[str]) -> str:
    shown = ", ".join(ascii(name[:40])[1:-1] for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
