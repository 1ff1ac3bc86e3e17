"""Two files side by side: in structure, and in what they compute."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tiny_tflite import Drawing, write_cnn, write_two_inputs, write_unpreparable

from litesmith import api
from litesmith.core.comparison import Comparison
from litesmith.core.errors import ConfigError, DatasetError, SourceError
from litesmith.core.graph import GraphOp, GraphTensor, Subgraph
from litesmith.core.isolated import Worker
from litesmith.inspection.compare import structure
from litesmith.inspection.matching import matched
from litesmith.runtime.flatbuffer import ModelFile, read_graph
from litesmith.runtime.tensor_differences import Tally

pytestmark = pytest.mark.slow

RANGES = {"conv": (0.0, 6.0), "depthwise": (0.0, 6.0), "wave": (-1.0, 1.0), "StatefulPartitionedCall:0": (0.0, 1.0)}


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A float classifier, its int8 variant, one with other weights, one with a SIN and its int8 variant."""
    folder = tmp_path_factory.mktemp("compared")
    found = {
        "float": write_cnn(folder / "float.tflite"),
        "other": write_cnn(folder / "other.tflite", seed=8),
        "sine": write_cnn(folder / "sine.tflite", sine=True),
    }
    with Worker("the quantizer") as worker:  # it warns and prints
        for name in ("float", "sine"):
            tensors = {t.name: (-12.0, 12.0) for t in read_graph(found[name]).main.activations()}
            ranges = {**tensors, "serving_default_image:0": (-1.0, 1.0), **RANGES}
            out = found[f"{name}_int8"] = folder / f"{name}_int8.tflite"
            worker.call(
                "litesmith.quantize.build:build", float_model=found[name], out=out, scheme="int8", ranges=ranges
            )
    return found


def compared(files: dict[str, Path], first: str, second: str) -> Comparison:
    return api.compare(files[first], files[second], jobs=1)


def test_a_float_model_and_its_int8_variant(files: dict[str, Path]) -> None:
    made = compared(files, "float", "float_int8")
    changes = {(c.what, c.name): (c.before, c.after) for c in made.changes}
    before, after = changes["input", "image"]
    assert before == "float32 [1, 8, 8, 3]"
    assert after.startswith("int8 [1, 8, 8, 3], scale 0.0078431")
    assert changes["tensor", "CONV_2D conv"] == ("float32 [1, 8, 8, 8]", "int8 [1, 8, 8, 8]")
    assert not [c for c in made.changes if c.what == "op"]
    kernel = next(c for c in made.constants if c.name == "conv/w")
    assert (kernel.layer, kernel.before, kernel.after) == ("conv", "float32", "int8")
    assert kernel.max_abs_difference is not None
    assert kernel.max_abs_value is not None
    assert 0 < kernel.max_abs_difference < 0.51 * kernel.max_abs_value / 127
    assert "axes" not in [c.name for c in made.constants]
    (scores,) = made.outputs
    assert made.samples == "random values, 32 samples"
    assert scores.sqnr_db is not None
    assert 15 < scores.sqnr_db < 80
    assert scores.top1 is not None
    assert scores.top1.n == 32
    assert scores.top1.interval[0] < scores.top1.value <= scores.top1.interval[1]
    assert [t.op for t in made.tensors][:3] == ["CONV_2D conv", "DEPTHWISE_CONV_2D depthwise", "ADD sum"]
    assert made.note == ""


def test_conversions_around_a_float_island_are_added_operators(files: dict[str, Path]) -> None:
    made = compared(files, "sine", "sine_int8")
    added = [c.after for c in made.changes if c.what == "op" and not c.before]
    assert added == ["DEQUANTIZE", "QUANTIZE"]
    assert [c for c in made.changes if c.what == "op" and not c.after] == []
    assert "SIN wave" in [t.op for t in made.tensors]


def test_other_weights_alone(files: dict[str, Path]) -> None:
    made = compared(files, "float", "other")
    assert made.changes == ()
    weights = {f"{layer}/{kind}" for layer in ("conv", "depthwise", "dense") for kind in "wb"}
    assert {c.name for c in made.constants} == weights
    assert made.constants_compared == 7
    with ModelFile(files["float"]) as one, ModelFile(files["other"]) as other:
        a, b = (f.values(next(t for t in f.graph.main.tensors if t.name == "conv/w")) for f in (one, other))
        assert a is not None
        assert b is not None
        largest = float(np.abs(a - b).max())
    found = next(c for c in made.constants if c.name == "conv/w")
    assert found.max_abs_difference == pytest.approx(largest)


