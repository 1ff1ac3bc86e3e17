"""Opening a whole Keras model from a file with the Keras that wrote it: Keras 3, or Keras 2 (tf-keras)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from litesmith.core.errors import MissingExtraError, SourceError
from litesmith.core.open_source import OpenModel
from litesmith.sources.keras_model import describe
from litesmith.sources.keras_refusal import code_layers, first_line, refusal, runs_code
from litesmith.sources.legacy_config import cleaned, with_config
from litesmith.sources.refused import config_layers

_SUFFIXES = {"keras": (".keras",), "h5": (".h5", ".hdf5")}


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasFile:
    """What a file says about itself.

    Attributes:
        path: The file.
        version: Keras version that wrote it.
        config: The model's configuration, decoded from JSON.
    """

    path: Path
    version: str
    config: Any

    @property
    def keras_2(self) -> bool:
        """Whether Keras 2 wrote it. Before 2.0 there was Keras 1; tf-keras reads both."""
        return self.version.split(".")[0] in ("1", "2")


def open_keras_file(file: KerasFile) -> OpenModel:
    """Open the model in the TensorFlow process.

    A Keras 2 file is opened with tf-keras, because a difference in a layer's meaning between the two would be seen by
    no later check: the converted model is compared with the model as it was opened. Keras 3 serves where tf-keras
    is not installed or refuses. Each step that was not the plain one is among the model's actions.

    Raises:
        SourceError: Keras refuses it, or opening it would run code from the file.
        MissingExtraError: it needs tf-keras, which is not installed.
    """
    layers = code_layers(file.config)
    if layers:
        raise runs_code(file.path, layers, config_layers(file.config))
    if not file.keras_2:
        return with_keras_3(file)
    return _with_keras_2(file)


def _with_keras_2(file: KerasFile) -> OpenModel:
    if find_spec("tf_keras") is None:
        try:
            opened = with_keras_3(file)
        except SourceError as error:
            raise MissingExtraError(
                f"{file.path} was written by Keras {file.version}; Keras 3 refuses it and tf-keras is not installed",
                hint="pip install 'tensorflow>=2.21' 'tf-keras>=2.21'",
            ) from error
        return _acting(opened, f"tf-keras is not installed; opened the Keras {file.version} file with {_keras_3()}")
    import tf_keras

    try:
        with _named_as(file.path) as path:
            model = tf_keras.models.load_model(str(path), compile=False)
    except Exception as first:
        try:
            opened = with_keras_3(file)
        except SourceError:
            raise refusal(first, file.path, f"tf-keras {tf_keras.__version__}", config_layers(file.config)) from first
        refused = f"tf-keras {tf_keras.__version__} refused the Keras {file.version} file ({first_line(first)})"
        return _acting(opened, f"{refused}; opened with {_keras_3()}")
    opened = describe(model, path=file.path, framework=f"Keras {file.version}", keras_2=True)
    return _acting(opened, f"opened the Keras {file.version} file with tf-keras {tf_keras.__version__}")


def with_keras_3(file: KerasFile) -> OpenModel:
    """Open a model with Keras 3, without attributes of another Keras that do nothing where that is needed.

    Raises:
        SourceError: Keras 3 refuses it.
    """
    import keras

    try:
        with _named_as(file.path) as path:
            model = keras.saving.load_model(str(path), compile=False, safe_mode=True)
    except Exception as error:
        opened = _without_unknown(file) if file.version != keras.__version__ else None
        if opened is None:
            raise refusal(error, file.path, _keras_3(), config_layers(file.config)) from error
        return opened
    return describe(model, path=file.path, framework=f"Keras {file.version}", keras_2=False)


def _without_unknown(file: KerasFile) -> OpenModel | None:
    """Return the model opened without attributes that Keras 3 does not know; None if that is no help."""
    import keras

    config, dropped = cleaned(file.config)
    if not dropped:
        return None
    try:
        with with_config(file.path, config) as path:
            model = keras.saving.load_model(str(path), compile=False, safe_mode=True)
    except Exception:
        return None  # the first refusal is the one to tell
    opened = describe(model, path=file.path, framework=f"Keras {file.version}", keras_2=False)
    return _acting(
        opened, f"dropped attributes that do nothing, as {_keras_3()} does not know all of them: {', '.join(dropped)}"
    )


def _keras_3() -> str:
    import keras

    return f"Keras {keras.__version__}"


def _acting(opened: OpenModel, action: str) -> OpenModel:
    return replace(opened, actions=(*opened.actions, action))


@contextmanager
def _named_as(path: Path) -> Iterator[Path]:
    """Yield a name that Keras accepts: it goes by the suffix, Litesmith by the content."""
    with path.open("rb") as file:
        kind = "keras" if file.read(2) == b"PK" else "h5"
    if path.suffix in _SUFFIXES[kind]:
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="litesmith-") as folder:
        link = Path(folder) / f"model{_SUFFIXES[kind][0]}"
        link.symlink_to(path.resolve())
        yield link
