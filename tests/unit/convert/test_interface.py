import sys
from types import ModuleType

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as litert_schema

from litesmith.convert.interface import pack, settle
from litesmith.convert.rungs.identifiers import identifiers
from litesmith.core.errors import ConversionError


def test_constants_stay_aligned_when_a_file_is_packed_again():
    model = litert_schema.ModelT()
    model.version = 3
    model.buffers = []
    for size in (1, 7, 33, 1000):
        constant = litert_schema.BufferT()
        constant.data = np.arange(size, dtype=np.uint8)
        model.buffers.append(constant)
    data = pack(model)
    read = litert_schema.Model.GetRootAs(data, 0)
    for i, size in enumerate((1, 7, 33, 1000)):
        offset = flatbuffers.number_types.UOffsetTFlags.py_type(read.Buffers(i)._tab.Offset(4))
        assert read.Buffers(i)._tab.Vector(offset) % 16 == 0
        np.testing.assert_array_equal(read.Buffers(i).DataAsNumpy(), np.arange(size, dtype=np.uint8))


@pytest.mark.parametrize(
    ("names", "made"),
    [
        (["image"], ["image"]),
        (["a-b", "a_b", "a b"], ["t_a_b", "a_b", "t_a_b_1"]),
        (["t_a_b", "a-b"], ["t_a_b", "t_a_b_1"]),
        (["class", "_x", "1st", "ä"], ["t_class", "t__x", "t_1st", "t__"]),
    ],
)
def test_identifiers(names, made):
    assert identifiers(names) == made


@pytest.fixture
def schema(monkeypatch):
    """LiteRT's copy of the TFLite schema in the place of TensorFlow's, which costs seconds to import."""
    package = ModuleType("tensorflow.lite.python")
    package.schema_py_generated = litert_schema
    for name in ("tensorflow", "tensorflow.lite"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "tensorflow.lite.python", package)


def converted(signature):
    """A model of inputs k_a [1], k_b [2] and outputs k_c [3], k_d [4], as tensors 0 to 3 in that order."""
    model, graph = litert_schema.ModelT(), litert_schema.SubGraphT()
    model.version, model.buffers, model.subgraphs, model.operatorCodes = 3, [litert_schema.BufferT()], [graph], []
    graph.tensors, graph.inputs, graph.outputs, graph.operators = [], [0, 1], [2, 3], []
    for i, name in enumerate("abcd"):
        tensor = litert_schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = f"k_{name}".encode(), [i + 1], 0, 0
        graph.tensors.append(tensor)
    if signature:
        entries = []
        for i, tensor in enumerate(graph.tensors):
            entry = litert_schema.TensorMapT()
            entry.name, entry.tensorIndex = tensor.name, i
            entries.append(entry)
        made = litert_schema.SignatureDefT()
        made.signatureKey, made.inputs, made.outputs = b"serving_default", entries[:2], entries[2:]
        model.signatureDefs = [made]
    return pack(model)


@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize("signature", [True, False])
def test_names_and_order_become_the_users(signature):
    data, inputs, outputs = settle(converted(signature), {"k_b": "b-2", "k_a": "a/1"}, {"k_d": "d", "k_c": "c"})
    assert [(spec.name, spec.shape) for spec in inputs + outputs] == [
        ("b-2", (2,)),
        ("a/1", (1,)),
        ("d", (4,)),
        ("c", (3,)),
    ]
    model = litert_schema.ModelT.InitFromPackedBuf(data, 0)
    assert [list(model.subgraphs[0].inputs), list(model.subgraphs[0].outputs)] == [[1, 0], [3, 2]]
    (found,) = model.signatureDefs
    assert found.signatureKey == b"serving_default"
    assert [(m.name, m.tensorIndex) for m in found.inputs] == [(b"b-2", 1), (b"a/1", 0)]
    assert [(m.name, m.tensorIndex) for m in found.outputs] == [(b"d", 3), (b"c", 2)]


@pytest.mark.usefixtures("schema")
def test_a_file_that_is_right_is_left_as_it_is():
    given = converted(True)
    data, _, _ = settle(given, {"k_a": "k_a", "k_b": "k_b"}, {"k_c": "k_c", "k_d": "k_d"})
    assert data == given


@pytest.mark.usefixtures("schema")
def test_a_lost_input_is_named():
    with pytest.raises(ConversionError, match="lost the input x; it has k_a, k_b"):
        settle(converted(True), {"k_a": "a", "k_x": "x"}, {"k_c": "c"})
