"""Layer names are read from the names that converters give to tensors."""

from __future__ import annotations

from litesmith.core.graph import GraphOp, GraphTensor, Subgraph
from litesmith.core.layers import layer_names


def named(*ops: tuple[str, str]) -> tuple[str, ...]:
    """Return the layer names of a chain of operators, each (operator, name of the tensor it makes)."""
    tensors = [GraphTensor(index=i, name=name, dtype="float32", shape=(1,), size_bytes=0, constant=False, scales=0,
                           scale=0.0, zero_point=0) for i, (_, name) in enumerate((("", "input"), *ops))]  # fmt: skip
    made = [
        GraphOp(index=i, name=op, version=1, inputs=(i,), outputs=(i + 1,), weight_bytes=0)
        for i, (op, _) in enumerate(ops)
    ]
    graph = Subgraph(index=0, name="", tensors=tuple(tensors), ops=tuple(made), inputs=(0,), outputs=(len(ops),))
    return layer_names(graph)


def test_the_operator_that_computes_names_the_layer_and_not_the_pad_or_the_activation() -> None:
    net = "net_1/"
    assert named(
        ("CONV_2D", f"{net}Conv1_relu_1/Relu6;{net}Conv1_1/convolution"),
        (
            "DEPTHWISE_CONV_2D",
            f"{net}block_1_depthwise_relu_1/Relu6;{net}block_1_depthwise_BN_1/batchnorm/mul_1;"
            f"{net}block_1_depthwise_1/depthwise;;{net}block_1_pad_1/Pad",
        ),
        ("CONV_2D", f"{net}block_1_project_1/convolution1"),
        ("ADD", f"{net}block_1_add_1/Add"),
    ) == ("Conv1", "block_1_depthwise", "block_1_project", "block_1_add")


def test_keras_2_names() -> None:
    assert named(
        ("CONV_2D", "model/conv/Relu;model/conv/BiasAdd;model/conv/Conv2D;model/conv/BiasAdd/ReadVariableOp"),
        ("FULLY_CONNECTED", "model/dense/MatMul;model/dense/BiasAdd"),
        ("ADD", "model/block/add/add"),
    ) == ("conv", "dense", "block/add")


def test_parts_that_share_a_constant_do_not_name_the_layer() -> None:
    """TensorFlow merges the names of equal biases: the operator's own part stands first."""
    name = "model/bn/FusedBatchNormV3;model/dw/depthwise;model/later/Conv2D"
    assert named(("DEPTHWISE_CONV_2D", name), ("CONV_2D", "model/own/Conv2D;model/later/Conv2D")) == ("dw", "own")


def test_a_convolution_is_not_named_by_the_depthwise_one_beside_it() -> None:
    assert named(("CONV_2D", "m/dw/depthwise_conv2d;m/pw/Conv2D"))[0] == "pw"


def test_outputs_that_bear_only_the_name_of_the_call_take_the_layer_before() -> None:
    assert named(("FULLY_CONNECTED", "m/logits/MatMul"), ("SOFTMAX", "StatefulPartitionedCall:0")) == (
        "logits", "logits",
    )  # fmt: skip
    assert named(("SOFTMAX", "StatefulPartitionedCall:0")) == ("StatefulPartitionedCall:0",)


def test_a_layer_with_weights_at_the_output_is_named_by_them_and_not_by_the_layer_before() -> None:
    names = ("x", "m/pool/Mean", "m/wide/MatMul1", "StatefulPartitionedCall_1:01")
    tensors = [
        GraphTensor(index=i, name=name, dtype="int8", shape=(1,), size_bytes=0, constant=i == 2, scales=0, scale=0.0,
                    zero_point=0) for i, name in enumerate(names)
    ]  # fmt: skip
    ops = [
        GraphOp(index=0, name="MEAN", version=1, inputs=(0,), outputs=(1,), weight_bytes=0),
        GraphOp(index=1, name="FULLY_CONNECTED", version=1, inputs=(1, 2), outputs=(3,), weight_bytes=0),
    ]
    graph = Subgraph(index=0, name="", tensors=tuple(tensors), ops=tuple(ops), inputs=(0,), outputs=(3,))
    assert layer_names(graph) == ("pool", "wide")
    assert named(("MEAN", "m/pool/Mean"), ("FULLY_CONNECTED", "StatefulPartitionedCall:0"))[1] == (
        "StatefulPartitionedCall:0"
    ), "without a name of its own it is not called by another layer's"


def test_names_of_pytorch() -> None:
    block = "torchvision.models.resnet.ResNet_model/torch.nn.modules.container.Sequential_layer1"
    assert named(("CONV_2D", f"{block}/torch.nn.modules.conv.Conv2d_conv1;"))[0] == "model.layer1.conv1"


def test_conversions_stand_for_what_they_convert() -> None:
    assert named(("QUANTIZE", "wave_quantized"), ("DEQUANTIZE", "pooled_dequant"), ("SIN", "wave_quantized")) == (
        "wave", "pooled", "wave_quantized",
    )  # fmt: skip


def test_names_without_scopes_stand_as_they_are() -> None:
    assert named(("ADD", "sum"), ("ADD", "arg0"), ("ADD", ";;")) == ("sum", "arg0", ";;")
