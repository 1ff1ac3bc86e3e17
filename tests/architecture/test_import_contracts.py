"""The import contracts of pyproject.toml hold, and each is seen to fail on a planted violation."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import litesmith

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SOURCE = Path(litesmith.__path__[0])
ROOT = Path(__file__).parents[2]
NAMES = [
    contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]

PLANTED = {
    "Layers: ": [
        ("core/units.py", "litesmith.runtime.feeding"),
        ("runtime/feeding.py", "litesmith.targets.local"),
        ("remote/facts.py", "litesmith.targets.local"),
        ("quantize/build.py", "litesmith.evaluate.score"),
        ("evaluate/score.py", "litesmith.pipeline.settings"),
        ("recover/session.py", "litesmith.convert.fresh"),
        ("quantize/build.py", "litesmith.recover.split"),
        ("pipeline/choose.py", "litesmith.cli.parser"),
    ],
    "The command line reaches": [
        ("cli/verbs/quantize.py", "litesmith.quantize.build"),
        ("cli/verbs/quantize.py", "litesmith.recover.judging"),
    ],
    "TensorFlow is imported": [("runtime/interpreter.py", "tensorflow"), ("pipeline/deploy.py", "keras")],
    "LiteRT is imported": [
        ("evaluate/collect.py", "ai_edge_litert.interpreter"),
        ("recover/feed.py", "ai_edge_litert.interpreter"),
    ],
    "The quantizer is imported": [
        ("pipeline/variants.py", "litert_quantizer"),
        ("recover/ranges.py", "litert_quantizer"),
    ],
    "Core imports": [("core/names.py", "rich")],
}
"""For each contract, by the beginning of its name: a file and what it must not import."""


def lint(folder: Path) -> tuple[int, dict[str, bool]]:
    """Return the exit code of lint-imports in a folder, and whether each contract was kept."""
    program = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False)
    lines = [line.rpartition(" ") for line in done.stdout.splitlines()]
    return done.returncode, {name: state == "KEPT" for name, _, state in lines if state in ("KEPT", "BROKEN")}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package and its contracts elsewhere; the current folder comes first when packages are looked for."""
    folder = tmp_path_factory.mktemp("copied")
    shutil.copytree(SOURCE, folder / "litesmith", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "pyproject.toml", folder / "pyproject.toml")
    return folder


def test_all_contracts_hold() -> None:
    code, kept = lint(ROOT)
    assert code == 0
    assert kept == dict.fromkeys(NAMES, True)


def test_each_contract_has_a_planted_violation() -> None:
    assert [[start for start in PLANTED if name.startswith(start)] for name in NAMES] == [[start] for start in PLANTED]


@pytest.mark.parametrize(
    ("start", "file", "module"), [(start, *planted) for start, several in PLANTED.items() for planted in several]
)
@pytest.mark.slow
def test_a_planted_violation_breaks_its_contract(copied: Path, start: str, file: str, module: str) -> None:
    path = copied / "litesmith" / file
    before = path.read_text()
    path.write_text(f"{before}\n\ndef _planted():\n    import {module}\n")
    try:
        code, kept = lint(copied)
    finally:
        path.write_text(before)
    assert code != 0
    assert [name for name, whole in kept.items() if not whole and name.startswith(start)], kept
    assert set(kept) == set(NAMES)
