"""What every cause of the catalogue promises. The texts are recorded from real failures."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from litesmith.convert.rungs.order import RUNGS
from litesmith.core.registry import load_plugins, plugin_names
from litesmith.diagnosis.catalogue import causes, diagnose
from litesmith.diagnosis.cause import PACKAGE, Cause, Evidence, Layer, Stage

CAUSES: dict[str, Cause] = load_plugins(PACKAGE, kind="cause")
RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "unit" / "diagnosis" / "recorded.json").read_text(encoding="utf-8")
)
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


def evidence(name: str) -> Evidence:
    kept = RECORDED[name]
    layers = tuple(Layer(name=layer, kind=kind) for layer, kind in kept["layers"])
    return Evidence(text=kept["text"], stage=Stage(kept["stage"]), layers=layers)


def test_there_are_many_and_they_are_asked_in_order() -> None:
    assert len(CAUSES) >= 25
    assert [cause.rank for cause in causes()] == sorted(cause.rank for cause in causes())
    assert set(RECORDED) == set(CAUSES)


@by_name
def test_fields_are_filled(name: str) -> None:
    cause = CAUSES[name]
    assert cause.name == name
    assert 5 < len(cause.title) < 80
    assert cause.title == cause.title.strip(" .")
    for sentence in (cause.why, cause.remedy):
        assert sentence.endswith(".") or sentence.split()[-2].startswith("--")
    assert re.fullmatch(r"https://[\w./#-]+", cause.source)


@by_name
def test_rung_that_cures_it_exists(name: str) -> None:
    cured_by = CAUSES[name].cured_by
    assert cured_by in ("", *(rung.name for rung in RUNGS))
    assert cured_by != RUNGS[0].name  # the plain rung is the one that failed


@by_name
def test_real_text_is_recognised_and_everything_in_the_diagnosis_is_filled(name: str) -> None:
    found = diagnose(evidence(name))
    assert found.cause == name
    assert list(found.where) == RECORDED[name]["where"]
    for text in (found.title, found.why, found.remedy, found.source, found.evidence):
        assert text
        assert text is found.evidence or not re.search(r"\{\w+\}|  |\(\)| [.,:](?:\s|$)", text)


@by_name
def test_code_is_python(name: str) -> None:
    ast.parse(diagnose(evidence(name)).code)


@by_name
def test_text_is_no_other_cause_at_another_stage(name: str) -> None:
    kept = evidence(name)
    for stage in set(Stage) - {kept.stage}:
        assert diagnose(Evidence(text="nothing of the kind", stage=stage)).cause == "unknown"
