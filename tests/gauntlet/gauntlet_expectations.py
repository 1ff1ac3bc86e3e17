"""What becomes of each model: converts plainly, converts by a rung, or is refused with a cause.

What is written here is what is right for the user, not what happened to come out.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.metadata import version
from typing import Any

PLAIN = "wrapped"
ADOPTED = "none"
"""The rung of a .tflite, which is taken as it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One model and its outcome.

    Attributes:
        name: Of the row: the builder's, and after a `-` what is asked for beside the plain conversion.
        subject: Module of the builder.
        converts: Whether there will be a .tflite.
        by: The rung that makes it, or the cause of the refusal. Where a file is refused before anything is diagnosed,
            the class of the error.
        where: Text that names the user's layer in the diagnosis.
        says: Text in the message.
        settings: Of the run, beside the model.
        verb: `convert` or `quantize`.
        by_keras_3_12: The rung that makes it where Keras 3.12, the last for Python 3.10, builds what converts and later
            ones do not; empty where there is no difference.
    """

    name: str
    subject: str
    converts: bool
    by: str
    where: str = ""
    says: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    verb: str = "convert"
    by_keras_3_12: str = ""

    @property
    def builder(self) -> str:
        """Name of the function that builds it."""
        return self.name.partition("-")[0]

    @property
    def what(self) -> str:
        """What the model is, as its builder says."""
        text = inspect.getdoc(getattr(import_module(f"gauntlet.{self.subject}"), self.builder)) or ""
        asked = {"batch": "asked with --batch 0", "allow_select_tf_ops": "asked with --allow-select-tf-ops"}
        more = [words for name, words in asked.items() if name in self.settings] + (
            ["given to quantize"] if self.verb != "convert" else []
        )
        return " ".join([" ".join(text.split()).rstrip("."), *(f"({words})" for words in more)])


def _plain(subject: str, *names: str) -> list[Expected]:
    return [_converts(subject, name, PLAIN) for name in names]


def _converts(subject: str, name: str, by: str, **more: Any) -> Expected:
    return Expected(name=name, subject=subject, converts=True, by=by, **more)


def _refused(subject: str, name: str, by: str, **more: Any) -> Expected:
    return Expected(name=name, subject=subject, converts=False, by=by, **more)


def here(expected: Expected) -> Expected:
    """Return what is expected of the Keras that is installed."""
    if expected.by_keras_3_12 and version("keras").startswith("3.12."):
        return replace(expected, converts=True, by=expected.by_keras_3_12, where="", says="")
    return expected


_ANY_BATCH = {"settings": {"batch": 0}}
_SELECT = {"settings": {"allow_select_tf_ops": True}}

EXPECTED: tuple[Expected, ...] = (
    *_plain(
        "applications", "mobilenet", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0",
        "efficientnet_v2_b0", "resnet50", "resnet50_v2", "densenet121", "inception_v3", "nasnet_mobile",
        "convnext_tiny", "xception", "vgg16", "transfer_learning",
    ),
    *_plain(
        "vision", "unet", "unet_upsampling", "autoencoder", "detector_heads", "detector_nms", "video_3d",
        "grouped_convolution", "dilated_convolution", "separable_convolution", "super_resolution",
        "vision_transformer", "other_normalizations", "channels_first",
    ),
    _refused("vision", "variational_autoencoder", "random_answers"),
    _refused("vision", "detector_combined_nms", "non_max_suppression"),
    _converts("vision", "detector_combined_nms-select", "select_tf_ops", **_SELECT),
    _refused("vision", "video_3d_pooling", "pooling_3d", where="max_pooling3d"),
    *_plain(
        "sequences", "lstm", "gru", "simple_rnn", "bidirectional_stack", "lstm_any_length", "lstm_masked",
        "lstm_streaming", "encoder_decoder", "convolutional_lstm", "frames_one_by_one", "audio_convolution",
        "causal_convolutions", "transposed_convolution_1d", "multi_head_attention", "old_attention", "transformer",
    ),
    _refused("sequences", "lstm_stateful", "stateful_layer", where="memory"),
    _refused("sequences", "transformer_any_length", "new_axis", where="multi_head_attention", by_keras_3_12=PLAIN),
    _converts("sequences", "lstm-any-batch", "unrolled_recurrent", **_ANY_BATCH),
    _converts("sequences", "gru-any-batch", "unrolled_recurrent", **_ANY_BATCH),
    _converts("sequences", "bidirectional_stack-any-batch", "unrolled_recurrent", **_ANY_BATCH),
    _refused("sequences", "lstm_any_length-any-batch", "dynamic_batch_recurrent", where="lstm", **_ANY_BATCH),
    _converts("sequences", "transformer-any-batch", PLAIN, **_ANY_BATCH),
    _converts("sequences", "keras_2_lstm", PLAIN),
    _converts("sequences", "keras_2_lstm-any-batch", "unrolled_recurrent", **_ANY_BATCH),
    *_plain(
        "interfaces", "several_inputs", "nested_outputs", "same_shapes", "output_is_input", "any_size",
        "any_size_upsampled", "small_cnn", "scalar_input", "integer_input", "byte_input", "true_or_false_input",
    ),
    _converts("interfaces", "small_cnn-any-batch", PLAIN, **_ANY_BATCH),
    _converts("interfaces", "fixed_batch", "rebatched"),
    _refused("interfaces", "without_batch", "fixed_batch", where="image"),
    _refused("interfaces", "unknown_rank", "unknown_rank", where="x"),
    _refused("interfaces", "string_input", "string_input", where="text"),
    _refused("interfaces", "string_output", "string_input", where="y"),
    _refused("interfaces", "several_signatures", "several_signatures"),
    _refused("interfaces", "no_signature", "no_signature"),
    *_plain(
        "preprocessing", "rescaling", "normalization", "resizing", "cropping", "augmentation", "discretization",
        "mel_spectrogram",
    ),
    _refused("preprocessing", "resizing_bicubic", "image_op", where="resizing"),
    _converts("preprocessing", "resizing_bicubic-select", "select_tf_ops", **_SELECT),
    _refused("preprocessing", "text_vectorization", "string_input", where="vectorize"),
    _refused("preprocessing", "string_lookup", "string_input", where="colour"),
    _refused("preprocessing", "integer_lookup", "lookup_table", where="codes"),
    _refused("preprocessing", "category_encoding", "counting_op", where="category_encoding"),
    _refused("preprocessing", "hashing", "text_ops", where="hash"),
    *_plain(
        "custom", "lambda_exported", "custom_registered_exported", "shared_layers", "subclassed_exported",
        "batch_norm_after_dense", "models_in_models", "keras_2_h5", "keras_2_keras", "keras_2_saved_model",
        "tf1_saved_model",
    ),
    _refused("custom", "lambda_code", "lambda_code", where="twice"),
    _refused("custom", "lambda_keras_2", "lambda_code", where="twice"),
    _refused("custom", "custom_registered", "custom_class", where="wobble"),
    _refused("custom", "custom_unregistered", "custom_class", where="wobble"),
    _refused("custom", "custom_activation", "custom_function", where="swoosh"),
    _refused("custom", "subclassed", "custom_class", where="Network"),
    _refused("custom", "sequential_without_shape", "unknown_input_shape"),
    *_plain(
        "operators", "unique", "where_one_argument", "gather_nd", "stft", "mel_frontend", "sine", "einsum", "lgamma",
        "top_k", "cumulative_sum", "while_loop", "condition", "assertion", "scatter", "six_dimensions",
    ),
    _refused("operators", "einsum_odd", "einsum"),
    _refused("operators", "erf_and_gelu", "no_kernel", where="odd"),
    _refused("operators", "inverse", "linear_algebra"),
    _converts("operators", "inverse-select", "select_tf_ops", **_SELECT),
    _refused("operators", "svd", "linear_algebra", where="factors"),
    _refused("operators", "complex_numbers", "fourier_transform"),
    _refused("operators", "tensor_array", "tensor_list"),
    _refused("operators", "python_function", "python_function"),
    _converts("operators", "print_op", "without_checks"),
    _refused("operators", "noise", "random_answers"),
    _converts("operators", "ensure_shape", "without_checks"),
    _refused("operators", "crop_and_resize", "image_op"),
    _refused("operators", "sparse_product", "sparse_tensor"),
    _refused("operators", "ctc", "ctc_decoder"),
    _converts("operators", "ctc-select", "select_tf_ops", **_SELECT),
    _converts("precision", "mixed_float16", "full_precision"),
    _converts("precision", "mixed_float16_lstm", "full_precision"),
    _converts("precision", "mixed_bfloat16", "full_precision"),
    _converts("precision", "all_float16", "full_precision"),
    _converts("precision", "all_float64", "full_precision"),
    _refused("precision", "float64_inside", "float64"),
    _refused("precision", "keras_int8", "quantized_keras", where="dense"),
    *_plain(
        "files", "keras_named_saved_model", "saved_model_named_keras", "optimizer_keras", "optimizer_h5",
        "custom_loss", "half_a_gigabyte",
    ),
    _converts("files", "float_tflite", ADOPTED),
    _refused("files", "quantized_tflite", "SourceError", says="is already quantized"),
    _refused(
        "files", "quantized_tflite-quantize", "SourceError", says="is already quantized", verb="quantize",
        settings={"schemes": ("float16",)},
    ),
    _refused("files", "dynamic_range_tflite", "SourceError", says="is already quantized"),
    _refused("files", "keras_named_pb", "misnamed_file", says="as .keras files are"),
    _refused("files", "saved_model_part", "saved_model_part"),
    _refused("files", "saved_model_without_variables", "variables_missing"),
    _refused("files", "folder_of_models", "several_models"),
    _refused("files", "weights_only", "weights_only"),
    _refused("files", "checkpoint", "checkpoint"),
    _refused("files", "frozen_graph", "frozen_graph"),
    _refused("files", "unpacked_keras", "unpacked_keras"),
    _refused("files", "cut_keras", "damaged_file"),
)  # fmt: skip
