"""The table of expectations is whole, and the page of the documents agrees with it. Fast."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from gauntlet_expectations import ADOPTED, EXPECTED, Expected
from gauntlet_page import PAGE, fixed, rows, written
from gauntlet_runner import MODELS, Found, disagreement

from litesmith.convert.rungs.order import RUNGS
from litesmith.core import errors
from litesmith.diagnosis.catalogue import causes

BUILDERS = MODELS / "gauntlet"
CONVERTED = Found(converts=True, by="wrapped", difference=1e-7, samples=8, ops=3)
REFUSED = Found(converts=False, by="no_kernel", where=("odd (Odd)",), message="no", hint="do")
CONVERTS = Expected(name="m", subject="vision", converts=True, by="wrapped")
IS_REFUSED = Expected(name="m", subject="vision", converts=False, by="no_kernel", where="odd")


def builders(path: Path) -> set[str]:
    """Return the names of the functions that build a model."""
    tree = ast.parse(path.read_text())
    return {n.name for n in tree.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")}


def test_there_are_enough_models() -> None:
    assert len({expected.builder for expected in EXPECTED}) >= 60


def test_names_are_different() -> None:
    assert len({expected.name for expected in EXPECTED}) == len(EXPECTED)


def test_every_builder_has_an_expectation() -> None:
    modules = {path.stem for path in BUILDERS.glob("*.py")} - {"__init__", "saving"}
    assert modules == {expected.subject for expected in EXPECTED}
    for module in modules:
        built = {expected.builder for expected in EXPECTED if expected.subject == module}
        assert built == builders(BUILDERS / f"{module}.py"), module


def test_rungs_and_causes_exist() -> None:
    rungs = {rung.name for rung in RUNGS} | {ADOPTED}
    known = {cause.name for cause in causes()} | {kind for kind in vars(errors) if kind.endswith("Error")}
    assert [e.name for e in EXPECTED if e.by not in (rungs if e.converts else known)] == []


def test_no_failure_is_expected_to_stay_unknown() -> None:
    assert [expected.name for expected in EXPECTED if expected.by == "unknown"] == []


def test_builders_are_short_files() -> None:
    files = [*BUILDERS.glob("*.py"), *Path(__file__).parent.glob("*.py")]
    assert [path.name for path in files if len(path.read_text().splitlines()) > 300] == []


def test_the_page_agrees_with_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert {name: row[0] for name, row in rows(page).items()} == {e.name: fixed(e) for e in EXPECTED}
    assert written(EXPECTED, {}, page) == page


def test_the_page_has_a_figure_for_everything_that_converts() -> None:
    page = rows(PAGE.read_text(encoding="utf-8"))
    assert [e.name for e in EXPECTED if bool(page[e.name][2]) != e.converts] == []
    assert [e.name for e in EXPECTED if bool(page[e.name][1]) != (e.converts and e.by != ADOPTED)] == []


@pytest.mark.parametrize(("expected", "found"), [(CONVERTS, CONVERTED), (IS_REFUSED, REFUSED)])
def test_the_expected_outcome_passes(expected: Expected, found: Found) -> None:
    assert disagreement(expected, found) == ""


@pytest.mark.parametrize(
    ("expected", "found", "says"),
    [
        (IS_REFUSED, CONVERTED, "was to be refused with cause no_kernel, and converted by rung wrapped"),
        (CONVERTS, REFUSED, "was to convert by rung wrapped, and was refused with no_kernel"),
        (CONVERTS, replace(CONVERTED, by="full_precision"), "it was full_precision"),
        (IS_REFUSED, replace(REFUSED, by="unknown"), "it was unknown"),
        (IS_REFUSED, replace(REFUSED, where=("other (Other)",)), "the diagnosis names"),
        (replace(IS_REFUSED, says="yes"), REFUSED, "saying 'yes'"),
        (IS_REFUSED, replace(REFUSED, hint=""), "is not told what to do"),
        (CONVERTS, replace(CONVERTED, difference=None), "compared on 8 samples"),
        (CONVERTS, replace(CONVERTED, samples=0), "compared on 0 samples"),
        (CONVERTS, replace(CONVERTED, ops=0), "no operators"),
    ],
)
def test_any_other_outcome_is_told(expected: Expected, found: Found, says: str) -> None:
    assert says in disagreement(expected, found)
