"""Quantized tiny models with one planted fault each, and what the debugger is to say of them.

Each builder writes a float model, quantizes it, breaks it in one layer, and returns the files with the samples to run.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from sample_sets import UNIT, sample_set
from tiny_tflite import CLASSES, Drawing

from litesmith.core.preprocessing import PRESETS, Preprocessing
from litesmith.core.samples import SampleSet
from litesmith.quantize.build import build
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.feeding import feeders
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.interpreter import OpenModel

Array = npt.NDArray[Any]
SIZE, CHANNELS = 8, 8
COUNT = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A float model, the broken quantized one and samples."""

    float_model: Path
    quantized_model: Path
    samples: SampleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Of a network `conv`, `depthwise`, `project` (1x1), `pooled`, `logits`, SOFTMAX."""

    conv: Array
    conv_bias: Array
    depthwise: Array
    depthwise_bias: Array
    project: Array
    project_bias: Array
    dense: Array
    dense_bias: Array

    @classmethod
    def drawn(cls, seed: int = 3) -> Weights:
        random = np.random.default_rng(seed)

        def normal(*shape: int, spread: float) -> Array:
            return random.normal(0, spread, shape).astype(np.float32)

        return cls(
            conv=normal(CHANNELS, 3, 3, 3, spread=0.5),
            conv_bias=np.abs(normal(CHANNELS, spread=0.6)) + np.float32(0.5),
            depthwise=normal(1, 3, 3, CHANNELS, spread=0.3),
            depthwise_bias=normal(CHANNELS, spread=0.3),
            project=normal(CHANNELS, 1, 1, CHANNELS, spread=0.4),
            project_bias=normal(CHANNELS, spread=0.3),
            dense=normal(CLASSES, CHANNELS, spread=1.0),
            dense_bias=normal(CLASSES, spread=0.3),
        )


def write_network(path: Path, w: Weights, *, sine: bool = False, capped: str = "conv") -> Path:
    """Write the float network: `image` float32 [1, 8, 8, 3] -> `scores` [1, 5]; with `sine`, SIN behind `pooled`."""
    steps = {"strideW": 1, "strideH": 1}
    relu6 = {**steps, "fusedActivationFunction": schema.ActivationFunctionType.RELU6}
    first, second = (relu6 if capped == name else steps for name in ("conv", "depthwise"))
    draw = Drawing()
    area = (1, SIZE, SIZE, CHANNELS)
    image = draw.tensor("serving_default_image:0", (1, SIZE, SIZE, 3))

    def constants(name: str, kernel: Array, bias: Array) -> list[int]:
        return [draw.constant(f"{name}/w", kernel), draw.constant(f"{name}/b", bias)]

    made = draw.op("CONV_2D", [image, *constants("conv", w.conv, w.conv_bias)], "conv", area, **first)
    inputs = [made, *constants("depthwise", w.depthwise, w.depthwise_bias)]
    made = draw.op("DEPTHWISE_CONV_2D", inputs, "depthwise", area, depthMultiplier=1, **second)
    made = draw.op("CONV_2D", [made, *constants("project", w.project, w.project_bias)], "project", area, **steps)
    axes = draw.constant("axes", np.array([1, 2], np.int32))
    made = draw.op("MEAN", [made, axes], "pooled", (1, CHANNELS), keepDims=False)
    if sine:
        made = draw.op("SIN", [made], "wave", (1, CHANNELS))
    made = draw.op("FULLY_CONNECTED", [made, *constants("logits", w.dense, w.dense_bias)], "logits", (1, CLASSES))
    scores = draw.op("SOFTMAX", [made], "scores", (1, CLASSES), beta=1.0)
    return draw.save(path, {"image": image}, {"scores": scores})


def tinted(count: int = COUNT, *, seed: int = 1) -> Array:
    """Return noise of many colours, uint8 [count, 8, 8, 3]."""
    random = np.random.default_rng(seed)
    tint = random.uniform(20, 235, (count, 1, 1, 3))
    return np.clip(tint + random.normal(0, 25, (count, SIZE, SIZE, 3)), 0, 255).astype(np.uint8)


def built(model: Path, out: Path, **how: Any) -> None:
    """Build a variant in this process: the quantizer warns, which a worker would keep to itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        build(model, out, **how)


