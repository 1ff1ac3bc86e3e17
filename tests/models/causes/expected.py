"""Which model provokes which cause, and which of the user's layers the diagnosis names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Provocation:
    """One model and what becomes of it.

    Attributes:
        builder: `module:function` below `causes`; takes the path to write and returns what it wrote.
        cause: Name in the catalogue.
        where: What the diagnosis names.
        suffix: Of the path given to the builder: `.keras`, or nothing for a folder.
        batch: Asked for; -1 for dynamic.
        cured: Whether the rung that the diagnosis names makes a file of it.
    """

    builder: str
    cause: str
    where: tuple[str, ...] = ()
    suffix: str = ""
    batch: int = 1
    cured: bool = False


def _opening(builder: str, cause: str, *where: str) -> Provocation:
    suffix = ".keras" if builder.startswith("keras_") else ""
    return Provocation(builder=builder, cause=cause, where=where, suffix=suffix)


def _keras(builder: str, cause: str, *where: str, batch: int = 1, cured: bool = False) -> Provocation:
    return Provocation(builder=builder, cause=cause, where=where, suffix=".keras", batch=batch, cured=cured)


def _saved(builder: str, cause: str, *where: str, batch: int = 1, cured: bool = False) -> Provocation:
    return Provocation(builder=builder, cause=cause, where=where, batch=batch, cured=cured)


OPENING = (
    _opening("keras_files:lambda_code", "lambda_code", "twice (Lambda)"),
    _opening("keras_files:custom_class", "custom_class", "wobble (Wobble)"),
    _opening("keras_files:custom_class_h5", "custom_class", "wobble (Wobble)"),
    _opening("keras_files:custom_class_keras_2", "custom_class", "wobble (Wobble)"),
    _opening("keras_files:custom_class_keras_2_h5", "custom_class", "wobble (Wobble)"),
    _opening("keras_files:custom_function", "custom_function", "swooshed (Dense)"),
    _opening("keras_files:custom_function_h5", "custom_function", "swooshed (Dense)"),
    _opening("keras_files:lambda_named", "custom_function", "twice (Lambda)"),
    _opening("keras_files:hub_layer", "hub_layer", "hub (KerasLayer)"),
    _opening("keras_files:quantize_wrapper", "quantization_wrapper", "quant_inner (QuantizeWrapperV2)"),
    _opening("keras_files:addon_package", "addon_package", "first (RMSNormalization)"),
    _opening("keras_files:newer_keras", "newer_keras", "first (Dense)", "last (Dense)"),
    _opening("keras_files:newer_keras_class", "newer_keras", "first (FutureDense)"),
    _opening("keras_weights:other_shape", "weights_shape_mismatch", "last (Dense)"),
    _opening("keras_weights:other_shape_h5", "weights_shape_mismatch", "first (Dense)"),
    _opening("keras_weights:other_shape_keras_2", "weights_shape_mismatch", "first (Dense)"),
    _opening("keras_weights:missing_weights", "weights_missing", "last (Dense)"),
    _opening("keras_weights:missing_weights_h5", "weights_missing"),
    _opening("keras_weights:config_not_json", "damaged_file"),
    _opening("keras_weights:cut_off", "damaged_file"),
    _opening("keras_weights:cut_off_weights", "damaged_file"),
    _opening("saved_models:broken_graph", "damaged_file"),
    _opening("saved_models:cut_variable_data", "damaged_file"),
    _opening("keras_files:subclassed", "unknown_input_shape", "Net"),
    _opening("keras_files:sequential_without_shape", "unknown_input_shape", "Sequential"),
    _opening("keras_weights:weights_only", "weights_only"),
    _opening("keras_weights:weights_only_keras_2", "weights_only"),
    _opening("keras_weights:unpacked", "unpacked_keras"),
    _opening("keras_weights:folder_of_files", "several_models"),
    _opening("saved_models:several_models", "several_models"),
    _opening("saved_models:checkpoint", "checkpoint"),
    _opening("saved_models:checkpoint_v1", "checkpoint"),
    _opening("saved_models:checkpoint_file", "checkpoint"),
    _opening("saved_models:checkpoint_index", "checkpoint"),
    _opening("saved_models:frozen_graph", "frozen_graph"),
    _opening("saved_models:saved_model_file", "saved_model_part"),
    _opening("saved_models:keras_as_graph", "misnamed_file"),
    _opening("saved_models:h5_as_graph", "misnamed_file"),
    _opening("saved_models:tflite_as_graph", "misnamed_file"),
    _opening("saved_models:without_signature", "no_signature"),
    _opening("saved_models:two_signatures", "several_signatures"),
    _opening("saved_models:without_variables", "variables_missing"),
    _opening("saved_models:without_variable_data", "variables_missing"),
    _opening("saved_models:unknown_op", "unknown_op", "tf.MyGama"),
    _opening("saved_models:unknown_rank", "unknown_rank", "input x"),
)
"""Sources that are not opened."""

CONVERTING = (
    _keras("kernels:inverse", "linear_algebra", "inv (Inv)", cured=True),
    _keras("kernels:qr", "linear_algebra", "qr (Qr)", cured=True),
    _keras("kernels:svd", "linear_algebra", "svd (SVD)"),
    _keras("kernels:fft2", "fourier_transform", "fft2 (FFT2)", cured=True),
    _saved("types:complex128", "fourier_transform", "odd", cured=True),
    _saved("types:complex_math", "complex_numbers", "odd", cured=True),
    _keras("kernels:erfinv", "special_function", "erfinv (Erfinv)"),
    _saved("kernels:betainc", "special_function", "Betainc (tf.Betainc)"),
    _keras("kernels:category_encoding", "counting_op", "c (CategoryEncoding)", cured=True),
    _saved("kernels:histogram", "counting_op", "odd"),
    _saved("kernels:crop_and_resize", "image_op", "odd", cured=True),
    _saved("kernels:glimpse", "image_op", "odd"),
    _saved("kernels:contrast", "image_op", "odd", cured=True),
    _saved("kernels:combined_nms", "non_max_suppression", "odd", cured=True),
    _saved("kernels:ctc", "ctc_decoder", "odd", cured=True),
    _saved("kernels:python_function", "python_function", "odd"),
    _saved("kernels:ensured_python_function", "python_function", "PyFunc (tf.PyFunc)"),
    _saved("kernels:ensured_shape", "ensure_shape", "odd", cured=True),
    _saved("kernels:ensured_integers", "ensure_shape", "odd", cured=True),
    _saved("kernels:sparse", "sparse_tensor", "odd", cured=True),
    _saved("kernels:ragged", "sparse_tensor", "odd", cured=True),
    _keras("kernels:max_pool_3d", "pooling_3d", "pool3 (MaxPooling3D)", cured=True),
    _keras("kernels:average_pool_3d", "pooling_3d", "pool3 (AveragePooling3D)", cured=True),
    _saved("kernels:printing", "print_op", "odd", cured=True),
    _saved("kernels:dataset_inside", "dataset_inside", "odd", cured=True),
    _keras("kernels:hashing", "text_ops", "hashed (Hashing)", cured=True),
    _saved("types:text_inside", "text_ops", "odd", cured=True),
    _saved("kernels:reduced_precision", "custom_op", "odd"),
    _saved("kernels:dilation", "no_kernel", "odd", cured=True),
    _saved(
        "types:static_table",
        "lookup_table",
        "hash_table (tf.HashTableV2)",
        "LookupTableFindV2 (tf.LookupTableFindV2)",
        "LookupTableImportV2 (tf.LookupTableImportV2)",
        cured=True,
    ),
    _saved("types:layer_with_table", "lookup_table", "looked", cured=True),
    _keras("types:integer_lookup", "lookup_table", "ids (IntegerLookup)", cured=True),
    _keras("types:text_vectorization", "string_input", "input text", "words (TextVectorization)"),
    _saved("types:string_output", "string_input", "output y"),
    _keras("types:string_lookup", "string_input", "input text", "ids (StringLookup)"),
    _keras("types:float64", "float64", "exact (Dense)", cured=True),
    _saved("types:float64_inside", "float64", "odd", cured=True),
    _keras("types:float16", "half_precision", "half (Dense)", cured=True),
    _saved("types:bfloat16_inside", "half_precision", "odd"),
    _saved("types:uint16", "integer_type", "add (tf.AddV2)", cured=True),
    _saved("types:int64_matmul", "integer_type", "MatMul (tf.MatMul)", cured=True),
    _keras("keras_files:quantized_int8", "quantized_keras", "first (Dense)"),
    _keras("keras_files:quantized_float8", "quantized_keras", "first (Dense)"),
    _keras("shapes:lstm", "dynamic_batch_recurrent", "memory (LSTM)", batch=-1, cured=True),
    _keras("shapes:gru", "dynamic_batch_recurrent", "memory (GRU)", batch=-1, cured=True),
    _keras("shapes:lstm_keras_2", "dynamic_batch_recurrent", "memory (LSTM)", batch=-1, cured=True),
    _saved("shapes:loop_gradient", "tensor_list", "odd", cured=True),
    _keras("shapes:stateful", "stateful_layer", "memory (LSTM)"),
    _keras("shapes:fixed_batch", "fixed_batch", "input x", cured=True),
    _saved("shapes:rank_9", "too_many_dimensions", "odd", cured=True),
    _saved("shapes:slice_rank_7", "too_many_dimensions", "odd", cured=True),
    _saved("shapes:new_axis", "new_axis", "odd", batch=-1, cured=True),
    _saved("shapes:switch_case", "switch_case", "odd"),
    _saved("shapes:einsum_repeated", "einsum", "odd", cured=True),
    _saved("shapes:einsum_outer", "einsum", "odd"),
    _saved("shapes:tensor_array", "tensor_list", "odd", cured=True),
    _saved("shapes:tensor_array_open", "tensor_list", "TensorArrayV2 (tf.TensorListReserve)", cured=True),
    _saved("shapes:open_channels", "dynamic_filter", "Conv2D (tf.Conv2D)", cured=True),
    _saved("shapes:pool_gradient", "training_gradient", "odd", cured=True),
)
"""Sources that are opened and not converted by the plain rung."""

CHECKING = (
    _keras("answers:dropout_in_training", "random_answers", "drop (Dropout)"),
    _saved("answers:random_op", "random_answers"),
    _saved("answers:cancelled", "answers_changed"),
    _keras("answers:nan_weights", "not_finite", "output ruined"),
    _saved("answers:infinite_weights", "not_finite", "output output_0"),
    _saved("answers:gathered", "output_shape_changed", "output y", batch=2),
    _saved("answers:asserted", "refuses_samples"),
)
"""Sources whose .tflite is made and does not pass the check."""
