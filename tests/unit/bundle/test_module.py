"""What users call: the class `Model` of a generated module, with friendly calls and hostile names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundled_models import LABELS, classifier, imported, job_of, write_cast
from PIL import Image
from sample_sets import pictures, sample_set
from tiny_tflite import write_cnn, write_rnn, write_two_inputs

from litesmith.bundle.kinds.raspberry_pi import write
from litesmith.core.errors import BundleError
from litesmith.core.preprocessing import PRESETS, ColorOrder
from litesmith.runtime.feeding import feeders
from litesmith.runtime.interpreter import OpenModel

HOSTILE = [
    "__import__('os').abort()",
    "'); raise SystemExit(9) #",
    '"""\nraise SystemExit(9)\n"""',
    "\\",
    "a\nb\r\x00\x1b[31m",
    "{{ 7 * 7 }}{% raw %}",
    "${HOME}`id`|<script>",
    "\ud800\U0001f600\u202e",
    "x" * 10_000,
    "",
]


def expected_scores(folder: Path, path: Path, raw: Any, preset: str = "signed") -> Any:
    model = OpenModel(path)
    samples = sample_set(folder, raw[None], record=PRESETS[preset])
    return model.feed(feeders(samples, model.inputs), [samples.raw()])[0][0]


def test_the_best_classes_of_a_file_an_image_and_an_array(tmp_path: Path) -> None:
    module, job = classifier(tmp_path)
    model = module.Model(threads=1)
    photo = pictures(1, size=40)[0]
    file = tmp_path / "photo.png"
    Image.fromarray(photo).save(file)
    found = model(file, top=3)
    scores = expected_scores(tmp_path / "s", job.model, model.resize(photo))
    order = np.argsort(-scores, kind="stable")[:3].tolist()
    assert [p.position for p in found] == order
    assert [p.score for p in found] == [float(scores[i]) for i in order]
    assert [p.label for p in found] == [LABELS[i] for i in order]
    assert found == model(str(file), top=3) == model(Image.fromarray(photo), top=3) == model(photo, top=3)
    assert len(model(photo)) == len(model(photo, top=99)) == 5


def test_equal_scores_are_in_the_order_of_the_output(tmp_path: Path) -> None:
    module, _ = classifier(tmp_path)
    model = module.Model()
    tied = np.array([[0.2, 0.5, 0.5, 0.2, -1]], np.float32)
    assert [p.position for p in model.best([tied])] == [1, 2, 0, 3, 4]
    assert [p.position for p in model.best([tied], top=2)] == [1, 2]
    assert tied.tolist() == np.array([[0.2, 0.5, 0.5, 0.2, -1]], np.float32).tolist()
    assert [p.position for p in model.best([np.array([[-np.inf, 1, -np.inf, 0, 3]], np.float32)])] == [4, 1, 3]


def test_answers_are_arrays_of_their_own(tmp_path: Path) -> None:
    """The next inference does not change the answers of the one before."""
    module, _ = classifier(tmp_path)
    model = module.Model()
    first, second = pictures(2, size=16, seed=4)
    made = model.run(first)
    kept = [values.copy() for values in made]
    tensors = model.tensors(first)
    stored = [values.copy() for values in tensors]
    other = model.run(second)
    assert not np.array_equal(made[0], other[0])
    np.testing.assert_array_equal(made, kept)
    np.testing.assert_array_equal(tensors, stored)
    np.testing.assert_array_equal(model.invoke(tensors), kept)


def test_named_outputs_of_several_inputs(tmp_path: Path) -> None:
    path = write_two_inputs(tmp_path / "two.tflite")
    model = imported(job_of(path, record=PRESETS["raw"], normalized=(False, False)), tmp_path / "out").Model()
    left, right = np.arange(4.0), np.arange(3.0)
    found = model(left, right)
    plain = OpenModel(path).invoke([left[None].astype(np.float32), right[None].astype(np.float32)])
    assert list(found) == ["both", "chance"]
    for values, answer in zip(found.values(), plain, strict=True):
        np.testing.assert_array_equal(values, answer)


def test_quantized_outputs_become_real_values(tmp_path: Path) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("float32", (1, 4)))
    job = job_of(path, record=PRESETS["raw"])
    quantized = replace(job.card.outputs[0], dtype="int8", scale=0.5, zero_point=-3)
    module = imported(replace(job, card=replace(job.card, outputs=(quantized,))), tmp_path / "out")
    answers = [np.array([[-128, -3, 0, 127]], np.int8)]
    assert module.Model().floats(answers)[0].tolist() == [[-62.5, 0.0, 1.5, 65.0]]
    assert answers[0].dtype == np.int8


def test_no_inference_knows_of_the_one_before(tmp_path: Path) -> None:
    path = write_rnn(tmp_path / "rnn.tflite")
    module = imported(job_of(path, record=PRESETS["raw"]), tmp_path / "out")
    assert "reset_all_variables" in Path(module.__file__).read_text()
    model = module.Model()
    steps = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    first = model.run(steps)[0]
    np.testing.assert_array_equal(model.run(steps)[0], first)
    np.testing.assert_array_equal(model.invoke(model.tensors(steps))[0], first)


def test_a_model_without_state_is_not_reset(tmp_path: Path) -> None:
    module, _ = classifier(tmp_path)
    assert "reset_all_variables" not in Path(module.__file__).read_text()


@pytest.mark.parametrize("name", HOSTILE, ids=lambda n: ascii(n)[:20])
def test_names_and_labels_are_data(tmp_path: Path, name: str) -> None:
    """Nothing that comes with a model is run; what is read back is what went in."""
    path = write_cast(tmp_path / "cast.tflite", ("float32", (1, 16, 16, 3)))
    job = job_of(path, record=PRESETS["unit"], picture=True)
    ends = {side: (replace(getattr(job.card, side)[0], name=name),) for side in ("inputs", "outputs")}
    job = replace(job, card=replace(job.card, name=name, source=name, scheme=name, versions={"x": name}, **ends))
    module = imported(job, tmp_path / "out")
    assert module.INPUTS[0].name == module.OUTPUTS[0].name == name
    assert list(module.Model()(pictures(1, size=16)[0])) == [name]
    code = Path(module.__file__).read_text(encoding="ascii")
    assert max(len(line) for line in code.splitlines()) <= 120

    labels = tuple(f"{name}{i}" for i in range(5))
    labelled = job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True, labels=labels)
    model = imported(labelled, tmp_path / "labelled").Model()
    assert model.labels == list(labels)
    assert json.loads((tmp_path / "labelled" / "labels.json").read_text("ascii")) == list(labels)


def test_two_outputs_of_one_name_are_told_apart(tmp_path: Path) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("float32", (1, 4)), ("float32", (1, 4)))
    job = job_of(path, record=PRESETS["raw"])
    same = tuple(replace(spec, name="y") for spec in job.card.outputs)
    module = imported(replace(job, card=replace(job.card, outputs=same)), tmp_path / "out")
    assert list(module.Model()(np.zeros(4), np.ones(4))) == ["y", "y:1"]


@pytest.mark.parametrize("count", [1, 4, 6])
def test_labels_that_do_not_fit(tmp_path: Path, count: int) -> None:
    job = job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True, labels=("x",) * count)
    with pytest.raises(BundleError, match=f"{count} labels are (more|fewer) than the 5 values of output 'scores'"):
        write(job, tmp_path)


def test_gray_pictures_and_a_preset_per_channel(tmp_path: Path) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("int8", (1, 12, 12, 1), 0.01, -3))
    record = replace(PRESETS["signed"], color_order=ColorOrder.GRAY)
    model = imported(job_of(path, record=record, picture=True), tmp_path / "out").Model()
    photo = pictures(1, size=30)[0]
    gray = np.asarray(Image.fromarray(photo).convert("L").resize((12, 12), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(model.resize(photo)[:, :, 0], gray)
    assert model(photo)["y0"].shape == (1, 12, 12, 1)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16"])
@pytest.mark.parametrize("zero_point", [-3, 0, 5])
def test_scores_of_integers_are_those_of_floats(tmp_path: Path, dtype: str, zero_point: int) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("float32", (1, 40)))
    job = job_of(path, record=PRESETS["raw"], classifies=True)
    spec = replace(job.card.outputs[0], dtype=dtype, scale=0.0123, zero_point=zero_point)
    model = imported(replace(job, card=replace(job.card, outputs=(spec,))), tmp_path / "out").Model()
    limits = np.iinfo(dtype)
    random = np.random.default_rng(0)
    for low in (limits.min, limits.max - 5):  # some or all of them as low as can be
        values = random.integers(low, min(low + 3, limits.max), (1, 40), dtype=dtype, endpoint=True)
        scores = model.floats([values])[0][0]
        order = np.argsort(-scores, kind="stable")
        for top in (1, 7, 40, 99):
            found = model.best([values], top=top)
            assert [p.position for p in found] == order[:top].tolist()
            assert [p.score for p in found] == pytest.approx([float(scores[i]) for i in order[:top]], rel=1e-6)
    lowest = np.full((1, 40), limits.min, dtype)
    assert [p.position for p in model.best([lowest], top=3)] == [0, 1, 2]
