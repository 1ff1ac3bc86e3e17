from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from litesmith.core.errors import ConfigError, DatasetError, OutputError
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Resize
from litesmith.core.results import Severity

RAW = PRESETS["raw"]
Write = Callable[..., Path]
Prepare = Callable[..., Any]
Spec = Callable[..., Any]


def test_class_folders_give_sorted_labels_and_names(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    for name, count in (("dog", 2), ("ant", 3), ("cat", 1)):
        for i in range(count):
            picture(tmp_path / "d" / name / f"{i}.png", number=i)
    (tmp_path / "d" / "bee").mkdir()  # empty, yet counted, as Keras counts
    (tmp_path / "d" / ".git").mkdir()
    (tmp_path / "d" / "ant" / "notes.txt").write_text("no image")
    samples = prepared(tmp_path / "d", classes=4)
    assert samples.kind == "class_folders"
    assert samples.labels == (0, 0, 0, 2, 3, 3)
    assert samples.names[0] == "ant/0.png"
    assert samples.image
    assert samples.raw().shape == (6, 8, 8, 3)
    assert samples.raw().dtype == np.uint8
    assert samples.inputs[0].normalized


def test_pixels_are_those_of_pillow(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    for filter_ in Resize:
        picture(tmp_path / "d" / "a.png", size=(40, 30))
        samples = prepared(tmp_path / "d", record=replace(RAW, resize=filter_))
        with Image.open(tmp_path / "d" / "a.png") as image:
            expected = np.asarray(image.resize((8, 8), Image.Resampling[filter_.name]))
        np.testing.assert_array_equal(samples.raw()[0], expected)


def test_central_crop(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    picture(tmp_path / "d" / "a.png", size=(40, 20))
    samples = prepared(tmp_path / "d", record=replace(RAW, crop=0.5))
    with Image.open(tmp_path / "d" / "a.png") as image:
        expected = np.asarray(image.crop((15, 5, 25, 15)).resize((8, 8), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(samples.raw()[0], expected)


def test_bgr_and_chw(tmp_path: Path, picture: Write, prepared: Prepare, spec: Spec) -> None:
    picture(tmp_path / "d" / "a.png", size=(8, 8), number=77)
    rgb = np.array(prepared(tmp_path / "d").raw()[0])
    bgr = prepared(tmp_path / "d", record=replace(RAW, color_order=ColorOrder.BGR)).raw()[0]
    np.testing.assert_array_equal(bgr, rgb[:, :, ::-1])
    chw = prepared(tmp_path / "d", record=replace(RAW, layout=Layout.CHW), inputs=[spec(3, 8, 8)]).raw()[0]
    np.testing.assert_array_equal(chw, rgb.transpose(2, 0, 1))


def test_one_channel_means_gray(tmp_path: Path, picture: Write, prepared: Prepare, spec: Spec) -> None:
    picture(tmp_path / "d" / "a.png", size=(8, 8), number=50)
    with Image.open(tmp_path / "d" / "a.png") as image:
        gray = np.asarray(image.convert("L"))
    np.testing.assert_array_equal(prepared(tmp_path / "d", inputs=[spec(8, 8, 1)]).raw()[0, :, :, 0], gray)
    np.testing.assert_array_equal(prepared(tmp_path / "d", inputs=[spec(8, 8)]).raw()[0], gray)
    record = replace(RAW, color_order=ColorOrder.GRAY)
    with pytest.raises(ConfigError, match="'gray', but input 'image' takes 3 channels"):
        prepared(tmp_path / "d", record=record)


def test_exif_orientation(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    picture(tmp_path / "d" / "a.png", size=(8, 8), exif=exif)
    turned = prepared(tmp_path / "d").raw()[0]
    with Image.open(tmp_path / "d" / "a.png") as image:
        np.testing.assert_array_equal(turned, np.rot90(np.asarray(image), -1))


@pytest.mark.parametrize("mode", ["RGBA", "L", "P", "CMYK", "1", "LA", "I;16"])
def test_other_modes(tmp_path: Path, picture: Write, prepared: Prepare, mode: str) -> None:
    file = tmp_path / "d" / ("a.tif" if mode == "CMYK" else "a.png")
    if mode == "I;16":
        file.parent.mkdir()
        Image.fromarray(np.full((9, 9), 128 << 8, np.uint16)).save(file)
    else:
        picture(file, mode=mode)
    samples = prepared(tmp_path / "d")
    assert samples.raw().shape == (1, 8, 8, 3)
    if mode == "I;16":
        assert np.all(samples.raw() == 128)


def test_transparent_palette(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    picture(tmp_path / "d" / "a.png", mode="P", transparency=bytes(range(16)))
    assert prepared(tmp_path / "d").count == 1


def test_images_are_known_by_content(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    picture(tmp_path / "d" / "a.png").rename(tmp_path / "d" / "0001")
    assert prepared(tmp_path / "d").names == ("0001",)


def few_broken(folder: Path, picture: Write, *, good: int, broken: int) -> None:
    for i in range(good):
        picture(folder / f"{i:03}.png", number=i)
    for i in range(broken):
        (folder / f"broken_{i}.jpg").write_bytes(b"\xff\xd8\xff nonsense")


def test_unreadable_images_are_left_out_and_named(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    few_broken(tmp_path / "d", picture, good=40, broken=1)
    cut = tmp_path / "d" / "010.png"
    cut.write_bytes(cut.read_bytes()[:60])
    samples = prepared(tmp_path / "d")
    assert [(f.code, f.sample, f.severity) for f in samples.findings] == [
        ("unreadable-sample", "010.png", Severity.WARNING),
        ("unreadable-sample", "broken_0.jpg", Severity.WARNING),
    ]
    assert samples.count == 39
    assert "010.png" not in samples.names
    blues = samples.raw()[:, 0, 0, 2].tolist()
    assert blues == [i for i in range(40) if i != 10]
    assert samples.inputs[0].path.stat().st_size == 128 + samples.raw().nbytes


def test_too_many_unreadable_images(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    few_broken(tmp_path / "d", picture, good=30, broken=4)
    with pytest.raises(DatasetError, match=r"4 of 34 images of .* \(11.8%\) cannot be read, more than 5%") as caught:
        prepared(tmp_path / "d")
    assert caught.value.message.count("broken_") == 3
    assert not list((tmp_path / "prepared").iterdir())


def test_decompression_bomb_is_unreadable(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    few_broken(tmp_path / "d", picture, good=20, broken=0)
    Image.new("1", (14000, 14000)).save(tmp_path / "d" / "bomb.png")
    samples = prepared(tmp_path / "d")
    assert [f.sample for f in samples.findings] == ["bomb.png"]
    assert "pixels" in samples.findings[0].message


def test_limit_covers_sorted_classes_and_is_deterministic(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    for label in range(5):
        for i in range(6):
            picture(tmp_path / "d" / f"c{label}" / f"{i}.png", number=10 * label + i)
    first = prepared(tmp_path / "d", limit=10, seed=3)
    again = prepared(tmp_path / "d", limit=10, seed=3, folder=tmp_path / "again")
    other = prepared(tmp_path / "d", limit=10, seed=4, folder=tmp_path / "other")
    assert first.labels == (0, 0, 1, 1, 2, 2, 3, 3, 4, 4)
    assert first.names == again.names == tuple(sorted(first.names))
    np.testing.assert_array_equal(first.raw(), again.raw())
    assert first.names != other.names
    assert first.digest == again.digest != other.digest


def test_progress_counts_images(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    few_broken(tmp_path / "d", picture, good=20, broken=0)
    seen: list[tuple[int, int]] = []
    prepared(tmp_path / "d", on_progress=lambda done, total: seen.append((done, total)))
    assert seen[0] == (0, 20)
    assert seen[-1] == (20, 20)
    assert seen == sorted(seen)


def test_size_of_the_record(tmp_path: Path, picture: Write, prepared: Prepare, spec: Spec) -> None:
    picture(tmp_path / "d" / "a.png")
    dynamic = [spec(-1, -1, 3)]
    assert prepared(tmp_path / "d", record=replace(RAW, height=5, width=7), inputs=dynamic).raw().shape == (1, 5, 7, 3)
    with pytest.raises(DatasetError, match="takes images of any height"):
        prepared(tmp_path / "d", inputs=dynamic)
    with pytest.raises(ConfigError, match=r"says height 5, input 'image' of shape .* takes 8"):
        prepared(tmp_path / "d", record=replace(RAW, height=5))


def test_layout_and_channels_are_checked(tmp_path: Path, picture: Write, prepared: Prepare, spec: Spec) -> None:
    picture(tmp_path / "d" / "a.png")
    with pytest.raises(DatasetError, match="channels first, but the preprocessing says layout 'hwc'") as caught:
        prepared(tmp_path / "d", inputs=[spec(3, 8, 8)])
    assert "'chw'" in caught.value.hint
    with pytest.raises(DatasetError, match="takes 4 channels"):
        prepared(tmp_path / "d", inputs=[spec(8, 8, 4)])
    with pytest.raises(ConfigError, match="values for 3 channels"):
        prepared(tmp_path / "d", record=PRESETS["torch"], inputs=[spec(8, 8, 1)])
    with pytest.raises(DatasetError, match="takes no images"):
        prepared(tmp_path / "d", inputs=[spec(10)])
    with pytest.raises(DatasetError, match="2 inputs"):
        prepared(tmp_path / "d", inputs=[spec(8, 8, 3, name="a"), spec(8, 8, 3, name="b")])


def test_running_again_replaces_and_leaves_nothing_else(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    few_broken(tmp_path / "d", picture, good=3, broken=0)
    old = prepared(tmp_path / "d").raw()
    picture(tmp_path / "d" / "extra.png", number=9)
    new = prepared(tmp_path / "d").raw()
    assert (len(old), len(new)) == (3, 4)
    assert [p.name for p in (tmp_path / "prepared").iterdir()] == ["input-0.npy"]


def test_folder_that_cannot_be_made(tmp_path: Path, picture: Write, prepared: Prepare) -> None:
    picture(tmp_path / "d" / "a.png")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError):
        prepared(tmp_path / "d", folder=tmp_path / "file" / "below")


def test_samples_are_normalised_when_fed(tmp_path: Path, prepared: Prepare) -> None:
    (tmp_path / "d").mkdir()
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), (255, 0, 255)).save(buffer, "BMP")
    (tmp_path / "d" / "a.bmp").write_bytes(buffer.getvalue())
    samples = prepared(tmp_path / "d", record=PRESETS["signed"])
    (fed,) = next(samples.batches(0, 1))
    assert fed.dtype == np.float32
    assert fed[0, 0, 0].tolist() == [1.0, -1.0, 1.0]
    assert samples.raw().dtype == np.uint8
