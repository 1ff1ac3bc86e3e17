"""Pinned packages: the table, what is written of it, and wheels that are not the pinned ones."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

from litesmith.bundle.pins import all_pins, pins_for, pythons, require_pinned, requirements_text
from litesmith.core.errors import BundleError, ConfigError, UnknownNameError
from litesmith.remote.wheels import declared_requirements

ROOT = Path(__file__).parents[3]


def test_every_python_and_architecture_has_every_package() -> None:
    named = {re.split(r"[^\w.-]", text)[0] for text in metadata.requires("ai-edge-litert") or () if "extra" not in text}
    wanted = {re.sub(r"[-_.]+", "-", name).lower() for name in named} | {"ai-edge-litert", "pillow"}
    assert pythons() == ("3.10", "3.11", "3.12", "3.13")
    for python in pythons():
        for machine in ("aarch64", "x86_64"):
            assert {pin.package for pin in pins_for(python, machine, images=True)} == wanted
            assert "pillow" not in {pin.package for pin in pins_for(python, machine, images=False)}


def test_wheels_are_for_the_python_and_machine_they_stand_for() -> None:
    for pin in all_pins():
        assert len(pin.sha256) == 64
        assert pin.wheel.endswith(("-none-any.whl", f"_{pin.machine}.whl"))
        tag = pin.wheel.split("-")[2]
        assert tag in (f"cp{pin.python.replace('.', '')}", "py3", "py2.py3") or "abi3" in pin.wheel


def test_versions_are_those_the_project_is_tested_with() -> None:
    text = (
        (ROOT / "constraints.txt").read_text(encoding="utf-8").lower().replace("_", "-").replace(".strenum", "-strenum")
    )
    assert [pin for pin in all_pins() if f"{pin.package}=={pin.version}" not in text] == []


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13"])
def test_the_runtime_lent_to_boards_has_the_same_versions(python: str) -> None:
    """Else wheels would be fetched and kept twice."""
    mine = {f"{pin.package}=={pin.version}" for pin in pins_for(python, "aarch64", images=False)}
    theirs = {
        re.sub(r"[-_.]+", "-", text.partition("==")[0]) + "==" + text.partition("==")[2]
        for text in declared_requirements(python)
    }
    assert mine == theirs


def test_requirements_name_no_place_to_fetch_from_and_hash_everything() -> None:
    text = requirements_text(images=True)
    assert "://" not in text
    assert "index" not in text
    blocks = re.split(r"\n(?=\S)", text.strip())
    packages = [block for block in blocks if not block.startswith("#")]
    assert len(packages) == len({(pin.package, pin.version) for pin in all_pins()})
    assert all("--hash=sha256:" in block for block in packages)
    assert text.count("--hash") == len({pin.sha256 for pin in all_pins()})
    assert "pillow" not in requirements_text(images=False)


def test_markers_take_each_python_exactly_once() -> None:
    from packaging.requirements import Requirement

    lines = [line.rstrip(" \\") for line in requirements_text(images=True).splitlines() if re.match(r"[a-z]", line)]
    for python in pythons():
        held = [Requirement(line) for line in lines]
        names = [r.name for r in held if r.marker is None or r.marker.evaluate({"python_version": python})]
        assert len(names) == len(set(names)) == 9


def test_unknown_pythons_and_machines_are_refused() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown Python version '3\.14'") as raised:
        pins_for("3.14", "aarch64", images=True)
    assert "3.13" in raised.value.hint
    with pytest.raises(ConfigError, match="no wheels for armv7l") as narrow:
        pins_for("3.11", "armv7l", images=True)
    assert "64-bit image" in narrow.value.hint
    assert "tflite-runtime 2.14" in narrow.value.hint
    with pytest.raises(ConfigError, match="machine 'sparc'"):
        pins_for("3.11", "sparc", images=True)


def test_wheels_that_are_other_or_missing_are_refused(tmp_path: Path) -> None:
    pins = pins_for("3.11", "aarch64", images=False)
    strange = tmp_path / pins[0].wheel
    strange.write_bytes(b"not it")
    with pytest.raises(BundleError, match="is not the file that was pinned"):
        require_pinned([strange], pins)
    with pytest.raises(BundleError, match="was not gathered"):
        require_pinned([], pins)
