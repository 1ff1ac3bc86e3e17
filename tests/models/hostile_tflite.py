"""Models that no converter writes: what stands in them is impossible, enormous, or meant to do harm when shown.

    write_all(folder)          every one of them, by name
    REFUSED[name]              what the message says of those that are refused; the others are read

Most are made from the small classifier of `tiny_tflite` by changing one thing (`hostile_edits`).
"""

from __future__ import annotations

import struct
from pathlib import Path

import flatbuffers
from ai_edge_litert import schema_py_generated as schema
from broken_tflite import write_endless
from hostile_edits import EDITS, Edit
from repeated_tflite import write_repeated
from tiny_tflite import write_cnn

MANY = 400_000

REFUSED = {
    "no_subgraphs": "it holds no subgraph",
    "many_dimensions": "64 dimensions of tensor 0 (limit 32)",
    "buffer_nowhere": "tensor 0 has buffer 4000 of",
    "code_nowhere": "operator 0 has code 77 of",
    "reads_nowhere": "operator 0 names tensor 5000 of",
    "reads_negative": "operator 0 names tensor -2 of",
    "input_nowhere": "inputs and outputs of subgraph 0 names tensor 999 of",
    "input_minus_one": "inputs and outputs of subgraph 0 names tensor -1 of",
    "metadata_nowhere": "metadata in buffer 500 of",
    "signature_nowhere": "a signature runs subgraph 9 of 1",
    "signature_tensor_nowhere": "a signature names tensor 12345 of",
    "calls_nowhere": "WHILE 0 runs subgraph 400 of 3",
    "blocks_nowhere": "blockwise scales names tensor 800 of",
    "long_names": "names of more than",
    "many_tensors": f"{MANY} tensors (limit",
    "many_ops": f"{MANY} operators (limit",
    "many_subgraphs": f"{MANY} subgraphs (limit",
    "many_buffers": f"{3 * MANY} buffers (limit",
    "huge_count": "reaches beyond the file",
    "root_outside": "lies outside the file",
    "identifier_only": "it holds no subgraph",
    "zeros": "it holds no subgraph",
    "ones": "lies outside the file",
}


def _write_edited(path: Path, data: bytes, edit: Edit) -> Path:
    model = schema.ModelT.InitFromPackedBuf(data, 0)
    edit(model, model.subgraphs[0])
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(bytes(builder.Output()))
    return path


def _write_raw(folder: Path, data: bytes) -> dict[str, Path]:
    changed = bytearray(data)
    tensors = schema.Model.GetRootAs(data, 0).Subgraphs(0)._tab
    at = int(tensors.Vector(tensors.Offset(4))) - 4
    struct.pack_into("<I", changed, at, 0xFFFFFFFF)
    contents = {
        "identifier_only": b"\0\0\0\0TFL3",
        "root_outside": b"\xf0\xff\xff\xff" + data[4:],
        "huge_count": bytes(changed),
        "zeros": b"\x08\0\0\0TFL3".ljust(65536, b"\0"),
        "ones": b"\x08\0\0\0TFL3".ljust(65536, b"\xff"),
    }
    for name, content in contents.items():
        (folder / f"{name}.tflite").write_bytes(content)
    return {name: folder / f"{name}.tflite" for name in contents}


def write_all(folder: Path) -> dict[str, Path]:
    """Write every hostile model; return their paths by name."""
    folder.mkdir(parents=True, exist_ok=True)
    data = write_cnn(folder / "whole.tflite").read_bytes()
    files = {name: _write_edited(folder / f"{name}.tflite", data, edit) for name, edit in EDITS.items()}
    files |= _write_raw(folder, data)
    named = (folder / "names_long.tflite").read_bytes()
    for what, content, count in (
        ("tensors", data, MANY), ("ops", data, MANY), ("buffers", data, 3 * MANY), ("subgraphs", data, MANY)
    ):  # fmt: skip
        files[f"many_{what}"] = write_repeated(folder / f"many_{what}.tflite", content, what, count)
    files["long_names"] = write_repeated(folder / "long_names.tflite", named, "tensors", 1000)
    files["endless"] = write_endless(folder / "endless.tflite")
    return files
