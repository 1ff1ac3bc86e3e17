"""What the generated module makes of pictures is, byte for byte, what Pillow makes of them in `data/decode`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from bundled_models import imported, job_of, write_cast
from PIL import Image

from litesmith.bundle.job import BundleJob, Picture
from litesmith.bundle.python_module import tall_pictures
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Preprocessing, Resize
from litesmith.data.decode import read_image, to_sample
from litesmith.data.images import ImagePlan, plan_images

Pixels = npt.NDArray[np.uint8]
SIZES = [
    ((1, 1), (224, 224)),
    ((1, 1), (1, 1)),
    ((720, 1280), (224, 224)),
    ((1280, 720), (224, 224)),
    ((224, 224), (224, 224)),
    ((224, 100), (224, 224)),
    ((100, 224), (224, 224)),
    ((3, 1999), (31, 7)),
    ((1999, 3), (31, 7)),
    ((17, 23), (96, 97)),
    ((2, 2), (1, 1)),
    ((5, 400), (1, 300)),
    ((400, 5), (300, 1)),
    ((640, 480), (97, 33)),
]
"""From and to, rows and columns."""


def model_for(folder: Path, record: Preprocessing, shape: tuple[int, ...]) -> tuple[Any, ImagePlan]:
    """Return the generated module of a model of pictures [1, ...], and how `data/` prepares them."""
    folder.mkdir(exist_ok=True)
    path = write_cast(folder / "cast.tflite", ("uint8", shape, 1 / 255, 0))
    job: BundleJob = job_of(path, record=record, picture=True)
    assert isinstance(job.picture, Picture)
    return imported(job, folder), plan_images(record, job.card.inputs[0])


def pictures(shape: tuple[int, ...], seed: int = 0) -> list[Pixels]:
    """Noise, black and white, and a slope with noise on it."""
    random = np.random.default_rng(seed)
    slope = np.linspace(0, 255, shape[1]).reshape(1, -1, *[1] * (len(shape) - 2))
    return [
        random.integers(0, 256, shape, dtype=np.uint8),
        (random.integers(0, 2, shape) * 255).astype(np.uint8),
        np.clip(random.normal(0, 9, shape) + slope, 0, 255).astype(np.uint8),
    ]


@pytest.fixture(scope="module")
def filters(tmp_path_factory: pytest.TempPathFactory) -> dict[Resize, Any]:
    """One generated module per filter. Sizes are changed in the tests, which the code allows."""
    folder = tmp_path_factory.mktemp("filters")
    return {
        resize: model_for(folder / resize.value, replace(PRESETS["raw"], resize=resize), (1, 8, 8, 3))[0]
        for resize in Resize
    }


def compare(module: Any, resize: Resize, pixels: Pixels, wanted: tuple[int, int]) -> None:
    module.HEIGHT, module.WIDTH = wanted
    plan = ImagePlan(
        height=wanted[0], width=wanted[1], channels=3, swap=False, layout=Layout.HWC, resize=resize, crop=0.0
    )
    expected = to_sample(Image.fromarray(pixels), plan)
    np.testing.assert_array_equal(module._resized(pixels), expected, err_msg=f"{resize} {pixels.shape} {wanted}")


@pytest.mark.parametrize("resize", Resize)
@pytest.mark.parametrize(("size", "wanted"), SIZES, ids=str)
def test_resizing_gives_the_bytes_of_pillow(
    filters: dict[Resize, Any], resize: Resize, size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    for pixels in pictures((*size, 3)):
        compare(filters[resize], resize, pixels, wanted)


def random_sizes(count: int, seed: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    random = np.random.default_rng(seed)
    most = (5, 64, 300, 1500)
    found = []
    while len(found) < count:
        height, width, rows, columns = (int(random.integers(1, most[i] + 1)) for i in random.integers(0, 4, 4))
        if max(height * width, rows * columns, height * columns, rows * width) <= 400_000:
            found.append(((height, width), (rows, columns)))
    return found


def fuzz(filters: dict[Resize, Any], count: int, seed: int) -> None:
    for number, (size, wanted) in enumerate(random_sizes(count, seed)):
        pixels = pictures((*size, 3), seed=number)[number % 3]
        for resize, module in filters.items():
            compare(module, resize, pixels, wanted)


@pytest.mark.slow
def test_random_sizes(filters: dict[Resize, Any]) -> None:
    fuzz(filters, 60, seed=1)


@pytest.mark.slow
def test_hundreds_of_random_sizes(filters: dict[Resize, Any]) -> None:
    """2,500 were tried with the same seed, and are the same bytes too; they take a minute."""
    fuzz(filters, 300, seed=2)


def test_one_wrong_weight_is_seen(filters: dict[Resize, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison notices weights that are cut off in place of rounded."""
    module = filters[Resize.BICUBIC]
    blocks = module._blocks

    def cut(size: int, wanted: int) -> Any:
        return [(start, stop, weights - 2.0**-22) for start, stop, weights in blocks(size, wanted)]

    monkeypatch.setattr(module, "_blocks", cut)
    with pytest.raises(AssertionError):
        compare(module, Resize.BICUBIC, pictures((400, 300, 3))[0], (96, 96))


