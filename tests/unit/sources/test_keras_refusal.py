from pathlib import Path

import pytest

from litesmith.sources.keras_refusal import code_layers, first_line, refusal, runs_code

MODEL = Path("m.keras")


def layer(name, **config):
    return {"class_name": "Lambda", "config": {"name": name, **config}}


def test_lambda_code_is_found_in_both_formats_and_below_other_layers():
    keras_3 = layer("new", function={"class_name": "__lambda__", "config": {"code": "4wEA"}})
    keras_2 = layer("old", function=["4wEA", None, None], function_type="lambda")
    shaped = layer("shaped", function="relu", function_type="function", output_shape_type="lambda")
    nested = {"class_name": "Functional", "config": {"name": "outer", "layers": [keras_2, shaped]}}
    assert code_layers({"class_name": "Sequential", "config": {"name": "s", "layers": [keras_3, nested]}}) == [
        "new",
        "old",
        "shaped",
    ]


def test_plain_layers_and_lambdas_of_named_functions_hold_no_code():
    named = layer("named", function="relu", function_type="function")
    assert code_layers({"config": {"layers": [named, {"class_name": "Dense", "config": {"name": "d"}}]}}) == []


def test_code_error_names_the_layers():
    error = runs_code(MODEL, ["twice", "half"])
    assert "Lambda layers twice, half" in error.message
    assert "model.export" in error.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Could not locate class 'Wobble'. Make sure custom classes", "m.keras uses 'Wobble', which is not part of K"),
        ("Unknown layer: 'Custom>Wobble'. Please ensure", "m.keras uses 'Wobble', which is not part of K"),
        ("Unknown activation function: swoosh. Please", "m.keras uses 'swoosh', which is not part of K"),
        ("... Please pass safe_mode=False to load", "K refuses m.keras: opening it could run code from the file"),
        ("Unable to synchronously open file (truncated file: eof = 9)", "m.keras is damaged: Unable to"),
        ("something\nelse", "K refuses m.keras: something"),
    ],
)
def test_refusals(text, message):
    error = refusal(ValueError(text), MODEL, "K")
    assert error.message.startswith(message)
    assert error.hint


def test_first_line_finds_the_inner_exception():
    outer = (
        "Error when deserializing class 'DepthwiseConv2D' using config={'name': 'conv_dw_1', 'groups': 1}.\n\n"
        "Exception encountered: Unrecognized keyword arguments passed to DepthwiseConv2D: {'groups': 1}"
    )
    assert first_line(TypeError(outer)) == "DepthwiseConv2D: unknown argument 'groups'"
    assert first_line(TypeError("Dense.__init__() got an unexpected keyword argument 'q'")) == (
        "Dense: unknown argument 'q'"
    )
    assert first_line(KeyError()) == "KeyError"
