"""`debug` on the command line: text, JSON, page, and files that do not fit."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from broken_quantized import healthy, saturation, tinted
from command_calls import called

pytestmark = pytest.mark.slow

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("debug")
    broken = saturation(path)
    healthy(path / "good")
    values = tinted(24)
    np.savez(path / "labelled.npz", x=values, y=np.arange(24) % 5)
    np.savez(path / "plain.npz", x=values)
    np.savez(path / "one.npz", x=values[:1])
    assert broken.float_model == path / "float.tflite"
    return path


def run(
    folder: Path, capsys: Capture, *arguments: str, data: str = "labelled.npz", files: tuple[str, ...] = ()
) -> tuple[int, str, str]:
    names = files or ("float.tflite", "int8.tflite")
    typed = ["debug", *(folder / name for name in names), "--preprocess", "unit", "--jobs", "1", "--quiet"]
    typed += ["--data", folder / data] if data else []
    made = called(capsys, *typed, *arguments)
    return made.code, made.out, made.err


def test_text_names_the_layer_and_the_flag(folder: Path, capsys: Capture) -> None:
    code, out, _ = run(folder, capsys)
    assert code == 0
    assert "Causes  the costliest first" in out
    assert "DEPTHWISE_CONV_2D depthwise" in out
    assert "saturation: --calibrator min_max" in out
    assert "top-1" in out


def test_json_is_the_record(folder: Path, capsys: Capture) -> None:
    code, out, _ = run(folder, capsys, "--json", "--samples", "10")
    made = json.loads(out)
    assert code == 0
    assert made["samples"] == 10
    assert [op["op"] for op in made["ops"]][:2] == ["input", "CONV_2D"]
    assert made["causes"][0]["name"] == "saturation"
    assert made["whole"]["top1"]["n"] == 10
    assert made["pictures"][0]["layer"] == "depthwise"
    assert len(made["pictures"][0]["edges"]) == len(made["pictures"][0]["counts"]) + 1


def test_the_page_loads_nothing(folder: Path, capsys: Capture, tmp_path: Path) -> None:
    page = tmp_path / "debug.html"
    code, out, _ = run(folder, capsys, "--html", str(page))
    text = page.read_text(encoding="utf-8")
    assert code == 0
    assert "debug.html" in out
    assert "default-src 'none'" in text
    assert "src=" not in text
    assert "url(" not in text
    assert "--calibrator min_max" in text
    assert text.count('class="tensor"') >= 5


def test_samples_without_labels(folder: Path, capsys: Capture) -> None:
    code, out, _ = run(folder, capsys, data="plain.npz")
    assert code == 0
    assert "no labels" in " ".join(out.split())


def test_one_sample(folder: Path, capsys: Capture) -> None:
    code, out, _ = run(folder, capsys, data="one.npz")
    assert code == 0
    assert "1 samples say little" in " ".join(out.split())


def test_a_good_model_has_nothing_to_cure(folder: Path, capsys: Capture) -> None:
    code, out, _ = run(folder, capsys, files=("good/float.tflite", "good/int8.tflite"))
    assert code == 0
    assert "No layer stands out: nothing to cure." in out


@pytest.mark.parametrize(
    ("files", "data", "code", "said", "hint"),
    [
        (("int8.tflite", "float.tflite"), "plain.npz", 2, "the files are swapped", "litesmith debug"),
        (("int8.tflite", "good/int8.tflite"), "plain.npz", 2, "is quantized itself", "Give the float .tflite"),
        (("float.tflite", "float.tflite"), "plain.npz", 2, "are the same file", "QUANTIZED.tflite"),
        (("float.tflite", "int8.tflite"), "", 2, "no samples were given", "--data DATASET"),
        (("float.tflite", "int8.tflite"), "none.npz", 2, "none.npz", ""),
        (("float.tflite", "missing.tflite"), "plain.npz", 2, "missing.tflite", ""),
    ],
)
def test_files_that_do_not_fit(
    files: tuple[str, ...], data: str, code: int, said: str, hint: str, folder: Path, capsys: Capture
) -> None:
    found, _, err = run(folder, capsys, files=files, data=data)
    assert found == code
    assert said in err
    assert hint in err


def test_two_float_files(folder: Path, capsys: Capture, tmp_path: Path) -> None:
    from tiny_tflite import write_cnn

    write_cnn(folder / "cnn.tflite")
    code, _, err = run(folder, capsys, files=("float.tflite", "cnn.tflite"))
    assert code == 2
    assert "has nothing quantized in it" in err


def test_an_output_that_is_not_there(folder: Path, capsys: Capture) -> None:
    code, _, err = run(folder, capsys, "--output", "3")
    assert code == 2
    assert "--output is 3, but there are 1 outputs" in err


def test_the_page_is_no_model(folder: Path, capsys: Capture) -> None:
    code, _, err = run(folder, capsys, "--html", str(folder / "int8.tflite"))
    assert code == 2
    assert "is one of the models" in err
