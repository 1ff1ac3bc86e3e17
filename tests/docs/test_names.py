"""Names and codes that a user can meet stand in the documents."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from litesmith.cli.main import INTERRUPTED
from litesmith.core import errors
from litesmith.core.errors import LitesmithError
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Resize
from litesmith.core.registry import plugin_names
from litesmith.core.units import format_percent

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PACKAGES = (
    "litesmith.quantize.schemes",
    "litesmith.quantize.calibrators",
    "litesmith.evaluate.metrics",
    "litesmith.sources.kinds",
    "litesmith.data.readers",
    "litesmith.inspection.delegates",
    "litesmith.targets",
    "litesmith.report.writers",
    "litesmith.cli.verbs",
    "litesmith.pipeline.device_actions",
)
CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LitesmithError)]
FINDING = re.compile(r'\bcode(?:=| = |, what = )"([a-z][a-z0-9-]+)"')


def all_pages() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md")))


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_plugin_is_in_the_plugin_table(package: str) -> None:
    page = text("how-to/plugins.md")
    assert [name for name in plugin_names(package) if f"`{name}`" not in page] == []


def test_schemes_are_in_the_readme() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in plugin_names("litesmith.quantize.schemes") if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("package", ["litesmith.quantize.calibrators", "litesmith.evaluate.metrics"])
def test_methods_explain_every_calibrator_and_metric(package: str) -> None:
    assert [name for name in plugin_names(package) if f"`{name}`" not in text("methods.md")] == []


def test_readers_and_presets_have_a_row() -> None:
    page = text("how-to/datasets.md")
    names = (*plugin_names("litesmith.data.readers"), *PRESETS)
    assert [name for name in names if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("kind", [Resize, ColorOrder, Layout])
def test_choices_of_preprocessing_are_named(kind: type[Resize] | type[ColorOrder] | type[Layout]) -> None:
    page = text("how-to/datasets.md")
    assert [member.value for member in kind if f"`{member.value}`" not in page] == []


def test_exit_codes_are_exactly_those_of_the_errors() -> None:
    rows = {int(code) for code in re.findall(r"^\| (\d+) \|", text("errors.md"), re.MULTILINE)}
    terminated = 143  # what a process ended by SIGTERM has
    assert rows == {0, INTERRUPTED, terminated} | {kind.exit_code for kind in CLASSES}


def test_error_classes_stand_with_their_exit_code() -> None:
    page = text("errors.md")
    own = [kind for kind in CLASSES if "exit_code" in vars(kind) and kind is not LitesmithError]
    assert [k.__name__ for k in own if f"| {k.exit_code} | `{k.__name__}` |" not in page] == []
    assert [k.__name__ for k in CLASSES if k is not LitesmithError and f"`{k.__name__}`" not in page] == []


def test_report_fields_are_described() -> None:
    schema = json.loads((ROOT / "src/litesmith/report/schema/report-1.schema.json").read_text(encoding="utf-8"))
    page = text("report-json.md")
    sections = dict(re.findall(r"^###? ([\w ]+)\n(.*?)(?=^###? |\Z)", page, re.MULTILINE | re.DOTALL))
    records = {"Top level": schema, **{n: d for n, d in schema["$defs"].items() if "properties" in d}}
    described = {name: set(re.findall(r"^\| `(\w+)` \|", sections.get(name, ""), re.MULTILINE)) for name in records}
    assert described == {name: set(record["properties"]) for name, record in records.items()}


def test_codes_of_findings_are_documented() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "src" / "litesmith").rglob("*.py")]
    found = {code for source in sources for code in FINDING.findall(source)}
    assert len(found) > 10
    assert {code for code in found if f"`{code}`" not in all_pages()} == set()


def test_recommendation_limits_are_those_of_the_code() -> None:
    from litesmith.core.verdict import DEFAULT_MAX_DROP
    from litesmith.pipeline.choose import DEFAULT_LEAST_SQNR_DB
    from litesmith.pipeline.notices import COLLAPSED, SLOWER

    page = text("methods.md")
    assert f"at most {DEFAULT_MAX_DROP:g} of a fraction" in page
    assert f"at least {DEFAULT_LEAST_SQNR_DB:g} dB" in page
    assert f"below {format_percent(COLLAPSED, digits=0)}" in page
    assert f"more than {SLOWER:g} times" in page


def test_figures_of_methods_are_those_of_the_code() -> None:
    from litesmith.benchmark import measure
    from litesmith.pipeline import cache, datasets
    from litesmith.quantize import collect

    page = " ".join(text("methods.md").split())
    assert f"fit into {measure._SECONDS_PER_MODEL:g} s by the median of its warm-up, but at least" in page
    assert f"at least {measure._LEAST_RUNS}, or `--runs` if that is less" in page
    assert f"some {round(collect.ELEMENTS_PER_TENSOR, -4):,} elements per tensor" in page
    assert f"{collect._LEAST_PER_SAMPLE} to {collect._MOST_PER_SAMPLE} of them from each sample" in page
    assert f"at most {datasets._SET_ASIDE} and at most `--calibration-samples`" in " ".join(
        text("how-to/datasets.md").split()
    )
    assert f"the last {cache._KEEP} results are kept" in text("limits.md")


def test_make_targets_exist() -> None:
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    pages = all_pages() + "".join(
        (ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "ARCHITECTURE.md")
    )
    assert set(re.findall(r"(?:`|\$ )make ([a-z-]+)", pages)) <= made


def test_pages_hold_no_path_of_the_machine_they_were_written_on() -> None:
    pages = all_pages() + "".join((ROOT / f"{name}.md").read_text(encoding="utf-8") for name in ("README", "CHANGELOG"))
    assert re.findall(r"(?<![\w.])/(?:home|root|tmp|work|Users)/\S*", pages) == []
