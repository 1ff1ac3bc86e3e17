"""The check script: every byte that is flipped, every file that is missing or added, every array that differs."""

from __future__ import annotations

import functools
import json
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import interpreter

from litesmith.bundle import check
from litesmith.bundle.manifest import write_manifest
from litesmith.core.bundle import MANIFEST_VERSION, Bundled, Manifest
from litesmith.core.golden import GOLDEN_VERSION
from litesmith.report.encode import from_data, to_json

pytestmark = pytest.mark.slow


@pytest.fixture
def bundle(image_bundle: Bundled, tmp_path: Path) -> Path:
    return Path(shutil.copytree(image_bundle.folder, tmp_path / "copy"))


def run(folder: Path, *options: str) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(
        [sys.executable, str(folder / "check.py"), str(folder), "--json", *options],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def resign(folder: Path, edit: Any) -> None:
    """Edit a manifest and give it a digest that fits, as someone who knows how would."""
    data = json.loads((folder / check.MANIFEST).read_text(encoding="utf-8"))
    edit(data)
    data["sha256"] = ""
    write_manifest(folder, from_data(Manifest, data), to_json)


def test_a_bundle_as_made_is_sound(bundle: Path) -> None:
    code, events = run(bundle)
    assert code == 0
    assert events[0] == {"event": "files", "damaged": []}
    assert events[-1]["verdict"] == "identical"
    steps = [event for event in events if event["event"] == "step"]
    assert {event["step"] for event in steps} == {"pixels", "raw", "input", "output"}
    assert all(event["elements"] > 0 and event["different"] == 0 for event in steps)
    runtime = next(event for event in events if event["event"] == "runtime")
    assert runtime["delegate"] == "XNNPACK"
    assert not list(bundle.rglob("__pycache__"))


def test_what_cannot_be_compared_is_said(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)  # as where Pillow is not installed
    events: list[dict[str, Any]] = []
    assert check.check(bundle, events.append)
    assert [event["what"] for event in events if event["event"] == "skipped"] == [
        "decoded images: Pillow is not installed there"
    ]
    assert "pixels" not in {event["step"] for event in events if event["event"] == "step"}


def test_one_flipped_bit_in_any_file_is_detected_and_named(bundle: Path) -> None:
    files = sorted(path for path in bundle.rglob("*") if path.is_file())
    assert len(files) > 30
    for path in files:
        kept = path.read_bytes()
        for place in {0, len(kept) // 2, len(kept) - 1}:
            flipped = bytearray(kept)
            flipped[place] ^= 1
            path.write_bytes(flipped)
            found = check.damages(bundle)
            assert len(found) == 1, path
            assert path.relative_to(bundle).as_posix() in found[0]
        path.write_bytes(kept)
    assert check.damages(bundle) == []


def test_every_missing_file_is_named(bundle: Path) -> None:
    for path in sorted(path for path in bundle.rglob("*") if path.is_file()):
        kept = path.read_bytes()
        path.unlink()
        assert check.damages(bundle) == [f"{path.relative_to(bundle).as_posix()} is missing"]
        path.write_bytes(kept)


def test_files_that_were_added_are_named_and_those_of_an_installation_are_not(bundle: Path) -> None:
    (bundle / "golden" / "more.bin").write_bytes(b"")
    (bundle / "numpy.py").write_text("raise SystemExit", encoding="utf-8")
    (bundle / "link").symlink_to("/")
    for folder in (".venv", "__pycache__"):
        (bundle / folder).mkdir()
        (bundle / folder / "x").write_text("", encoding="utf-8")
    assert check.damages(bundle) == [
        f"{name} is not in manifest.json" for name in ("golden/more.bin", "link", "numpy.py")
    ]


def test_compiled_code_and_modules_beside_it_are_not_believed(bundle: Path, image_bundle: Bundled) -> None:
    """A .pyc that claims to be of the module's source, and a file that calls itself a part of Python."""
    source = bundle / f"{image_bundle.manifest.module}.py"
    kept = source.read_bytes()
    entry = source.stat()
    evil = b"raise SystemExit('the .pyc was run')\n"
    source.write_bytes(evil + b"#" * (len(kept) - len(evil)))
    os.utime(source, ns=(entry.st_atime_ns, entry.st_mtime_ns))
    py_compile.compile(str(source), doraise=True)
    source.write_bytes(kept)
    os.utime(source, ns=(entry.st_atime_ns, entry.st_mtime_ns))
    assert list((bundle / "__pycache__").glob("*.pyc"))
    assert run(bundle)[0] == 0
    (bundle / "numpy.py").write_text("raise SystemExit('another numpy was run')\n", encoding="utf-8")
    code, events = run(bundle)
    assert (code, events[0]["damaged"]) == (1, ["numpy.py is not in manifest.json"])


def test_nothing_of_a_damaged_bundle_is_run(bundle: Path, image_bundle: Bundled) -> None:
    module = bundle / f"{image_bundle.manifest.module}.py"
    module.write_text("raise RuntimeError('was run')\n", encoding="utf-8")
    code, events = run(bundle)
    assert code == 1
    assert [event["event"] for event in events] == ["files", "end"]
    assert events[-1]["verdict"] == "damaged"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda data: data["card"].update(name="other"), "manifest.json was changed"),
        (lambda data: data["files"].pop(), "manifest.json was changed"),
        (lambda data: data["card"]["preprocessing"].update(scale=[1.0]), "manifest.json was changed"),
        (lambda data: data.update(sha256="0" * 64), "manifest.json was changed"),
        (lambda data: data.pop("files"), "is not the manifest of a bundle"),
        (lambda data: data.update(card=None), "is not the manifest of a bundle"),
        (lambda data: data["files"][0].update(path=3), "is not the manifest of a bundle"),
    ],
)
def test_a_manifest_edited_by_hand_is_noticed(bundle: Path, edit: Any, said: str) -> None:
    path = bundle / check.MANIFEST
    data = json.loads(path.read_text(encoding="utf-8"))
    edit(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    assert any(said in line for line in check.damages(bundle))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"vectors": []}, "golden.json is of version 1 with 0 vectors; this check knows version 1 with some"),
        ({"schema_version": 2}, "golden.json is of version 2 with 9 vectors; this check knows version 1 with some"),
    ],
)
def test_golden_vectors_that_prove_nothing(bundle: Path, edit: dict[str, Any], said: str) -> None:
    """However well the digests fit."""
    golden = bundle / check.GOLDEN
    golden.write_text(json.dumps({**json.loads(golden.read_text(encoding="utf-8")), **edit}), encoding="utf-8")
    resign(bundle, lambda data: [f.update(sha256=check.sha256_of(bundle / f["path"])) for f in data["files"]])
    assert check.damages(bundle) == [f"golden/{said}"]
    assert check.VERSION == GOLDEN_VERSION == MANIFEST_VERSION


