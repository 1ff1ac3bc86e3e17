"""What a generated module refuses: another model, changed labels, no pictures, a runtime that is not there."""

from __future__ import annotations

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundled_models import classifier, load
from PIL import Image
from sample_sets import pictures
from tiny_tflite import write_cnn, write_two_inputs


def test_another_model_in_its_place(tmp_path: Path) -> None:
    module, job = classifier(tmp_path)
    place = tmp_path / "out" / job.file_name
    shutil.copy(write_cnn(tmp_path / "larger.tflite", size=24), place)
    with pytest.raises(module.ModelError, match=r"is not the model .* made for: as large, but other bytes") as caught:
        module.Model()
    assert "input 'image' is float32 [1, 24, 24, 3], expected float32 [1, 16, 16, 3]" in str(caught.value)
    write_two_inputs(place)
    with pytest.raises(module.ModelError, match="2 inputs, expected 1"):
        module.Model()


@pytest.mark.parametrize("position", [0, 700, -1])
def test_one_flipped_bit(tmp_path: Path, position: int) -> None:
    module, job = classifier(tmp_path)
    place = tmp_path / "out" / job.file_name
    data = bytearray(place.read_bytes())
    data[position] ^= 1
    place.write_bytes(data)
    with pytest.raises(module.ModelError, match=r"as large, but other bytes[;,] .*sha256 is"):
        module.Model()


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot read the model"), (b"", "0 bytes"), (b"TFL3" * 9, "36 bytes, .* no model")]
)
def test_a_file_that_is_no_model(tmp_path: Path, content: bytes | None, says: str) -> None:
    module, job = classifier(tmp_path)
    place = tmp_path / "out" / job.file_name
    place.unlink()
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(module.ModelError, match=says):
        module.Model()


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "cannot read the labels"), ('["a"]', "has 1 labels, the model has 5 classes"), (None, "cannot")],
)
def test_labels_that_were_changed(tmp_path: Path, text: str | None, says: str) -> None:
    module, _ = classifier(tmp_path)
    place = tmp_path / "out" / "labels.json"
    place.unlink() if text is None else place.write_text(text)
    with pytest.raises(module.ModelError, match=says):
        module.Model()


def test_arrays_that_are_no_pictures(tmp_path: Path) -> None:
    module, _ = classifier(tmp_path)
    model = module.Model()
    for bad, says in (
        (np.zeros((9, 9, 3), np.float32), r"uint8 \[H, W, 3\] or \[H, W\], not float32 \[9, 9, 3\]"),
        (np.zeros((9, 9, 4), np.uint8), r"not uint8 \[9, 9, 4\]"),
        (np.zeros((0, 9, 3), np.uint8), "has no pixels"),
        (np.zeros((1, 9, 9, 3), np.uint8), r"not uint8 \[1, 9, 9, 3\]"),
    ):
        with pytest.raises(module.ModelError, match=says):
            model(bad)
    with pytest.raises(module.ModelError, match=r"takes float32 \[1, 16, 16, 3\], not float64 \[1, 16, 16, 3\]"):
        model.invoke([np.zeros((1, 16, 16, 3))])
    with pytest.raises(module.ModelError, match="takes 1 inputs, not 0"):
        model.invoke([])


def test_files_that_are_no_pictures(tmp_path: Path) -> None:
    module, _ = classifier(tmp_path)
    model = module.Model()
    text = tmp_path / "text.png"
    text.write_text("no picture")
    cut = tmp_path / "cut.png"
    Image.fromarray(pictures(1, size=40)[0]).save(cut)
    cut.write_bytes(cut.read_bytes()[:-900])
    deep = tmp_path / "deep.tiff"
    Image.fromarray(np.zeros((9, 9), np.int32)).save(deep)
    for bad, says in (
        (tmp_path / "none.png", "there is no file"),
        (text, "cannot identify image file"),
        (cut, "cannot read .*truncated"),
        (deep, "pixels of 32 bits"),
        (tmp_path, "cannot read"),
    ):
        with pytest.raises(module.ModelError, match=says):
            model(bad)


def test_arrays_need_no_pillow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _ = classifier(tmp_path)
    for name in [name for name in sys.modules if name == "PIL" or name.startswith("PIL.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "PIL", None)
    model = load(Path(module.__file__)).Model()
    assert len(model(pictures(1, size=40)[0])) == 5
    with pytest.raises(Exception, match="pictures are decoded by Pillow: pip install pillow"):
        model(tmp_path / "photo.png")


def test_a_runtime_that_cannot_be_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, _ = classifier(tmp_path)
    with pytest.raises(module.ModelError, match=r"cannot load tflite_runtime.*pip install tflite-runtime"):
        module.Model(runtime="tflite_runtime")
    with pytest.raises(module.ModelError, match="unknown runtime 'torch'"):
        module.Model(runtime="torch")

    def missing(name: str) -> Any:
        raise ImportError("/lib/libc.so.6: version `GLIBC_2.34' not found")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(module.ModelError, match="The C library of this system is too old"):
        module.Model()
    monkeypatch.setattr(module.sys, "maxsize", 2**31 - 1)
    with pytest.raises(module.ModelError, match=r"32-bit .* tflite-runtime==2\.14\.0.* runtime='tflite_runtime'"):
        module.Model()


def test_the_coral_accelerator_that_is_not_there(tmp_path: Path) -> None:
    module, _ = classifier(tmp_path)
    with pytest.raises(module.ModelError, match=r"cannot use the Edge TPU: libedgetpu.*libedgetpu1-std"):
        module.Model(delegate="edgetpu")
    with pytest.raises(module.ModelError, match="unknown delegate 'gpu'"):
        module.Model(delegate="gpu")
