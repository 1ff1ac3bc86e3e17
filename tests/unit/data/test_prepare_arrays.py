from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litesmith.core.errors import ConfigError, DatasetError
from litesmith.core.preprocessing import PRESETS, Layout

Prepare = Callable[..., Any]
Spec = Callable[..., Any]
RNG = np.random.default_rng(0)


def saved(path: Path, **arrays: Any) -> Path:
    np.savez_compressed(path, **arrays)
    return path


def test_uint8_images_are_stored_as_they_are(tmp_path: Path, prepared: Prepare) -> None:
    x = RNG.integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)
    samples = prepared(saved(tmp_path / "d.npz", x=x, y=[0, 1, 2, 0, 1]), classes=3)
    np.testing.assert_array_equal(samples.raw(), x)
    assert samples.kind == "npz"
    assert samples.labels == (0, 1, 2, 0, 1)
    assert samples.names[4] == "row 4"
    assert samples.image
    assert samples.inputs[0].name == ""


@pytest.mark.parametrize(
    ("given", "stored"),
    [("float64", "float32"), ("float16", "float32"), ("float32", "float32"), ("int16", "int16"), ("bool", "uint8")],
)
def test_types(tmp_path: Path, prepared: Prepare, spec: Spec, given: str, stored: str) -> None:
    x = np.arange(12).reshape(3, 4).astype(given)
    samples = prepared(saved(tmp_path / "d.npz", x=x), inputs=[spec(4)])
    assert samples.inputs[0].dtype == stored
    assert not samples.image
    np.testing.assert_array_equal(samples.raw(), x)


def test_fortran_order_and_big_endian(tmp_path: Path, prepared: Prepare, spec: Spec) -> None:
    x = np.asfortranarray(np.arange(24, dtype=">f4").reshape(4, 6))
    samples = prepared(saved(tmp_path / "d.npz", x=x), inputs=[spec(6)])
    np.testing.assert_array_equal(samples.raw(), x)
    assert samples.raw().dtype == np.dtype("=f4")


@pytest.mark.parametrize(
    ("given", "model"),
    [((8, 9), (8, 9, 1)), ((8, 9, 1), (8, 9)), ((8, 9, 1), (-1, -1, 1)), ((8, 9), (-1, -1, 1)), ((7, 3), (-1, 3))],
)
def test_shapes_that_fit(
    tmp_path: Path, prepared: Prepare, spec: Spec, given: tuple[int, ...], model: tuple[int, ...]
) -> None:
    x = RNG.random((3, *given), np.float32)
    samples = prepared(saved(tmp_path / "d.npz", x=x), inputs=[spec(*model)])
    assert len(samples.inputs[0].shape) == len(model)
    np.testing.assert_array_equal(samples.raw().ravel(), x.ravel())


def test_images_of_another_size_are_resized(tmp_path: Path, prepared: Prepare, spec: Spec) -> None:
    x = np.full((70, 16, 12, 3), 9, np.uint8)
    samples = prepared(saved(tmp_path / "d.npz", x=x))
    assert samples.raw().shape == (70, 8, 8, 3)
    assert np.all(samples.raw() == 9)
    assert [f.code for f in samples.findings] == ["resized-arrays"]
    gray = prepared(saved(tmp_path / "g.npz", x=x[..., 0]), inputs=[spec(8, 8, 1)])
    assert gray.raw().shape == (70, 8, 8, 1)
    first = replace(PRESETS["raw"], layout=Layout.CHW)
    planar = saved(tmp_path / "c.npz", x=x.transpose(0, 3, 1, 2))
    assert prepared(planar, record=first, inputs=[spec(3, 8, 8)]).raw().shape == (70, 3, 8, 8)


@pytest.mark.parametrize(
    ("shape", "hint"),
    [
        ((16, 16, 3), "Only uint8 images are resized"),
        ((3, 8, 8), "x.transpose(0, 2, 3, 1)"),
        ((192,), "x.reshape(-1, 8, 8, 3)"),
    ],
)
def test_shapes_that_do_not_fit(tmp_path: Path, prepared: Prepare, shape: tuple[int, ...], hint: str) -> None:
    source = saved(tmp_path / "d.npz", x=np.zeros((2, *shape), np.float32))
    with pytest.raises(DatasetError, match=r"have shape \[.*\], expected \[8, 8, 3\]") as caught:
        prepared(source)
    assert hint in caught.value.hint


