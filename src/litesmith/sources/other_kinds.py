"""Naming what a file or folder is when it is no model Litesmith takes, and what to do about it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

_TAKES = "Litesmith takes .keras, .h5, SavedModel folders and .tflite."
_HEAD_BYTES = 4096
_CHECKPOINT = re.compile(r"\.(?:meta|index|data-\d+-of-\d+|ckpt)$")

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG", "is a PNG image, not a model"),
    (b"\xff\xd8\xff", "is a JPEG image, not a model"),
    (b"GIF8", "is a GIF image, not a model"),
    (b"BM", "is a BMP image, not a model"),
    (b"%PDF", "is a PDF document, not a model"),
    (b"\x93NUMPY", "is a NumPy array, not a model"),
    (b"GGUF", "is a GGUF language model"),
    (b"\x1f\x8b", "is a gzip archive"),
    (b"7z\xbc\xaf", "is a 7-Zip archive"),
)


_GRAPHS = ("saved_model.pb", "saved_model.pbtxt")
_MODELS: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"PK", "a zip archive, as .keras files are,", "model.keras"),
    (0, b"\x89HDF", "an HDF5 file, as .h5 models are,", "model.h5"),
    (4, b"TFL3", "a TFLite model", "model.tflite"),
)
"""Where a file of another kind has its mark, the mark, what it is and a name for it."""


def another_kind(graph: Path) -> tuple[str, str] | None:
    """Return (what it is, a name for it) where a file named as the graph of a SavedModel is of another kind of model.

    >>> another_kind(Path("no such file"))
    """
    if not graph.is_file():
        return None
    with graph.open("rb") as file:
        head = file.read(8)
    return next((found[2:] for found in _MODELS if head[found[0] :].startswith(found[1])), None)


def describe_file(path: Path) -> tuple[str, str]:
    """Return (what the file is, what to do), to follow its name in a sentence."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if path.name in _GRAPHS and another_kind(path) is None:
        return "is only a part of a SavedModel", f"Name its folder: {path.parent}"
    if _CHECKPOINT.search(path.name) and not head.startswith(b"PK"):
        return (
            "is a part of a checkpoint: weights without a model",
            "Load it where the model is defined, then model.save('model.keras')",
        )
    if head.startswith(b"PK"):
        return _describe_zip(path)
    for magic, message in _MAGIC:
        if head.startswith(magic):
            hint = f"Unpack it and name the model inside. {_TAKES}" if "archive" in message else _TAKES
            return message, hint
    if head[257:262] == b"ustar":
        return "is a tar archive", f"Unpack it and name the model inside. {_TAKES}"
    return (
        _describe_protobuf(head)
        or _describe_pickle(head)
        or _describe_text(head)
        or (
            f"is of no known kind (it begins with {head[:8].hex(' ')})",
            _TAKES,
        )
    )


def _describe_zip(path: Path) -> tuple[str, str]:
    if not zipfile.is_zipfile(path):
        return (
            f"is a zip archive that ends early ({path.stat().st_size} bytes): its table of contents is missing",
            "A .keras file is a zip archive: copy or save it again.",
        )
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if any(name.endswith("data.pkl") for name in names):
        return "is a PyTorch model", f"Convert it to Keras first, or to .tflite with litert-torch. {_TAKES}"
    inside = [name for name in names if name.endswith((".tflite", ".keras", ".h5", "saved_model.pb"))]
    if inside:
        return f"is a zip archive that holds {inside[0]}", f"Unpack it and name the model inside. {_TAKES}"
    if names and all(name.endswith(".npy") for name in names):
        return "is a NumPy archive (.npz), not a model", _TAKES
    if any(name.endswith("model.weights.h5") for name in names):
        return "holds weights without a config.json", "Save the whole model: model.save('model.keras')"
    return f"is a zip archive without a model ({', '.join(names[:3]) or 'empty'})", _TAKES


