"""A frozen graph of TensorFlow 1."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Stage

PLUGIN = Cause(
    name="frozen_graph",
    title="a frozen graph (.pb) of TensorFlow 1",
    stage=Stage.OPENING,
    pattern=re.compile(r"is a frozen TensorFlow graph"),
    why=(
        "A frozen graph does not say which of its tensors are inputs and outputs, so nothing can be fed to it "
        "without guessing."
    ),
    remedy="Wrap it with the names of its inputs and outputs and save it as a SavedModel.",
    code=(
        'graph = tf.compat.v1.GraphDef.FromString(open("frozen.pb", "rb").read())\n'
        'function = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(graph, name=""), [])\n'
        'pruned = function.prune("input:0", "output:0")\n'
        "module = tf.Module()\n"
        "spec = tf.TensorSpec([None, 224, 224, 3])\n"
        'module.serve = tf.function(lambda x: {{"y": pruned(x)}}, input_signature=[spec])\n'
        'tf.saved_model.save(module, "saved", signatures=module.serve)'
    ),
    source="https://www.tensorflow.org/guide/migrate/saved_model",
    rank=10,
)
