"""Every model of the gauntlet through `litesmith convert`. Starts TensorFlow twice for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from gauntlet_expectations import EXPECTED, PLAIN, Expected
from gauntlet_page import PAGE, UPDATE, written
from gauntlet_runner import Gauntlet, disagreement

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
BY_NAME = {expected.name: expected for expected in EXPECTED}


@pytest.fixture(scope="module", autouse=True)
def page(gauntlet: Gauntlet) -> Iterator[None]:
    """Write the page at the end, where that is asked for."""
    yield
    if os.environ.get(UPDATE) == "1":
        PAGE.write_text(written(EXPECTED, gauntlet.found, PAGE.read_text() if PAGE.is_file() else ""))


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda expected: f"{expected.subject}/{expected.name}")
def test_outcome(expected: Expected, gauntlet: Gauntlet) -> None:
    assert disagreement(expected, gauntlet.run(expected)) == ""


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("small_cnn", {"converts": False, "by": "no_kernel"}),
        ("small_cnn", {"by": "full_precision"}),
        ("lambda_code", {"converts": True, "by": PLAIN}),
        ("lambda_code", {"by": "custom_class"}),
        ("lambda_code", {"where": "no_such_layer"}),
        ("mixed_float16", {"by": PLAIN}),
    ],
)
def test_a_wrong_expectation_is_noticed(name: str, wrong: dict[str, object], gauntlet: Gauntlet) -> None:
    found = gauntlet.run(BY_NAME[name])
    assert disagreement(replace(BY_NAME[name], **wrong), found) != ""