def test_the_numbers_are_those_of_the_runtime(files: dict[str, Path], tmp_path: Path) -> None:
    from litesmith.runtime.interpreter import OpenModel

    images = np.random.default_rng(3).uniform(-1, 1, (6, 8, 8, 3)).astype(np.float32)
    np.savez(tmp_path / "few.npz", x=images)
    made = api.compare(files["float"], files["other"], data=tmp_path / "few.npz", jobs=1)
    answers = []
    for name in ("float", "other"):
        model = OpenModel(files[name])
        answers.append(np.concatenate([model.invoke([image[None]])[0] for image in images]).astype(np.float64))
    (scores,) = made.outputs
    noise = ((answers[0] - answers[1]) ** 2).sum()
    assert scores.samples == 6
    assert scores.sqnr_db == pytest.approx(10 * np.log10((answers[0] ** 2).sum() / noise), abs=1e-3)
    assert scores.max_abs_difference == pytest.approx(np.abs(answers[0] - answers[1]).max(), rel=1e-4)
    cosine = (answers[0] * answers[1]).sum() / np.linalg.norm(answers[0]) / np.linalg.norm(answers[1])
    assert scores.cosine == pytest.approx(cosine, abs=1e-6)
    assert scores.top1 is not None
    assert scores.top1.value == (answers[0].argmax(1) == answers[1].argmax(1)).mean()
    assert "few.npz, 6 samples" in made.samples


def test_unrelated_models_are_not_run_on_the_same_samples(files: dict[str, Path], tmp_path: Path) -> None:
    made = api.compare(files["float"], write_two_inputs(tmp_path / "two.tflite"), jobs=1)
    assert made.outputs == made.tensors == ()
    assert made.note == "not run on the same samples: one has 1 inputs, the other 2"
    assert {"op", "input", "output", "signature"} <= {c.what for c in made.changes}


def test_another_input_size_is_named(files: dict[str, Path], tmp_path: Path) -> None:
    made = api.compare(files["float"], write_cnn(tmp_path / "large.tflite", size=9), jobs=1)
    assert "input 'image' is float32 [1, 8, 8, 3] in one and float32 [1, 9, 9, 3] in the other" in made.note


def test_a_dynamic_batch_is_no_difference_for_the_samples(files: dict[str, Path], tmp_path: Path) -> None:
    made = api.compare(files["float"], write_cnn(tmp_path / "any.tflite", dynamic=True), jobs=1)
    assert made.note == ""
    (scores,) = made.outputs
    assert (scores.identical, scores.sqnr_db, scores.max_abs_difference) == (1.0, None, 0.0)
    assert scores.top1 is not None
    assert scores.top1.value == 1.0


def test_several_inputs_are_fed_by_name(tmp_path: Path) -> None:
    one, other = write_two_inputs(tmp_path / "one.tflite"), write_two_inputs(tmp_path / "other.tflite", seed=8)
    made = api.compare(one, other, jobs=1)
    assert [o.name for o in made.outputs] == ["both", "chance"]
    assert made.note == ""


def test_the_same_bytes_are_the_same(files: dict[str, Path], tmp_path: Path) -> None:
    copy = tmp_path / "copy.tflite"
    copy.write_bytes(files["float"].read_bytes())
    made = api.compare(files["float"], copy)
    assert made.same_bytes
    assert made.changes == ()


def test_a_file_that_cannot_run_still_has_a_structure(files: dict[str, Path], tmp_path: Path) -> None:
    made = api.compare(files["float"], write_unpreparable(tmp_path / "bad.tflite"), jobs=1)
    assert "bad.tflite cannot be prepared" in made.note
    assert [c for c in made.changes if c.what == "op"]


