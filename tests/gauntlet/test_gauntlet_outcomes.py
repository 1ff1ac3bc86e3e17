"""Every model of the gauntlet through `litesmith convert`. Starts TensorFlow twice for all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from gauntlet_expectations import EXPECTED, PLAIN, Expected, here
from gauntlet_page import PAGE, UPDATE, written
from gauntlet_runner import Gauntlet, disagreement

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]
BY_NAME = {expected.name: expected for expected in EXPECTED}
HEAVY = {
    *("efficientnet_v2_b0", "resnet50_v2", "densenet121", "inception_v3", "nasnet_mobile", "convnext_tiny", "xception"),
    *("efficientnet_b0", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "vgg16", "half_a_gigabyte"),
}
"""Each takes 5 to 35 s, and a smaller model of its kind is among the others."""


@pytest.fixture(scope="module", autouse=True)
def page(gauntlet: Gauntlet) -> Iterator[None]:
    """Write the page at the end, where that is asked for."""
    yield
    if os.environ.get(UPDATE) == "1":
        PAGE.write_text(written(EXPECTED, gauntlet.found, PAGE.read_text() if PAGE.is_file() else ""))


@pytest.mark.parametrize(
    "expected",
    [
        pytest.param(
            expected,
            marks=[pytest.mark.heavy] if expected.name in HEAVY else [],
            id=f"{expected.subject}/{expected.name}",
        )
        for expected in EXPECTED
    ],
)
def test_outcome(expected: Expected, gauntlet: Gauntlet) -> None:
    assert disagreement(here(expected), gauntlet.run(expected)) == ""


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
