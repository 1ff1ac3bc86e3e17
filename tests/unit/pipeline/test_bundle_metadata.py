"""Bundles whose model carries metadata: all else refers to the file that is shipped."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tiny_tflite import write_cnn, write_two_inputs

from litesmith import api
from litesmith.core.bundle import Bundled
from litesmith.core.errors import BundleError, ConfigError
from litesmith.core.files import sha256_file
from litesmith.core.model_metadata import METADATA, MetadataCard
from litesmith.core.parity import ParityVerdict
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.metadata_placing import place_metadata
from litesmith.runtime.model_metadata import attached_lines, metadata_card, pack_card

pytestmark = pytest.mark.slow

REPORT = Path(__file__).parents[2] / "golden" / "report" / "full.json"
LABELS = ("boot", "shirt", 'bag "x" $HOME', "</script>", "模型")


def make(model: Path, folder: Path, **settings: Any) -> Bundled:
    settings = {"takes": "images", "preprocess": "unit", "metadata": True, **settings}
    return api.bundle(model, "raspberry-pi", folder / "bundle", **settings)


def card_of(path: Path) -> MetadataCard:
    with ModelFile(path) as file:
        found = metadata_card(file)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "names.txt"
    path.write_text("\n".join(LABELS), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(cnn: Path, labels: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundled:
    """A bundle for several tests, which do not change it."""
    return make(cnn, tmp_path_factory.mktemp("described"), labels=labels)


def test_everything_refers_to_the_model_that_is_shipped(made: Bundled, cnn: Path) -> None:
    folder = Path(made.folder)
    model, digest = folder / "cnn.tflite", sha256_file(folder / "cnn.tflite")
    assert digest != sha256_file(cnn)
    assert (made.manifest.card.sha256, made.manifest.card.size_bytes) == (digest, model.stat().st_size)
    assert {f.sha256 for f in made.manifest.files if f.role == "model"} == {digest}
    assert json.loads((folder / "golden" / "golden.json").read_text())["model_sha256"] == digest
    assert api.verify(folder).parities[0].verdict is ParityVerdict.IDENTICAL
    card = card_of(model)
    assert (card.name, card.version) == ("cnn", sha256_file(cnn)[:12])
    assert (card.inputs[0].mean, card.inputs[0].std) == ((0.0,), (255.0,))
    (written,) = [finding.message for finding in made.findings if finding.code == "metadata-written"]
    assert written == "the model carries TFLite metadata: 5 labels, (value - 0) / 255"
    assert attached_lines(model, "labels.txt") == LABELS


def test_inspect_reads_it_and_finds_it_sound(made: Bundled) -> None:
    path = Path(made.folder) / "cnn.tflite"
    audit = api.inspect(path).audit
    said = {entry.name: entry.says for entry in audit.metadata}
    assert "input image: RGB image; input image: (value - 0) / 255" in said[METADATA]
    assert "output scores: labels in labels.txt (5)" in said[METADATA]
    assert said["associated files"] == "labels.txt"
    assert not [issue for issue in audit.health if issue.code.startswith("metadata-")]


def test_inspect_holds_metadata_against_the_bundle_it_lies_in(made: Bundled, tmp_path: Path) -> None:
    shutil.copytree(made.folder, tmp_path / "bundle")
    path = tmp_path / "bundle" / "cnn.tflite"
    card = card_of(path)
    wrong = replace(card, inputs=(replace(card.inputs[0], mean=(127.5,), std=(127.5,)),))
    place_metadata(path, tmp_path / "wrong.tflite", pack_card(wrong), [("labels.txt", b"1\n2\n3\n4\n5\n")])
    shutil.copyfile(tmp_path / "wrong.tflite", path)
    (issue,) = [issue for issue in api.inspect(path).audit.health if issue.code.startswith("metadata-")]
    assert issue.code == "metadata-preprocessing"
    assert issue.message == (
        "metadata normalizes 'image' by mean and std 127.5 and 127.5, the bundle's manifest.json says 0 and 255"
    )
    (tmp_path / "elsewhere").mkdir()
    shutil.copyfile(path, tmp_path / "elsewhere" / "cnn.tflite")
    assert not [i for i in api.inspect(tmp_path / "elsewhere" / "cnn.tflite").audit.health if "metadata" in i.code]


def test_inspect_holds_metadata_against_the_report_of_the_run(made: Bundled, tmp_path: Path) -> None:
    report = json.loads(REPORT.read_text(encoding="utf-8"))
    report["variants"][0]["file"] = "variants/cnn.tflite"
    report["preprocessing"] |= {"preset": "caffe", "scale": [1.0], "offset": [-100.0], "color_order": "bgr"}
    (tmp_path / "variants").mkdir()
    (tmp_path / "report.json").write_text(json.dumps(report), encoding="utf-8")
    model = tmp_path / "variants" / "cnn.tflite"
    shutil.copyfile(Path(made.folder) / "cnn.tflite", model)
    found = [i.message for i in api.inspect(model).audit.health if i.code == "metadata-preprocessing"]
    assert found == [
        "metadata normalizes 'image' by mean and std 0 and 255, report.json says 100 and 1",
        "readers of metadata feed 'image' red, green, blue, and report.json says blue, green, red",
    ]
    (tmp_path / "report.json").write_text("{", encoding="utf-8")
    assert not [i for i in api.inspect(model).audit.health if i.code.startswith("metadata-")]


def test_a_bundle_for_android_carries_it_and_is_held_against_its_manifest(
    cnn: Path, labels: Path, tmp_path: Path
) -> None:
    settings: dict[str, Any] = {"takes": "images", "preprocess": "unit", "metadata": True, "labels": labels}
    made = api.bundle(cnn, "android", tmp_path / "bundle", package="com.example.app", **settings)
    (model,) = (Path(made.folder) / file.path for file in made.manifest.files if file.role == "model")
    assert made.manifest.card.sha256 == sha256_file(model)
    assert made.manifest.card.sha256 in (next(Path(made.folder).rglob("ModelContract.kt"))).read_text(encoding="utf-8")
    assert attached_lines(model, "labels.txt") == LABELS
    card = card_of(model)
    wrong = replace(card, inputs=(replace(card.inputs[0], std=(1.0,)),))
    place_metadata(model, tmp_path / "wrong.tflite", pack_card(wrong), [("labels.txt", b"1\n2\n3\n4\n5\n")])
    shutil.copyfile(tmp_path / "wrong.tflite", model)
    assert "metadata-preprocessing" in {issue.code for issue in api.inspect(model).audit.health}


def test_without_the_option_the_model_is_shipped_as_it_is(cnn: Path, tmp_path: Path) -> None:
    made = make(cnn, tmp_path, metadata=False)
    assert made.manifest.card.sha256 == sha256_file(cnn)


def test_metadata_of_others_is_replaced_and_a_finding_names_it(made: Bundled, tmp_path: Path) -> None:
    again = make(Path(made.folder) / "cnn.tflite", tmp_path / "again")
    (finding,) = [finding for finding in again.findings if finding.code == "metadata-replaced"]
    assert "carried metadata, 'cnn', with the attached labels.txt" in finding.message
    card = card_of(Path(again.folder) / "cnn.tflite")
    assert card.all_files == ()


def test_tensors_have_their_names_in_the_models_order(tmp_path: Path) -> None:
    made = make(write_two_inputs(tmp_path / "two.tflite"), tmp_path, takes="tensors")
    card = card_of(Path(made.folder) / "two.tflite")
    assert [entry.name for entry in (*card.inputs, *card.outputs)] == ["left", "right", "both", "chance"]
    assert {entry.mean for entry in card.inputs} == {()}


def test_what_would_tell_others_something_wrong_is_refused(tmp_path: Path) -> None:
    model = write_cnn(tmp_path / "m.tflite", size=32)
    with pytest.raises(ConfigError, match="nothing says how") as caught:
        make(model, tmp_path, preprocess="raw", takes="auto")
    assert "--mean 0 --std 1" in caught.value.hint
    with pytest.raises(BundleError, match="blue, green, red"):
        make(model, tmp_path, preprocess="caffe")
    assert not (tmp_path / "bundle").exists()
    made = make(model, tmp_path, preprocess="raw", mean=[0], std=[1])
    assert card_of(Path(made.folder) / "m.tflite").inputs[0].std == (1.0,)
