"""Rules about files that no linter knows."""

from __future__ import annotations

import ast
import keyword
import re
import sys
from pathlib import Path

import pytest

import litesmith

SOURCE = Path(litesmith.__path__[0])
ROOT = Path(__file__).parents[2]
FILES = sorted(SOURCE.rglob("*.py"))
WRITTEN = [SOURCE, *(ROOT / name for name in (".ci", "benchmarks", "examples", "scripts", "tests"))]
"""Folders whose code is written by hand."""

CODE = (".py", ".sh", ".j2", ".css", ".c", ".kt", ".java")
MOST_LINES = 300
VERBS = SOURCE / "cli" / "verbs"  # a verb's file has the verb's name, `inspect` among them


def short(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def code_in(folder: Path) -> list[Path]:
    """Return files of code: those with its endings, and programs that have none and name their interpreter."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in files if path.suffix in CODE or (not path.suffix and path.read_bytes()[:2] == b"#!")]


def too_long(folder: Path) -> list[str]:
    """Return the code below a folder that has more lines than a file may have."""
    return [p.name for p in code_in(folder) if len(p.read_text(encoding="utf-8").splitlines()) > MOST_LINES]


def misnamed(path: Path) -> str:
    """Return what else has the name of a module or package, or nothing."""
    name = path.parent.name if path.name == "__init__.py" else path.stem
    if keyword.iskeyword(name) or keyword.issoftkeyword(name):
        return "a keyword"
    return "a module of the standard library" if name in sys.stdlib_module_names else ""


def plugins() -> dict[Path, list[Path]]:
    """Return the files that define PLUGIN, by plug folder."""
    found: dict[Path, list[Path]] = {}
    for path in FILES:
        if any(line.startswith("PLUGIN = ") for line in path.read_text().splitlines()):
            found.setdefault(path.parent, []).append(path)
    return found


def imported(path: Path) -> set[str]:
    """Return the modules and names that a file imports, dotted."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("folder", WRITTEN, ids=lambda folder: folder.name)
def test_no_file_is_longer_than_300_lines(folder: Path) -> None:
    assert code_in(folder) != []
    assert too_long(folder) == []


def test_files_that_are_too_long_are_noticed(tmp_path: Path) -> None:
    for name, lines in (("whole.py", 300), ("long.py", 301), ("part/long.sh", 400), ("long.txt", 400), ("notes", 400)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("#\n" * lines)
    (tmp_path / "program").write_text("#!/bin/sh\n" + "#\n" * 300)
    assert too_long(tmp_path) == ["long.py", "long.sh", "program"]


@pytest.mark.parametrize("path", [p for p in FILES if p.parent != VERBS], ids=short)
def test_no_module_has_the_name_of_another(path: Path) -> None:
    if path != SOURCE / "__init__.py":
        assert misnamed(path) == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("inspect.py", "a module of the standard library"),
        ("statistics/__init__.py", "a module of the standard library"),
        ("lambda.py", "a keyword"),
        ("match.py", "a keyword"),
        ("scheme.py", ""),
        ("cli/__init__.py", ""),
    ],
)
def test_misnamed_modules_are_recognised(name: str, why: str) -> None:
    assert misnamed(SOURCE / name) == why


def test_every_folder_with_modules_is_a_package() -> None:
    assert [short(p.parent) for p in FILES if not (p.parent / "__init__.py").is_file()] == []


def test_plugins_do_not_import_one_another() -> None:
    folders = plugins()
    assert {short(f) for f in folders} >= {"quantize/schemes", "quantize/calibrators", "evaluate/metrics", "cli/verbs"}
    for folder, files in folders.items():
        package = ".".join(("litesmith", *folder.relative_to(SOURCE).parts))
        names = {f"{package}.{file.stem}" for file in files}
        for file in files:
            assert imported(file) & (names - {f"{package}.{file.stem}"}) == set(), short(file)


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "util", "helpers", "common", "manager", "misc"}
    for folder in WRITTEN:
        named = [path.relative_to(folder).with_suffix("") for path in code_in(folder)]
        assert [path.as_posix() for path in named if drawers & {*path.parts}] == []


DEVICE_TESTS = sorted((ROOT / "tests" / "device").glob("test_*.py"))


@pytest.mark.parametrize("path", DEVICE_TESTS, ids=lambda path: path.name)
def test_what_needs_a_device_is_marked_so(path: Path) -> None:
    marked = re.search(r"^pytestmark = .*pytest\.mark\.device", path.read_text(), re.MULTILINE)
    assert marked, "else `make check` runs it"