def measured_ranges(path: Path, samples: SampleSet) -> dict[str, tuple[float, float]]:
    """Return the least and the largest value of every activation, by tensor."""
    model, graph = OpenModel(path, preserve=True), read_graph(path).main
    feeds, indices = feeders(samples, model.inputs), [t.index for t in graph.activations()]
    found: dict[str, tuple[float, float]] = {}
    for row in range(samples.count):
        model.feed(feeds, [np.asarray(samples.raw(0)[row : row + 1])])
        for index, view in zip(indices, model.activations(indices), strict=True):
            name = graph.tensors[index].name
            low, high = found.get(name, (0.0, 0.0))
            found[name] = (min(low, float(view.min())), max(high, float(view.max())))
        del view
    return found


def made(
    folder: Path,
    *,
    weights: Weights | None = None,
    values: Array | None = None,
    ranges: Callable[[dict[str, tuple[float, float]]], Mapping[str, tuple[float, float]]] = dict,
    sine: bool = False,
    capped: str = "conv",
    record: Preprocessing = UNIT,
    labels: bool = False,
) -> Broken:
    """Write and quantize the network."""
    folder.mkdir(parents=True, exist_ok=True)
    values = tinted() if values is None else values
    samples = sample_set(folder / "samples", values, record=UNIT)
    path = write_network(folder / "float.tflite", weights or Weights.drawn(), sine=sine, capped=capped)
    found = dict(ranges(measured_ranges(path, samples)))
    built(path, folder / "int8.tflite", scheme="int8", ranges=found)
    shown = sample_set(folder / "shown", values, record=record, labels=[0] * len(values) if labels else None)
    return Broken(float_model=path, quantized_model=folder / "int8.tflite", samples=shown)


def healthy(folder: Path) -> Broken:
    return made(folder)


def _scaled_range(
    name: str, factor: float
) -> Callable[[dict[str, tuple[float, float]]], dict[str, tuple[float, float]]]:
    return lambda found: {**found, name: (found[name][0] * factor, found[name][1] * factor)}


def saturation(folder: Path) -> Broken:
    return made(folder, ranges=_scaled_range("depthwise", 0.3))


def dead_range(folder: Path) -> Broken:
    return made(folder, ranges=_scaled_range("depthwise", 0.001))


def wide_range(folder: Path) -> Broken:
    return made(folder, ranges=_scaled_range("depthwise", 25.0))


