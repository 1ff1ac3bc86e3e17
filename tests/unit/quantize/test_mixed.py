"""Models of which some operators are float: which ones they are, and what the others take from a corrected model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from litesmith.core.errors import EvaluationError
from litesmith.core.isolated import Pool
from litesmith.core.samples import SampleSet
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrators.min_max import range_of
from litesmith.quantize.collect import ranges_of
from litesmith.quantize.mixed import graft
from litesmith.quantize.scheme import Interface
from litesmith.runtime.editing import EditableModel

Ranges = dict[str, tuple[float, float]]
EFFECT = "litesmith.quantize.mixed:effect"
RUNTIME = "litesmith.runtime.one_tensor:values_of"


@pytest.fixture(scope="module")
def ranges(activations: dict[str, TensorStatistics]) -> Ranges:
    return dict(ranges_of(activations, range_of, bits=8))


def mixed(
    pool: Pool, cnn: Path, out: Path, ranges: Ranges, *keep_float: str, interface: Interface = Interface.INT8
) -> Path:
    pool.workers[0].call(
        "litesmith.quantize.build:build",
        float_model=cnn, out=out, scheme="int8", ranges=ranges, keep_float=keep_float, interface=interface,
    )  # fmt: skip
    return out


def constant(model: EditableModel, op: str, position: int) -> tuple[int, np.ndarray]:
    found = next(o for o in model.main.ops if model.main.tensors[o.outputs[0]].name == op)
    return found.inputs[position], model.values(found.inputs[position])


@pytest.mark.parametrize("interface", [Interface.INT8, Interface.FLOAT32])
@pytest.mark.parametrize("kept", [("depthwise",), ("conv",), ("sum", "logits"), ("StatefulPartitionedCall:0",)])
def test_only_what_was_named_is_float(
    kept: tuple[str, ...], interface: Interface, cnn: Path, ranges: Ranges, pool: Pool, tmp_path: Path
) -> None:
    graph = EditableModel(mixed(pool, cnn, tmp_path / "m.tflite", ranges, *kept, interface=interface)).main
    assert {graph.tensors[op.outputs[0]].name.removesuffix("_dequant") for op in graph.float_ops()} == set(kept)
    assert graph.tensors[graph.inputs[0]].dtype == interface.value
    assert graph.tensors[graph.outputs[0]].dtype == interface.value


def test_unknown_operator_is_an_error(cnn: Path, ranges: Ranges, pool: Pool, tmp_path: Path) -> None:
    with pytest.raises(EvaluationError, match="'no such'"):
        mixed(pool, cnn, tmp_path / "m.tflite", ranges, "no such")
    assert not (tmp_path / "m.tflite").exists()


def test_int8_operators_take_the_corrected_constants(
    cnn: Path, int8: Path, ranges: Ranges, pool: Pool, tmp_path: Path
) -> None:
    donor = EditableModel(int8)
    for op in ("conv", "depthwise"):
        index, bias = constant(donor, op, 2)
        donor.set_values(index, bias + 7)
    donor.save(tmp_path / "donor.tflite")
    path = mixed(pool, cnn, tmp_path / "m.tflite", ranges, "depthwise")
    plain = EditableModel(path)
    assert graft(path, tmp_path / "donor.tflite") >= 1
    made = EditableModel(path)
    assert (constant(made, "conv", 2)[1] == constant(plain, "conv", 2)[1] + 7).all()
    float_bias = constant(made, "depthwise", 2)[1]
    assert float_bias.dtype == np.float32
    assert (float_bias == constant(plain, "depthwise", 2)[1]).all()


def test_operator_on_other_scales_keeps_its_own(
    cnn: Path, int8: Path, ranges: Ranges, pool: Pool, tmp_path: Path
) -> None:
    donor = EditableModel(int8)
    index, bias = constant(donor, "conv", 2)
    donor.set_values(index, bias + 7)
    conv = next(op for op in donor.main.ops if donor.main.tensors[op.outputs[0]].name == "conv")
    donor.set_scales(conv.outputs[0], donor.scales(conv.outputs[0]) * 2, zero_point=-128)
    donor.save(tmp_path / "donor.tflite")
    path = mixed(pool, cnn, tmp_path / "m.tflite", ranges, "logits")
    before = constant(EditableModel(path), "conv", 2)[1]
    graft(path, tmp_path / "donor.tflite")
    assert (constant(EditableModel(path), "conv", 2)[1] == before).all()


def test_effect_of_all_in_float_is_no_noise(
    cnn: Path, int8: Path, ranges: Ranges, images: SampleSet, pool: Pool, tmp_path: Path
) -> None:
    rows = list(range(10))
    call = pool.workers[0].call
    np.save(tmp_path / "real.npy", call(RUNTIME, path=cnn, tensor="logits", samples=images, rows=rows))
    names = ("conv", "depthwise", "sum", "pooled", "logits")
    noise = {}
    for kept in ((), names[3:], names):
        found = call(
            EFFECT, float_model=cnn, donor=int8, folder=tmp_path, scheme="int8", ranges=ranges,
            interface=Interface.FLOAT32, outputs=kept, tensor="logits", samples=images, rows=rows,
            real=tmp_path / "real.npy",
        )  # fmt: skip
        assert found.float_ops == kept
        assert len(found.noise) == len(rows)
        noise[kept] = sum(found.noise)
    assert noise[()] > noise[names[3:]] > noise[names]
    assert noise[names] == pytest.approx(0, abs=1e-6)
    lost = call(
        EFFECT, float_model=cnn, donor=int8, folder=tmp_path, scheme="int8", ranges=ranges,
        interface=Interface.INT8, outputs=("no such",), tensor="logits", samples=images, rows=rows,
        real=tmp_path / "real.npy",
    )  # fmt: skip
    assert lost.noise == ()
    assert "no such" in lost.reason
