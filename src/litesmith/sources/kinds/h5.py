"""An HDF5 file written by `model.save('model.h5')`, by Keras 2 or Keras 3."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

from litesmith.core.open_source import OpenModel
from litesmith.core.source import Source
from litesmith.sources.keras_file import KerasFile, open_keras_file
from litesmith.sources.refused import refused

_MAGIC = b"\x89HDF\r\n\x1a\n"
# Where the superblock keeps the address of the end of the file, by its version (HDF5 file format, section II.A).
_END_OFFSET = {0: 40, 1: 44, 2: 28, 3: 28}


def _head(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.read(64)


def _recognise(path: Path) -> bool:
    return _head(path).startswith(_MAGIC)


def _damage(path: Path) -> str:
    head = _head(path)
    size = path.stat().st_size
    if len(head) < 64:
        return f"it ends after {size} bytes"
    version = head[8]
    if version not in _END_OFFSET:
        return f"its superblock has the unknown version {version}"
    offset_bytes = head[13] if version < 2 else head[9]
    if offset_bytes != 8:
        return ""
    (end,) = struct.unpack_from("<Q", head, _END_OFFSET[version])
    return f"it has {size} bytes and should have {end}" if size < end else ""


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def open_model(path: Path) -> OpenModel:
    """Open the model in the TensorFlow process.

    Raises:
        SourceError: the file holds weights only, Keras refuses it, or opening it would run code from the file.
        MissingExtraError: it was written by Keras 2 and needs tf-keras, which is not installed.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            config = file.attrs.get("model_config")
            version = _text(file.attrs.get("keras_version", ""))
            holds = ", ".join(sorted(file)[:4])
    except OSError as error:
        raise refused(f"{path} cannot be read: {error}", hint="Copy or save the model again.") from error
    if config is None:
        raise refused(
            f"{path} holds weights without a model ({holds or 'nothing'})",
            hint="Load them where the model is defined (model.load_weights), then model.save('model.keras')",
        )
    return open_keras_file(KerasFile(path=path, version=version or "2", config=json.loads(_text(config))))


PLUGIN = Source(
    name="h5",
    describes="Keras model (.h5)",
    recognise=_recognise,
    damage=_damage,
    needs_tensorflow=True,
    opener="litesmith.sources.kinds.h5:open_model",
)
