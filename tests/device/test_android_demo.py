"""The generated demo app, run: the code of Android 8 and 14 by Robolectric, real androidx, real inference by LiteRT.

Not run by CI, for its time and size: set LITESMITH_ROBOLECTRIC. What it does not show: Gradle, R8, the GPU, a phone.
"""

from __future__ import annotations

from pathlib import Path

import android_demo
import numpy as np
import pytest
from PIL import Image, ImageOps
from tiny_tflite import write_cnn

from litesmith import api

REASON = android_demo.missing()
pytestmark = [pytest.mark.device, pytest.mark.skipif(bool(REASON), reason=REASON)]
TURNED = 6
PICKERS = {26: "android.intent.action.OPEN_DOCUMENT", 34: "android.provider.action.PICK_IMAGES"}
"""What the demo asks for an image, by the version of the SDK: androidx does it where there is no photo picker."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PNG of every kind, and a JPEG for each EXIF orientation."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    colour = random.integers(0, 256, (37, 53, 3), np.uint8)
    Image.fromarray(colour).save(folder / "colour.png")
    Image.fromarray(colour[:, :, 0].copy()).save(folder / "grey.png")
    Image.fromarray(colour).quantize(64).save(folder / "palette.png")
    Image.fromarray(random.integers(0, 256, (20, 31, 4), np.uint8)).save(folder / "alpha.png")
    rows, columns = np.mgrid[0:120, 0:160]
    shades = np.dstack([columns, rows * 2, rows // 2 + columns // 2]) + random.integers(0, 12, (120, 160, 1))
    photograph = Image.fromarray(shades.clip(0, 255).astype(np.uint8))  # above 5 KB: Android 8 reads no EXIF below
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        name = "turned.jpg" if orientation == TURNED else f"exif{orientation}.jpg"
        photograph.save(folder / name, quality=95, exif=exif)
    (folder / "none.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def printed(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("demo")
    labels = folder / "labels.txt"
    labels.write_text("cat\ndog\nbird\nfish\nfrog\n", encoding="utf-8")
    model = write_cnn(folder / "cnn.tflite")
    settings = {"takes": "images", "preprocess": "unit", "labels": labels, "class_name": "TinyClassifier"}
    api.bundle(model, "android", folder / "bundle", package=android_demo.PACKAGE, **settings)
    return android_demo.run_demo(folder / "bundle", pictures, folder / "made")


@pytest.fixture(params=PICKERS)
def sdk(request: pytest.FixtureRequest) -> int:
    version: int = request.param
    return version


@pytest.fixture
def said(printed: dict[str, str], sdk: int) -> dict[str, str]:
    """What the demo printed on one version of Android."""
    return {name.removeprefix(f"{sdk} "): text for name, text in printed.items() if name.startswith(f"{sdk} ")}


def test_the_golden_check_passes_on_the_screen(said: dict[str, str]) -> None:
    assert said["check"].startswith("Parity with the golden vectors on CPU: ")
    assert "identical: " in said["check"] or "within tolerance: " in said["check"]
    assert said["measure"].startswith("Latency on CPU: median ")


def test_an_image_is_picked_and_classified_and_outlives_a_rotation(said: dict[str, str], sdk: int) -> None:
    assert said["picker"] == PICKERS[sdk]
    *classes, ran = said["look"].split(" | ")
    assert sorted(line.split()[1] for line in classes) == ["bird", "cat", "dog", "fish", "frog"]
    assert ran.startswith("On CPU, ")
    assert said["rotated"] == "true true"


def test_a_processor_that_takes_over_is_said(said: dict[str, str]) -> None:
    assert "on CPU" in said["graphics"]
    assert "The graphics processor cannot run cnn.tflite: " in said["graphics"]


def test_the_camera_may_write_the_photo(said: dict[str, str]) -> None:
    assert said["camera"] == "android.media.action.IMAGE_CAPTURE 3 content"


def test_pictures_are_decoded_to_the_pixels_of_training(said: dict[str, str], pictures: Path) -> None:
    for file in sorted(pictures.glob("*.*g")):
        if file.name == "none.png":
            assert "no picture that Android can decode" in said["read none.png"]
            continue
        with Image.open(file) as image:
            stored = image.convert("RGB") if image.mode in ("P", "L") else image
            expected = np.asarray(ImageOps.exif_transpose(stored))[:, :, :3].astype(int)
        width, height, data = said[f"read {file.name}"].split()
        assert (int(height), int(width)) == expected.shape[:2], file.name
        found = np.frombuffer(bytes.fromhex(data), np.uint8).reshape(expected.shape)
        assert np.abs(found - expected).max() <= (2 if file.suffix == ".jpg" else 0), file.name


def test_bitmaps_of_every_kind_are_read(said: dict[str, str]) -> None:
    for config in ("ARGB_8888", "RGBA_F16", "HARDWARE"):
        assert said[f"config {config}"] == "true"
    assert said["config ALPHA_8"] == "A bitmap of ALPHA_8 has no colours."
