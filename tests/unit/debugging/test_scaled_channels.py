"""Channels that equalization scaled are recognised, and damage is not taken for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from broken_quantized import CHANNELS, Weights, made, replaced, write_network

from litesmith.debugging.scaled_channels import Scaled, scaled_channels
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.lockstep import twin_ops

FACTORS = np.array([1, 8, 1, 1, 20, 1, 3, 1], np.float32)


def found(reference: Path, other: Path) -> Scaled:
    one, two = EditableModel(reference), EditableModel(other)
    return scaled_channels(one, two, twin_ops(one.main, two.main))


def test_an_unscaled_model_has_no_factors(tmp_path: Path) -> None:
    broken = made(tmp_path)
    scaled = found(broken.float_model, broken.quantized_model)
    assert scaled.factors == {}
    assert min(scaled.likeness.values()) > 0.999


def test_factors_that_the_next_layer_takes_back_are_found(tmp_path: Path) -> None:
    w = Weights.drawn()
    reference = write_network(tmp_path / "float.tflite", w)
    changed = replaced(
        w, depthwise=w.depthwise * FACTORS, depthwise_bias=w.depthwise_bias * FACTORS, project=w.project / FACTORS
    )
    broken = made(tmp_path / "scaled", weights=changed)
    scaled = found(reference, broken.quantized_model)
    graph = EditableModel(broken.quantized_model).main
    assert [graph.tensors[i].name for i in scaled.factors] == ["depthwise"]
    np.testing.assert_allclose(next(iter(scaled.factors.values())), FACTORS, rtol=0.02)
    assert min(scaled.likeness.values()) > 0.99


def test_factors_that_nothing_takes_back_are_damage(tmp_path: Path) -> None:
    w = Weights.drawn()
    reference = write_network(tmp_path / "float.tflite", w)
    broken = made(tmp_path / "scaled", weights=replaced(w, depthwise=w.depthwise * FACTORS))
    assert found(reference, broken.quantized_model).factors == {}


def test_factors_of_the_output_are_damage(tmp_path: Path) -> None:
    w = Weights.drawn()
    reference = write_network(tmp_path / "float.tflite", w)
    rows = np.array([1, 9, 1, 1, 1], np.float32)
    broken = made(tmp_path / "scaled", weights=replaced(w, dense=w.dense * rows[:, None]))
    assert found(reference, broken.quantized_model).factors == {}


def test_values_go_there_and_back() -> None:
    scaled = Scaled(factors={3: FACTORS.astype(np.float64)}, likeness={})
    values = np.arange(2 * CHANNELS, dtype=np.float32).reshape(1, 2, CHANNELS)
    np.testing.assert_allclose(scaled.undone(3, scaled.of(3, values)), values)
    assert scaled.of(4, values) is values
