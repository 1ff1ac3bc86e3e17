"""How the check script compares two arrays, and the reason it gives where they differ."""

from __future__ import annotations

import json

import numpy as np
import pytest

from litesmith.bundle import check

GOLDEN = {
    "delegate": "XNNPACK",
    "runtime": f"ai-edge-litert {check.version_of('ai-edge-litert')}",
    "machine": "riscv64",
}


@pytest.mark.parametrize(
    ("golden", "delegate", "said"),
    [
        (GOLDEN, "none", "operators are run by none here and were run by XNNPACK"),
        ({**GOLDEN, "runtime": "ai-edge-litert 1.0.1"}, "XNNPACK", "and was ai-edge-litert 1.0.1"),
        (GOLDEN, "XNNPACK", "and was riscv64"),
    ],
)
def test_reasons_name_what_is_other_here(golden: dict[str, str], delegate: str, said: str) -> None:
    wrong = [{"step": "output", "tensor": "scores", "vector": "noise"}]
    assert said in check.reason_of(golden, delegate, wrong)
    assert "prepares inputs otherwise" in check.reason_of(golden, delegate, [{**wrong[0], "step": "raw"}])


TOLERANCE = {"absolute": 0.01, "relative": 0.1}
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("expected", "found", "ok", "different"),
    [
        ([1.0, -2.0], [1.0, -2.0], True, 0),
        ([1.0, -2.0], [1.2, -2.0], True, 1),
        ([1.0, -2.0], [1.22, -2.0], False, 1),
        ([NAN, INF, 2.0], [NAN, INF, 2.1], True, 1),
        ([NAN, 1.0], [0.0, 1.0], False, 1),
        ([1.0, 1.0], [1.0, NAN], False, 1),
        ([INF, 1.0], [-INF, 1.0], False, 1),
        ([0.0, 0.0], [0.005, 0.0], True, 1),
        ([], [], True, 0),
    ],
)
def test_floats_are_compared_within_their_tolerance(
    expected: list[float], found: list[float], ok: bool, different: int
) -> None:
    pair = (np.array([values], np.float32) for values in (expected, found))
    event = check.compared(("v", "output", "y"), *pair, TOLERANCE)
    assert (event["ok"], event["different"]) == (ok, different)
    json.dumps(event, allow_nan=False)


def test_other_shapes_and_types_are_told() -> None:
    event = check.compared(("v", "raw", "x"), np.zeros((2, 3), np.uint8), np.zeros((3, 2), np.uint8))
    assert (event["ok"], event["why"]) == (False, "uint8 [3, 2] instead of uint8 [2, 3]")
    assert not check.compared(("v", "raw", "x"), np.zeros(2, np.uint8), np.zeros(2, np.int8))["ok"]