def test_a_manifest_of_another_version(bundle: Path) -> None:
    resign(bundle, lambda data: data.update(schema_version=2))
    (found,) = check.damages(bundle)
    assert found.startswith("manifest.json is not the manifest of a bundle")
    assert found.endswith("version 2, and this check knows 1")


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"files": 3}', "\x00", '{"files": [], "sha256": NaN}'])
def test_a_manifest_that_is_none_is_named(bundle: Path, text: str) -> None:
    (bundle / check.MANIFEST).write_text(text, encoding="utf-8")
    (found,) = check.damages(bundle)
    assert found.startswith("manifest.json")


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside", "golden/../x", "a\\b", "", "./run.py"])
def test_paths_that_lead_out_are_no_files_of_the_bundle(bundle: Path, path: str) -> None:
    resign(bundle, lambda data: data["files"][0].update(path=path))
    assert any("is not a path inside the bundle" in line for line in check.damages(bundle))


def test_another_model_with_an_edited_manifest_is_noticed(bundle: Path, cnn: Path) -> None:
    model = bundle / "int8.tflite"
    shutil.copyfile(cnn, model)
    digest = check.sha256_of(model)

    def swap(data: dict[str, Any]) -> None:
        next(f for f in data["files"] if f["role"] == "model").update(sha256=digest, size_bytes=model.stat().st_size)

    resign(bundle, swap)
    found = check.damages(bundle)
    assert len(found) == 2
    assert all("int8.tflite is another model" in line for line in found)
    resign(bundle, lambda data: data["card"].update(sha256=digest))
    assert check.damages(bundle) == ["int8.tflite is another model than the one that golden/golden.json was made with"]


