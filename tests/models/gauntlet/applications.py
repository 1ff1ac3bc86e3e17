"""Keras Applications of every family, at the smallest input each takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gauntlet.saving import keras_file, seeded

CLASSES = 10


def _application(folder: Path, name: str, size: int, **options: Any) -> Path:
    """Write one without softmax, which would hide differences: random weights make all classes alike."""
    keras = seeded()
    build = getattr(keras.applications, name)
    options = {"classes": CLASSES, "classifier_activation": None, **options}
    return keras_file(folder, build(weights=None, input_shape=(size, size, 3), **options))


def mobilenet(folder: Path) -> Path:
    """MobileNet V1, 32x32 pixels."""
    return _application(folder, "MobileNet", 32)


def mobilenet_v2(folder: Path) -> Path:
    """MobileNet V2, 32x32 pixels."""
    return _application(folder, "MobileNetV2", 32)


def mobilenet_v3_small(folder: Path) -> Path:
    """MobileNet V3 small, 32x32 pixels."""
    return _application(folder, "MobileNetV3Small", 32)


def efficientnet_b0(folder: Path) -> Path:
    """EfficientNet B0, 32x32 pixels."""
    return _application(folder, "EfficientNetB0", 32)


def efficientnet_v2_b0(folder: Path) -> Path:
    """EfficientNet V2 B0, 32x32 pixels."""
    return _application(folder, "EfficientNetV2B0", 32)


def resnet50(folder: Path) -> Path:
    """ResNet-50, 32x32 pixels."""
    return _application(folder, "ResNet50", 32)


def resnet50_v2(folder: Path) -> Path:
    """ResNet-50 V2, 32x32 pixels."""
    return _application(folder, "ResNet50V2", 32)


def densenet121(folder: Path) -> Path:
    """DenseNet-121, 32x32 pixels."""
    return _application(folder, "DenseNet121", 32)


def inception_v3(folder: Path) -> Path:
    """Inception V3, 75x75 pixels."""
    return _application(folder, "InceptionV3", 75)


def nasnet_mobile(folder: Path) -> Path:
    """NASNet-mobile, 32x32 pixels."""
    return _application(folder, "NASNetMobile", 32)


def convnext_tiny(folder: Path) -> Path:
    """ConvNeXt tiny, 32x32 pixels."""
    return _application(folder, "ConvNeXtTiny", 32)


def xception(folder: Path) -> Path:
    """Xception, 71x71 pixels."""
    return _application(folder, "Xception", 71)


def vgg16(folder: Path) -> Path:
    """VGG-16 without its large Dense layers, 32x32 pixels."""
    keras = seeded()
    body = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3), pooling="avg")
    return keras_file(folder, keras.Sequential([body, keras.layers.Dense(CLASSES)]))


def transfer_learning(folder: Path) -> Path:
    """A frozen MobileNetV2 inside a model of the user's, as most tutorials have it."""
    keras = seeded()
    layers = keras.layers
    body = keras.applications.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3))
    body.trainable = False
    image = keras.Input((32, 32, 3), name="image")
    x = layers.RandomRotation(0.2)(layers.RandomFlip("horizontal")(image))
    x = body(keras.applications.mobilenet_v2.preprocess_input(x), training=False)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras_file(folder, keras.Model(image, layers.Dense(CLASSES, name="classes")(x)))
