"""Android bundles through the pipeline: what is in them, what is refused, what `verify` says of them here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bundled_models import write_cast
from spelled_tflite import Spelled, write_spelled

from litesmith import api
from litesmith.bundle import check
from litesmith.cli.main import main
from litesmith.core.bundle import Bundled
from litesmith.core.errors import BundleError, ConfigError, OutputError, UnknownNameError
from litesmith.core.parity import ParityVerdict

pytestmark = pytest.mark.slow

ASSETS = "library/src/main/assets"


def make(model: Path, folder: Path, **settings: Any) -> Bundled:
    settings = {"package": "com.example.app", "takes": "images", "preprocess": "unit", **settings}
    return api.bundle(model, "android", folder / "bundle", **settings)


@pytest.fixture(scope="module")
def bundle(int8: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundled:
    """The int8 classifier with labels. What it writes is only read."""
    folder = tmp_path_factory.mktemp("android")
    (folder / "labels.txt").write_text('T-shirt\n"$\\{x}"\nPullover\nDress\nCoat\n', encoding="utf-8")
    return make(int8, folder, labels=folder / "labels.txt")


def test_it_is_a_project_of_which_every_file_has_its_sha256(bundle: Bundled, int8: Path) -> None:
    folder, manifest = Path(bundle.folder), bundle.manifest
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert there == {file.path for file in manifest.files} | {"manifest.json"}
    assert check.damages(folder) == []
    assert (manifest.kind, manifest.module) == ("android", "")
    assert (manifest.package, manifest.class_name) == ("com.example.app", "Int8Classifier")
    (model,) = [file for file in manifest.files if file.role == "model"]
    assert model.path == f"{ASSETS}/int8.tflite"
    assert model.sha256 == manifest.card.sha256 == check.sha256_of(int8)
    assert manifest.card.min_runtime.startswith("com.google.ai.edge.litert:litert (Android) ")
    assert json.loads((folder / ASSETS / "int8.labels.json").read_text("utf-8"))[1] == '"$\\{x}"'
    assert json.loads((folder / check.GOLDEN).read_text("utf-8"))["model_sha256"] == model.sha256
    assert not {"check.py", "install.sh", "requirements.txt"} & there
    assert f"core/src/main/kotlin/com/example/app/core/{manifest.class_name}.kt" in there


def test_verify_runs_its_model_here_and_says_that_the_kotlin_is_not_run(
    bundle: Bundled, capsys: pytest.CaptureFixture[str]
) -> None:
    (parity,) = api.verify(bundle.folder).parities
    assert (parity.verdict, parity.exact) == (ParityVerdict.IDENTICAL, True)
    assert {step.step for step in parity.steps} == {"output"}
    assert parity.vectors == len(bundle.vectors) == len(parity.steps)
    assert "gradle :core:test" in parity.skipped[0]
    assert main(["verify", bundle.folder, "--quiet"]) == 0
    assert "which the Kotlin code does" in " ".join(capsys.readouterr().out.split())


def test_what_a_build_makes_in_it_is_no_damage_but_what_somebody_adds_is(int8: Path, tmp_path: Path) -> None:
    folder = Path(make(int8, tmp_path).folder)
    for made in ("core/build/classes/x", ".gradle/x", "build/x", ".idea/x", "local.properties", "gradlew.bat"):
        (folder / made).parent.mkdir(parents=True, exist_ok=True)
        (folder / made).write_text("", encoding="utf-8")
    (parity,) = api.verify(folder).parities
    assert parity.verdict is ParityVerdict.IDENTICAL
    (folder / "core/src/main/kotlin/Added.kt").write_text("", encoding="utf-8")
    (parity,) = api.verify(folder).parities
    assert parity.damaged == ("core/src/main/kotlin/Added.kt is not in manifest.json",)
    with pytest.raises(OutputError, match=r"is not replaced, .*Added\.kt"):
        make(int8, tmp_path, replace=True)
    (folder / "core/src/main/kotlin/Added.kt").unlink()
    assert make(int8, tmp_path, replace=True).manifest.kind == "android"
    assert not (folder / "core/build").exists()


def test_another_answer_is_seen_and_its_runtime_named(int8: Path, tmp_path: Path) -> None:
    folder = Path(make(int8, tmp_path).folder)
    file = folder / "golden" / "noise.output0.bin"
    (np.fromfile(file, np.int8) ^ 1).tofile(file)
    manifest = json.loads((folder / check.MANIFEST).read_text("utf-8"))
    for entry in manifest["files"]:
        entry["sha256"] = check.sha256_of(folder / entry["path"])
    manifest["sha256"] = check.manifest_digest(manifest)
    (folder / check.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    (parity,) = api.verify(folder).parities
    assert parity.verdict is ParityVerdict.DIFFERENT
    assert [step.vector for step in parity.steps if step.different] == ["noise"]
    assert "this is a fault" in parity.reason


def test_the_same_vectors_prove_either_kind(int8: Path, bundle: Bundled, image_bundle: Bundled) -> None:
    """Python and Kotlin are held against the same numbers."""
    digests = [
        {file.path: file.sha256 for file in made.manifest.files if file.path.endswith(".bin")}
        for made in (bundle, image_bundle)
    ]
    assert digests[0] == digests[1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"package": ""}, "--for android needs the name of the package"),
        ({"package": "com.fun.app"}, "a keyword of Kotlin"),
        ({"class_name": "Runner"}, "a name that the generated code uses itself"),
        ({"wheelhouse": True}, "--wheelhouse does not apply to --for android"),
        ({"python": "3.12"}, "--python does not apply to --for android"),
        ({"machine": "x86_64"}, "--machine does not apply"),
        ({"service": True}, "--service does not apply"),
        ({"target": "virtual-pi:5"}, "--target does not apply"),
        ({"delegate": "edgetpu"}, "--delegate does not apply"),
    ],
)
def test_options_that_do_not_apply_or_fit_are_refused_before_any_work(
    int8: Path, tmp_path: Path, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        make(int8, tmp_path, **settings)
    assert caught.value.hint
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", ["package", "class_name", "runtime"])
def test_options_of_android_are_refused_for_a_raspberry_pi(int8: Path, tmp_path: Path, option: str) -> None:
    value = {"package": "com.example.app", "class_name": "Clothes", "runtime": "tensorflow-lite"}[option]
    with pytest.raises(ConfigError, match="does not apply to --for raspberry-pi") as caught:
        api.bundle(int8, "raspberry-pi", tmp_path / "bundle", **{option: value})
    assert "--for android" in caught.value.hint


def test_an_unknown_runtime_is_refused(int8: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="unknown runtime 'lite'"):
        make(int8, tmp_path, runtime="lite")


def spelled(folder: Path, op: str, dtype: str = "float32") -> Path:
    tensors = {"x": (dtype, (1, 4)), "y": (dtype, (1, 4))}
    return write_spelled(folder / "spelled.tflite", [Spelled(tensors, [(op, 1, ["x"], ["y"])], ["x"], ["y"])])


@pytest.mark.parametrize(
    ("op", "dtype", "said"),
    [
        ("FlexErf", "float32", r"needs TensorFlow's own operators \(Erf\)"),
        ("My*/Op\n", "float32", r"custom operators that no runtime brings: My\*/Op\\n"),
        ("RESHAPE", "string", "input 'x' is of type string"),
        ("RESHAPE", "int16", "input 'x' is of type int16"),
        ("RESHAPE", "float64", "input 'x' is of type float64"),
    ],
)
def test_models_that_a_phone_cannot_run_are_refused(tmp_path: Path, op: str, dtype: str, said: str) -> None:
    with pytest.raises(BundleError, match=said) as caught:
        make(spelled(tmp_path, op, dtype), tmp_path)
    assert caught.value.hint
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("shape", [(1, -1, 3), (1, -1, -1, 3)])
def test_open_sizes_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = write_cast(tmp_path / "open.tflite", ("float32", shape))
    with pytest.raises(BundleError, match="takes any size") as caught:
        make(path, tmp_path, takes="tensors")
    assert caught.value.hint


def test_the_old_runtime_is_warned_of(int8: Path, tmp_path: Path, bundle: Bundled) -> None:
    made = make(int8, tmp_path, runtime="tensorflow-lite")
    (note,) = [finding for finding in made.findings if finding.code == "runtime-4-kb-pages"]
    assert "16 KB" in note.message
    assert not [finding for finding in bundle.findings if finding.code == note.code]


def test_a_project_file_may_hold_options_of_both_kinds(
    int8: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Typed they are an error; here those of the other kind are left out, and the line that lists them shows it."""
    (tmp_path / "litesmith.toml").write_text(
        'package = "com.example.app"\npython = "3.12"\ntarget = "pi@raspberrypi.local"\ntakes = "images"\n', "utf-8"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["bundle", str(int8), "--for", "android", "--out", "phone", "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.splitlines()[0] == "settings from litesmith.toml: package, takes"
    assert json.loads(printed.out)["manifest"]["package"] == "com.example.app"
    assert main(["bundle", str(int8), "--for", "android", "--out", "b", "--python", "3.12", "--quiet"]) == 2
    assert "--python does not apply" in capsys.readouterr().err
