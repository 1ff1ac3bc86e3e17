"""Whole bundles of tiny models: what is in them, what is known of the model, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sample_sets import pictures
from tiny_tflite import Drawing, write_rnn

from litesmith import api
from litesmith.bundle.check import damages
from litesmith.core.bundle import Bundled
from litesmith.core.errors import BundleError, ConfigError, LitesmithError, SourceError, UnknownNameError
from litesmith.core.golden import Golden
from litesmith.core.parity import ParityVerdict
from litesmith.core.preprocessing import ColorOrder
from litesmith.report.encode import from_data

pytestmark = pytest.mark.slow


def golden_of(made: Bundled) -> Golden:
    return from_data(Golden, json.loads((Path(made.folder) / "golden" / "golden.json").read_text(encoding="utf-8")))


def codes(made: Bundled) -> set[str]:
    return {finding.code for finding in made.findings}


def make(model: Path, folder: Path, **settings: Any) -> Bundled:
    return api.bundle(model, "raspberry-pi", folder / "bundle", **settings)


def test_every_file_has_its_sha256_and_a_role(int8: Path, tmp_path: Path) -> None:
    made = make(int8, tmp_path, takes="images", preprocess="unit")
    folder = Path(made.folder)
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {file.path for file in made.manifest.files} | {"manifest.json"}
    assert damages(folder) == []
    assert {file.role for file in made.manifest.files} == {"model", "code", "document", "golden", "setup"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bundle"]
    assert (folder.stat().st_mode & 0o777) == 0o755


def test_card_says_what_the_model_is(int8: Path, tmp_path: Path) -> None:
    card = make(int8, tmp_path, takes="images", preprocess="torch").manifest.card
    assert (card.name, card.scheme, card.size_bytes) == ("int8", "full integer, 8 bit", int8.stat().st_size)
    assert (card.inputs[0].dtype, card.outputs[0].shape) == ("int8", (1, 5))
    assert card.preprocessing is not None
    assert card.preprocessing.preset == "torch"
    assert card.min_runtime.startswith("ai-edge-litert (Python) ")
    assert (card.evaluation, card.benchmarks, card.source) == (None, (), "")
    assert {"python", "litesmith", "ai-edge-litert", "numpy"} <= set(card.versions)


@pytest.mark.parametrize("seed", [0, 1])
def test_vectors_are_the_same_for_the_same_seed(int8: Path, tmp_path: Path, seed: int) -> None:
    first = make(int8, tmp_path / "a", takes="images", seed=0)
    again = make(int8, tmp_path / "b", takes="images", seed=seed)
    digests = [{f.path: f.sha256 for f in made.manifest.files if f.role == "golden"} for made in (first, again)]
    assert (digests[0] == digests[1]) == (seed == 0)


@pytest.mark.parametrize("model", ["cnn", "int8", "sine", "dynamic", "two_inputs"])
def test_every_kind_of_model_is_identical_here(model: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    made = make(request.getfixturevalue(model), tmp_path)
    golden = golden_of(made)
    assert golden.exact is (model == "int8")
    assert len(golden.tolerances) == len(made.manifest.card.outputs)
    (parity,) = api.verify(made.folder).parities
    assert parity.verdict is ParityVerdict.IDENTICAL
    assert parity.vectors == len(golden.vectors) >= 5


def test_a_recurrent_model_starts_anew_with_every_vector(tmp_path: Path) -> None:
    made = make(write_rnn(tmp_path / "rnn.tflite"), tmp_path)
    assert api.verify(made.folder).parities[0].verdict is ParityVerdict.IDENTICAL


def test_samples_of_the_user_are_among_the_vectors(int8: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", x=pictures(9))
    made = make(int8, tmp_path, data=tmp_path / "data.npz", preprocess="unit", takes="images")
    assert {"sample-1", "sample-2"} < set(made.vectors)
    vector = next(v for v in golden_of(made).vectors if v.name == "sample-2")
    stored = np.fromfile(Path(made.folder) / vector.raw[0].file, np.uint8)
    assert np.array_equal(stored.reshape(8, 8, 3), pictures(9)[8])
    assert vector.pixels is None
    assert vector.image == ""
    assert api.verify(made.folder).parities[0].verdict is ParityVerdict.IDENTICAL


def test_answers_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    drawing = Drawing()
    x = drawing.tensor("x", (1, 4))
    y = drawing.op("EXP", [x], "y", (1, 4))
    made = make(drawing.save(tmp_path / "exp.tflite", {"x": x}, {"y": y}), tmp_path)
    assert "largest" not in made.vectors
    assert "smallest" in made.vectors
    (finding,) = (f for f in made.findings if f.code == "golden-vector-left-out")
    assert "'largest' was left out: an answer is NaN or infinite" in finding.message


def test_a_model_that_answers_no_number_is_refused(tmp_path: Path) -> None:
    drawing = Drawing()
    x = drawing.tensor("x", (1, 4))
    y = drawing.op("SUB", [x, x], "y", (1, 4))
    z = drawing.op("DIV", [y, y], "z", (1, 4))
    path = drawing.save(tmp_path / "nan.tflite", {"x": x}, {"z": z})
    with pytest.raises(BundleError, match="no golden vectors can be made"):
        make(path, tmp_path / "new" / "newer")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["nan.tflite"]


def test_images_without_a_known_preprocessing_are_warned_of(int8: Path, tmp_path: Path) -> None:
    assert "preprocessing-unknown" in codes(make(int8, tmp_path / "a", takes="images"))
    given = make(int8, tmp_path / "b", takes="images", color="bgr")
    assert "preprocessing-unknown" not in codes(given)
    assert given.manifest.card.preprocessing == replace(given.manifest.card.preprocessing, color_order=ColorOrder.BGR)
    tensors = make(int8, tmp_path / "c")
    assert codes(tensors) == {"no-report"}
    assert "ties" in tensors.vectors


def test_packages_for_images_come_with_images_only(int8: Path, tmp_path: Path) -> None:
    texts = [
        (Path(make(int8, tmp_path / takes, takes=takes).folder) / "requirements.txt").read_text(encoding="utf-8")
        for takes in ("images", "tensors")
    ]
    assert ["pillow==" in text for text in texts] == [True, False]


def test_a_service_is_a_unit_without_a_shell(int8: Path, tmp_path: Path) -> None:
    made = make(int8, tmp_path, takes="images", service=True)
    unit = (Path(made.folder) / "litesmith-int8.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/int8/.venv/bin/python /opt/int8/camera.py" in unit
    assert "#   sudo sh /opt/int8/install.sh --camera\n" in unit  # else the loop does not see Picamera2
    assert "NoNewPrivileges=yes" in unit
    assert not any("sh " in line for line in unit.splitlines() if not line.startswith("#"))
    with pytest.raises(ConfigError, match="--service needs a model of images"):
        make(int8, tmp_path / "again", service=True)


COMPILER = """#!/bin/sh
set -eu
[ "$1 $2" = "--show_operations --out_dir" ]
name=$(basename "$4" .tflite)
{ cat "$4"; printf x; } >"$3/${name}_edgetpu.tflite"
"""
"""Stands in for Coral's: the file it makes is another one, and runs on no accelerator."""


