"""What every root cause of the debugger promises: a model that provokes it names it first, for the right layer."""

from __future__ import annotations

from pathlib import Path

import pytest
from broken_quantized import BROKEN, Broken, healthy

from litesmith.core.registry import load_plugins, plugin_names
from litesmith.debugging.cause import PACKAGE, Cause
from litesmith.debugging.effects import Judge
from litesmith.debugging.session import Session, debug
from litesmith.evaluate.intervals import wilson
from litesmith.evaluate.metric import class_count, predicted
from litesmith.pipeline.settings import FIELDS, flag, read_setting
from litesmith.quantize.correction import correction_names

pytestmark = pytest.mark.slow

CAUSES: dict[str, Cause] = load_plugins(PACKAGE, kind="cause")
PAGE = (Path(__file__).parents[2] / "docs" / "debug.md").read_text(encoding="utf-8")
NAMES = {
    "--schemes": plugin_names("litesmith.quantize.schemes"),
    "--calibrator": plugin_names("litesmith.quantize.calibrators"),
    "--corrections": correction_names(),
}
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


def debugged(broken: Broken) -> Session:
    return debug(
        broken.float_model,
        broken.quantized_model,
        broken.samples,
        rows=range(broken.samples.count),
        output=0,
        judge=Judge(interval=wilson, classes=class_count, predicted=predicted),
    )


def test_every_cause_has_a_model_that_provokes_it() -> None:
    assert set(BROKEN) == set(CAUSES)


@by_name
def test_it_is_named_first_and_for_the_right_layer(name: str, tmp_path: Path) -> None:
    build, layer = BROKEN[name]
    found = debugged(build(tmp_path)).causes
    assert found, "nothing was named"
    assert (found[0].name, found[0].layer) == (name, layer), [(c.name, c.layer) for c in found]
    assert found[0].message
    assert found[0].flags == CAUSES[name].flags


def test_a_healthy_model_names_none(tmp_path: Path) -> None:
    made = debugged(healthy(tmp_path))
    assert made.causes == ()
    assert made.whole.sqnr_db is not None
    assert made.whole.sqnr_db > 35


@by_name
def test_fields_are_filled(name: str) -> None:
    cause = CAUSES[name]
    assert cause.name == name
    assert cause.title
    assert cause.remedy.endswith(".")
    assert set(cause.explains) <= set(CAUSES) - {name}


@by_name
def test_each_flag_exists_and_takes_the_value(name: str) -> None:
    known = {flag(field): field for field in FIELDS} | {"--corrections": "corrections"}
    assert CAUSES[name].flags
    for typed in CAUSES[name].flags:
        option, value = typed.split(" ")
        assert option in known
        assert value in NAMES.get(option, (value,))
        if known[option] in FIELDS:
            read_setting(known[option], value)


@by_name
def test_the_page_has_it(name: str) -> None:
    row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")), "")
    assert all(f"`{typed}`" in row for typed in CAUSES[name].flags), row
