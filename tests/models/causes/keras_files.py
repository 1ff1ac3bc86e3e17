"""Keras files whose classes or functions Keras does not know, or that it reads otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from causes.saving import edited, small


def lambda_code(path: Path) -> Path:
    import keras

    return small(keras, path, keras.layers.Lambda(lambda x: x * 2, name="twice"))


def lambda_named(path: Path) -> Path:
    import keras

    def twice(x: Any) -> Any:
        return x * 2

    return small(keras, path, keras.layers.Lambda(twice, name="twice"))


def custom_class(path: Path) -> Path:
    import keras

    class Wobble(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1.0

    return small(keras, path, Wobble(name="wobble"))


def custom_function(path: Path) -> Path:
    import keras

    def swoosh(x: Any) -> Any:
        return x * keras.ops.sigmoid(x)

    return small(keras, path, keras.layers.Dense(3, activation=swoosh, name="swooshed"))


def custom_class_h5(path: Path) -> Path:
    path = path.with_suffix(".h5")
    return custom_class(path)


def custom_function_h5(path: Path) -> Path:
    path = path.with_suffix(".h5")
    return custom_function(path)


def custom_class_keras_2(path: Path) -> Path:
    import tf_keras

    class Wobble(tf_keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1.0

    return small(tf_keras, path, Wobble(name="wobble"))


def custom_class_keras_2_h5(path: Path) -> Path:
    return custom_class_keras_2(path.with_suffix(".h5"))


def newer_keras(path: Path) -> Path:
    import keras

    small(keras, path, keras.layers.Dense(3, name="first"))

    def change(config: dict[str, Any], metadata: dict[str, Any]) -> None:
        config["config"]["layers"][1]["config"]["use_future"] = True
        metadata["keras_version"] = "3.99.0"

    return edited(path, change)


def newer_keras_class(path: Path) -> Path:
    import keras

    small(keras, path, keras.layers.Dense(3, name="first"))

    def change(config: dict[str, Any], metadata: dict[str, Any]) -> None:
        config["config"]["layers"][1]["class_name"] = "FutureDense"
        metadata["keras_version"] = "3.99.0"

    return edited(path, change)


def subclassed(path: Path) -> Path:
    import keras
    import numpy as np

    @keras.saving.register_keras_serializable("Mine")
    class Net(keras.Model):
        def __init__(self, **named: Any) -> None:
            super().__init__(**named)
            self.last = keras.layers.Dense(2)

        def call(self, x: Any) -> Any:
            return self.last(x)

    net = Net()
    net(np.zeros((1, 4), np.float32))
    net.save(str(path))
    return path


def sequential_without_shape(path: Path) -> Path:
    import keras

    keras.Sequential([keras.layers.Dense(3), keras.layers.Dense(2)]).save(str(path))
    return path


def hub_layer(path: Path) -> Path:
    import tf_keras

    class KerasLayer(tf_keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x + 1.0

    return small(tf_keras, path.with_suffix(".h5"), KerasLayer(name="hub"))


def quantize_wrapper(path: Path) -> Path:
    import tf_keras

    class QuantizeWrapperV2(tf_keras.layers.Wrapper):
        def call(self, x: Any) -> Any:
            return self.layer(x)

    inner = tf_keras.layers.Dense(3, name="inner")
    return small(tf_keras, path.with_suffix(".h5"), QuantizeWrapperV2(inner, name="quant_inner"))


def addon_package(path: Path) -> Path:
    import keras

    small(keras, path, keras.layers.Dense(3, name="first"))

    def change(config: dict[str, Any], metadata: dict[str, Any]) -> None:
        del metadata
        layer = config["config"]["layers"][1]
        layer["module"], layer["class_name"] = "keras_hub.src.layers.modeling.rms_normalization", "RMSNormalization"
        layer["registered_name"] = "keras_hub>RMSNormalization"

    return edited(path, change)


def quantized_int8(path: Path) -> Path:
    import keras

    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="first")])
    model.quantize("int8")
    model.save(str(path))
    return path


def quantized_float8(path: Path) -> Path:
    import keras

    model = keras.Sequential([keras.Input((4,), name="x"), keras.layers.Dense(3, name="first")])
    model.quantize("float8")
    model.save(str(path))
    return path
