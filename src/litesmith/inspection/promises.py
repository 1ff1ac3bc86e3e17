"""What can be promised of a .tflite, and how each promise is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from litesmith.core.audit import Precision
from litesmith.core.errors import ConfigError
from litesmith.core.names import look_up
from litesmith.core.units import parse_size_bytes
from litesmith.inspection import runtimes
from litesmith.inspection.promise_checks import (
    Answer,
    Facts,
    batch_is,
    ends_are,
    macs_at_most,
    no_float,
    no_islands,
    ops_at_most,
    partitions_at_most,
    per_channel,
    precision_is,
    runtime_at_most,
    size_at_most,
    static_shapes,
    taken_whole,
    without_foreign,
)

_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kMG]?)\Z")
_FACTORS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3}
_VERSION = re.compile(r"\d+(\.\d+)*\Z")
_TYPES = ("float32", "float16", "int8", "uint8", "int16", "int32", "int64", "bool", "string")


class Form(Enum):
    """How a promise is written."""

    PLAIN = ""
    EQUAL = "="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One kind of promise.

    Attributes:
        name: As typed.
        means: One line for people.
        check: Holds it against the file, given the value that was read.
        form: How its value is written.
        read: Reads the value from text.
        example: A value.
    """

    name: str
    means: str
    check: Callable[[Facts, Any], Answer]
    form: Form = Form.PLAIN
    read: Callable[[str], Any] = str
    example: str = ""


def _read_type(text: str) -> str:
    look_up("number type", text, dict.fromkeys(_TYPES, True))
    return text


def _read_count(text: str) -> int:
    match = _COUNT.match(text)
    if match is None:
        raise ConfigError(f"'{text}' is not a number", hint="Write it like 30, 500k or 300M.")
    return round(float(match[1]) * _FACTORS[match[2]])


def _read_version(text: str) -> str:
    if not _VERSION.match(text):
        raise ConfigError(f"'{text}' is not a version", hint="Write it like 2.14 or 2.14.0.")
    return text


def _read_delegate(text: str) -> str:
    look_up("delegate", text, dict.fromkeys(("xnnpack", "gpu", "edge-tpu"), True))
    return text


def _numbered(name: str, means: str, check: Callable[[Facts, Any], Answer], **how: Any) -> Promise:
    return Promise(name=name, means=means, check=check, **{"form": Form.AT_MOST, "read": _read_count, **how})


def _typed(name: str, means: str, *sides: str) -> Promise:
    return Promise(name=name, means=means, check=ends_are(*sides), form=Form.EQUAL, read=_read_type, example="int8")


def _version(name: str, runtime: str, example: str) -> Promise:
    check = runtime_at_most(runtime)
    means = f"that release of {runtime} or an older one opens it"
    return Promise(name=name, means=means, check=check, form=Form.AT_MOST, read=_read_version, example=example)


def _plain(name: str, means: str, check: Callable[[Facts, Any], Answer]) -> Promise:
    return Promise(name=name, means=means, check=check)


_ALL: Iterable[Promise] = (
    _plain("full-int8", "every operator computes in 8-bit integers", precision_is(Precision.FULL_INT8)),
    _plain("full-int16x8", "every operator computes on 16-bit activations", precision_is(Precision.FULL_INT16)),
    _plain("no-float", "no tensor is float, inputs and outputs neither", no_float),
    _plain("no-islands", "no run of float operators inside an integer model", no_islands),
    _plain("dynamic-range", "integer weights, float activations", precision_is(Precision.DYNAMIC_RANGE)),
    _plain("weight-only", "integer weights, unpacked before use", precision_is(Precision.WEIGHT_ONLY)),
    _plain("float16-weights", "weights in float16", precision_is(Precision.FLOAT16_WEIGHTS)),
    _plain("float32", "nothing is quantized", precision_is(Precision.FLOAT32)),
    _typed("io", "number type of every input and output", "input", "output"),
    _typed("input", "number type of every input", "input"),
    _typed("output", "number type of every output", "output"),
    _plain("no-select-ops", "no operator of TensorFlow's own", without_foreign(select_tf=True, custom=False)),
    _plain("no-custom-ops", "no custom operator", without_foreign(select_tf=False, custom=True)),
    _plain("builtin-only", "neither of the two", without_foreign(select_tf=True, custom=True)),
    _plain("static-shapes", "no size is dynamic", static_shapes),
    Promise(
        name="batch",
        means="first dimension of every input",
        check=batch_is,
        form=Form.EQUAL,
        read=_read_count,
        example="1",
    ),
    _version("runtime", runtimes.TENSORFLOW, "2.14"),
    _version("python-runtime", runtimes.PYTHON_LITERT, "2.1"),
    _version("tflite-runtime", runtimes.PYTHON_TFLITE, "2.14"),
    _version("android-runtime", runtimes.ANDROID_LITERT, "1.4"),
    _numbered("size", "of the file", size_at_most, read=parse_size_bytes, example="5MB"),
    _numbered("ops", "operators, those of all subgraphs", ops_at_most, example="100"),
    _numbered("macs", "multiply-accumulates per inference", macs_at_most, example="300M"),
    Promise(
        name="delegate",
        means="it takes every operator: xnnpack, gpu or edge-tpu",
        check=taken_whole,
        form=Form.EQUAL,
        read=_read_delegate,
        example="xnnpack",
    ),
    _numbered("partitions", "pieces XNNPACK takes it in", partitions_at_most, example="1"),
    _plain("per-channel", "no convolution has one scale for all channels", per_channel),
)
PROMISES = {promise.name: promise for promise in _ALL}
"""Every promise by name."""