RECORDS = {
    "plain": (PRESETS["raw"], (1, 20, 30, 3)),
    "swapped": (replace(PRESETS["raw"], color_order=ColorOrder.BGR), (1, 20, 30, 3)),
    "channels first": (replace(PRESETS["raw"], layout=Layout.CHW), (1, 3, 20, 30)),
    "swapped first": (replace(PRESETS["raw"], layout=Layout.CHW, color_order=ColorOrder.BGR), (1, 3, 20, 30)),
    "gray": (replace(PRESETS["raw"], color_order=ColorOrder.GRAY), (1, 20, 30, 1)),
    "gray first": (replace(PRESETS["raw"], color_order=ColorOrder.GRAY, layout=Layout.CHW), (1, 1, 20, 30)),
    "no channel": (PRESETS["raw"], (1, 20, 30)),
    "cropped": (replace(PRESETS["raw"], crop=0.875, resize=Resize.BICUBIC), (1, 20, 20, 3)),
    "square": (replace(PRESETS["raw"], crop=1.0, resize=Resize.NEAREST), (1, 20, 20, 3)),
    "gray cropped": (replace(PRESETS["raw"], crop=0.31, resize=Resize.LANCZOS), (1, 20, 30)),
    "sized": (replace(PRESETS["raw"], height=24, width=18), (1, -1, -1, 3)),
}


@pytest.mark.parametrize("name", RECORDS)
def test_files_arrays_and_images_of_every_kind(tmp_path: Path, name: str) -> None:
    module, plan = model_for(tmp_path / "model", *RECORDS[name])
    model = module.Model()
    for height, width in ((47, 31), (21, 90), (20, 30), (20, 20), (1, 5)):
        color = pictures((height, width, 3))[2]
        for image in variants(Image.fromarray(color)):
            file = tmp_path / "image.png"
            image.save(file, **({"transparency": 3} if image.mode == "P" else {}))
            expected = read_image(file, plan)
            made = model.resize(model.pixels(file))
            assert made.dtype == np.uint8
            np.testing.assert_array_equal(made, expected, err_msg=f"{image.mode} {image.size}")
            np.testing.assert_array_equal(model.resize(model.pixels(str(file))), expected)
            with Image.open(file) as opened:
                np.testing.assert_array_equal(model.resize(model.pixels(opened)), expected)
        for array in (color, color[:, :, 0]):
            image = Image.fromarray(array)
            np.testing.assert_array_equal(
                model.resize(array), to_sample(image.convert("RGB" if plan.channels == 3 else "L"), plan)
            )


def variants(image: Image.Image) -> list[Image.Image]:
    alpha = image.convert("RGBA")
    alpha.putalpha(image.convert("L"))
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 200)
    return [image, image.convert("L"), image.convert("P"), image.convert("1"), alpha, alpha.convert("LA"), deep]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photos_are_turned_as_their_exif_says(tmp_path: Path, orientation: int) -> None:
    module, plan = model_for(tmp_path / "model", PRESETS["raw"], (1, 20, 30, 3))
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / "photo.jpg"
    Image.fromarray(pictures((40, 25, 3))[2]).save(file, exif=exif)
    np.testing.assert_array_equal(module.Model().resize(module.Model().pixels(file)), read_image(file, plan))


def test_every_colour_becomes_the_gray_of_pillow(tmp_path: Path) -> None:
    module, _ = model_for(tmp_path / "model", replace(PRESETS["raw"], color_order=ColorOrder.GRAY), (1, 20, 30, 1))
    levels = np.array([*range(0, 256, 5), 1, 127, 128, 254], np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(len(levels), -1, 3)
    np.testing.assert_array_equal(module._gray(colours)[:, :, 0], np.asarray(Image.fromarray(colours).convert("L")))


def test_the_order_of_the_passes_is_that_of_the_version_of_pillow() -> None:
    assert tall_pictures("11.0.0") == tall_pictures("12.1.1") == ""
    assert tall_pictures("12.2.0") == tall_pictures("12.3.0") == "height > width * 100 and height > HEIGHT"
    assert tall_pictures("13.0.0") == tall_pictures("14.1") == "height - HEIGHT > max(0, 2 * (width - WIDTH))"


def test_a_picture_holds_all_that_a_plan_says() -> None:
    assert set(Picture.__slots__) == set(ImagePlan.__slots__)