def test_what_cannot_be_compared_is_an_error(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(SourceError):
        api.compare(files["float"], tmp_path / "none.tflite")
    with pytest.raises(DatasetError):
        api.compare(files["float"], files["other"], data=tmp_path / "none")
    from litesmith.pipeline.comparing import compare
    from litesmith.pipeline.settings import Settings

    with pytest.raises(ConfigError, match="takes two files, not 1"):
        compare(Settings(), [str(files["float"])])


def test_versions_options_and_ranges(files: dict[str, Path]) -> None:
    with ModelFile(files["float_int8"]) as one, ModelFile(files["float_int8"]) as other:
        main = other.graph.main
        conv = dataclasses.replace(main.ops[0], version=5, options={**main.ops[0].options, "strideH": 7})
        tensors = list(main.tensors)
        made = tensors[conv.outputs[0]]
        tensors[made.index] = dataclasses.replace(made, zero_point=3)
        changed = dataclasses.replace(main, ops=(conv, *main.ops[1:]), tensors=tuple(tensors))
        other.graph = dataclasses.replace(other.graph, subgraphs=(changed,))
        found = structure(one, other)
    assert [(c.what, c.name, c.after) for c in found.changes] == [
        ("file", "needs TensorFlow", "2.4.0"),
        ("version", "CONV_2D conv", "5"),
        ("options", "CONV_2D conv: strideH", "7"),
        ("range", "CONV_2D conv", f"scale {made.scale:.6g}, zero point 3"),
    ]
    assert found.constants == ()


def chain(kinds: str) -> Subgraph:
    """Return operators named by letters, each in the layer of its letter."""
    plain = GraphTensor(
        index=0, name="", dtype="int8", shape=(1,), size_bytes=0, constant=False, scales=0, scale=0.0, zero_point=0
    )
    ops = tuple(
        GraphOp(index=i, name=kind.upper(), version=1, inputs=(0,), outputs=(i + 1,), weight_bytes=0)
        for i, kind in enumerate(kinds)
    )
    tensors = tuple(
        dataclasses.replace(plain, index=i, name=name) for i, name in enumerate(["in", *(f"layer_{k}" for k in kinds)])
    )
    return Subgraph(index=0, name="main", tensors=tensors, ops=ops, inputs=(0,), outputs=(len(kinds),))


@pytest.mark.parametrize(
    ("first", "second", "pairs"),
    [
        ("abc", "abc", "aa bb cc"),
        ("abc", "abxc", "aa bb -x cc"),
        ("abc", "ac", "aa b- cc"),
        ("aab", "ab", "aa a- bb"),
        ("ab", "cd", "a- b- -c -d"),
    ],
)
def test_operators_are_matched_by_layer_and_order(first: str, second: str, pairs: str) -> None:
    found = [
        f"{m.first.name.lower() if m.first else '-'}{m.second.name.lower() if m.second else '-'}"
        for m in matched(chain(first), chain(second))
    ]
    assert " ".join(found) == pairs


def test_operators_of_other_layers_are_matched_by_kind() -> None:
    one, other = chain("aba"), chain("aba")
    renamed = tuple(dataclasses.replace(t, name=f"other_{t.index}") for t in other.tensors)
    found = matched(one, dataclasses.replace(other, tensors=renamed))
    assert [(m.first is not None, m.second is not None, m.certain) for m in found] == [(True, True, False)] * 3


def test_a_tally_of_strange_values() -> None:
    tally = Tally()
    values = np.array([1.0, np.nan, np.inf], np.float32)
    tally.add(values, values)
    found = tally.result("x")
    assert (found.identical, found.sqnr_db, found.max_abs_difference) == (1.0, None, None)
    tally = Tally()
    tally.add(np.zeros(3), np.ones(3))
    assert (tally.result("x").cosine, tally.result("x").max_abs_difference) == (None, 1.0)
    assert Tally().result("x").identical == 1.0


def test_an_int64_input_without_a_scale(tmp_path: Path) -> None:
    draw = Drawing()
    fed = draw.tensor("ids", (1, 4))
    one = draw.save(tmp_path / "one.tflite", {"ids": fed}, {"y": draw.op("SIN", [fed], "y", (1, 4))})
    draw = Drawing()
    fed = draw.tensor("ids", (1, 4), dtype="int32")
    axes = draw.constant("axes", np.array([1], np.int32))
    made = draw.op("MEAN", [fed, axes], "y", (1,), keepDims=False)
    draw._graph.tensors[made].type = draw._graph.tensors[fed].type
    other = draw.save(tmp_path / "other.tflite", {"ids": fed}, {"y": made})
    note = api.compare(one, other, jobs=1).note
    assert "input 'ids' is float32 [1, 4] in one and int32 [1, 4] in the other" in note