def test_gray_images_for_a_colour_model(tmp_path: Path, prepared: Prepare) -> None:
    with pytest.raises(DatasetError, match="expected"):
        prepared(saved(tmp_path / "d.npz", x=np.zeros((2, 16, 16), np.uint8)))


def test_token_ids_are_fed_as_they_are(tmp_path: Path, prepared: Prepare, spec: Spec) -> None:
    tokens = spec(6, name="tokens", dtype="int32")
    x = RNG.integers(0, 30000, (4, 6))
    samples = prepared(saved(tmp_path / "d.npz", x=x), inputs=[tokens], record=PRESETS["unit"])
    assert not samples.inputs[0].normalized
    np.testing.assert_array_equal(samples.raw(), x)
    assert [f.code for f in samples.findings] == ["not-normalized"]
    with pytest.raises(DatasetError, match="takes int32, the samples are float64"):
        prepared(saved(tmp_path / "f.npz", x=x.astype(float)), inputs=[tokens])


def test_several_inputs(tmp_path: Path, prepared: Prepare, spec: Spec) -> None:
    inputs = [spec(8, 8, 3, name="photo"), spec(2, name="meta")]
    photo, meta = np.zeros((3, 8, 8, 3), np.uint8), RNG.random((3, 2), np.float32)
    source = saved(tmp_path / "d.npz", meta=meta, photo=photo, y=[1, 0, 1])
    samples = prepared(source, inputs=inputs, record=PRESETS["signed"])
    assert [(entry.name, entry.normalized) for entry in samples.inputs] == [("photo", True), ("meta", False)]
    np.testing.assert_array_equal(samples.raw(1), meta)
    assert [f.code for f in samples.findings] == ["not-normalized"]
    with pytest.raises(DatasetError, match="nothing for input 'photo'; it holds 'meta', 'phot'") as caught:
        prepared(saved(tmp_path / "m.npz", phot=photo, meta=meta), inputs=inputs)
    assert "Rename 'phot' to 'photo'" in caught.value.hint
    with pytest.raises(DatasetError, match="differ in length: photo 3, meta 2"):
        prepared(saved(tmp_path / "l.npz", photo=photo, meta=meta[:2]), inputs=inputs)


def test_only_input_may_have_its_own_name(tmp_path: Path, prepared: Prepare) -> None:
    x = np.zeros((2, 8, 8, 3), np.uint8)
    assert prepared(saved(tmp_path / "d.npz", image=x)).count == 2
    with pytest.raises(DatasetError, match="it holds 'data', 'y'"):
        prepared(saved(tmp_path / "e.npz", data=x, y=[0, 1]))


def test_bgr_arrays_are_not_swapped_but_mentioned(tmp_path: Path, prepared: Prepare) -> None:
    x = RNG.integers(0, 256, (2, 8, 8, 3), dtype=np.uint8)
    samples = prepared(saved(tmp_path / "d.npz", x=x), record=PRESETS["caffe"])
    np.testing.assert_array_equal(samples.raw(), x)
    assert [f.code for f in samples.findings] == ["array-channel-order"]


def test_values_per_channel_must_match(tmp_path: Path, prepared: Prepare, spec: Spec) -> None:
    with pytest.raises(ConfigError, match="values for 3 channels"):
        prepared(saved(tmp_path / "d.npz", x=np.zeros((2, 4), np.float32)), inputs=[spec(4)], record=PRESETS["torch"])