def outliers(folder: Path) -> Broken:
    """One picture has a white pixel, all others are nearly black; RELU6 behind `depthwise` cuts that pixel off."""
    values = (tinted() // 100).astype(np.uint8)
    values[7, 0, 0] = 255
    w = Weights.drawn()
    changed = replaced(w, conv=w.conv * 60, conv_bias=w.conv_bias * 0)
    return made(folder, weights=changed, values=values, capped="depthwise")


def replaced(w: Weights, **changes: Array) -> Weights:
    return Weights(
        **{
            **{name: getattr(w, name) for name in Weights.__slots__},
            **{k: v.astype(np.float32) for k, v in changes.items()},
        }
    )  # type: ignore[attr-defined]


def channel_imbalance(folder: Path) -> Broken:
    """One channel of `depthwise` is a hundred times as large, and `project` takes it back."""
    w = Weights.drawn()
    factors = np.ones(CHANNELS, np.float32)
    factors[2] = 100.0
    changed = replaced(
        w, depthwise=w.depthwise * factors, depthwise_bias=w.depthwise_bias * factors, project=w.project / factors
    )
    return made(folder, weights=changed)


def per_tensor_weights(folder: Path) -> Broken:
    """`conv` has one scale, and a weight of 60 that reads a colour which no picture has."""
    w = Weights.drawn()
    conv = w.conv.copy()
    conv[0, 1, 1, 2] = 60.0
    values = tinted()
    values[..., 2] = 0
    broken = made(folder, weights=replaced(w, conv=conv), values=values)
    model = EditableModel(broken.quantized_model)
    op = model.main.ops[0]
    scale = np.float32(60.0 / 127)
    bias = np.float64(scale) * float(model.scales(op.inputs[0])[0])
    model.set_values(op.inputs[1], np.rint(conv / scale).astype(np.int8))
    model.set_scales(op.inputs[1], np.array([scale], np.float32))
    model.set_values(op.inputs[2], np.rint(w.conv_bias / bias).astype(np.int32))
    model.set_scales(op.inputs[2], np.array([bias], np.float32))
    model.save(broken.quantized_model)
    return broken


def uneven_inputs(folder: Path) -> Broken:
    """One colour is next to black in all pictures, and `conv` makes up for it with weights 100 times as large."""
    w = Weights.drawn()
    values, conv = tinted(), w.conv.copy()
    values[..., 2] //= 100
    conv[..., 2] *= 100
    return made(folder, weights=replaced(w, conv=conv), values=values)


def weight_rounding(folder: Path) -> Broken:
    """The weights of `project` keep 3 of their 8 bits."""
    broken = made(folder)
    model = EditableModel(broken.quantized_model)
    op = next(op for op in model.main.ops if model.main.tensors[op.outputs[0]].name == "project")
    values = model.values(op.inputs[1]).astype(np.float64)
    model.set_values(op.inputs[1], (np.clip(np.rint(values / 42), -3, 3) * 42).astype(np.int8))
    model.save(broken.quantized_model)
    return broken


def bias_shift(folder: Path) -> Broken:
    """The biases of `project` are off by 0.4 in one half of the channels."""
    broken = made(folder)
    model = EditableModel(broken.quantized_model)
    op = next(op for op in model.main.ops if model.main.tensors[op.outputs[0]].name == "project")
    values, scales = model.values(op.inputs[2]), model.scales(op.inputs[2]).astype(np.float64)
    shift = np.where(np.arange(CHANNELS) % 2, 0.2, -0.2) / scales
    model.set_values(op.inputs[2], (values + np.rint(shift)).astype(np.int32))
    model.save(broken.quantized_model)
    return broken


def bias_overflow(folder: Path) -> Broken:
    """The weights of one channel of `project` are next to nothing, and its bias is not."""
    w = Weights.drawn()
    project, bias = w.project.copy(), w.project_bias.copy()
    project[3] *= 1e-9
    bias[3] = 3.0
    return made(folder, weights=replaced(w, project=project, project_bias=bias))


def coarse_logits(folder: Path) -> Broken:
    """One class is always far below the others, which are close to each other."""
    w = Weights.drawn()
    project, bias, dense = w.project.copy(), w.project_bias.copy(), w.dense * 0.3
    project[0] *= 0.1
    bias[0] = 1.0
    dense[4] = 0.0
    dense[:, 0] = [0.0, 0.0, 0.0, 0.0, -250.0]
    return made(folder, weights=replaced(w, project=project, project_bias=bias, dense=dense))


def requantization(folder: Path) -> Broken:
    """SIN computes in float, and what it makes is rounded to a range 40 times as wide."""
    return made(folder, sine=True, ranges=_scaled_range("wave", 40.0))


def wrong_input(folder: Path) -> Broken:
    """Calibrated on values 0 to 1, and fed with -1 to 1."""
    return made(folder, record=PRESETS["signed"])


BROKEN: dict[str, tuple[Callable[[Path], Broken], str]] = {
    "saturation": (saturation, "depthwise"),
    "dead_range": (dead_range, "depthwise"),
    "wide_range": (wide_range, "depthwise"),
    "outliers": (outliers, "conv"),
    "channel_imbalance": (channel_imbalance, "depthwise"),
    "per_tensor_weights": (per_tensor_weights, "conv"),
    "uneven_inputs": (uneven_inputs, "conv"),
    "weight_rounding": (weight_rounding, "project"),
    "bias_shift": (bias_shift, "project"),
    "bias_overflow": (bias_overflow, "project"),
    "coarse_logits": (coarse_logits, "logits"),
    "requantization": (requantization, "wave"),
    "wrong_input": (wrong_input, "image"),
}
"""For each cause: who provokes it, and in which layer."""
