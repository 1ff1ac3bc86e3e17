"""What every quantization scheme promises."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from litesmith.core.isolated import Pool
from litesmith.core.registry import load_plugins, plugin_names
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import dequantize, quantize
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.build import Built
from litesmith.quantize.calibrators.min_max import range_of
from litesmith.quantize.collect import ranges_of
from litesmith.quantize.scheme import PACKAGE, Scheme
from litesmith.runtime.interpreter import OpenModel

SCHEMES: dict[str, Scheme] = load_plugins(PACKAGE, kind="scheme")
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


@by_name
def test_name_is_the_file_name_and_it_says_what_it_is(name: str) -> None:
    scheme = SCHEMES[name]
    assert scheme.name == name
    assert 10 < len(scheme.summary) <= 90
    assert scheme.summary == scheme.summary.strip(" .\n")


@by_name
def test_promises_go_together(name: str) -> None:
    scheme = SCHEMES[name]
    assert scheme.activation_bits in (0, 8, 16)
    assert scheme.calibrated == bool(scheme.activation_bits)
    assert scheme.integer <= scheme.calibrated  # integers everywhere need ranges
    assert (scheme.recipe is None) == (name == "float32")


@by_name
def test_a_recipe_is_made_anew_each_time_and_is_plain_data(name: str) -> None:
    recipe = SCHEMES[name].recipe
    if recipe is None:
        return
    first = recipe()
    text = json.dumps(first, default=str)
    assert first
    first.clear()
    assert json.dumps(recipe(), default=str) == text


@by_name
def test_its_model_answers_like_the_float_model_through_the_same_interface(
    name: str, cnn: Path, activations: dict[str, TensorStatistics], images: SampleSet, pool: Pool, tmp_path: Path
) -> None:
    bits = SCHEMES[name].activation_bits
    job = {"float_model": cnn, "scheme": name, "ranges": ranges_of(activations, range_of, bits=bits) if bits else None}
    outs = [tmp_path / "first.tflite", tmp_path / "second.tflite"]
    built: list[Built] = pool.map("litesmith.quantize.build:build", [{**job, "out": out} for out in outs])
    assert outs[0].read_bytes() == outs[1].read_bytes()

    real, made = OpenModel(cnn), OpenModel(outs[0])
    for old, new in zip(real.inputs + real.outputs, made.inputs + made.outputs, strict=True):
        assert (new.name, new.shape) == (old.name, old.shape)
        assert new.quantized == bool(bits)
    assert (built[0].float_ops == ()) or not SCHEMES[name].integer
    same = 0
    for (values,) in images.batches(0, images.count):
        (wanted,) = real.invoke([values])
        (found,) = made.invoke([quantize(values, made.inputs[0])])
        scores = dequantize(found, made.outputs[0])
        assert np.isfinite(scores).all()
        same += int(scores.argmax() == wanted.argmax())
    assert same >= 0.9 * images.count
