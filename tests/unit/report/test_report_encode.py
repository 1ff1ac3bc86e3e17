from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from litesmith.core.deployment import Deployment
from litesmith.core.errors import PluginError, UserError
from litesmith.core.results import Finding, Latency, Severity, Variant
from litesmith.core.samples import SampleInput
from litesmith.report.encode import from_data, to_data, to_json


@pytest.mark.parametrize("name", ["full", "minimal", "hostile"])
def test_deployment_survives_the_round_trip(name: str, request: pytest.FixtureRequest) -> None:
    deployment: Deployment = request.getfixturevalue(name)
    assert from_data(Deployment, json.loads(to_json(deployment))) == deployment


def test_tuple_of_records_survives(full: Deployment) -> None:
    assert from_data(tuple[Variant, ...], to_data(full.variants)) == full.variants


def test_named_places_exist(full: Deployment) -> None:
    data = to_data(full)
    assert data["conversion"]["max_abs_difference"] == 4.7e-7
    variant = data["variants"][3]
    assert {"scheme", "file", "size_bytes", "status"} <= variant.keys()
    assert variant["status"] == "ok"
    evaluation = variant["evaluation"]
    assert {"metric", "value", "n", "agreement", "difference", "p_value"} <= evaluation.keys()
    assert len(evaluation["interval"]) == len(evaluation["difference_interval"]) == 2
    assert {"p50", "p90", "p99"} <= variant["benchmarks"][0]["latency_ms"].keys()
    assert data["recommended"] == "int8"
    assert data["source"]["kind"] == "keras"


def test_path_numpy_and_enum_become_plain() -> None:
    record = SampleInput(name="x", path=Path("a") / "b.npy", shape=(np.int64(3),), dtype="uint8", normalized=True)
    data = to_data(record)
    assert data == {"name": "x", "path": "a/b.npy", "shape": [3], "dtype": "uint8", "normalized": True}
    assert type(data["shape"][0]) is int
    assert from_data(SampleInput, data) == record


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, np.float32("nan")])
def test_what_json_cannot_hold_becomes_null_and_reads_as_nan(value: float) -> None:
    latency = Latency(p50=1.0, p90=2.0, p99=value, mean=1.0, min=1.0)
    assert to_data(latency)["p99"] is None
    assert math.isnan(from_data(Latency, to_data(latency)).p99)


def test_numbers_in_optional_fields_keep_none(minimal: Deployment) -> None:
    assert to_data(minimal)["conversion"]["max_abs_difference"] is None
    assert from_data(Deployment, to_data(minimal)).conversion.max_abs_difference is None


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("size_bytes", "12", "size_bytes"),
        ("size_bytes", True, "size_bytes"),
        ("scheme", 3, "scheme"),
        ("status", "fine", "status"),
        ("float_ops", "SOFTMAX", "float_ops"),
        ("surprise", 1, "surprise"),
    ],
)
def test_a_value_that_does_not_fit_is_named(full: Deployment, field: str, value: object, place: str) -> None:
    data = {**to_data(full.variants[0]), field: value}
    with pytest.raises(UserError, match=place) as caught:
        from_data(Variant, data)
    assert caught.value.hint


def test_missing_fields_and_wrong_lengths_are_errors(full: Deployment) -> None:
    evaluation = full.variants[0].evaluation
    assert evaluation is not None
    data = to_data(evaluation)
    with pytest.raises(UserError, match="interval"):
        from_data(type(evaluation), {**data, "interval": [0.1]})
    del data["n"]
    with pytest.raises(UserError, match="n"):
        from_data(type(evaluation), data)
    with pytest.raises(UserError):
        from_data(Variant, None)


def test_an_unknown_kind_of_value_is_our_defect() -> None:
    finding = dataclasses.replace(
        Finding(code="a", severity=Severity.INFO, message="b"),
        message={1, 2},  # type: ignore[arg-type]
    )
    with pytest.raises(PluginError, match=r"record\.message"):
        to_data(finding)


def test_undecodable_file_names_can_be_written() -> None:
    finding = Finding(code="a", severity=Severity.INFO, message="caf\udce9 ü")
    text = to_json(finding)
    text.encode("utf-8")
    assert "ü" in text
    assert from_data(Finding, json.loads(text)) == finding
