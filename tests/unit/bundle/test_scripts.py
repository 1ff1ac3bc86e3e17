"""`run.py` and `camera.py` of a bundle, run as users run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bundled_models import job_of, load, write_cast
from PIL import Image
from sample_sets import pictures
from tiny_tflite import write_cnn, write_two_inputs

from litesmith.bundle.kinds.raspberry_pi import write
from litesmith.core.preprocessing import PRESETS

pytestmark = pytest.mark.slow

LABELS = ("cat", "dog", "horse", "bell\x07\x1b[31m", "e")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("my bundle")
    path = write_cnn(tmp_path_factory.mktemp("models") / "cnn.tflite", size=16)
    write(job_of(path, record=PRESETS["signed"], picture=True, labels=LABELS), folder)
    Image.fromarray(pictures(1, size=40)[0]).save(folder / "photo one.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def called(folder: Path, *arguments: str, script: str = "run.py") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / script), *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, cwd=folder)


def test_a_picture(classifier: Path) -> None:
    done = called(classifier, "photo one.png", "--top", "5", "--threads", "1")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "photo one.png"
    assert len(lines) == 6
    assert "\\x07\\x1b[31m" in done.stdout
    assert "\x1b" not in done.stdout
    expected = load(classifier / "cnn.py").Model(threads=1)(classifier / "photo one.png")
    assert [float(line.split()[0]) for line in lines[1:]] == pytest.approx([p.score for p in expected], rel=1e-5)


def test_one_bad_picture_among_good_ones(classifier: Path) -> None:
    """The others are answered; the exit code says that one was not."""
    done = called(classifier, "broken.png", "photo one.png", "none.png", "--json", "--top", "2")
    assert done.returncode == 1
    (answered,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert answered["file"] == "photo one.png"
    assert [list(c) for c in answered["classes"]] == [["label", "score", "position"]] * 2
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 2
    assert "cannot read broken.png: cannot identify image file" in errors[0]
    assert errors[1] == "error: there is no file none.png"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "nothing to run: give a picture or --npy FILE"),
        (("x.png", "--top", "0"), "'0' is no whole number of at least 1"),
        (("x.png", "--threads", "many"), "'many' is no whole number"),
        (("x.png", "--delegate", "gpu"), "invalid choice: 'gpu'"),
        (("x.png", "--tops", "3"), "unrecognized arguments: --tops"),
    ],
)
def test_a_wrong_command_line(classifier: Path, arguments: tuple[str, ...], says: str) -> None:
    done = called(classifier, *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stdout == ""


def test_raw_values(classifier: Path, tmp_path: Path) -> None:
    raw = pictures(1, size=16)[0]
    np.save(tmp_path / "raw.npy", raw)
    np.save(tmp_path / "small.npy", raw[:9])
    done = called(classifier, "--npy", str(tmp_path / "raw.npy"), "--npy", str(tmp_path / "small.npy"), "--json")
    assert done.returncode == 1
    assert len(json.loads(done.stdout)["classes"]) == 5
    assert "takes [16, 16, 3], not [9, 16, 3]" in done.stderr


def test_several_inputs_by_their_names(tmp_path: Path) -> None:
    path = write_two_inputs(tmp_path / "two.tflite")
    folder = tmp_path / "out"
    folder.mkdir()
    write(job_of(path, record=PRESETS["raw"], normalized=(False, False)), folder)
    np.savez(folder / "both.npz", left=np.ones(4), right=np.ones(3))
    np.savez(folder / "half.npz", left=np.ones(4))
    (folder / "evil.npy").write_bytes(b"\x93NUMPY\x01\x00\x16\x00{'descr': 'O', 'fort")
    done = called(folder, "--npy", "both.npz", "--json")
    assert done.returncode == 0, done.stderr
    assert np.asarray(json.loads(done.stdout)["outputs"]["both"]).shape == (1, 2)
    done = called(folder, "--npy", "half.npz", "--npy", "evil.npy", "--npy", "none.npz", "--npy", "both.npz")
    assert done.returncode == 1
    assert "half.npz has no array for input 'right'; it has ['left']" in done.stderr
    assert done.stderr.count("error: cannot read") == 2
    assert "both [1, 2]: [[" in done.stdout
    assert not (folder / "camera.py").exists()


def test_a_changed_model_is_one_message(tmp_path: Path) -> None:
    path = write_cast(tmp_path / "cast.tflite", ("float32", (1, 4)))
    folder = tmp_path / "out"
    folder.mkdir()
    write(job_of(path, record=PRESETS["raw"]), folder)
    (folder / "cast.tflite").write_bytes(b"something else")
    np.save(folder / "x.npy", np.ones(4))
    done = called(folder, "--npy", "x.npy")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "is not the model that this module was made for" in done.stderr
    assert "Traceback" not in done.stderr


def test_no_camera_here(classifier: Path) -> None:
    done = called(classifier, script="camera.py")
    assert done.returncode == 1
    assert "cannot load Picamera2" in done.stderr
    assert "sh install.sh --camera" in done.stderr
    assert "Traceback" not in done.stderr
