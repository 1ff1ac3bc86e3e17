"""The Gradle project around the Kotlin core: every file is there, well formed, and names only what exists."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import android_projects
import pytest

from litesmith.bundle.android_files import all_files, places, wanted
from litesmith.bundle.android_project import VERSIONS
from litesmith.bundle.job import BundleJob
from litesmith.bundle.kinds.android import write
from litesmith.bundle.kotlin_module import kotlin_values
from litesmith.core.errors import BundleError
from litesmith.core.model_facts import RuntimeNeed

LITERT = "com.google.ai.edge.litert:litert (Android)"
OLD = "org.tensorflow:tensorflow-lite (Android)"


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BundleJob]:
    return android_projects.jobs(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def projects(jobs: dict[str, BundleJob], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name, job in jobs.items():
        made[name] = tmp_path_factory.mktemp(name)
        write(job, made[name])
    return made


@pytest.mark.parametrize("name", ["a", "b", "c", "d"])
def test_every_named_file_is_written_and_filled(
    name: str, jobs: dict[str, BundleJob], projects: dict[str, Path]
) -> None:
    job, folder = jobs[name], projects[name]
    values = kotlin_values(job)
    filled = places(job.package, job.class_name)
    expected = {entry.path.format(**filled) for entry in all_files() if wanted(entry, values)}
    written = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert expected <= written
    assert {path for path in written - expected if not path.startswith("library/src/main/assets/")} == set()
    for path in expected:
        text = (folder / path).read_text(encoding="utf-8")
        assert not re.search(r"\{\{|\{%|%\}", text), path
        assert text.endswith("\n"), path
        assert not re.search(r"\n\n\n|[ \t]\n", text), path
        if not path.startswith("core/src/") and not path.endswith((".md", ".toml")):
            assert max(map(len, text.splitlines())) <= 120, path


@pytest.mark.parametrize("name", ["a", "b"])
def test_xml_is_well_formed(name: str, projects: dict[str, Path]) -> None:
    files = sorted(projects[name].rglob("*.xml"))
    assert len(files) == 11
    for path in files:
        ET.parse(path)


def catalogue(project: Path) -> dict[str, dict[str, dict[str, str] | str]]:
    """The version catalogue, which is of a small part of TOML (Python 3.10 has no reader for it)."""
    found: dict[str, dict[str, dict[str, str] | str]] = {}
    table: dict[str, dict[str, str] | str] = {}
    for line in (project / "gradle/libs.versions.toml").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if head := re.fullmatch(r"\[(\w+)\]", line):
            table = found.setdefault(head[1], {})
            continue
        key, value = re.fullmatch(r"([a-z][a-z-]*) = (.+)", line).groups()  # type: ignore[union-attr]
        assert key not in table
        if value.startswith("{"):
            assert re.fullmatch(r'\{ (?:[a-z.]+ = "[^"]+"(?:, )?)+ \}', value), line
            table[key] = dict(re.findall(r'([a-z.]+) = "([^"]+)"', value))
        else:
            table[key] = re.fullmatch(r'"([^"]+)"', value)[1]  # type: ignore[index]
    return found


@pytest.mark.parametrize("name", ["a", "b"])
def test_the_catalogue_has_what_build_files_name_and_nothing_else(name: str, projects: dict[str, Path]) -> None:
    tables = catalogue(projects[name])
    assert list(tables) == ["versions", "libraries", "plugins"]
    referred = {row["version.ref"] for table in ("libraries", "plugins") for row in tables[table].values()}  # type: ignore[index]
    build = "".join(path.read_text(encoding="utf-8") for path in projects[name].rglob("build.gradle.kts"))
    used = set(re.findall(r"libs\.((?:\w+\.)*\w+)\)", build))
    used_versions = set(re.findall(r"libs\.versions\.((?:\w+\.)*\w+)\.get", build))
    dotted = {key.replace("-", ".") for key in tables["libraries"]}
    dotted |= {"plugins." + key.replace("-", ".") for key in tables["plugins"]}
    assert used == dotted
    assert used_versions | {key.replace("-", ".") for key in referred} == {
        key.replace("-", ".") for key in tables["versions"]
    }
    assert tables["versions"]["agp"] == VERSIONS["agp"]


@pytest.mark.parametrize(
    ("name", "own", "foreign"),
    [("a", "com.google.ai.edge.litert:litert", "org.tensorflow:"), ("b", "org.tensorflow:tensorflow-lite", "litert")],
)
def test_a_project_depends_on_one_runtime(name: str, own: str, foreign: str, projects: dict[str, Path]) -> None:
    modules = [row["module"] for row in catalogue(projects[name])["libraries"].values()]  # type: ignore[index]
    assert own in modules
    assert not [module for module in modules if foreign in module]
    for module in ("app", "library"):
        build = (projects[name] / module / "build.gradle.kts").read_text(encoding="utf-8")
        assert 'noCompress += "tflite"' in build
        assert 'apply(from = rootProject.file("gradle/one-runtime.gradle.kts"))' in build


def test_old_runtime_is_not_said_to_suit_google_play(projects: dict[str, Path]) -> None:
    assert "Not for Google Play" in (projects["b"] / "README.md").read_text(encoding="utf-8")
    assert "Not for Google Play" not in (projects["a"] / "README.md").read_text(encoding="utf-8")


def test_the_runtime_is_not_older_than_the_model_needs(jobs: dict[str, BundleJob]) -> None:
    need = RuntimeNeed(runtime=OLD, minimum="2.14.0", note="")
    values = kotlin_values(replace(jobs["b"], needs=(need,)))
    assert values["runtime_minimum_numbers"] == [2, 14, 0]
    assert values["runtime_version"] == "2.16.1"
    with pytest.raises(BundleError, match=r"tensorflow-lite 2\.17\.0") as newer:
        kotlin_values(replace(jobs["b"], needs=(replace(need, minimum="2.17.0"),)))
    assert "--runtime litert" in newer.value.hint
    with pytest.raises(BundleError, match="no release"):
        kotlin_values(replace(jobs["a"], needs=(RuntimeNeed(runtime=LITERT, minimum="", note="too new"),)))


def test_the_model_is_opened_by_what_can_set_its_state_back(projects: dict[str, Path]) -> None:
    """A model with a state is not given to CompiledModel, which cannot set it back."""
    assert list(projects["a"].rglob("CompiledModelRunner.kt"))
    assert not list(projects["c"].rglob("CompiledModelRunner.kt"))
    assert "resetVariableTensors" in next(projects["c"].rglob("InterpreterRunner.kt")).read_text(encoding="utf-8")


def test_the_processors_runner_needs_nothing_of_android(projects: dict[str, Path]) -> None:
    """It is run on a desktop by other tests."""
    text = next(projects["a"].rglob("InterpreterRunner.kt")).read_text(encoding="utf-8")
    imports = re.findall(r"^import (\S+)", text, re.MULTILINE)
    assert all(name.startswith(("java.", "org.tensorflow.lite.", "com.example.a.core.")) for name in imports)


def test_r8_does_not_stop_at_what_litert_needs_for_google_play_only(projects: dict[str, Path]) -> None:
    """All of its package is kept, and a class in it refers to packages that an app need not have."""
    for package in ("com.google.android.play.core.aipacks", "com.google.android.gms.tasks", "kotlinx.coroutines.guava"):
        assert f"-dontwarn {package}.**" in rules(projects["a"])
    assert "-dontwarn" not in rules(projects["b"])


def test_the_release_of_the_demo_can_be_installed(projects: dict[str, Path]) -> None:
    """One that is not signed is refused by phones, and `docs/how-to/android.md` says to install it."""
    build = (projects["a"] / "app/build.gradle.kts").read_text(encoding="utf-8")
    assert "signingConfig" in build.partition("release {")[2].partition("}")[0]


def rules(project: Path) -> str:
    return (project / "library/consumer-rules.pro").read_text(encoding="utf-8")
