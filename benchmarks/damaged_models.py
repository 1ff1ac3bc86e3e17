"""Float models that answer as they did and quantize badly, each for one known reason, for the debugger to find.

python benchmarks/damaged_models.py MODEL.tflite DATA OUT --preprocess PRESET

Each damage is the inverse of a known cure: it moves ranges between layers without changing what the float model
answers. What it did to the answers, and to a plain int8 model's, is printed.

unequal_channels  channels of linear tensors and of never clipped ReLU6 are made up to 64 times larger or smaller
loud_channels     four channels of each linear tensor are made 64 times larger
hidden_offsets    each channel of a linear tensor is shifted by up to 80, which the layers behind take off again
dead_channels     weights of channels that ReLU6 always leaves at 0 are made 256 times larger
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from int8_job import Job, Ready, get_ready
from rich.console import Console
from rich.table import Table

from litesmith import api
from litesmith.core.results import Status
from litesmith.quantize.groups import Group, channel_groups
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.interpreter import OpenModel
from litesmith.runtime.weighted import Layer, layer_of

CAP = 6.0
LOUD = 4
SAMPLES = 128
FLOAT32 = np.float32


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A float model to be damaged.

    Attributes:
        model: In memory; the damage changes it.
        layers: Its layers with weights, by operator.
        groups: Tensors whose channels can be scaled together.
        highest: Largest value of each channel over the samples, by tensor.
        draw: Source of everything random.
    """

    model: EditableModel
    layers: Mapping[int, Layer]
    groups: list[Group]
    highest: Mapping[int, np.ndarray]
    draw: np.random.Generator

    def channels(self, group: Group) -> int:
        return int(self.model.main.tensors[group.tensors[0]].shape[-1])

    def change(self, tensor: int, values: np.ndarray) -> None:
        self.model.set_values(tensor, values.astype(FLOAT32))

    def scale_rows(self, layer: Layer, factors: np.ndarray) -> None:
        """Multiply what a layer makes, channel by channel, before its activation."""
        weights = self.model.values(layer.op.inputs[1])
        shape = [1] * weights.ndim
        shape[layer.axis] = -1
        self.change(layer.op.inputs[1], weights * factors.reshape(shape))
        if layer.bias >= 0:
            self.change(layer.bias, self.model.values(layer.bias) * factors)

    def scale_group(self, group: Group, factors: np.ndarray) -> None:
        """Multiply the channels of a group and divide them where they are read. Powers of two leave no rounding."""
        for layer in group.makers:
            self.scale_rows(layer, factors)
        for layer in group.readers:
            weights = self.model.values(layer.op.inputs[1])
            self.change(layer.op.inputs[1], weights / np.resize(factors, weights.shape[-1]))


def subject(path: Path, samples: np.ndarray, *, seed: int) -> Subject:
    """Return a model with what each channel was seen to do; samples are float32 [N, ...]."""
    model = EditableModel(path)
    found = ((op.index, layer_of(op, model.main)) for op in model.main.ops)
    layers = {index: layer for index, layer in found if layer is not None}
    indices = [tensor.index for tensor in model.main.activations() if tensor.dtype == "float32" and tensor.shape]
    opened = OpenModel(path, preserve=True)
    highest: dict[int, np.ndarray] = {}
    for row in samples[:SAMPLES]:
        opened.invoke([row[None]])
        for index, values in zip(indices, opened.activations(indices), strict=True):
            seen = values.reshape(-1, values.shape[-1]).max(axis=0)
            highest[index] = np.maximum(highest.get(index, seen), seen)
        del values
    groups = channel_groups(model.main, layers)
    return Subject(model=model, layers=layers, groups=groups, highest=highest, draw=np.random.default_rng(seed))


def unequal_channels(found: Subject) -> int:
    """Scale every channel by its own power of two; behind a ReLU6 only where it never clips and will not."""
    changed = 0
    for group in found.groups:
        exponents = found.draw.integers(-6, 7, found.channels(group)).astype(float)
        for tensor in group.capped:
            room = np.log2(CAP / np.maximum(found.highest[tensor], 2.0**-20))
            exponents = np.where(room > 0.5, np.minimum(exponents, np.floor(room - 0.25)), 0)
        found.scale_group(group, 2.0**exponents)
        changed += int((exponents != 0).sum())
    return changed


def loud_channels(found: Subject) -> int:
    """Make a few channels of each linear tensor much larger than the others."""
    changed = 0
    for group in (group for group in found.groups if not group.capped):
        factors = np.ones(found.channels(group))
        factors[found.draw.choice(len(factors), min(LOUD, len(factors)), replace=False)] = 64
        found.scale_group(group, factors)
        changed += int((factors != 1).sum())
    return changed


