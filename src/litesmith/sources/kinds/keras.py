"""A `.keras` file: a zip archive of config.json, metadata.json and model.weights.h5."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from litesmith.core.open_source import OpenModel
from litesmith.core.source import Source
from litesmith.sources.keras_file import KerasFile, open_keras_file
from litesmith.sources.refused import refused

_PARTS = ("config.json", "metadata.json", "model.weights.h5")


def _names(path: Path) -> set[str]:
    if not path.is_file() or not zipfile.is_zipfile(path):
        return set()
    with zipfile.ZipFile(path) as archive:
        return set(archive.namelist())


def _recognise(path: Path) -> bool:
    names = _names(path)
    return "config.json" in names and bool({"metadata.json", "model.weights.h5"} & names)


def _damage(path: Path) -> str:
    missing = [part for part in _PARTS if part not in _names(path)]
    if missing:
        return f"{', '.join(missing)} is missing"
    try:
        with zipfile.ZipFile(path) as archive:
            json.loads(archive.read("config.json"))
            json.loads(archive.read("metadata.json"))
            archive.open("model.weights.h5").close()
    except (ValueError, zipfile.BadZipFile, EOFError) as error:
        return str(error)
    return ""


def open_model(path: Path) -> OpenModel:
    """Open the model in the TensorFlow process.

    Raises:
        SourceError: Keras refuses it, or opening it would run code from the file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            version = json.loads(archive.read("metadata.json")).get("keras_version", "")
    except (ValueError, KeyError, zipfile.BadZipFile) as error:
        raise refused(f"{path} is damaged: {error}", hint="Copy or save the model again.") from error
    return open_keras_file(KerasFile(path=path, version=version, config=config))


PLUGIN = Source(
    name="keras",
    describes="Keras model (.keras)",
    recognise=_recognise,
    damage=_damage,
    needs_tensorflow=True,
    opener="litesmith.sources.kinds.keras:open_model",
)