def _describe_protobuf(head: bytes) -> tuple[str, str] | None:
    """Tell ONNX and frozen TensorFlow graphs apart by their first fields; neither has a magic number."""
    if len(head) < 8:
        return None
    if head[0] == 0x08 and head[1] < 0x20 and head[2] in (0x12, 0x1A, 0x3A) and b"saved_model" not in head:
        producer = head[4 : 4 + head[3]] if head[3] < 64 else b""
        if head[2] == 0x3A or (producer and producer.isascii() and producer.decode().isprintable()):
            return "is an ONNX model", f"Convert the model it was made from. {_TAKES}"
    if (
        head[0] == 0x0A
        and b"\x12" in head[:200]
        and any(op in head for op in (b"Placeholder", b"Const", b"VarHandleOp"))
    ):
        return "is a frozen TensorFlow graph (.pb)", f"Save the model it was made from as a SavedModel. {_TAKES}"
    if head[0] == 0x08 and head[2] == 0x12:
        return "looks like the saved_model.pb of a SavedModel under another name", "Name the SavedModel's folder."
    return None


def _describe_pickle(head: bytes) -> tuple[str, str] | None:
    if head[0] == 0x80 and len(head) > 1 and head[1] in range(2, 6):
        return "is a Python pickle (PyTorch, joblib or scikit-learn)", _TAKES
    return None


_TEXT: tuple[tuple[re.Pattern[bytes], str, str], ...] = (
    (
        re.compile(rb"version https://git-lfs"),
        "is a Git LFS pointer, not the file itself",
        "Fetch the file with git lfs pull",
    ),
    (
        re.compile(rb"<!doctype html|<html", re.IGNORECASE),
        "is a web page, not a model",
        "The download failed; fetch the file itself.",
    ),
    (
        re.compile(rb"\{.*modelTopology", re.DOTALL),
        "is a TensorFlow.js model",
        f"Use the Keras model it was made from. {_TAKES}",
    ),
    (
        re.compile(rb"\{.*class_name", re.DOTALL),
        "is a model's architecture as JSON, without weights",
        "Save the whole model: model.save('model.keras')",
    ),
    (re.compile(rb"[{\[]"), "is a JSON file, not a model", _TAKES),
    (re.compile(rb".{5}\0\0\0\{", re.DOTALL), "is a safetensors file: weights without a model", _TAKES),
)


def _describe_text(head: bytes) -> tuple[str, str] | None:
    for pattern, message, hint in _TEXT:
        if pattern.match(head.lstrip()):
            return message, hint
    return None


def describe_folder(path: Path) -> tuple[str, str]:
    """Return (what the folder holds, what to do), to follow its name in a sentence."""
    return _misnamed_graph(path) or _describe_contents(path)


def _misnamed_graph(path: Path) -> tuple[str, str] | None:
    for graph in _GRAPHS:
        found = another_kind(path / graph)
        if found:
            what, name = found
            hint = f"Type: mv {path / graph} {path / name}, and give Litesmith {path / name}."
            return f"holds {what} under the name {graph}", hint
    return None


def _describe_contents(path: Path) -> tuple[str, str]:
    names = sorted(item.name for item in path.iterdir())
    if any(name.endswith(".index") for name in names) and any(".data-" in name for name in names):
        return (
            "holds a checkpoint: weights without a model",
            "Load it where the model is defined, then model.save('model.keras')",
        )
    if {"config.json", "metadata.json"} <= set(names):
        return "is an unpacked .keras file", f"Pack it: cd {path} && zip -r ../{path.name}.keras ."
    if "model.json" in names:
        return "holds a TensorFlow.js model", f"Use the Keras model it was made from. {_TAKES}"
    if "variables" in names:
        return "is a SavedModel without its saved_model.pb", "Copy the whole folder again."
    below = [name for name in names if (path / name / "saved_model.pb").is_file()]
    models = [name for name in names if name.endswith((".keras", ".h5", ".hdf5", ".tflite"))]
    found = below or models
    if found:
        what = f"with several models ({', '.join(found[:4])})" if len(found) > 1 else ", not a model"
        return f"is a folder{' ' if len(found) > 1 else ''}{what}", f"Did you mean {path / found[0]}?"
    shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
    return f"is a folder without a model (it holds {shown})", "A SavedModel folder holds saved_model.pb. " + _TAKES
