"""Made pictures and values, what of them is kept, and how far answers may differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from litesmith.bundle.golden import (
    MOST_BYTES,
    MadeVector,
    affordable,
    exact,
    finite,
    tolerances,
    write_vectors,
)
from litesmith.bundle.pictures import pictures
from litesmith.bundle.vectors import values
from litesmith.core.audit import Precision
from litesmith.core.errors import BundleError
from litesmith.core.preprocessing import PRESETS
from litesmith.core.tensors import TensorSpec, quantize

INT8 = TensorSpec(name="x", dtype="int8", shape=(1, 40, 3), scale=0.0186, zero_point=-14)


def vector(name: str, *, size: int = 4, outputs: tuple[float, ...] = (0.0,)) -> MadeVector:
    return MadeVector(
        name=name,
        about="",
        image=b"",
        pixels=None,
        raw=(np.zeros(size, np.int8),),
        inputs=(np.zeros((1, size), np.int8),),
        outputs=(np.array([outputs], np.float32),),
    )


def test_pictures_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    first, again, other = (pictures(28, 31, seed=seed) for seed in (1, 1, 2))
    assert [p.name for p in first] == [p.name for p in other]
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, again, strict=True))
    assert any(not np.array_equal(a.pixels, b.pixels) for a, b in zip(first, other, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (224, 224), (1000, 7)])
def test_pictures_show_every_byte_both_ends_grey_and_odd_sizes(size: tuple[int, int]) -> None:
    made = {picture.name: picture.pixels for picture in pictures(*size, seed=0)}
    assert made["every-byte"].shape == (*size, 3)
    if size[0] * size[1] >= 256:
        assert all(len(np.unique(made["every-byte"][:, :, channel])) == 256 for channel in range(3))
    assert {made["all-0"].max(), made["all-255"].min()} == {0, 255}
    assert made["grey"].ndim == 2
    assert all(side % 2 == 1 for side in made["photo-like"].shape[:2])
    assert all(pixels.dtype == np.uint8 and max(pixels.shape[:2]) <= max(401, *size) for pixels in made.values())


def test_resize_ties_end_in_a_half_when_neighbours_are_averaged() -> None:
    pixels = next(p.pixels for p in pictures(28, 28, seed=0) if p.name == "resize-ties").astype(int)
    means = (pixels[:, 1:] + pixels[:, :-1]) % 2
    assert means[:, :, 0].all()


def test_ties_lie_exactly_half_way_between_integers() -> None:
    (ties,) = next(
        v.raw for v in values([INT8], plain=[False], preprocessing=PRESETS["raw"], seed=0) if v.name == "ties"
    )
    scaled = ties.astype(np.float32) * np.float32(1.0 / INT8.scale)
    assert (np.abs(scaled - np.floor(scaled)) == 0.5).mean() > 0.9
    even = quantize(ties.astype(np.float32), INT8).astype(int) - INT8.zero_point
    inside = (even > -100) & (even < 100) & (np.abs(scaled - np.floor(scaled)) == 0.5)
    assert (even[inside] % 2 == 0).all()  # rounding half up would leave half of them odd
    assert (np.floor(scaled[inside] + 0.5) % 2 != 0).any()


def test_ends_of_the_range_are_reached_and_exceeded() -> None:
    made = {v.name: v.raw[0] for v in values([INT8], plain=[False], preprocessing=PRESETS["raw"], seed=0)}
    limits = {"smallest": -128, "largest": 127}
    for name, limit in limits.items():
        assert (quantize(made[name].astype(np.float32), INT8) == limit).all()
    assert made["largest"].max() > (127 - INT8.zero_point) * INT8.scale
    assert (quantize(made["zeros"].astype(np.float32), INT8) == INT8.zero_point).all()


def test_values_undo_one_scale_so_that_the_real_values_are_reached() -> None:
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 6))
    made = {v.name: v.raw[0] for v in values([spec], plain=[False], preprocessing=PRESETS["signed"], seed=0)}
    assert np.allclose(made["zeros"], 127.5)
    assert np.allclose(made["largest"] / 127.5 - 1, 1000)
    assert "ties" not in made


def test_inputs_beside_others_get_real_values_that_no_preprocessing_applies_to() -> None:
    spec = TensorSpec(name="x", dtype="float32", shape=(1, 6))
    made = values([spec, INT8], plain=[False] * 2, preprocessing=PRESETS["signed"], seed=0, normalized=[False] * 2)
    by_name = {entry.name: entry.raw for entry in made}
    assert (by_name["largest"][0] == 1000).all()
    assert (quantize(by_name["smallest"][1].astype(np.float32), INT8) == -128).all()
    assert "ties" in by_name


@pytest.mark.parametrize("dtype", ["int32", "int64", "bool"])
def test_plain_integers_are_0_and_1_only(dtype: str) -> None:
    spec = TensorSpec(name="ids", dtype=dtype, shape=(1, 50))
    for made in values([spec], plain=[True], preprocessing=PRESETS["raw"], seed=0):
        assert made.raw[0].dtype == np.dtype(dtype)
        assert set(np.unique(made.raw[0]).tolist()) <= {0, 1}


def test_bytes_without_a_scale_reach_both_ends() -> None:
    spec = TensorSpec(name="image", dtype="uint8", shape=(1, 5))
    made = {v.name: v.raw[0] for v in values([spec], plain=[False], preprocessing=PRESETS["raw"], seed=0)}
    assert {made["smallest"].min(), made["largest"].max()} == {0, 255}
    assert made["noise-1"].dtype == np.uint8


def test_what_is_kept_fits_the_budget_and_is_never_fewer_than_four() -> None:
    small = [vector(str(i), size=MOST_BYTES // 20) for i in range(30)]
    kept = affordable(small)
    assert sum(v.size_bytes for v in kept) <= MOST_BYTES
    assert [v.name for v in kept] == [str(i) for i in range(len(kept))]
    large = [vector(str(i), size=MOST_BYTES) for i in range(9)]
    assert len(affordable(large)) == 4
    assert len(affordable(large[:2])) == 2


def test_answers_that_are_no_numbers_are_told() -> None:
    assert finite(vector("a"))
    assert not finite(vector("a", outputs=(1.0, float("nan"))))
    assert not finite(vector("a", outputs=(float("inf"),)))


def test_only_models_of_integers_must_answer_the_same_bytes() -> None:
    assert {kind for kind in Precision if exact(kind)} == {
        Precision.FULL_INT8,
        Precision.FULL_INT16,
        Precision.OTHER,
    }
    assert tolerances(Precision.FULL_INT8, [0.5])[0].relative == 0
    assert tolerances(Precision.FULL_INT8, [0.5])[0].absolute == 0


def test_tolerances_grow_with_what_was_measured_and_end_somewhere() -> None:
    relative = [t.relative for t in tolerances(Precision.DYNAMIC_RANGE, [0.0, 0.004, 0.03, 5.0])]
    assert relative == pytest.approx([0.001, 0.008, 0.06, 0.1])
    assert tolerances(Precision.FLOAT32, [1e-6])[0].relative == pytest.approx(4e-4)
    assert tolerances(Precision.MIXED, [0.0])[0].relative == pytest.approx(0.05)
    assert "3.0e-02" in tolerances(Precision.DYNAMIC_RANGE, [0.03])[0].reason


def test_a_model_without_outputs_is_refused() -> None:
    with pytest.raises(BundleError, match="no outputs"):
        tolerances(Precision.FLOAT32, [])


def test_tensors_are_little_endian_in_c_order(tmp_path: Path) -> None:
    array = np.arange(6, dtype=">i4").reshape(2, 3).T
    made = MadeVector(
        name="v",
        about="",
        image=b"png",
        pixels=None,
        raw=(array,),
        inputs=(array,),
        outputs=(array.astype(np.float16),),
    )
    spec = TensorSpec(name="x", dtype="int32", shape=(3, 2))
    (written,) = write_vectors(tmp_path, [made], inputs=[spec], outputs=[spec])
    stored = (tmp_path / written.raw[0].file).read_bytes()
    assert stored == b"".join(int(v).to_bytes(4, "little") for v in (0, 3, 1, 4, 2, 5))
    assert (written.raw[0].dtype, written.raw[0].shape, written.outputs[0].dtype) == ("int32", (3, 2), "float16")
    assert (tmp_path / written.image).read_bytes() == b"png"