def test_a_model_for_the_edge_tpu_is_compiled_and_its_vectors_are_not_exact(
    int8: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "bin"
    place.mkdir()
    (place / "edgetpu_compiler").write_text(COMPILER, encoding="utf-8")
    (place / "edgetpu_compiler").chmod(0o755)
    monkeypatch.setenv("PATH", f"{place}:/usr/bin:/bin")
    made = make(int8, tmp_path, takes="images", delegate="edgetpu")
    model = next(file for file in made.manifest.files if file.role == "model")
    assert (Path(made.folder) / model.path).read_bytes() == int8.read_bytes() + b"x"
    assert made.manifest.card.sha256 == model.sha256 == golden_of(made).model_sha256
    assert (made.exact, made.tolerances[0].absolute, made.delegate) == (False, 8.0, "edgetpu")
    (finding,) = (f for f in made.findings if f.code == "edge-tpu-untested")
    assert "operators run on the Edge TPU" in finding.message
    (parity,) = api.verify(made.folder).parities
    assert parity.verdict is ParityVerdict.DIFFERENT
    assert "cannot use the Edge TPU" in parity.reason

    (place / "edgetpu_compiler").write_text("#!/bin/sh\necho Model not quantized >&2\nexit 1\n", encoding="utf-8")
    with pytest.raises(BundleError, match=r"did not compile int8\.tflite: Model not quantized"):
        make(int8, tmp_path / "again", takes="images", delegate="edgetpu")


@pytest.mark.parametrize("resize", ["bilinear", "nearest", "bicubic", "lanczos", "box"])
@pytest.mark.parametrize(
    "settings", [{}, {"crop": 0.6, "color": "bgr"}, {"mean": (120.0, 110.0, 100.0), "std": (60.0,) * 3}]
)
def test_every_step_is_the_same_for_every_preprocessing(
    int8: Path, tmp_path: Path, resize: str, settings: dict[str, Any]
) -> None:
    made = make(int8, tmp_path, takes="images", resize=resize, **settings)
    (parity,) = api.verify(made.folder).parities
    assert parity.verdict is ParityVerdict.IDENTICAL
    assert sum(step.step == "raw" for step in parity.steps) == 9


def test_labels_are_data_whatever_they_say(int8: Path, tmp_path: Path) -> None:
    names = ["import os; os.system('reboot')", '"""', "{{ 7 * 7 }}", "..\\..\\x", "ünïcödé %s"]
    (tmp_path / "labels.txt").write_text("\n".join(names) + "\n", encoding="utf-8")
    made = make(int8, tmp_path, takes="images", labels=tmp_path / "labels.txt")
    stored = next(file for file in made.manifest.files if file.role == "labels")
    assert json.loads((Path(made.folder) / stored.path).read_text(encoding="utf-8")) == names
    assert made.manifest.card.labels == 5
    assert api.verify(made.folder).parities[0].verdict is ParityVerdict.IDENTICAL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"a\n\nb\nc\nd", "line 2 of"),
        (b"a\n\x1b[31mred\nb\nc\nd", "line 2 of .* holds control characters"),
        (b"a\nb\nc\nd\n" + b"x" * 300, "line 5 of .* has 300 characters, 200 are allowed"),
        (b"\xff\xfe\x00", "it is not UTF-8 text"),
        (b"", "line 1 of .* is empty"),
        (b"a\nb", "2 labels are fewer than the 5 values of output 'scores'"),
        (b"a\nb\nc\nd\ne\nf", "6 labels are more than"),
    ],
)
def test_labels_that_cannot_be_used_are_refused(int8: Path, tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "labels.txt").write_bytes(text)
    with pytest.raises((ConfigError, BundleError), match=said):
        make(int8, tmp_path, takes="images", labels=tmp_path / "labels.txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["labels.txt"]


def test_tensor_names_that_are_code_stay_data(tmp_path: Path) -> None:
    name = '"""\nimport os; os.system("touch owned") #'
    drawing = Drawing()
    x = drawing.tensor(name, (1, 4))
    y = drawing.op("SIN", [x], "y" + name, (1, 4))
    path = drawing.save(tmp_path / "hostile.tflite", {name: x}, {"y" + name: y})
    made = make(path, tmp_path)
    (parity,) = api.verify(made.folder).parities
    assert parity.verdict is ParityVerdict.IDENTICAL
    assert {step.tensor for step in parity.steps} == {name, "y" + name}
    assert not list(Path.cwd().glob("owned"))


@pytest.mark.parametrize(
    "name", ["-rf.tflite", "a b;c'\".tflite", "os.tflite", "check.tflite", "..tflite", "x" * 200 + ".tflite"]
)
def test_file_names_that_are_hostile_are_made_safe(int8: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(int8.read_bytes())
    made = make(path, tmp_path)
    model = next(file for file in made.manifest.files if file.role == "model")
    assert set(model.path) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert model.path[0] not in ".-"
    assert made.manifest.module.isidentifier()
    assert api.verify(made.folder).parities[0].verdict is ParityVerdict.IDENTICAL


REFUSED: list[tuple[dict[str, Any], type[LitesmithError], str]] = [
    ({"for_": ""}, ConfigError, "what the bundle is for was not given"),
    ({"for_": "rasberry-pi"}, UnknownNameError, "unknown kind of bundle 'rasberry-pi'"),
    ({"for_": "raspberry_pi"}, UnknownNameError, "unknown kind of bundle 'raspberry_pi'"),
    ({"python": "3.14"}, UnknownNameError, "unknown Python version '3.14'"),
    ({"python": "3.11; rm"}, UnknownNameError, "unknown Python version"),
    ({"machine": "armv7l"}, ConfigError, "no wheels for armv7l"),
    ({"delegate": "edge-tpu"}, UnknownNameError, "unknown delegate 'edge-tpu'"),
    ({"delegate": "edgetpu"}, ConfigError, "edgetpu_compiler, which is not on the PATH; by the audit's table"),
    ({"takes": "image"}, UnknownNameError, "unknown kind of input 'image'"),
    ({"preprocess": "sigend"}, UnknownNameError, "unknown preprocessing preset"),
    ({"labels": "gone.txt"}, ConfigError, "cannot read the labels gone.txt"),
    ({"target": "nobody"}, UnknownNameError, "unknown target 'nobody'"),
    ({"target": "local,local"}, ConfigError, "a wheelhouse is for one machine"),
    ({"target": "pi@board", "python": "3.12"}, ConfigError, "--target asks the board for what --python says"),
    ({"model": "gone.tflite"}, SourceError, "gone.tflite does not exist"),
    ({"threads": 0}, ConfigError, "--threads is 0"),
]


@pytest.mark.parametrize(("settings", "kind", "said"), REFUSED)
def test_what_cannot_be_done_is_refused_and_leaves_nothing(
    int8: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: dict[str, Any],
    kind: type[LitesmithError],
    said: str,
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with pytest.raises(kind) as raised:
        api.bundle(**{"model": int8, "for_": "raspberry-pi", "out": tmp_path / "new" / "bundle", **settings})
    assert said in raised.value.message
    assert raised.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [(b"", "empty"), (b"TFL0" * 99, "is of no known kind"), (b"\0\0\0\0TFL3\xff\xff\xff", "bad.tflite")],
)
def test_damaged_models_are_refused(tmp_path: Path, text: bytes, said: str) -> None:
    (tmp_path / "bad.tflite").write_bytes(text)
    with pytest.raises(LitesmithError, match=said):
        make(tmp_path / "bad.tflite", tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["bad.tflite"]
