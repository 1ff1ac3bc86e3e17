"""The bundles that the tests of generated Kotlin compile, all of tiny models: every type of numbers, filter and crop.

The compiler takes most of the time, about a second for each bundle, so that each serves several tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from bundled_models import write_cast
from kotlin_bundles import Made, bundled, made_bundle
from sample_sets import pictures, sample_set
from tiny_tflite import write_cnn, write_rnn, write_two_inputs

from litesmith.core.isolated import Pool
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Preprocessing, Resize
from litesmith.quantize.calibrators.min_max import range_of
from litesmith.quantize.collect import collect, ranges_of
from litesmith.quantize.scheme import Interface

Ranges = Mapping[str, tuple[float, float]]
_UNIT, _RAW = PRESETS["unit"], PRESETS["raw"]
_HALF = Preprocessing(preset="half", scale=(0.5 / 255,), resize=Resize.NEAREST, crop=0.5, color_order=ColorOrder.BGR)
"""Half of what the models were made for: every second byte lies half way between two of their integers."""
_CLASSIFIERS: dict[str, tuple[str, Interface, int, Preprocessing]] = {
    "float32": ("float32", Interface.INT8, 224, _UNIT),
    "float16": ("float16", Interface.INT8, 128, replace(_UNIT, resize=Resize.BICUBIC)),
    "dynamic_int8": ("dynamic_int8", Interface.INT8, 96, replace(_UNIT, resize=Resize.LANCZOS, crop=0.875)),
    "int8": ("int8", Interface.INT8, 160, replace(_UNIT, crop=0.875)),
    "int8_uint8": ("int8", Interface.UINT8, 49, replace(_UNIT, color_order=ColorOrder.BGR, resize=Resize.BOX)),
    "int8_float": ("int8", Interface.FLOAT32, 64, replace(_UNIT, resize=Resize.NEAREST)),
    "int16x8_float": ("int16x8", Interface.FLOAT32, 31, replace(_UNIT, resize=Resize.BOX, crop=0.9)),
    "halves": ("int8", Interface.INT8, 33, _HALF),
}
"""Scheme, numbers of inputs and outputs, side of the input, preprocessing."""
INFERRED = (*_CLASSIFIERS, "two_int8", "casts", "dynamic", "channels")
"""Bundles whose models are run. LiteRT's C interface refuses models that keep a state, such as `rnn`."""
EXACT = ("int8", "int8_uint8", "int8_float", "int16x8_float", "halves", "two_int8")
"""Those of which every answer has to be the same bytes."""
TESTED = ("float32", "int8", "halves", "two_int8", "casts", "rnn", "dynamic", "channels")
"""Those whose own tests are compiled and run."""
SPOILED = ("half_up", "wrong_pixels")
"""Bundles whose code was changed to be wrong."""


def bundles(folder: Path, pool: Pool) -> dict[str, Made]:
    """Return all bundles, by name."""
    models = _models(folder, pool)
    worker = pool.workers[0]

    def one(model: str, name: str = "", **fields: Any) -> Made:
        name = name or model
        tested = name in TESTED or name in SPOILED
        return made_bundle(models[model], folder / f"b {name}", worker, name=name, tested=tested, **fields)

    def classifier(model: str, name: str = "") -> Made:
        return one(model, name, picture=True, classifies=True, record=_CLASSIFIERS[model][3])

    made = [classifier(name) for name in _CLASSIFIERS if name != "int8"]
    made.append(bundled(models["int8"], folder / "b int8", takes="images", preprocess="unit", crop=0.875))
    made += [one(name, record=_RAW) for name in ("two_int8", "casts", "rnn")]
    made.append(one("channels", record=replace(PRESETS["torch"], layout=Layout.CHW)))
    named = {"record": replace(_UNIT, resize=Resize.NEAREST, crop=0.7), "labels": ("a", '"$b"', "c", "d", "e")}
    made.append(one("dynamic", picture=True, **named))
    made.append(_spoiled(one("two_int8", "half_up", record=_RAW), "Inputs.kt", _half_up))
    wrong = _spoiled(classifier("halves", "wrong_pixels"), "Inputs.kt", _half_up)
    made.append(_spoiled(wrong, "Preparation.kt", _red_first))
    gray = replace(PRESETS["signed"], resize=Resize.LANCZOS, color_order=ColorOrder.GRAY)
    planes = replace(PRESETS["torch"], resize=Resize.BICUBIC, layout=Layout.CHW, color_order=ColorOrder.BGR, crop=1.0)
    made += [
        made_bundle(models["gray"], folder / "b gray", None, picture=True, record=gray),
        made_bundle(models["planes"], folder / "b planes", None, picture=True, record=planes),
    ]
    return {entry.name: entry for entry in made}


def _models(folder: Path, pool: Pool) -> dict[str, Path]:
    """Write the models. Ranges of the smallest classifier do for those of other sides."""
    small, two = write_cnn(folder / "small.tflite"), write_two_inputs(folder / "two.tflite")
    images = sample_set(folder / "images", pictures(40))
    random = np.random.default_rng(1)
    pairs = {"left": random.normal(size=(40, 4)), "right": random.normal(size=(40, 3))}
    reals = sample_set(folder / "pairs", {k: v.astype(np.float32) for k, v in pairs.items()}, record=_RAW)
    statistics = collect(small, images, pool=pool)
    ranges: dict[int, Ranges] = {bits: ranges_of(statistics, range_of, bits=bits) for bits in (8, 16)}
    found, builds = dict[str, Path](), list[dict[str, Any]]()
    for name, (scheme, interface, side, _) in _CLASSIFIERS.items():
        source, found[name] = write_cnn(folder / f"side{side}.tflite", size=side), folder / f"{name}.tflite"
        known = ranges[16 if scheme == "int16x8" else 8]
        builds.append(
            {"float_model": source, "out": found[name], "scheme": scheme, "ranges": known, "interface": interface}
        )
    found["two_int8"] = folder / "two_int8.tflite"
    both: Ranges = ranges_of(collect(two, reals, pool=pool), range_of, bits=8)
    builds.append({"float_model": two, "out": found["two_int8"], "scheme": "int8", "ranges": both})
    pool.map("litesmith.quantize.build:build", builds)
    several = (("int32", (1, 7)), ("int64", (1, 5)), ("bool", (1, 3)), ("uint8", (1, 9), 0.1, 3))
    found["casts"] = write_cast(folder / "casts.tflite", *several)
    found["channels"] = write_cast(folder / "channels.tflite", ("int8", (1, 3, 16, 17), 0.0186, -14))
    found["rnn"] = write_rnn(folder / "rnn.tflite")
    found["dynamic"] = write_cnn(folder / "dynamic.tflite", dynamic=True, size=20)
    found["gray"] = write_cast(folder / "gray.tflite", ("uint8", (1, 192, 192, 1), 1 / 127.5, 128))
    found["planes"] = write_cast(folder / "planes.tflite", ("float32", (1, 3, 128, 75)))
    return found


def _half_up(code: str) -> str:
    return code.replace("Math.rint(", "Math.floor(0.5 + ")


def _red_first(code: str) -> str:
    return code.replace("2 - channel", "channel")


def _spoiled(made: Made, file: str, change: Callable[[str], str]) -> Made:
    """Change a bundle's code."""
    path = next((made.folder / "core/src/main/kotlin").rglob(file))
    code = path.read_text(encoding="utf-8")
    path.write_text(change(code), encoding="utf-8")
    assert path.read_text(encoding="utf-8") != code
    return made
