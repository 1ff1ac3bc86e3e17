"""Everything a user can get wrong, and what is said about it. No row needs TensorFlow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_calls import Call, Called

GOOD = "deploy cnn.tflite --data good.npz --out OUT"
# What is typed, what the error says, what the hint says, and the exit code.
BAD_MODELS = [
    ("deploy gone.tflite --data good.npz --out OUT", "gone.tflite does not exist", "", 2),
    ("deploy cnn.tfilte --data good.npz --out OUT", "cnn.tfilte does not exist", "Did you mean cnn.tflite?", 2),
    ("deploy no/such/cnn.tflite --data good.npz --out OUT", "has no such folder", "", 2),
    ("deploy empty.tflite --data good.npz --out OUT", "empty.tflite is empty (0 bytes)", "", 2),
    ("deploy cut.tflite --data good.npz --out OUT", "cut.tflite is a damaged TFLite model", "again", 2),
    ("deploy cut.keras --data good.npz --out OUT", "cut.keras is a zip archive that ends early", ".keras", 2),
    ("deploy cut.h5 --data good.npz --out OUT", "cut.h5 is a damaged", "again", 2),
    ("deploy picture.tflite --data good.npz --out OUT", "is a PNG image, not a model", "Litesmith takes", 2),
    ("deploy notes.keras --data good.npz --out OUT", "notes.keras is of no known kind", "Litesmith takes", 2),
    ("deploy model.onnx --data good.npz --out OUT", "is an ONNX model", "Litesmith takes", 2),
    ("deploy torch.pt --data good.npz --out OUT", "is a PyTorch model", "Litesmith takes", 2),
    ("deploy good.npz --data good.npz --out OUT", "is a NumPy archive", "Litesmith takes", 2),
    (
        "deploy folder --data good.npz --out OUT",
        "is a folder without a model (it holds readme.txt)",
        "saved_model.pb",
        2,
    ),
    ("deploy void --data good.npz --out OUT", "void is an empty folder", "", 2),
    ("deploy headless --data good.npz --out OUT", "is a SavedModel without its saved_model.pb", "", 2),
    ("deploy four.tflite --data good.npz --out OUT", "input 'x' has shape [4, 8]", "batch of 1", 2),
    ("inspect cut.tflite", "is a damaged TFLite model", "again", 2),
    ("inspect whole.keras", "not a .tflite", "litesmith convert whole.keras", 2),
    ("benchmark cnn.tflite cut.tflite", "is a damaged TFLite model", "again", 2),
    ("evaluate cnn.tflite cnn.tflite --data good.npz", "cnn.tflite is named twice", "once", 2),
    ("convert gone.tflite --out OUT", "gone.tflite does not exist", "", 2),
    ("convert cnn.tflite", "cnn.tflite is the source itself", "--out", 2),
    ("quantize gone.tflite --data good.npz --out OUT", "gone.tflite does not exist", "", 2),
]
BAD_NAMES = [
    (f"{GOOD} --schemes in8", "unknown scheme 'in8'", "'int8'", 2),
    (f"{GOOD} --preprocess sigend", "unknown preprocessing preset 'sigend'", "'signed'", 2),
    (f"{GOOD} --calibrator minmax", "unknown calibrator 'minmax'", "'min_max'", 2),
    (f"{GOOD} --metric tpo1", "unknown metric 'tpo1'", "'top1'", 2),
    ("evaluate cnn.tflite --data good.npz --metric top5", "metric 'top5' does not apply", "top1", 2),
    (f"{GOOD} --interface int9", "unknown interface 'int9'", "'int8'", 2),
    (f"{GOOD} --target locl", "unknown target 'locl'", "'local'", 2),
    (f"{GOOD} --target local:7", "target 'local' takes no address, but '7' was given", "--target local", 2),
    (f"{GOOD} --resize bilinaer", "unknown resize method 'bilinaer'", "'bilinear'", 2),
    (f"{GOOD} --color rbg", "unknown colour order 'rbg'", "'rgb'", 2),
    (f"{GOOD} --layout nchw", "unknown layout 'nchw'", "'chw'", 2),
    (f"{GOOD} --schems int8", "unknown option '--schems'", "Did you mean --schemes?", 2),
    (f"{GOOD} --maxdrop=0.1", "unknown option '--maxdrop'", "Did you mean --max-drop?", 2),
    (f"{GOOD} more", "unexpected argument 'more'", "litesmith deploy --help", 2),
    ("inspect cnn.tflite --runs 3", "unknown option '--runs'", "litesmith inspect --help", 2),
    ("convert cnn.tflite --out OUT/c.tflite --preprocess tf", "unknown preprocessing preset 'tf'", "", 2),
    ("evaluate cnn.tflite --data good.npz --metric tpo1", "unknown metric 'tpo1'", "'top1'", 2),
    ("benchmark cnn.tflite --target locl", "unknown target 'locl'", "'local'", 2),
    ("deplo cnn.tflite", "unknown verb 'deplo'", "Did you mean deploy?", 2),
    ("frobnicate", "unknown verb 'frobnicate'", "Verbs: deploy, bundle", 2),
    ("", "VERB", "--help", 2),
    ("deploy", "no model was given", "litesmith deploy MODEL", 2),
    ("inspect", "no .tflite was given", "litesmith inspect FILE.tflite", 2),
    ("inspect cnn.tflite --expect full-in8", "unknown promise 'full-in8'", "Did you mean 'full-int8'?", 2),
    ("inspect cnn.tflite --expect io", "'io' is not how", "Write 'io=int8'", 2),
    ("evaluate cnn.tflite", "no dataset was given", "--data", 2),
    ("bundle", "no .tflite was given", "litesmith bundle MODEL.tflite --for raspberry-pi", 2),
    ("bundle cnn.tflite --out OUT", "what the bundle is for was not given", "--for raspberry-pi", 2),
    ("bundle cnn.tflite --for raspbery-pi --out OUT", "unknown kind of bundle 'raspbery-pi'", "'raspberry-pi'", 2),
    ("bundle cnn.tflite --for raspberry-pi --python 3.9 --out OUT", "unknown Python version '3.9'", "3.10", 2),
    ("bundle cnn.tflite --for raspberry-pi --machine armv7l --out OUT", "64-bit system", "tflite-runtime 2.14", 2),
    ("bundle cnn.tflite --for raspberry-pi --labels gone.txt --out OUT", "labels gone.txt", "--labels", 2),
    ("bundle cnn.tflite --for raspberry-pi --wheelhuose", "unknown option '--wheelhuose'", "--wheelhouse", 2),
    ("bundle cnn.tflite --for raspberry-pi --metadta", "unknown option '--metadta'", "--metadata", 2),
    ("bundle cnn.tflite --for raspberry-pi --out words", "words is there already, and is no bundle", "--out", 2),
    ("bundle load.py --for raspberry-pi --out OUT", "load.py", "", 2),
    ("verify", "the following arguments are required: BUNDLE", "litesmith verify --help", 2),
    ("verify gone", "gone is no folder", "litesmith bundle", 2),
    ("verify words", "words has no manifest.json", "litesmith bundle", 2),
    ("verify words --target locl", "words has no manifest.json", "", 2),
]
BAD_DATA = [
    ("deploy cnn.tflite --out OUT --data gone.npz", "dataset 'gone.npz' does not exist", "Accepted:", 2),
    ("deploy cnn.tflite --out OUT --data god.npz", "dataset 'god.npz' does not exist", "'good.npz'", 2),
    ("deploy cnn.tflite --out OUT --data words", "folder with neither images nor a labels.csv", "Accepted:", 2),
    ("deploy cnn.tflite --out OUT --data void", "is an empty folder", "Accepted:", 2),
    ("deploy cnn.tflite --out OUT --data ruins", "10 of 40 images of 'ruins' (25.0%) cannot be read", "Replace", 2),
    ("deploy cnn.tflite --out OUT --data high.npz", "label 5 of sample 'row 4' must lie in 0..4", "from 1", 2),
    ("deploy cnn.tflite --out OUT --data few.npz", "3 samples, too few", "--calibrate", 2),
    ("deploy cnn.tflite --out OUT --data narrow.npz", "shape [8, 8, 2], expected [8, 8, 3]", "", 2),
    ("deploy cnn.tflite --out OUT --data renamed.npz", "nothing for input 'image'; it holds 'pixels', 'y'", "x", 2),
    ("deploy cnn.tflite --out OUT --data cut.npz", "cut.npz is damaged or cut off", "", 2),
    ("deploy cnn.tflite --out OUT --data cnn.tflite", "is a file of unknown content", "Accepted:", 2),
    ("deploy cnn.tflite --out OUT --data nan.npz", "1 of 40 samples of nan.npz hold NaN", "Remove", 2),
    ("deploy cnn.tflite --out OUT --data nan.npz --schemes float16", "hold NaN or infinity", "", 2),
    ("deploy cnn.tflite --out OUT --data load.py:god", "load.py has no function 'god'", "load.py:good", 2),
    ("deploy cnn.tflite --out OUT --data laod.py:good", "file 'laod.py' does not exist", "", 2),
    ("deploy cnn.tflite --out OUT --data no.module:good", "there is no module 'no'", "", 2),
    ("deploy cnn.tflite --out OUT --data load.py:nothing", "gave no samples", "Yield", 2),
    ("deploy cnn.tflite --out OUT --data load.py:raises", "ValueError: line one line two \\x1b[31m", "load.py", 2),
    ("deploy cnn.tflite --out OUT", "need representative samples", "--calibrate", 2),
    (f"{GOOD} --calibrate ./good.npz", "--calibrate and --data are both good.npz", "--calibrate", 2),
    ("quantize cnn.tflite --out OUT", "need representative samples", "--calibrate", 2),
    ("evaluate cnn.tflite --data high.npz", "must lie in 0..4", "", 2),
    ("evaluate cnn.tflite --data unlabelled.npz --metric top1", "metric 'top1'", "agreement", 2),
]
BAD_VALUES = [
    (f"{GOOD} --runs -5", "--runs is -5; it must be at least 1", "", 2),
    (f"{GOOD} --runs 0", "--runs is 0; it must be at least 1", "", 2),
    (f"{GOOD} --threads 0", "--threads is 0", "", 2),
    (f"{GOOD} --warmup 0", "--warmup is 0", "", 2),
    (f"{GOOD} --jobs -1", "--jobs is -1", "", 2),
    (f"{GOOD} --samples -1", "--samples is -1", "", 2),
    (f"{GOOD} --calibration-samples -1", "--calibration-samples is -1", "", 2),
    (f"{GOOD} --runs some", "--runs: 'some' is not a whole number", "digits", 2),
    (f"{GOOD} --runs", "--runs: expected one argument", "--help", 2),
    (f"{GOOD} --batch 4", "--batch is 4", "--batch 1", 2),
    (f"{GOOD} --max-size 5XB", "--max-size: unknown size unit 'xb'", "MB", 2),
    (f"{GOOD} --max-latency 5", "--max-latency: latency '5' needs a unit", "20ms", 2),
    (f"{GOOD} --max-drop 5", "--max-drop: fraction '5' is 5; it must lie in 0..1", "0.01", 2),
    (f"{GOOD} --mean 1,nan", "--mean: 'nan' is not a number", "", 2),
    (f"{GOOD} --mean 1,2,3,4", "values for 4 channels", "", 2),
    (f"{GOOD} --std 0", "--std holds a 0", "", 2),
    (f"{GOOD} --crop 2", "crop 2 must lie in 0..1", "", 2),
    (f"{GOOD} --input-size 8", "--input-size: '8' is not a size", "224x224", 2),
    (f"{GOOD} --output 3", "--output is 3, but the outputs are 0 (scores)", "from 0", 2),
    (f"{GOOD} --output -1", "--output is -1", "", 2),
    ("evaluate cnn.tflite --data good.npz --output 2", "--output is 2", "from 0", 2),
    ("benchmark cnn.tflite --runs 0", "--runs is 0", "", 2),
]
BAD_PLACES = [
    ("deploy cnn.tflite --data good.npz --out cnn.tflite", "cannot write cnn.tflite: File exists", "--out", 2),
    ("deploy cnn.tflite --data good.npz --out cnn.tflite/out", "cannot write cnn.tflite/out", "--out", 2),
    ("deploy cnn.tflite --data good.npz --out /proc/litesmith", "cannot write /proc/litesmith", "--out", 2),
    ("convert cnn.tflite --out /proc/litesmith/c.tflite", "cannot write /proc/litesmith", "--out", 2),
    ("quantize cnn.tflite --out good.npz --data good.npz", "cannot write good.npz", "--out", 2),
    (f"{GOOD} --project gone.toml", "cannot read the project file gone.toml", "--project", 2),
    (f"{GOOD} --project load.py", "load.py is not valid TOML", "preprocess", 2),
]
ALL = [*BAD_MODELS, *BAD_NAMES, *BAD_DATA, *BAD_VALUES, *BAD_PLACES]


def check(done: Called, message: str, hint: str, code: int) -> None:
    lines = done.err.splitlines()
    errors = [line for line in lines if line.startswith("error:")]
    hints = [line for line in lines if line.startswith("hint:")]
    assert done.code == code, done.err
    assert len(errors) == 1, done.err
    assert message in errors[0]
    assert len(hints) == 1, done.err
    assert hint in hints[0]
    begun = lines.index(errors[0])
    assert lines[begun + 1] == hints[0]
    assert all(line.startswith("  ") for line in lines[begun + 2 :])  # what is known of the cause
    assert "Traceback" not in done.err + done.out
    assert "\x1b" not in done.err


def leftovers(folder: Path) -> list[str]:
    """Return files that a failed run must not leave."""
    return [str(p) for p in folder.rglob("*") if p.name.endswith((".part", ".html")) or p.name == "report.json"]


def own_files(folder: Path) -> set[Path]:
    """Return the files that nobody but the user makes: not the results, and not what Python keeps of a module."""
    made = {"litesmith-out", "__pycache__"}
    return {path for path in folder.rglob("*") if made.isdisjoint(path.parts)}


@pytest.mark.parametrize(("typed", "message", "hint", "code"), ALL, ids=[row[0] or "nothing" for row in ALL])
def test_what_is_said(typed: str, message: str, hint: str, code: int, call: Call, yard: Path, tmp_path: Path) -> None:
    before = own_files(yard)
    done = call(*typed.split())
    check(done, message, hint, code)
    assert done.out == ""
    assert leftovers(tmp_path) == leftovers(yard) == []
    assert own_files(yard) == before


@pytest.mark.parametrize("typed", ["deploy gone.tflite", "deplo", f"{GOOD} --runs 0", "inspect cut.tflite"])
def test_errors_as_json(typed: str, call: Call) -> None:
    done = call(*typed.split(), "--json")
    problem = json.loads(done.out)["error"]
    assert problem["exit_code"] == done.code == 2
    lines = done.err.splitlines()
    begun = lines.index(f"error: {problem['message']}")
    assert lines[begun + 1] == f"hint: {problem['hint']}"


FAST = "--schemes float16 --runs 5 --warmup 1 --jobs 1"


@pytest.mark.slow
def test_a_limit_that_nothing_meets_still_gives_the_report(call: Call, tmp_path: Path) -> None:
    done = call(*f"{GOOD} {FAST} --max-size 10B --max-drop 0.5 --json".split())
    check(done, "no variant meets a drop of at most 0.5 and a size of at most 10 B; nearest is float16", "Loosen", 7)
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert (report["recommended"], report["nearest"]) == ("", "float16")
    assert (tmp_path / "out" / "report.html").is_file()
    assert "nearest is float16" in report["reason"]
    assert json.loads(done.out) == report, "and no second document behind it"


def test_a_few_unreadable_images_are_left_out_and_named(call: Call) -> None:
    done = call("evaluate", "cnn.tflite", "--data", "photos", "--jobs", "1", "--json")
    assert done.code == 0, done.err
    (used,) = json.loads(done.out)["datasets"]
    assert (used["n"], used["skipped"]) == (39, 1)
    found = [finding for finding in used["findings"] if finding["code"] == "unreadable-sample"]
    assert [finding["sample"] for finding in found] == ["class0/0.png"]


@pytest.mark.slow
def test_a_quantized_model_is_no_source(call: Call, yard: Path, tmp_path: Path) -> None:
    assert call(*["quantize", "cnn.tflite", "--out", "OUT", "--schemes", "dynamic_int8"]).code == 0
    small = tmp_path / "out" / "variants" / "dynamic_int8.tflite"
    done = call("deploy", str(small), "--data", "good.npz", "--out", str(tmp_path / "again"))
    check(done, "dynamic_int8.tflite is already quantized", "litesmith inspect", 2)
    assert leftovers(tmp_path / "again") == []
