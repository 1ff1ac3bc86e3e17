"""`compare`, and what `inspect` writes and lists when asked to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_tflite import write_cnn

from litesmith.cli.main import main

pytestmark = pytest.mark.slow


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    write_cnn(tmp_path / "a.tflite")
    write_cnn(tmp_path / "b.tflite", sine=True)
    return tmp_path


def test_compare_as_text_and_as_json(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "a.tflite", "b.tflite", "--jobs", "1", "--quiet"]) == 0
    text = capsys.readouterr().out
    assert "1\u00d7 SIN" in text
    assert "random values, 32 samples" in text
    assert main(["compare", "a.tflite", "b.tflite", "--jobs", "1", "--quiet", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert {"what": "op", "name": "SIN wave", "before": "", "after": "SIN"} in made["changes"]
    assert made["outputs"][0]["top1"]["n"] == 32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.tflite"], "FILE"),
        (["a.tflite", "b.tflite", "a.tflite"], "unexpected argument 'a.tflite'"),
        (["a.tflite", "none.tflite"], "none.tflite"),
        (["a.tflite", "b.tflite", "--data", "none"], "none"),
        (["a.tflite", "b.tflite", "--preprocess", "unitt"], "unknown preprocessing preset 'unitt'"),
    ],
)
def test_what_compare_refuses(
    models: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["compare", *arguments, "--quiet"]) == 2
    assert message in capsys.readouterr().err


def test_inspect_lists_operators_only_when_asked_to(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "b.tflite", "--quiet"]) == 0
    assert "Operators  7 operators" not in capsys.readouterr().out
    assert main(["inspect", "b.tflite", "--ops", "--quiet"]) == 0
    assert "Operators  7 operators" in capsys.readouterr().out


def test_inspect_writes_a_page_even_when_a_promise_is_broken(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["inspect", "b.tflite", "--expect", "full-int8", "--html", "page.html", "--quiet"]
    assert main(arguments) == 7
    assert "Page: page.html" in capsys.readouterr().out
    page = (models / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert '<span class="severity">Broken</span> full-int8' in page


def test_the_page_does_not_replace_the_model(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (models / "a.tflite").read_bytes()
    assert main(["inspect", "a.tflite", "--html", "./a.tflite", "--quiet"]) == 2
    assert "--html a.tflite is the model itself" in capsys.readouterr().err
    assert (models / "a.tflite").read_bytes() == before
