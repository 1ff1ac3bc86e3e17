from pathlib import Path

import pytest

from litesmith.diagnosis.catalogue import diagnose, recognise
from litesmith.diagnosis.cause import UNKNOWN, Evidence, Layer, Stage
from litesmith.diagnosis.page import page

MISSING = (
    'error: loc(fused["{op}:", "model_1/{layer}_1/{op}@f"]): \'tf.{op}\' op is neither a custom op nor a flex op\n'
)
FLEX = "note: Error code: ERROR_NEEDS_FLEX_OPS\n"
CUSTOM = "note: Error code: ERROR_NEEDS_CUSTOM_OPS\n"
LAYERS = (Layer(name="first", kind="First"), Layer(name="second", kind="Second"))


def converting(text, layers=()):
    return diagnose(Evidence(text=text, stage=Stage.CONVERTING, layers=layers))


def test_unknown_failure_is_shown_whole_and_asks_for_a_report():
    found = converting("first line\nsecond line")
    assert found.cause == UNKNOWN
    assert found.evidence == "first line\nsecond line"
    assert "Report it" in found.remedy
    assert recognise(Evidence(text="first line", stage=Stage.CONVERTING)) is None


def test_layers_come_in_the_order_of_the_model_and_ops_are_all_named():
    text = MISSING.format(op="Dilation2D", layer="second") + MISSING.format(op="Roll", layer="first") + FLEX
    found = converting(text, LAYERS)
    assert found.cause == "no_kernel"
    assert found.where == ("first (First)", "second (Second)")
    assert "tf.Dilation2D, tf.Roll" in found.why
    assert found.cured_by == "select_tf_ops"


def test_a_special_cause_comes_before_the_general_one():
    text = MISSING.format(op="Roll", layer="first") + MISSING.format(op="Svd", layer="second") + FLEX
    assert converting(text).cause == "linear_algebra"


def test_select_tf_ops_are_not_promised_for_ops_that_are_not_among_them():
    assert converting(MISSING.format(op="Qr", layer="first") + FLEX).cured_by == "select_tf_ops"
    assert converting(MISSING.format(op="Qr", layer="first") + CUSTOM).cured_by == ""
    assert converting(MISSING.format(op="Roll", layer="first") + CUSTOM).cause == "custom_op"


@pytest.mark.parametrize(
    ("operation", "cause"),
    [
        ("(tensor<1x4xf64>, tensor<4xi32>) -> tensor<1x4xf64>", "float64"),
        ("(tensor<?x4xbf16>) -> tensor<?x4xbf16>", "half_precision"),
        ("(tensor<*xui16>) -> tensor<*xui16>", "integer_type"),
        ("(tensor<1x4xf32>, tensor<2xi32>) -> tensor<1x4xf32>", "no_kernel"),
    ],
)
def test_types_are_those_of_the_first_operand_or_the_result(operation, cause):
    shown = f'<unknown>:0: note: loc("x"): see current operation: %1 = "tf.Exp"(%0) {{device = ""}} : {operation}\n'
    assert converting(MISSING.format(op="Exp", layer="first") + shown + FLEX).cause == cause


def test_names_from_a_model_are_data():
    name = "{0.__class__} {kind}"
    found = diagnose(Evidence(text=f"the shape of input '{name}' is not known", stage=Stage.OPENING))
    assert found.cause == "unknown_rank"
    assert name in found.why
    assert found.where == (f"input {name}",)


def test_a_text_belongs_to_its_stage():
    text = MISSING.format(op="Qr", layer="first")
    assert diagnose(Evidence(text=text, stage=Stage.OPENING)).cause == UNKNOWN


@pytest.mark.parametrize("quote", ["'", '"'], ids=["Keras 3.15", "Keras 3.12"])
def test_a_layer_is_named_in_either_kind_of_quotes(quote):
    text = f"Input 0 of layer {quote}second{quote} is incompatible with the layer: expected axis -1 to have value 3"
    found = diagnose(Evidence(text=text, stage=Stage.OPENING, layers=LAYERS))
    assert (found.cause, found.where) == ("weights_shape_mismatch", ("second (Second)",))


def test_page_is_that_of_the_catalogue():
    written = (Path(__file__).parents[3] / "docs" / "causes.md").read_text(encoding="utf-8")
    assert written == page(), "python -m litesmith.diagnosis.page > docs/causes.md"


def test_hopeless_texts_are_searched_quickly():
    import time

    lines = MISSING.format(op="Exp", layer="x" * 200) * 300
    begun = time.perf_counter()
    converting(lines + "tensor<" + "1x" * 5000)
    assert time.perf_counter() - begun < 10.0  # backtracking takes minutes


def test_check_of_a_shape_is_named_only_where_nothing_else_is_wrong():
    check = MISSING.format(op="EnsureShape", layer="first")
    integers = (
        '<unknown>:0: note: see current operation: %1 = "tf.EnsureShape"(%0) : (tensor<?xi32>) -> tensor<2xi32>\n'
    )
    alone = converting(check + integers + FLEX, LAYERS)
    assert (alone.cause, alone.where) == ("ensure_shape", ("first (First)",))
    beside = converting(check + integers + MISSING.format(op="Roll", layer="second") + FLEX, LAYERS)
    assert (beside.cause, beside.where) == ("no_kernel", ("second (Second)",))


def test_select_tf_ops_are_not_promised_where_the_converter_breaks_an_op_itself():
    place = 'error: loc(callsite(fused["Einsum:", "model_1/first_1/einsum/Einsum@f"])): '
    found = converting(place + "'tf.BatchMatMulV2' op found invalid output dimension on row\n", LAYERS)
    assert (found.cause, found.where, found.cured_by) == ("einsum", ("first (First)",), "")


@pytest.mark.parametrize(
    ("scopes", "layers", "cause"),
    [
        ("TensorArrayV2_1", (), "tensor_list"),
        ("model_1/first_1/TensorArrayV2_1", (), "dynamic_batch_recurrent"),
        ("model_1/first_1/TensorArrayV2_1", LAYERS, "tensor_list"),
        ("model_1/first_1/TensorArrayV2_1", (Layer(name="first", kind="ConvLSTM2D"),), "dynamic_batch_recurrent"),
    ],
)
def test_list_of_the_users_own_is_not_taken_for_that_of_a_layer(scopes, layers, cause):
    place = f'error: loc(callsite(fused["TensorListReserve:", "{scopes}@f"])): '
    assert converting(f"{place}'tf.TensorListReserve' op requires element_shape to be static\n", layers).cause == cause