def test_another_model_that_fits_all_digests_is_refused_by_the_module(bundle: Path, cnn: Path) -> None:
    model, golden = bundle / "int8.tflite", bundle / check.GOLDEN
    shutil.copyfile(cnn, model)
    digest = check.sha256_of(model)
    golden.write_text(
        json.dumps({**json.loads(golden.read_text(encoding="utf-8")), "model_sha256": digest}), encoding="utf-8"
    )

    def swap(data: dict[str, Any]) -> None:
        data["card"]["sha256"] = digest
        for file in data["files"]:
            file["sha256"] = check.sha256_of(bundle / file["path"])

    resign(bundle, swap)
    code, events = run(bundle)
    assert code == 1
    assert events[-1]["verdict"] == "different"
    assert "is not the model that this module was made for" in events[-1]["reason"]


def test_another_answer_is_different_and_says_why(bundle: Path) -> None:
    golden = json.loads((bundle / check.GOLDEN).read_text(encoding="utf-8"))
    output = bundle / golden["vectors"][0]["outputs"][0]["file"]
    values = np.fromfile(output, np.int8)
    values[0] ^= 1
    values.tofile(output)
    resign(bundle, lambda data: [f.update(sha256=check.sha256_of(bundle / f["path"])) for f in data["files"]])
    code, events = run(bundle)
    wrong = [event for event in events if event["event"] == "step" and not event["ok"]]
    assert code == 1
    assert [(event["step"], event["different"], event["largest"]) for event in wrong] == [("output", 1, 1.0)]
    assert "this is a fault" in events[-1]["reason"]
    assert run(bundle, "--lines")[0] == 0


def test_the_runtimes_own_kernels_are_named_where_they_answer_otherwise(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = interpreter.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    bare = functools.partial(interpreter.Interpreter, experimental_op_resolver_type=own)
    monkeypatch.setattr(interpreter, "Interpreter", bare)
    told: list[dict[str, Any]] = []
    sound = check.check(bundle, told.append)
    assert next(event for event in told if event["event"] == "runtime")["delegate"] == "none"
    wrong = [event for event in told if event["event"] == "step" and not event["ok"]]
    assert {event["step"] for event in wrong} == {"output"}
    assert all(1 <= event["largest"] <= 20 for event in wrong)
    assert (sound, told[-1]["verdict"]) == (False, "different")
    assert told[-1]["reason"].startswith("operators are run by none here and were run by XNNPACK")


def test_without_wheels_the_wheelhouse_need_not_be_there(bundle: Path) -> None:
    wheel = {"path": "wheelhouse/x.whl", "sha256": "0" * 64, "size_bytes": 1, "role": "wheel"}
    resign(bundle, lambda data: data["files"].append(wheel))
    assert check.damages(bundle) == ["wheelhouse/x.whl is missing"]
    assert check.damages(bundle, wheels=False) == []
    assert run(bundle, "--no-wheels")[0] == 0


def test_people_get_a_verdict_and_wrong_options_the_usage(bundle: Path) -> None:
    command = [sys.executable, str(bundle / "check.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=bundle.parent)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "verdict: identical"
    (bundle / "run.py").unlink()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.splitlines() == ["damaged: run.py is missing", "verdict: damaged - run.py is missing"]
    done = subprocess.run([*command, "--jsno"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (1, "usage: python check.py [FOLDER] [--json]")
