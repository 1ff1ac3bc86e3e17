"""What starting Litesmith loads: the answer to `--help` must not wait for anything heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "numpy",
    "rich",
    "PIL",
    "jinja2",
    "cattrs",
    "ai_edge_litert",
    "litert_quantizer",
    "tensorflow",
    "keras",
    "h5py",
)
LOADED = f"import sys; print('loaded:', *[name for name in {HEAVY!r} if name in sys.modules])"
COMMAND = """
import sys
from litesmith.cli.main import main
try:
    main({arguments!r})
except SystemExit as end:
    assert not end.code, end.code
"""


def loaded_by(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", f"{code}\n{LOADED}"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[-1].removeprefix("loaded:").split()


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import litesmith") == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["deploy", "--help"], ["quantize", "--help"]], ids=" ".join
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_by(COMMAND.format(arguments=arguments)) == []


def test_what_is_loaded_is_noticed() -> None:
    assert loaded_by("import numpy") == ["numpy"]


@pytest.mark.parametrize("module", ["litesmith.api", "litesmith.pipeline.deploy", "litesmith.core.isolated_main"])
def test_no_stage_loads_a_framework_to_be_imported(module: str) -> None:
    frameworks = {"ai_edge_litert", "litert_quantizer", "tensorflow", "keras", "h5py"}
    assert not frameworks & set(loaded_by(f"import {module}"))
