from litesmith.diagnosis.cause import Layer
from litesmith.diagnosis.locations import layers_at, places

KERAS_2 = (
    'error: loc(callsite(fused["TensorListReserve:", "TensorArrayV2_1@__inference_standard_lstm_7"] at callsite('
    'fused["PartitionedCall:", "model/memory/PartitionedCall@__inference_serve_9"] at '
    'fused["StatefulPartitionedCall:", '
    "\"StatefulPartitionedCall\"]))): 'tf.TensorListReserve' op requires element_shape to be static\n"
)


def message(path, op="Svd"):
    place = f'callsite(fused["{op}:", "{path}@f_1"] at fused["A:", "PartitionedCall_2"])'
    return f"error: loc({place}): 'tf.{op}' op is no\n"


def layer(name, kind="Dense"):
    return Layer(name=name, kind=kind)


def test_scopes_go_from_the_model_to_the_op():
    (place,) = places(message("model_1/outer_1/inner_1/Svd"))
    assert place.op == "Svd"
    assert place.scopes == ("model_1", "outer_1", "inner_1", "Svd")


def test_function_inside_of_a_call_belongs_to_the_layer_of_the_call():
    assert layers_at(KERAS_2, [layer("memory", "LSTM")]) == ("memory (LSTM)",)
    assert layers_at(KERAS_2, ()) == ("memory",)


def test_innermost_known_layer_is_named():
    text = message("model_1/outer_1/inner_1/Svd")
    assert layers_at(text, [layer("outer"), layer("inner")]) == ("inner (Dense)",)


def test_name_with_a_number_of_its_own_is_not_shortened():
    assert layers_at(message("model/dense_1/Svd"), [layer("dense"), layer("dense_1")]) == ("dense_1 (Dense)",)
    assert layers_at(message("model_1/dense_1_1/Svd"), [layer("dense_1"), layer("dense")]) == ("dense_1 (Dense)",)


def test_without_layers_the_scope_below_the_models_is_given():
    assert layers_at(message("model_3/odd_1/sub/Svd"), ()) == ("odd",)
    assert layers_at(message("model/odd_1/Svd"), ()) == ("odd_1",)
    assert layers_at(message("gradient_tape/model_1/odd_1/Svd"), ()) == ("odd",)


def test_op_outside_of_every_layer_is_named_itself_unless_a_layer_is_known():
    assert layers_at(message("Svd"), ()) == ("Svd (tf.Svd)",)
    assert layers_at(message("Svd") + message("model_1/odd_1/Svd"), ()) == ("odd",)


def test_operation_of_keras_is_known_by_its_class():
    assert layers_at(message("model_1/MatrixInverse", "MatrixInverse"), [layer("inv_3", "Inv")]) == ("inv_3 (Inv)",)
    assert layers_at(message("model_1/Svd"), [layer("svd", "SVD"), layer("svd_1", "SVD")]) == ("Svd (tf.Svd)",)


def test_each_layer_once_in_the_order_of_the_model():
    text = message("m_1/ant_1/Svd") + message("m_1/zebra_1/Svd") + message("m_1/ant_1/Qr", "Qr")
    assert layers_at(text, [layer("zebra"), layer("ant")]) == ("zebra (Dense)", "ant (Dense)")


def test_text_without_places():
    assert layers_at("ValueError: no", [layer("a")]) == ()
