"""Keras files whose weights or parts do not fit together."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from causes.saving import edited, small


def other_shape(path: Path) -> Path:
    import keras

    small(keras, path, keras.layers.Dense(3, name="first"))

    def change(config: dict[str, Any], metadata: dict[str, Any]) -> None:
        del metadata
        config["config"]["layers"][1]["config"]["units"] = 7

    return edited(path, change)


def missing_weights(path: Path) -> Path:
    import keras

    small(keras, path, keras.layers.Dense(2, name="first"))
    other = small(keras, path.with_name("other.keras"))
    whole = path.with_suffix(".whole")
    path.rename(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(other) as less, zipfile.ZipFile(path, "w") as new:
        for name in ("config.json", "metadata.json"):
            new.writestr(name, old.read(name))
        new.writestr("model.weights.h5", less.read("model.weights.h5"))
    return path


def other_shape_h5(path: Path) -> Path:
    import h5py
    import keras

    path = small(keras, path.with_suffix(".h5"), keras.layers.Dense(3, name="first"))
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][1]["config"]["units"] = 7
        file.attrs["model_config"] = json.dumps(config)
    return path


def missing_weights_h5(path: Path) -> Path:
    import h5py
    import keras

    path = small(keras, path.with_suffix(".h5"), keras.layers.Dense(3, name="first"))
    with h5py.File(path, "r+") as file:
        del file["model_weights"]["last"]
        file["model_weights"].attrs["layer_names"] = [b"first"]
    return path


def other_shape_keras_2(path: Path) -> Path:
    import h5py
    import tf_keras

    path = small(tf_keras, path.with_suffix(".h5"), tf_keras.layers.Dense(3, name="first"))
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"][1]["config"]["units"] = 7
        file.attrs["model_config"] = json.dumps(config)
    return path


def config_not_json(path: Path) -> Path:
    import keras

    small(keras, path)
    whole = path.with_suffix(".whole")
    path.rename(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in ("metadata.json", "model.weights.h5"):
            new.writestr(name, old.read(name))
        new.writestr("config.json", "{ not json")
    return path


def cut_off(path: Path) -> Path:
    import keras

    small(keras, path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


def cut_off_weights(path: Path) -> Path:
    import keras

    small(keras, path)
    whole = path.with_suffix(".whole")
    path.rename(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in ("config.json", "metadata.json", "model.weights.h5"):
            data = old.read(name)
            new.writestr(name, data[: len(data) // 2] if name.endswith(".h5") else data)
    return path


def weights_only(path: Path) -> Path:
    import keras

    path = path.with_name("model.weights.h5")
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(str(path))
    return path


def weights_only_keras_2(path: Path) -> Path:
    import tf_keras

    path = path.with_name("model.h5")
    tf_keras.Sequential([tf_keras.Input((4,)), tf_keras.layers.Dense(2)]).save_weights(str(path))
    return path


def unpacked(path: Path) -> Path:
    import keras

    file = small(keras, path.with_suffix(".keras"))
    folder = path.with_name("unpacked")
    with zipfile.ZipFile(file) as archive:
        archive.extractall(folder)
    return folder


def folder_of_files(path: Path) -> Path:
    import keras

    folder = path.with_name("saved")
    folder.mkdir()
    small(keras, folder / "model.keras")
    small(keras, folder / "second.keras")
    return folder
