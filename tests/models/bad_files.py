"""Writes a folder of models and datasets, good ones and bad ones."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
from handmade_files import write_h5, write_keras, write_saved_model
from PIL import Image
from sample_sets import pictures
from tiny_tflite import Drawing, write_cnn

FUNCTIONS = """
import numpy as np

def good():
    random = np.random.default_rng(0)
    for row in range(40):
        yield random.normal(size=(8, 8, 3)).astype(np.float32), row % 5

def nothing():
    return []

def raises():
    raise ValueError("line one\\nline two \\x1b[31m")
"""


def write_yard(folder: Path) -> None:
    """Fill a folder; no file in it needs TensorFlow."""
    _models(folder)
    _arrays(folder)
    _images(folder)
    (folder / "load.py").write_text(FUNCTIONS, encoding="utf-8")


def _models(folder: Path) -> None:
    data = write_cnn(folder / "cnn.tflite").read_bytes()
    (folder / "cut.tflite").write_bytes(data[: len(data) * 2 // 3])
    (folder / "empty.tflite").write_bytes(b"")
    (folder / "picture.tflite").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (folder / "notes.keras").write_text("layers: 3\n")
    (folder / "model.onnx").write_bytes(b"\x08\x07\x12\x07pytorch\x1a\x031.9" + bytes(40))
    with zipfile.ZipFile(folder / "torch.pt", "w") as archive:
        archive.writestr("model/data.pkl", b"\x80\x02}q\x00.")
    whole = write_keras(folder / "whole.keras").read_bytes()
    (folder / "cut.keras").write_bytes(whole[: len(whole) // 2])
    whole = write_h5(folder / "whole.h5", 4096).read_bytes()
    (folder / "cut.h5").write_bytes(whole[:2048])
    (folder / "folder").mkdir()
    (folder / "folder" / "readme.txt").write_text("no model")
    (folder / "void").mkdir()
    (write_saved_model(folder / "headless") / "saved_model.pb").unlink()
    draw = Drawing()
    entry = draw.tensor("x", (4, 8))
    made = draw.op("FULLY_CONNECTED", [entry, draw.constant("w", np.ones((5, 8), np.float32)), -1], "y", (4, 5))
    draw.save(folder / "four.tflite", {"x": entry}, {"y": made})


def _arrays(folder: Path) -> None:
    x, y = pictures(40), np.arange(40) % 5
    np.savez(folder / "good.npz", x=x, y=y)
    np.savez(folder / "unlabelled.npz", x=x)
    np.savez(folder / "high.npz", x=x, y=y + 1)
    np.savez(folder / "few.npz", x=x[:3], y=y[:3])
    np.savez(folder / "narrow.npz", x=x[..., :2], y=y)
    np.savez(folder / "renamed.npz", pixels=x, y=y)
    floats = x.astype(np.float32) / 255
    floats[3, 2, 1, 0] = np.nan
    np.savez(folder / "nan.npz", x=floats, y=y)
    data = (folder / "good.npz").read_bytes()
    (folder / "cut.npz").write_bytes(data[: len(data) // 2])


def _images(folder: Path) -> None:
    for name, broken in (("photos", 1), ("ruins", 10)):
        for number, values in enumerate(pictures(40, size=10)):
            place = folder / name / f"class{number % 5}"
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(place / f"{number}.png")
            if number < broken:
                (place / f"{number}.png").write_bytes(struct.pack(">I", number) + b"no picture")
    (folder / "words").mkdir()
    (folder / "words" / "a.txt").write_text("no picture")
