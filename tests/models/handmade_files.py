"""Small files of every kind that are enough to be recognised, written without TensorFlow."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path


def write_keras(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.15.1"}')
        archive.writestr("config.json", '{"class_name": "Sequential", "config": {"name": "m", "layers": []}}')
        archive.writestr("model.weights.h5", bytes(2000))
    return path


def write_h5(path: Path, size: int = 2048) -> Path:
    """An HDF5 superblock of version 0 that declares `size` bytes."""
    head = b"\x89HDF\r\n\x1a\n" + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + struct.pack("<HHI", 4, 16, 0)
    head += struct.pack("<QQQQ", 0, 2**64 - 1, size, 2**64 - 1)
    path.write_bytes(head.ljust(size, b"\0"))
    return path


def write_saved_model(path: Path) -> Path:
    """A folder with a saved_model.pb of one meta graph of 300 bytes, and variables."""
    (path / "variables").mkdir(parents=True)
    (path / "saved_model.pb").write_bytes(b"\x08\x01\x12\xac\x02" + bytes(300))
    (path / "variables" / "variables.index").write_bytes(b"index")
    (path / "variables" / "variables.data-00000-of-00001").write_bytes(b"data")
    return path


def write_tflite(path: Path, apart: bool = False) -> Path:
    """A model of no operators with one constant of 1000 bytes, in the tables or apart, behind them."""
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT()
    model.version = 3
    graph, constant = schema.SubGraphT(), schema.BufferT()
    graph.name = b"main"
    if apart:
        constant.offset, constant.size = 4096, 1000
    else:
        constant.data = np.zeros(1000, np.uint8)
    model.subgraphs, model.buffers = [graph], [schema.BufferT(), constant]
    model.operatorCodes = [schema.OperatorCodeT()]
    builder = flatbuffers.Builder(64)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    data = bytes(builder.Output())
    path.write_bytes(data.ljust(4096, b"\0") + bytes(1000) if apart else data)
    return path


WRITERS = {"keras": write_keras, "h5": write_h5, "saved_model": write_saved_model, "tflite": write_tflite}
