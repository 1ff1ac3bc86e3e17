"""The verbs on their own, from the command line and from Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_calls import called

from litesmith import api
from litesmith.core.audit import Inspected, Precision
from litesmith.core.errors import ConfigError, DatasetError, SourceError, UnknownNameError
from litesmith.core.files import sha256_file
from litesmith.core.results import Status
from litesmith.pipeline.convert import ConvertResult
from litesmith.pipeline.doctor import Diagnosis
from litesmith.pipeline.files import FileResults
from litesmith.pipeline.quantize import QuantizeResult
from litesmith.report.encode import from_data

Command = Callable[..., tuple[str, str]]


@pytest.fixture(scope="module")
def quantized(work: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of variants that `quantize` wrote."""
    out = tmp_path_factory.mktemp("quantized")
    schemes = ["float16", "dynamic_int8", "int8"]
    api.quantize(work.model, calibrate=work.calibrate, preprocess="unit", schemes=schemes, out=out)
    return out / "variants"


@pytest.fixture
def litesmith(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """Run a command that succeeds in a folder of its own; return what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments: str | Path) -> tuple[str, str]:
        done = called(capfd, *arguments)
        assert done.code == 0, done.err
        return done.out, done.err

    return run


def silent(capfd: pytest.CaptureFixture[str]) -> bool:
    printed = capfd.readouterr()
    return printed.out == "" and "Traceback" not in printed.err and "\n" not in printed.err


def test_convert_takes_a_tflite_as_it_is(work: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = api.convert(work.model, out=tmp_path / "float.tflite")
    assert silent(capfd)
    assert isinstance(made, ConvertResult)
    assert made.conversion.file == str(tmp_path / "float.tflite")
    assert sha256_file(tmp_path / "float.tflite") == made.conversion.sha256 == sha256_file(work.model)
    assert (made.conversion.route, made.conversion.check_samples) == ("none", 0)
    assert [(spec.name, spec.dtype, spec.shape) for spec in made.conversion.inputs] == [
        ("image", "float32", (1, 8, 8, 3))
    ]


def test_convert_names_its_file_after_the_source(work: Any, tmp_path: Path, litesmith: Command) -> None:
    out, err = litesmith("convert", work.model)
    assert (tmp_path / "cnn.tflite").read_bytes() == work.model.read_bytes()
    assert out.startswith("cnn.tflite: ")
    assert "input  image: float32 [1, 8, 8, 3]" in out
    assert err == ""
    out, _ = litesmith("convert", work.model, "--out", "folder", "--json")
    assert from_data(ConvertResult, json.loads(out)).conversion.file == "folder/cnn.tflite"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["cnn.tflite", "cnn.tflite", "folder"]


def test_quantize_writes_variants_and_no_report(work: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made = api.quantize(work.model, data=work.data, preprocess="unit", schemes=["int8"], out=tmp_path)
    assert silent(capfd)
    assert isinstance(made, QuantizeResult)
    assert [v.scheme for v in made.variants] == ["float32", "int8"]
    assert all(sha256_file(tmp_path / v.file) == v.sha256 for v in made.variants)
    assert all(v.evaluation is None and v.benchmarks == () for v in made.variants)
    assert made.calibration is not None
    assert not (tmp_path / "report.json").exists()


def test_quantize_on_the_command_line(work: Any, tmp_path: Path, litesmith: Command) -> None:
    out, err = litesmith("quantize", work.model, "--schemes", "float16", "--out", "o")
    assert "o/variants/float16.tflite" in out
    assert "quantize: " in err
    out, err = litesmith("quantize", work.model, "--schemes", "float16", "--out", "o", "--json", "--quiet")
    assert [v.scheme for v in from_data(QuantizeResult, json.loads(out)).variants] == ["float32", "float16"]
    assert err == ""


def test_evaluate_compares_files_with_the_first(work: Any, quantized: Path, capfd: pytest.CaptureFixture[str]) -> None:
    files = [quantized / f"{name}.tflite" for name in ("float32", "float16", "int8")]
    made = api.evaluate(files, work.data, preprocess="unit", samples=100)
    assert silent(capfd)
    assert isinstance(made, FileResults)
    values = [v.evaluation.value for v in made.variants if v.evaluation is not None]
    assert [v.scheme for v in made.variants] == ["float32", "float16", "int8"]
    assert values[0] == 1.0
    assert min(values) > 0.8
    assert [v.evaluation.n for v in made.variants if v.evaluation is not None] == [100] * 3
    again = api.evaluate(quantized / "int8.tflite", work.data, preprocess="unit", samples=100)
    assert again.variants[0].evaluation is not None
    assert again.variants[0].evaluation.value == values[2], "an int8 file alone scores what it scores beside float"


def test_evaluate_gives_verdicts_for_the_loss_that_is_accepted(work: Any, quantized: Path, litesmith: Command) -> None:
    files = [quantized / f"{name}.tflite" for name in ("float32", "float16")]
    for max_drop, word in ((0.5, "no_worse"), (None, "undecided")):
        made = api.evaluate(files, work.data, preprocess="unit", samples=20, max_drop=max_drop)
        first, second = (v.evaluation for v in made.variants)
        assert first is not None
        assert first.verdict is None
        assert second is not None
        assert second.verdict is not None
        assert (second.verdict.word.value, second.verdict.margin) == (word, max_drop or 0.01)
    out, _ = litesmith("evaluate", *files, "--data", work.data, "--preprocess", "unit", "--max-drop", "50%")
    assert "No worse than 50 points: float16." in out


def test_a_loss_that_cannot_be_held_against_the_metric_is_refused(work: Any, quantized: Path) -> None:
    with pytest.raises(ConfigError, match="--max-drop is a fraction, and sqnr is in dB"):
        api.evaluate(quantized / "float32.tflite", work.data, preprocess="unit", metric="sqnr", max_drop=0.01)
    for refused in (
        lambda: api.evaluate(quantized / "float32.tflite", work.data, max_drop=-0.01),
        lambda: api.deploy(work.model, work.data, max_drop=-0.01),
    ):
        with pytest.raises(ConfigError, match=r"--max-drop is -0.01; the loss that is accepted lies in 0..1"):
            refused()


def test_evaluate_takes_more_files_than_the_cache_keeps(work: Any, tmp_path: Path) -> None:
    files = []
    for number in range(15):
        files.append(tmp_path / f"m{number:02}.tflite")
        files[-1].write_bytes(work.model.read_bytes() + bytes(4 * number))
    made = api.evaluate(files, work.data, preprocess="unit", samples=20, jobs=1)
    assert [v.evaluation.value for v in made.variants if v.evaluation is not None] == [1.0] * 15


def test_evaluate_on_the_command_line(work: Any, quantized: Path, tmp_path: Path, litesmith: Command) -> None:
    arguments = ("evaluate", quantized / "float32.tflite", quantized / "int8.tflite", "--data", work.data)
    out, _ = litesmith(*arguments, "--preprocess", "unit")
    assert "int8" in out
    assert "100.0 %" in out
    out, _ = litesmith(*arguments, "--preprocess", "unit", "--metric", "sqnr", "--json")
    made = from_data(FileResults, json.loads(out))
    assert [v.evaluation.metric for v in made.variants if v.evaluation is not None] == ["sqnr", "sqnr"]
    assert list(tmp_path.iterdir()) == []


def test_files_of_one_name_are_told_apart(work: Any, quantized: Path) -> None:
    other = work.folder / "float16.tflite"
    other.write_bytes(work.model.read_bytes())
    made = api.evaluate([other, quantized / "float16.tflite"], work.data, preprocess="unit", samples=10)
    assert [v.scheme for v in made.variants] == [str(other), str(quantized / "float16.tflite")]


def test_benchmark(quantized: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], litesmith: Command) -> None:
    files = [quantized / "float32.tflite", quantized / "int8.tflite"]
    made = api.benchmark(files, runs=20, threads=2)
    assert silent(capfd)
    assert [(v.status, v.benchmarks[0].runs, v.benchmarks[0].threads) for v in made.variants] == [
        (Status.OK, 20, 2),
        (Status.OK, 20, 2),
    ]
    out, _ = litesmith("benchmark", files[1], "--runs", "5", "--json")
    assert len(from_data(FileResults, json.loads(out)).variants) == 1


def test_inspect(quantized: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], litesmith: Command) -> None:
    inspected = api.inspect(quantized / "int8.tflite", expect="full-int8,io=int8")
    graph = inspected.graph
    assert silent(capfd)
    assert [expected.met for expected in inspected.audit.expectations] == [True, True]
    assert inspected.audit.precision is Precision.FULL_INT8
    assert graph.main.op_counts()["CONV_2D"] == 1
    assert graph.input_specs[0].quantized
    out, err = litesmith("inspect", quantized / "int8.tflite")
    assert err == ""
    for part in ("CONV_2D", "DEPTHWISE_CONV_2D", "image", "int8", "serving_default"):
        assert part in out
    out, _ = litesmith("inspect", quantized / "int8.tflite", "--json")
    assert from_data(Inspected, json.loads(out)).graph == graph


def test_doctor(tmp_path: Path, capfd: pytest.CaptureFixture[str], litesmith: Command) -> None:
    assert api.doctor().healthy
    assert silent(capfd)
    out, _ = litesmith("doctor")
    assert "ai-edge-litert" in out
    out, _ = litesmith("doctor", "--json")
    assert from_data(Diagnosis, json.loads(out)).healthy


def test_deploy_by_a_project_file(work: Any, tmp_path: Path, litesmith: Command) -> None:
    (tmp_path / "elsewhere").mkdir()
    project = tmp_path / "elsewhere" / "my.toml"
    project.write_text(
        f'model = "{work.model}"\ndata = "d.npz"\nout = "made"\nschemes = ["float16"]\npreprocess = "unit"\nruns = 50\n'
    )
    np.savez(tmp_path / "elsewhere" / "d.npz", **np.load(work.data))
    out, err = litesmith("deploy", "--project", project, "--runs", "5")
    assert err.startswith(f"settings from {project}: model, data, out, schemes, preprocess, runs\n")
    assert "Recommended: " in out
    report = json.loads((tmp_path / "elsewhere" / "made" / "report.json").read_text())
    assert report["preprocessing"]["preset"] == "unit"
    assert report["variants"][0]["benchmarks"][0]["runs"] == 5
    assert [p.name for p in tmp_path.iterdir()] == ["elsewhere"]


def test_errors_are_raised_and_nothing_is_printed(work: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="does not exist"):
        api.deploy(tmp_path / "gone.tflite", schemes=["float16"], out=tmp_path / "out")
    with pytest.raises(DatasetError, match="does not exist"):
        api.evaluate(work.model, tmp_path / "gone.npz")
    with pytest.raises(UnknownNameError, match="unknown setting 'scheme'"):
        api.quantize(work.model, scheme="int8")
    with pytest.raises(UnknownNameError, match="unknown scheme 'in8'"):
        api.quantize(work.model, schemes="float16,in8")
    assert silent(capfd)
