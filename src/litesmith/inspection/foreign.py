"""Operators that are not TFLite's own, and what an app needs for them."""

from __future__ import annotations

from collections.abc import Mapping

from litesmith.core.graph import Graph
from litesmith.core.model_facts import ForeignOp
from litesmith.core.op_ref import OpRef

_SELECT_TF = (
    "the select TF ops: org.tensorflow:tensorflow-lite-select-tf-ops on Android, TensorFlow itself in Python "
    "(ai-edge-litert and tflite-runtime do not have them)"
)
_BROUGHT = "nothing: the runtime's own resolver brings it along"
_MEDIAPIPE = "MediaPipe's runtime, which registers it (mediapipe/util/tflite/operations)"
_TEXT = "TensorFlow Text's kernels for TFLite (tensorflow_text), linked into the app"
KNOWN = {
    "TFLite_Detection_PostProcess": _BROUGHT,
    "AudioSpectrogram": _BROUGHT,
    "Mfcc": _BROUGHT,
    "NumericVerify": _BROUGHT,
    "Convolution2DTransposeBias": _MEDIAPIPE,
    "MaxPoolingWithArgmax2D": _MEDIAPIPE,
    "MaxUnpooling2D": _MEDIAPIPE,
    "Landmarks2TransformMatrix": _MEDIAPIPE,
    "TransformTensorBilinear": _MEDIAPIPE,
    "TransformLandmarks": _MEDIAPIPE,
    "Resampler": _MEDIAPIPE,
    "edgetpu-custom-op": "a Coral Edge TPU and its delegate libedgetpu; no other device runs it",
    "TFSentencepieceTokenizeOp": _TEXT,
    "TFSentencepieceDetokenizeOp": _TEXT,
    "TFText>WhitespaceTokenizeWithOffsetsV2": _TEXT,
    "TFText>FastWordpieceTokenizeWithOffsets": _TEXT,
    "TFText>FastBertNormalize": _TEXT,
    "TFText>NgramsStringJoin": _TEXT,
    "TFText>RaggedTensorToTensor": _TEXT,
    "NGRAMS": "the kernels of tflite-support, linked into the app",
    "SENTENCEPIECE_TOKENIZER": "the kernels of tflite-support, linked into the app",
    "RAGGED_TENSOR_TO_TENSOR": "the kernels of tflite-support, linked into the app",
}
"""Custom operators that are met in the wild. Those the runtime brings along are the `AddCustom` calls of
`tflite/core/kernels/register.cc` in google-ai-edge/LiteRT."""
_UNKNOWN = "a kernel that the app registers under this name before it opens the file; it comes from who made the model"


def foreign_ops(graph: Graph, layers: Mapping[int, tuple[str, ...]]) -> tuple[ForeignOp, ...]:
    """Return select TF and custom operators, each kind once, select TF first."""
    places: dict[str, list[OpRef]] = {}
    for subgraph in graph.subgraphs:
        for op in subgraph.ops:
            if op.name.startswith("CUSTOM:"):
                layer = layers[subgraph.index][op.index]
                places.setdefault(op.name.removeprefix("CUSTOM:"), []).append(
                    OpRef(subgraph=subgraph.index, index=op.index, op=op.name, layer=layer)
                )
    found = [
        ForeignOp(
            name=name.removeprefix("Flex") if is_select_tf(name) else name,
            select_tf=is_select_tf(name),
            ops=tuple(refs),
            layers=tuple(dict.fromkeys(ref.layer for ref in refs)),
            dependency=_SELECT_TF if is_select_tf(name) else KNOWN.get(name, _UNKNOWN),
        )
        for name, refs in places.items()
    ]
    return tuple(sorted(found, key=lambda op: (not op.select_tf, op.name)))


def is_select_tf(custom_name: str) -> bool:
    """Tell whether a custom operator is one of TensorFlow's own; the delegate takes what begins with `Flex`."""
    return custom_name.startswith("Flex")


def is_brought(op: ForeignOp) -> bool:
    """Tell whether the runtime brings it along."""
    return op.dependency == _BROUGHT
