"""Configurations of another Keras as this Keras 3 takes them: without attributes that do nothing and that it lacks.

The other one is Keras 2, or a Keras 3 newer than the one installed: 3.12 is the last for Python 3.10, and takes nearly
no file of 3.15 as it stands. Only what is at its default, or was never used by Keras 2 itself, is dropped. Anything
else stays, so that Keras 3 refuses it by name instead of computing something else.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from json import dumps
from pathlib import Path
from typing import Any

_GROUPS: dict[str, Any] = {"groups": 1}
_TIME_MAJOR: dict[str, Any] = {"time_major": False}
_AXES: dict[str, Any] = {"input_axes": None, "output_axes": None}
_QUANTIZATION: dict[str, Any] = {"quantization_config": None}
_PLAIN: dict[str, Any] = {"use_gate": False, "sliding_window": None}
_DEFAULTS: dict[str, dict[str, Any]] = {
    **dict.fromkeys(
        ("DepthwiseConv1D", "DepthwiseConv2D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _GROUPS
    ),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _GROUPS),
    **dict.fromkeys(("RNN", "SimpleRNN", "LSTM", "GRU"), _TIME_MAJOR),
    "BatchNormalization": {
        **{"renorm": False, "virtual_batch_size": None, "adjustment": None, "fused": None},
        **{"renorm_clipping": None, "renorm_momentum": 0.99},
    },
    **dict.fromkeys(("GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform"), _AXES),
    **dict.fromkeys(("LecunNormal", "LecunUniform", "VarianceScaling"), _AXES),
    **dict.fromkeys(("Dense", "EinsumDense", "Embedding", "ReversibleEmbedding"), _QUANTIZATION),
    **dict.fromkeys(("MultiHeadAttention", "GroupQueryAttention"), _PLAIN),
}
"""Attributes that Keras 3 has no more or has in later versions only, each with its default. ConvLSTM is not among them:
without its `time_major` Keras 3 opens it and answers otherwise (0.01 on outputs below 1)."""

_UNUSED: dict[str, tuple[str, ...]] = {
    # A separable convolution has a depthwise and a pointwise kernel; these come from its base class.
    **dict.fromkeys(
        ("SeparableConv1D", "SeparableConv2D"), ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
    ),
    "Embedding": ("batch_input_shape",),
}
"""Attributes that Keras 2 writes and does not compute with."""

_FUNCTIONAL = {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}


def cleaned(config: Any) -> tuple[Any, tuple[str, ...]]:
    """Return the configuration without them, and what was dropped, as `Class.attribute`.

    >>> cleaned({"class_name": "LSTM", "config": {"units": 3, "time_major": False}})
    ({'class_name': 'LSTM', 'config': {'units': 3}}, ('LSTM.time_major',))
    >>> cleaned({"class_name": "LSTM", "config": {"units": 3, "time_major": True}})[1]
    ()
    """
    dropped: list[str] = []
    return _clean(config, dropped), tuple(dict.fromkeys(dropped))


def _clean(node: Any, dropped: list[str]) -> Any:
    if isinstance(node, list):
        return [_clean(item, dropped) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _clean(value, dropped) for key, value in node.items()}
    name, inner = made.get("class_name"), made.get("config")
    if not isinstance(name, str) or not isinstance(inner, dict):
        return made
    defaults, unused = _DEFAULTS.get(name, {}), _UNUSED.get(name, ())
    gone = [key for key in inner if key in unused or (key in defaults and inner[key] == defaults[key])]
    dropped += [f"{name}.{key}" for key in gone]
    made["config"] = {key: value for key, value in inner.items() if key not in gone}
    axis = made["config"].get("axis")
    if name == "BatchNormalization" and isinstance(axis, list) and len(axis) == 1:
        made["config"]["axis"] = axis[0]
        dropped.append("BatchNormalization.axis as a list")
    if name == "Functional" and made.get("module") not in (None, _FUNCTIONAL["module"]):
        made |= _FUNCTIONAL
    return made


@contextmanager
def with_config(path: Path, config: Any) -> Iterator[Path]:
    """Yield a copy of a .keras or .h5 file that holds another configuration; it is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="litesmith-") as folder:
        if zipfile.is_zipfile(path):
            copy = Path(folder) / "model.keras"
            with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, "w") as new:
                for name in old.namelist():
                    if name == "config.json":
                        new.writestr(name, dumps(config))
                    else:
                        with old.open(name) as source, new.open(name, "w", force_zip64=True) as target:
                            shutil.copyfileobj(source, target)
        else:
            import h5py

            copy = Path(folder) / "model.h5"
            shutil.copyfile(path, copy)
            with h5py.File(copy, "r+") as file:
                file.attrs["model_config"] = dumps(config)
        yield copy