def hidden_offsets(found: Subject) -> int:
    """Shift the channels of each linear tensor where all that read it can take the shift off in their bias."""
    changed = 0
    ops = found.model.main.ops
    for group in found.groups:
        ties = [op for op in ops if op.outputs[0] in group.tensors and op.index not in found.layers]
        linear = not group.capped and all(op.name == "ADD" and not op.options.get("fused_activation") for op in ties)
        linear = linear and not any(layer.op.options.get("fused_activation") for layer in group.makers)
        first = min(group.makers, key=lambda layer: layer.op.index)
        readers = group.readers
        if not linear or first.bias < 0 or any(r.bias < 0 or r.depthwise or not r.pointwise for r in readers):
            continue
        shift = found.draw.uniform(-80, 80, found.channels(group)).astype(FLOAT32)
        shifts: dict[int, np.ndarray] = {first.op.outputs[0]: shift}
        for op in ties:
            shifts[op.outputs[0]] = sum((shifts[t] for t in op.inputs if t in shifts), np.zeros_like(shift))
        found.change(first.bias, found.model.values(first.bias) + shift)
        for layer in readers:
            matrix = layer.matrix(found.model.values(layer.op.inputs[1])).astype(np.float64)
            taken = matrix @ shifts.get(layer.op.inputs[0], np.zeros_like(shift)).astype(np.float64)
            found.change(layer.bias, found.model.values(layer.bias) - taken)
        changed += shift.size
    return changed


def dead_channels(found: Subject) -> int:
    """Make the weights of channels that are always 0 much larger: they stay at 0."""
    changed = 0
    for layer in found.layers.values():
        if layer.limits == (0.0, CAP):
            dead = found.highest[layer.op.outputs[0]] <= 0
            found.scale_rows(layer, np.where(dead, 256.0, 1.0))
            changed += int(dead.sum())
    return changed


DAMAGES: dict[str, Callable[[Subject], int]] = {
    damage.__name__: damage for damage in (unequal_channels, loud_channels, hidden_offsets, dead_channels)
}


def damaged(model: Path, samples: np.ndarray, out: Path, *, seed: int = 0) -> dict[str, int]:
    """Write one model per damage into `out`; return how many channels each changed. Damages that find none write none.

    Args:
        model: A float .tflite with one input.
        samples: As it takes them, float32 [N, ...]; they decide which channels are never clipped and which are dead.
        out: An existing folder.
        seed: Of the factors and shifts.
    """
    counts = {}
    for name, damage in DAMAGES.items():
        found = subject(model, samples, seed=seed)
        counts[name] = damage(found)
        if counts[name]:
            found.model.save(out / f"{name}.tflite")
    return counts


def consequences(original: Path, model: Path, ready: Ready, **settings: Any) -> tuple[str, str]:
    """Return how often a damaged model agrees with the original, and its plain int8 model with the damaged one."""
    unchanged = "100.0" if model == original else agreement(original, model, ready, **settings)
    with tempfile.TemporaryDirectory() as folder:
        result = api.quantize(
            model, calibrate=ready.calibration, out=folder, schemes="int8", corrections="none", **settings
        )
        variant = result.variants[1]
        if variant.status is not Status.OK:
            return unchanged, variant.reason
        return unchanged, agreement(model, Path(folder) / variant.file, ready, **settings)


def agreement(reference: Path, model: Path, ready: Ready, **settings: Any) -> str:
    """Return the share of samples with the same class, in percent."""
    found = api.evaluate([reference, model], ready.evaluation, **settings).variants[1].evaluation
    assert found is not None
    assert found.agreement is not None
    return f"{100 * found.agreement:.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help=".keras, .h5, SavedModel folder or float .tflite")
    parser.add_argument("data", help="samples to evaluate on")
    parser.add_argument("calibration", help="samples to calibrate on, which also say what channels do")
    parser.add_argument("out", type=Path, help="folder for the models")
    parser.add_argument("--preprocess", default="raw")
    parser.add_argument("--calibration-crop", type=float, default=0.0)
    parser.add_argument("--samples", type=int, default=0, help="evaluate on at most this many (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    job = Job(
        model=options.model,
        data=options.data,
        calibration=options.calibration,
        preprocessing={"preprocess": options.preprocess},
        crop=0.0,
        calibration_crop=options.calibration_crop,
        samples=options.samples,
        calibration_samples=400,
        part="all",
        seed=options.seed,
    )
    shown = Table("damage", "channels", "float agrees with original, %", "int8 agrees with its float, %")
    with tempfile.TemporaryDirectory() as scratch:
        ready = get_ready(job, Path(scratch))
        original = options.out / "original.tflite"
        shutil.copyfile(ready.float_model, original)
        made = damaged(original, np.load(ready.values, mmap_mode="r"), options.out, seed=options.seed)
        for name, count in {"original": 0, **made}.items():
            file = options.out / f"{name}.tflite"
            told = consequences(original, file, ready, **job.preprocessing) if file.exists() else ()
            shown.add_row(name, str(count), *told)
    Console().print(shown)


if __name__ == "__main__":
    main()
