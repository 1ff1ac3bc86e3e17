"""Opening a Keras file of any version with Keras 3, for what only Keras 3 can do."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from litesmith.core.errors import SourceError
from litesmith.core.open_source import OpenModel
from litesmith.sources.keras_file import KerasFile, with_keras_3
from litesmith.sources.keras_refusal import code_layers, runs_code
from litesmith.sources.refused import config_layers


def open_with_keras_3(path: Path) -> OpenModel:
    """Open a .keras or .h5 file in the TensorFlow process with Keras 3, whichever Keras wrote it.

    A layer of Keras 2 may mean something else in Keras 3, so the caller compares the answers with those of the model
    as its own Keras opens it.

    Raises:
        SourceError: Keras 3 refuses it, or opening it would run code from the file.
    """
    file = _described(path)
    layers = code_layers(file.config)
    if layers:
        raise runs_code(path, layers, config_layers(file.config))
    return with_keras_3(file)


def _described(path: Path) -> KerasFile:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            version = json.loads(archive.read("metadata.json")).get("keras_version", "")
        return KerasFile(path=path, version=version, config=config)
    import h5py

    with h5py.File(path, "r") as stored:
        config, version = stored.attrs.get("model_config"), stored.attrs.get("keras_version", "2")
    if config is None:
        raise SourceError(
            f"{path} holds weights without a model", hint="Save the whole model: model.save('model.keras')"
        )
    return KerasFile(
        path=path,
        version=version.decode() if isinstance(version, bytes) else str(version),
        config=json.loads(config.decode() if isinstance(config, bytes) else config),
    )