IMAGES = np.zeros((4, 8, 8, 3), np.uint8)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0, 1, 2], "4 samples but y has 3 labels"),
        (7, "y is a single value"),
        ([0, 1, 2, 10], r"label 10 of sample 'row 3' must lie in 0\.\.9"),
        ([0, -1, 2, -1], r"label -1 of sample 'row 1' must lie in 0\.\.9 \(2 such labels\)"),
        ([0, 1.5, 2, 3], r"label 1\.5 of row 1 .* not a whole number"),
        ([0, np.nan, 2, 3], "label nan of row 1"),
        (["a", "b", "c", "d"], "dtype <U1, expected whole numbers"),
        (np.full((4, 3), 1 / 3), "row 0 is not one-hot"),
        (np.zeros((4, 2, 2), int), r"shape \[4, 2, 2\], expected \[4\]"),
    ],
)
def test_bad_labels(tmp_path: Path, prepared: Prepare, y: Any, message: str) -> None:
    with pytest.raises(DatasetError, match=message) as caught:
        prepared(saved(tmp_path / "d.npz", x=IMAGES, y=y), classes=10)
    assert caught.value.hint


@pytest.mark.parametrize("y", [[[3], [1], [2], [0]], [3.0, 1.0, 2.0, 0.0], np.eye(4)[[3, 1, 2, 0]]])
def test_forms_of_labels(tmp_path: Path, prepared: Prepare, y: Any) -> None:
    samples = prepared(saved(tmp_path / "d.npz", x=IMAGES, y=y), classes=4)
    assert samples.labels == (3, 1, 2, 0)
    one_hot = np.shape(y) == (4, 4)
    assert [f.code for f in samples.findings] == (["one-hot-labels"] if one_hot else [])


def test_labels_counted_from_one(tmp_path: Path, prepared: Prepare) -> None:
    with pytest.raises(DatasetError, match="label 4 of sample 'row 3'") as caught:
        prepared(saved(tmp_path / "d.npz", x=IMAGES, y=[1, 2, 3, 4]), classes=4)
    assert "subtract 1" in caught.value.hint


def test_no_samples(tmp_path: Path, prepared: Prepare) -> None:
    with pytest.raises(DatasetError, match="has no samples"):
        prepared(saved(tmp_path / "d.npz", x=IMAGES[:0]))
    with pytest.raises(DatasetError, match="limit of 0"):
        prepared(saved(tmp_path / "e.npz", x=IMAGES), limit=0)


def test_limit_keeps_the_original_order(tmp_path: Path, prepared: Prepare, spec: Spec) -> None:
    x = np.arange(100, dtype=np.float32)[:, None]
    samples = prepared(saved(tmp_path / "d.npz", x=x, y=np.repeat([0, 1], 50)), inputs=[spec(1)], limit=10)
    values = samples.raw()[:, 0].tolist()
    assert values == sorted(values)
    assert samples.labels == (0,) * 5 + (1,) * 5
    assert samples.names == tuple(f"row {int(v)}" for v in values)


def test_damaged_npz(tmp_path: Path, prepared: Prepare) -> None:
    whole = saved(tmp_path / "d.npz", x=RNG.random((40, 8, 8, 3), np.float32)).read_bytes()
    cut, flipped = tmp_path / "cut.npz", tmp_path / "flipped.npz"
    cut.write_bytes(whole[: len(whole) // 2])
    middle = len(whole) // 2
    flipped.write_bytes(whole[:middle] + bytes(b ^ 0xFF for b in whole[middle : middle + 64]) + whole[middle + 64 :])
    for path in (cut, flipped):
        with pytest.raises(DatasetError, match="damaged or cut off"):
            prepared(path)
    with zipfile.ZipFile(tmp_path / "short.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY")
    with pytest.raises(DatasetError, match=r"array 'x' of .* is damaged"):
        prepared(tmp_path / "short.npz")


def test_pickled_objects_are_refused(tmp_path: Path, prepared: Prepare) -> None:
    ragged = np.empty(2, object)
    ragged[:] = [np.zeros(2), np.zeros(3)]
    with pytest.raises(DatasetError, match="pickled Python objects"):
        prepared(saved(tmp_path / "d.npz", x=ragged))


def test_other_zip_files(tmp_path: Path, prepared: Prepare) -> None:
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("metadata.json", "{}")
    with pytest.raises(DatasetError, match=r"holds no arrays .*metadata\.json"):
        prepared(tmp_path / "m.keras")
