"""The search on a model of which int8 ruins one layer: that layer becomes float, and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from sample_sets import pictures, sample_set
from tiny_tflite import write_planted

from litesmith import api
from litesmith.core.deployment import Deployment
from litesmith.core.errors import ConfigError, DatasetError, GateError, UnknownNameError
from litesmith.core.isolated import Pool
from litesmith.core.verdict import VerdictWord
from litesmith.evaluate.collect import answer
from litesmith.pipeline import searching
from litesmith.pipeline.deploy import require_choice
from litesmith.report.schema import build_schema
from litesmith.runtime.flatbuffer import read_graph

pytestmark = pytest.mark.slow
SAMPLES = 600


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("planted")
    model, values = write_planted(folder / "planted.tflite"), pictures(SAMPLES)
    answers = answer(model, sample_set(folder / "prepared", values), pool=pool, folder=folder / "answers")
    np.savez(folder / "data.npz", x=values, y=answers.values().argmax(axis=1))
    np.savez(folder / "calibrate.npz", x=pictures(80, seed=1))
    return {
        "model": folder / "planted.tflite", "data": folder / "data.npz", "calibrate": folder / "calibrate.npz",
        "preprocess": "unit", "schemes": ["int8"], "corrections": ["none"], "runs": 10, "warmup": 2,
        "goal": "size", "max_drop": 0.15, "out": folder / "out",
    }  # fmt: skip


@pytest.fixture(scope="module")
def found(asked: dict[str, Any]) -> Deployment:
    return api.deploy(**asked)


def test_only_the_planted_layer_becomes_float(found: Deployment, asked: dict[str, Any]) -> None:
    assert found.recommended == "mixed_1"
    variants = {variant.scheme: variant for variant in found.variants}
    mixed = variants["mixed_1"]
    assert mixed.float_ops == ("CONV_2D (planted)",)
    graph = read_graph(asked["out"] / mixed.file).main
    assert [graph.tensors[op.outputs[0]].name for op in graph.float_ops()] == ["planted"]
    assert graph.op_counts()["CONV_2D"] == 3
    assert mixed.evaluation is not None
    assert mixed.evaluation.difference >= -0.15
    ruined = variants["int8"].evaluation
    assert ruined is not None
    assert ruined.verdict is not None
    assert ruined.verdict.word is VerdictWord.WORSE
    assert not [f for f in mixed.findings if f.code == "broken-promise"]
    assert mixed.on_frontier


def test_sensitivity_names_the_planted_layer(found: Deployment) -> None:
    assert found.search is not None
    gains = {op.name: op.gain_db or 0.0 for op in found.search.ops}
    assert max(gains, key=gains.__getitem__) == "planted"
    assert gains.pop("planted") > 10 > 2 > max(gains.values())
    assert all(op.float_ms and op.int8_ms for op in found.search.ops)


def test_figures_come_from_samples_no_choice_saw(found: Deployment) -> None:
    made = found.search
    assert made is not None
    assert made.choice_samples + made.confirmation_samples == SAMPLES
    assert {v.evaluation.n for v in found.variants if v.evaluation} == {made.confirmation_samples}
    assert {d.role: d.n for d in found.datasets if d.role != "calibration"} == {
        "evaluation": made.confirmation_samples,
        "choice": made.choice_samples,
    }


def test_report_fits_its_schema_and_shows_the_search(found: Deployment, asked: dict[str, Any]) -> None:
    report = json.loads((asked["out"] / "report.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(build_schema()).validate(report)
    assert report["search"]["points"]
    page = (asked["out"] / "report.html").read_text(encoding="utf-8")
    section = re.search(r'<section id="search">.*?</section>', page, re.DOTALL)
    assert section is not None
    assert "planted" in section[0]


def test_second_run_evaluates_nothing(
    found: Deployment, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    again = api.deploy(**asked)
    assert found.search is not None
    assert again.search is not None
    assert again.search.evaluations == again.search.cached == found.search.evaluations > 0
    assert all(stage.cached for stage in again.stages)
    assert replace(again.search, cached=0, duration_s=0.0) == replace(found.search, cached=0, duration_s=0.0)
    assert again.variants == found.variants


def test_impossible_limits_name_the_nearest(asked: dict[str, Any], found: Deployment) -> None:
    made = api.deploy(**{**asked, "max_size": 1000})
    assert made.recommended == ""
    assert made.nearest
    with pytest.raises(GateError, match="size of at most 1 KB"):
        require_choice(made)


def test_nothing_is_searched_where_int8_is_good_enough(asked: dict[str, Any], found: Deployment) -> None:
    made = api.deploy(**{**asked, "max_drop": 1.0})
    assert made.search is not None
    assert "int8 meets the limit as it is" in made.search.stopped
    assert [v.scheme for v in made.variants] == ["float32", "int8"]
    assert made.recommended == "int8"


@pytest.mark.parametrize(
    ("changed", "evaluations", "word"),
    [
        ({"search_evaluations": 1, "max_drop": 0.0}, 1, "--search-evaluations 1 were used up"),
        ({"search_minutes": 1e-6}, 0, "--search-minutes 1e-06 were used up"),
    ],
)
def test_budget_is_kept(
    changed: dict[str, Any], evaluations: int, word: str, asked: dict[str, Any], found: Deployment
) -> None:
    made = api.deploy(**{**asked, **changed})
    assert made.search is not None
    assert len(made.search.points) > 1
    assert made.search.evaluations == evaluations
    assert made.search.stopped.startswith(word)


def test_misspelt_goal_is_an_error_with_the_nearest(asked: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as caught:
        api.deploy(**{**asked, "goal": "latancy", "out": tmp_path / "out"})
    assert "'latency'" in caught.value.hint
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"data": "", "max_drop": None}, ConfigError),
        ({"search_minutes": 0.0}, ConfigError),
        ({"samples": 11}, DatasetError),
    ],
)
def test_what_a_search_cannot_do_without_is_asked_for(
    changed: dict[str, Any], error: type[Exception], asked: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(error, match=r"goal|search-minutes"):
        api.deploy(**{**asked, **changed, "out": tmp_path / "out"})


def test_without_int8_the_search_says_so(asked: dict[str, Any], tmp_path: Path) -> None:
    assert searching.BASES == ("int8", "int8_per_tensor")
    made = api.deploy(**{**asked, "schemes": ["float16"], "out": tmp_path / "out"})
    assert made.search is not None
    assert made.search.stopped == "there is no int8 variant to start from"
    assert made.recommended == "float16"
