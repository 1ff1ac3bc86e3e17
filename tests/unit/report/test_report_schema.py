from __future__ import annotations

import copy
import dataclasses
from importlib import resources
from typing import Any, get_args, get_type_hints

import jsonschema
import pytest

from litesmith.core.deployment import Deployment
from litesmith.core.errors import PluginError
from litesmith.report.encode import to_data
from litesmith.report.schema import build_schema, schema_text
from litesmith.report.schema.build import described_fields


def validator() -> jsonschema.Draft202012Validator:
    schema = build_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_shipped_schema_is_the_one_the_records_give() -> None:
    shipped = resources.files("litesmith.report.schema") / "report-1.schema.json"
    assert shipped.read_text(encoding="utf-8") == schema_text(), "write schema_text() to report-1.schema.json"


@pytest.mark.parametrize("name", ["full", "minimal", "hostile"])
def test_examples_fit(name: str, request: pytest.FixtureRequest) -> None:
    validator().validate(to_data(request.getfixturevalue(name)))


def test_every_property_is_described_and_no_other_is_allowed() -> None:
    schema = build_schema()
    for record in (schema, *schema["$defs"].values()):
        assert record["additionalProperties"] is False
        assert record["description"]
        for name, field in record["properties"].items():
            assert len(field["description"]) > 5, name


def test_properties_are_the_fields_of_the_records() -> None:
    schema = build_schema()
    seen: dict[str, type] = {}

    def walk(cls: type) -> None:
        if cls.__name__ in seen:
            return
        seen[cls.__name__] = cls
        for hint in get_type_hints(cls).values():
            for part in (hint, *get_args(hint)):
                if dataclasses.is_dataclass(part) and isinstance(part, type):
                    walk(part)

    walk(Deployment)
    records = {**schema["$defs"], "Deployment": schema}
    assert records.keys() == seen.keys()
    for name, cls in seen.items():
        assert list(records[name]["properties"]) == [f.name for f in dataclasses.fields(cls)]


def change(data: Any, *path: str | int, to: object) -> Any:
    changed = copy.deepcopy(data)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return changed


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), 2),
        (("surprise",), 1),
        (("variants", 0, "status"), "fine"),
        (("variants", 0, "size_bytes"), -1),
        (("variants", 0, "sha256"), "abc"),
        (("variants", 0, "evaluation", "agreement"), 1.2),
        (("variants", 0, "evaluation", "interval"), [0.1]),
        (("variants", 0, "benchmarks", 0, "latency_ms", "p50"), "fast"),
        (("recommended",), None),
    ],
)
def test_what_does_not_fit_is_refused(full: Deployment, path: tuple[str | int, ...], value: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator().validate(change(to_data(full), *path, to=value))


def test_a_number_that_is_not_finite_is_null(full: Deployment) -> None:
    validator().validate(change(to_data(full), "variants", 0, "benchmarks", 0, "latency_ms", "p99", to=None))


def test_descriptions_over_several_lines_are_joined() -> None:
    class Example:
        """A record.

        Attributes:
            one: First
                and second line.
            two: Other.

        More text.
        """

    assert described_fields(Example) == {"one": "First and second line.", "two": "Other."}


def test_a_field_without_description_is_our_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(build_schema.__globals__["DESCRIPTIONS"], ("Latency", "p50"))
    with pytest.raises(PluginError, match=r"Latency\.p50"):
        build_schema()
