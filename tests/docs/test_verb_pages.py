"""Every verb has a page with all of its options, their defaults, and nothing that is gone."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from litesmith.cli.main import verbs
from litesmith.cli.verb import MANY, Verb
from litesmith.core.bundle import Bundled
from litesmith.core.comparison import Comparison
from litesmith.core.debugging import Debugging
from litesmith.core.device_action import DeviceOutcome
from litesmith.core.parity import Verified
from litesmith.pipeline.convert import ConvertResult
from litesmith.pipeline.doctor import Diagnosis
from litesmith.pipeline.files import FileResults
from litesmith.pipeline.quantize import QuantizeResult
from litesmith.pipeline.settings import FIELDS, default_text, flag

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").rglob("*.md")))
ROW = re.compile(r"^\| `(--[a-z-]+)[^`]*` \| ([^|]*) \|", re.MULTILINE)
SECTIONS = ("Options", "Example", "What is written", "Exit codes", "JSON")
COMMON = {"--json", "--quiet"}
OTHERS = {"--help", "--version", "--project"}
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
RASPBERRY_PI = ROOT / "docs" / "how-to" / "raspberry-pi.md"
VERBS = verbs()
RESULTS = {
    "convert": ConvertResult,
    "quantize": QuantizeResult,
    "evaluate": FileResults,
    "benchmark": FileResults,
    "compare": Comparison,
    "debug": Debugging,
    "bundle": Bundled,
    "verify": Verified,
    "device": DeviceOutcome,
    "doctor": Diagnosis,
}


def page(verb: Verb) -> str:
    return (ROOT / "docs" / f"{verb.name}.md").read_text(encoding="utf-8")


def bundle_options() -> set[str]:
    """Return the options of the scripts that a bundle holds."""
    bundle = ROOT / "src" / "litesmith" / "bundle"
    texts = [path.read_text(encoding="utf-8") for path in (bundle / "templates").rglob("*.py.j2")]
    return {
        *re.findall(r'"(--[a-z]+)"', "".join(texts)),
        *re.findall(r":(--[a-z]+)\)", (bundle / "install.sh").read_text()),
    }


def script_options() -> list[str]:
    """Return the options of the script that `docs/benchmarks.md` explains."""
    script = (ROOT / "benchmarks" / "int8_accuracy.py").read_text(encoding="utf-8")
    return re.findall(r"add_argument\(\s*\"(--[a-z0-9-]+)\"", script)


def flags(verb: Verb) -> set[str]:
    return {flag(name) for name in verb.settings} | COMMON | ({"--project"} if verb.settings else set())


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_page_lists_exactly_the_options_of_the_verb(verb: Verb) -> None:
    listed = [name for name, _ in ROW.findall(page(verb))]
    assert sorted(listed) == sorted(flags(verb))


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_page_shows_the_defaults(verb: Verb) -> None:
    shown = {name: default.replace("`", "").replace(", ", ",").strip() for name, default in ROW.findall(page(verb))}
    for name in verb.settings:
        assert shown[flag(name)] == (default_text(name) or "-"), flag(name)


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_page_has_every_section(verb: Verb) -> None:
    assert [heading for heading in SECTIONS if f"\n## {heading}\n" not in page(verb)] == []


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_readme_links_the_page(verb: Verb) -> None:
    assert f"[{verb.name}](docs/{verb.name}.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_page_mentions_an_option_that_does_not_exist(path: Path) -> None:
    known = {flag(name) for name in FIELDS} | COMMON | OTHERS
    known |= set(script_options()) if path == BENCHMARKS else set()
    known |= bundle_options() if path == RASPBERRY_PI else set()
    mentioned = set(re.findall(r"(?<![-\w])--[a-z][a-z_-]*", path.read_text(encoding="utf-8")))
    assert mentioned - known == set()


def test_the_page_of_benchmarks_lists_exactly_the_options_of_the_script() -> None:
    rows = [line for line in BENCHMARKS.read_text(encoding="utf-8").splitlines() if line.startswith("| `--")]
    listed = [name for row in rows for name in re.findall(r"--[a-z0-9-]+", row.split("|")[1])]
    assert len(listed) > 10
    assert sorted(listed) == sorted(script_options())


def test_api_page_lists_every_verb() -> None:
    text = (ROOT / "docs" / "how-to" / "python-api.md").read_text(encoding="utf-8")
    assert [name for name in VERBS if f"`api.{name}(" not in text] == []


@pytest.mark.parametrize("name", RESULTS)
def test_page_lists_exactly_the_fields_of_the_json(name: str) -> None:
    listed = re.findall(r"^\| `(\w+)` \|", page(VERBS[name]).partition("\n## JSON\n")[2], re.MULTILINE)
    assert sorted(listed) == sorted(field.name for field in dataclasses.fields(RESULTS[name]))


@pytest.mark.parametrize("name", VERBS)
def test_usage_says_whether_a_model_must_be_typed(name: str) -> None:
    verb = VERBS[name]
    usage = {0: "", 1: "[MODEL] " if verb.settings else "FILE ", 2: "FILE FILE ", MANY: "FILE [FILE ...] "}[verb.models]
    assert f"\nlitesmith {name} {usage}" in page(verb)
