from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from litesmith import api
from litesmith.core.deployment import Deployment
from litesmith.core.files import sha256_file
from litesmith.core.results import Status
from litesmith.report.encode import from_data, to_data
from litesmith.report.schema import build_schema

SCHEMES = ["float32", "float16", "dynamic_int8", "weight_only_int8", "int8", "int16x8", "dynamic_int4"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A deployment, where it is and how it was asked for."""

    result: Deployment
    out: Path
    settings: dict[str, Any]
    duration_s: float


@pytest.fixture(scope="module")
def done(work: Any, tmp_path_factory: pytest.TempPathFactory) -> Done:
    out = tmp_path_factory.mktemp("deploy") / "out"
    settings = {"model": work.model, "data": work.data, "preprocess": "unit", "runs": 10, "warmup": 2, "out": out}
    begun = time.perf_counter()
    result = api.deploy(**settings)
    return Done(result=result, out=out, settings=settings, duration_s=time.perf_counter() - begun)


def entries(out: Path) -> set[Path]:
    return {entry for stage in (out / ".cache").iterdir() for entry in stage.iterdir()}


def test_report_is_the_result_and_fits_its_schema(done: Done) -> None:
    report = json.loads((done.out / "report.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(build_schema()).validate(report)
    assert report == to_data(done.result)
    assert from_data(Deployment, report) == done.result
    assert "<html" in (done.out / "report.html").read_text(encoding="utf-8")


def test_every_variant_is_there_as_described(done: Done) -> None:
    assert [v.scheme for v in done.result.variants] == SCHEMES
    for variant in done.result.variants:
        path = done.out / variant.file
        assert variant.status is Status.OK, variant.reason
        assert path.name == f"{variant.scheme}.tflite"
        assert sha256_file(path) == variant.sha256
        assert path.stat().st_size == variant.size_bytes
        inspected = api.inspect(path)
        assert inspected.graph.main.op_counts() == variant.op_counts
        assert variant.audit is not None
        assert variant.audit.precision is inspected.audit.precision
        assert all(claim.met for claim in variant.audit.claims if " " not in claim.text)
        assert "broken-promise" not in [finding.code for finding in variant.findings]
    assert len({v.sha256 for v in done.result.variants}) == len(SCHEMES)


def test_the_float_variant_is_the_source(done: Done, work: Any) -> None:
    first = done.result.variants[0]
    assert (done.out / first.file).read_bytes() == work.model.read_bytes()
    assert first.sha256 == done.result.conversion.sha256 == done.result.source.sha256
    assert (done.result.source.kind, done.result.conversion.route) == ("tflite", "none")


def test_nothing_else_is_left_in_the_output_folder(done: Done) -> None:
    assert {p.name for p in done.out.iterdir()} == {"variants", "audits", "report.json", "report.html", ".cache"}
    assert {p.stem for p in (done.out / "variants").iterdir()} == set(SCHEMES)
    assert not [p for p in done.out.rglob("*") if p.name.endswith(".part") or "scratch" in p.name]


def test_the_report_links_to_an_audit_of_each_variant(done: Done) -> None:
    page = (done.out / "report.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'href="(audits/[^"]+)"', page))
    assert linked == {f"audits/{scheme}.html" for scheme in SCHEMES}
    for link in linked:
        assert "CONV_2D" in (done.out / link).read_text(encoding="utf-8")


def test_calibration_samples_are_not_evaluated(done: Done, work: Any) -> None:
    evaluation, calibration = done.result.datasets
    assert (evaluation.role, calibration.role) == ("evaluation", "calibration")
    assert (evaluation.n, calibration.n) == (90, 30)
    assert done.result.calibration is not None
    assert done.result.calibration.samples == 30
    assert all(v.evaluation is not None and v.evaluation.n == 90 for v in done.result.variants)
    stored = [np.load(p) for p in (done.out / ".cache" / "subsets").glob("*/input_0.npy")]
    rows = [{row.tobytes() for row in part} for part in stored]
    assert sorted(len(part) for part in rows) == [30, 90]
    assert rows[0].isdisjoint(rows[1])
    assert rows[0] | rows[1] == {row.tobytes() for row in np.load(work.data)["x"]}


def test_evaluations_are_of_the_model_that_was_made(done: Done) -> None:
    by_scheme = {v.scheme: v.evaluation for v in done.result.variants}
    assert all(made is not None and made.metric == "top1" for made in by_scheme.values())
    values = {scheme: made.value for scheme, made in by_scheme.items() if made is not None}
    assert values["float32"] == 1.0
    assert values["float16"] > 0.95
    assert values["int16x8"] > 0.95
    assert values["int8"] > 0.8
    for made in by_scheme.values():
        assert made is not None
        assert made.agreement == pytest.approx(made.value), "the labels are the float model's answers"
        assert made.difference == pytest.approx(made.value - 1.0)


def test_latency_and_memory_of_each(done: Done) -> None:
    for variant in done.result.variants:
        (made,) = variant.benchmarks
        times = made.latency_ms
        assert 0 < times.min <= times.p50 <= times.p90 <= times.p99
        assert (made.target, made.runs, made.threads) == ("local", 10, 1)
        assert 0 < made.model_memory_bytes <= made.peak_memory_bytes


def test_the_recommended_variant_runs_and_loses_little(done: Done) -> None:
    (chosen,) = [v for v in done.result.variants if v.scheme == done.result.recommended]
    assert chosen.status is Status.OK
    assert chosen.evaluation is not None
    assert chosen.evaluation.difference >= -0.01
    assert done.result.nearest == ""
    assert "fastest variant" in done.result.reason


def test_environment_is_recorded(done: Done) -> None:
    found = done.result.environment
    assert {"python", "ai-edge-litert", "litert-quantizer", "numpy", "litesmith"} <= set(found.versions)
    assert found.cores >= 1
    assert found.created.endswith("+00:00")


def test_second_run_does_no_work(done: Done) -> None:
    before, files = entries(done.out), {p: p.stat().st_mtime_ns for p in (done.out / "variants").iterdir()}
    seen: list[str] = []
    again = api.deploy(**done.settings, progress=lambda stage, *_: seen.append(stage))
    assert all(stage.cached for stage in again.stages)
    assert not any(stage.cached for stage in done.result.stages)
    assert set(seen) <= {"quantize"}, "only looking at what is there"
    assert entries(done.out) == before
    assert {p: p.stat().st_mtime_ns for p in (done.out / "variants").iterdir()} == files
    assert again.variants == done.result.variants
    assert again.recommended == done.result.recommended


def test_a_changed_setting_redoes_only_what_depends_on_it(done: Done) -> None:
    limited = api.deploy(**done.settings, max_size="2600B", max_drop=1.0)
    assert all(stage.cached for stage in limited.stages)
    assert limited.recommended in ("dynamic_int8", "dynamic_int4")
    again = api.deploy(**{**done.settings, "schemes": "int8", "interface": "uint8"})
    cached = {stage.stage: stage.cached for stage in again.stages}
    assert cached == {
        "convert": True,
        "samples": True,
        "subsets": True,
        "check preprocessing": True,
        "choose ranges": True,
        "correct": True,
        "calibrate": True,
        "compare calibrators": True,
        "quantize": False,
        "evaluate": False,
        "benchmark local": False,
    }
    assert [spec.dtype for spec in again.variants[1].inputs] == ["uint8"]


def test_a_lost_variant_is_put_back_and_a_changed_one_replaced(done: Done) -> None:
    lost, changed = (done.out / "variants" / f"{name}.tflite" for name in ("float16", "int8"))
    lost.unlink()
    changed.write_bytes(b"changed")
    again = api.deploy(**done.settings)
    by_scheme = {v.scheme: v for v in again.variants}
    assert sha256_file(lost) == by_scheme["float16"].sha256
    assert sha256_file(changed) == by_scheme["int8"].sha256
    assert all(stage.cached for stage in again.stages)


@pytest.mark.slow
def test_calibration_data_of_its_own_leaves_all_for_evaluation(work: Any, tmp_path: Path) -> None:
    made = api.deploy(
        work.model,
        data=work.data,
        calibrate=work.calibrate,
        preprocess="unit",
        schemes=["int8"],
        calibrator="min_max",
        runs=5,
        out=tmp_path,
    )
    assert [(d.role, d.n) for d in made.datasets] == [("evaluation", 120), ("calibration", 60)]
    assert made.variants[1].calibrator == "min_max"
    assert made.variants[1].inputs[0].dtype == "int8"


def test_without_data_sizes_and_latencies_and_a_warning(work: Any, tmp_path: Path) -> None:
    made = api.deploy(work.model, schemes=["float16"], runs=5, out=tmp_path)
    assert made.datasets == ()
    assert all(v.evaluation is None and v.benchmarks for v in made.variants)
    assert [w.code for w in made.warnings] == ["no-evaluation-data"]
    assert made.recommended
