from pathlib import Path

import pytest

from litesmith.core.errors import MissingExtraError, SourceError
from litesmith.core.open_source import OpenModel
from litesmith.sources import keras_file
from litesmith.sources.keras_file import KerasFile, open_keras_file
from litesmith.sources.legacy_config import cleaned


def file(version):
    return KerasFile(path=Path("m.h5"), version=version, config={})


def opened(_):
    return OpenModel(path=Path("m.h5"), framework="Keras", actions=(), inputs=(), outputs=(), call=list)


def refused(_):
    raise SourceError("Keras 3 refuses m.h5")


@pytest.fixture
def no_tf_keras(monkeypatch):
    monkeypatch.setattr(keras_file, "find_spec", lambda name: None)
    monkeypatch.setattr(keras_file, "_keras_3", lambda: "Keras 3.15.1")


@pytest.mark.parametrize(
    ("version", "old"), [("2.4.0", True), ("2.2.4-tf", True), ("2", True), ("1.2.2", True), ("3.15.1", False)]
)
def test_age_of_a_file(version, old):
    assert file(version).keras_2 is old


@pytest.mark.usefixtures("no_tf_keras")
def test_keras_3_stands_in_for_tf_keras_and_says_so(monkeypatch):
    monkeypatch.setattr(keras_file, "with_keras_3", opened)
    assert open_keras_file(file("2.4.0")).actions == (
        "tf-keras is not installed; opened the Keras 2.4.0 file with Keras 3.15.1",
    )


@pytest.mark.usefixtures("no_tf_keras")
def test_without_tf_keras_a_file_keras_3_refuses_needs_the_extra(monkeypatch):
    monkeypatch.setattr(keras_file, "with_keras_3", refused)
    with pytest.raises(MissingExtraError, match="tf-keras is not installed") as caught:
        open_keras_file(file("2.4.0"))
    assert caught.value.hint == "pip install 'tensorflow>=2.21' 'tf-keras>=2.21'"


def test_what_a_newer_keras_writes_is_dropped_where_it_is_at_its_default():
    def layer(axes):
        initializer = {"class_name": "GlorotUniform", "config": {"seed": 3, "input_axes": axes}}
        return {"class_name": "Dense", "config": {"units": 2, "kernel_initializer": initializer}}

    plain = {"class_name": "GlorotUniform", "config": {"seed": 3}}
    assert cleaned(layer(None)) == (
        {"class_name": "Dense", "config": {"units": 2, "kernel_initializer": plain}},
        ("GlorotUniform.input_axes",),
    )
    assert cleaned(layer([0])) == (layer([0]), ())
