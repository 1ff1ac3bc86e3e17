"""SavedModels and what is taken for one."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from causes.saving import saved_function, small


def _plain(path: Path, body: Callable[[Any], Any] | None = None) -> Path:
    return saved_function(path, body or (lambda x: x * 2.0), x=([None, 3], "float32"))


def _with_variable(path: Path, **signatures: str) -> Path:
    import tensorflow as tf

    module = tf.Module()
    module.w = tf.Variable(tf.ones([3, 2]))
    spec = tf.TensorSpec([None, 3], tf.float32, name="x")
    module.serve = tf.function(lambda x: {"y": tf.matmul(x, module.w)}, input_signature=[spec])
    tf.saved_model.save(module, str(path), signatures=dict.fromkeys(signatures, module.serve))
    return path


def without_signature(path: Path) -> Path:
    # folder
    return _with_variable(path)


def two_signatures(path: Path) -> Path:
    # folder
    return _with_variable(path, encode="", decode="")


def without_variables(path: Path) -> Path:
    # folder
    _with_variable(path, serving_default="")
    shutil.rmtree(path / "variables")
    return path


def without_variable_data(path: Path) -> Path:
    # folder
    _with_variable(path, serving_default="")
    next((path / "variables").glob("*.data-*")).unlink()
    return path


def cut_variable_data(path: Path) -> Path:
    # folder
    _with_variable(path, serving_default="")
    file = next((path / "variables").glob("*.data-*"))
    file.write_bytes(file.read_bytes()[:10])
    return path


def unknown_op(path: Path) -> Path:
    # folder
    import tensorflow as tf

    _plain(path, tf.math.lgamma)
    graph = path / "saved_model.pb"
    graph.write_bytes(graph.read_bytes().replace(b"Lgamma", b"MyGama"))
    return path


def unknown_rank(path: Path) -> Path:
    return saved_function(path, lambda x: x * 2.0, x=(None, "float32"))


def checkpoint(path: Path) -> Path:
    # folder
    import tensorflow as tf

    tf.train.Checkpoint(w=tf.Variable(1.0)).save(str(path / "ckpt"))
    return path


def checkpoint_v1(path: Path) -> Path:
    # folder
    import tensorflow as tf

    v1 = tf.compat.v1
    path.mkdir()
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable("w", initializer=2.0)
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(path / "model.ckpt"))
    return path


def checkpoint_file(path: Path) -> Path:
    # folder
    return next(checkpoint_v1(path).glob("*.meta"))


def checkpoint_index(path: Path) -> Path:
    # folder
    return next(checkpoint_v1(path).glob("*.index"))


def frozen_graph(path: Path) -> Path:
    import tensorflow as tf

    path = path.with_suffix(".pb")
    with tf.Graph().as_default() as graph:
        tf.compat.v1.placeholder(tf.float32, [None, 3], name="x") * 2.0
    path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


def saved_model_file(path: Path) -> Path:
    # folder
    return _plain(path) / "saved_model.pb"


def several_models(path: Path) -> Path:
    # folder
    _plain(path / "1")
    _plain(path / "2")
    return path


def broken_graph(path: Path) -> Path:
    # folder
    _with_variable(path, serving_default="")
    graph = path / "saved_model.pb"
    data = bytearray(graph.read_bytes())
    data[40:60] = bytes(20)
    graph.write_bytes(data)
    return path


def keras_as_graph(path: Path) -> Path:
    # folder
    import keras

    return _named_as_graph(path, small(keras, path.with_suffix(".keras")))


def h5_as_graph(path: Path) -> Path:
    # folder
    import keras

    return _named_as_graph(path, small(keras, path.with_suffix(".h5")))


def tflite_as_graph(path: Path) -> Path:
    # folder
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(_plain(path.with_name("whole"))))
    file = path.with_suffix(".tflite")
    file.write_bytes(converter.convert())
    return _named_as_graph(path, file)


def _named_as_graph(path: Path, file: Path) -> Path:
    path.mkdir()
    file.rename(path / "saved_model.pb")
    return path
