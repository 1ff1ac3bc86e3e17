"""Gathering wheels with pip, from a folder in place of an index."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from litesmith.core.errors import UserError
from litesmith.remote.wheels import declared_requirements, gather_wheels, runtime_requirements, wheel_cache


def write_wheel(folder: Path, name: str) -> Path:
    """Write a wheel that pip takes."""
    package, version, *_ = name.split("-")
    info = f"{package}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}.whl", "w") as file:
        file.writestr(f"{package}.py", f"VERSION = '{version}'\n" + "#" * 5000)
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {name.split('-', 2)[2]}\n")
        file.writestr(f"{info}/RECORD", "")
    return folder / f"{name}.whl"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wheels that pip finds; it finds no others, and keeps nothing outside the test's folder."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


@pytest.mark.parametrize(
    "tags",
    [
        "cp311-cp311-manylinux_2_27_aarch64",
        *(
            pytest.param(tags, marks=pytest.mark.slow)
            for tags in (
                "cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64",
                "cp310-abi3-manylinux2014_aarch64",
                "cp311-cp311-manylinux_2_34_aarch64",
                "py3-none-any",
            )
        ),
    ],
)
def test_a_wheel_that_fits_is_gathered_and_kept(index: Path, tmp_path: Path, tags: str) -> None:
    made = write_wheel(index, f"planted-1.2-{tags}")
    seen: list[tuple[int, int]] = []
    found = gather_wheels(
        ["planted==1.2"],
        python="3.11",
        machine="aarch64",
        folder=tmp_path / "out",
        progress=lambda _, done, total: seen.append((done, total)),
    )
    assert [path.name for path in found] == [made.name]
    assert found[0].parent == tmp_path / "out"
    assert found[0].read_bytes() == made.read_bytes()
    assert seen == [(0, 1), (1, 1)]
    made.unlink()  # from now on only the kept one is there
    assert gather_wheels(["planted==1.2"], python="3.11", machine="arm64")[0].parent.parent == wheel_cache()


@pytest.mark.slow
@pytest.mark.parametrize(
    "tags",
    [
        "cp312-cp312-manylinux_2_27_aarch64",
        "cp311-cp311-manylinux_2_27_x86_64",
        "cp311-cp311-manylinux_2_35_aarch64",
        "cp311-cp311-musllinux_1_2_aarch64",
    ],
)
def test_a_wheel_that_does_not_fit(index: Path, tags: str) -> None:
    write_wheel(index, f"planted-1.2-{tags}")
    with pytest.raises(UserError, match=r"no wheel of planted==1\.2 for Python 3\.11 on aarch64"):
        gather_wheels(["planted==1.2"], python="3.11", machine="aarch64")


@pytest.mark.slow
def test_a_damaged_wheel_is_fetched_again(index: Path) -> None:
    made = write_wheel(index, "planted-1.2-py3-none-any")
    kept = gather_wheels(["planted==1.2"], python="3.11", machine="aarch64")[0]
    content = bytearray(kept.read_bytes())
    content[2000] ^= 255
    kept.write_bytes(content)
    assert gather_wheels(["planted==1.2"], python="3.11", machine="aarch64")[0].read_bytes() == made.read_bytes()


@pytest.mark.slow
def test_what_is_whole_is_kept_when_another_fails(index: Path) -> None:
    write_wheel(index, "planted-1.2-py3-none-any")
    with pytest.raises(UserError, match="no wheel of absent==3"):
        gather_wheels(["planted==1.2", "absent==3"], python="3.11", machine="aarch64")
    assert [path.name for path in wheel_cache().rglob("*") if path.is_file()] == ["planted-1.2-py3-none-any.whl"]


@pytest.mark.slow
def test_no_network(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/nothing")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(UserError, match="planted==1 cannot be fetched: the package index was not reached") as caught:
        gather_wheels(["planted==1"], python="3.11", machine="aarch64")
    assert "PIP_FIND_LINKS" in caught.value.hint


@pytest.mark.parametrize("text", ["numpy", "numpy>=1", "--index-url=x", "a==1 --hash", "a==1\nb==2", "../a==1", ""])
def test_requirements_that_are_not_pinned(text: str) -> None:
    with pytest.raises(UserError, match="is not pinned"):
        gather_wheels([text], python="3.11", machine="aarch64")


@pytest.mark.parametrize(("python", "machine"), [("3", "aarch64"), ("3.11.2", "aarch64"), ("3.11", "armv7l")])
def test_a_python_or_machine_there_is_nothing_for(python: str, machine: str) -> None:
    with pytest.raises(UserError) as caught:
        gather_wheels(["a==1"], python=python, machine=machine)
    assert caught.value.hint


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.14"])
def test_requirements_of_the_runtime(python: str) -> None:
    few, all_of_them = runtime_requirements(python), declared_requirements(python)
    assert [text.partition("==")[0] for text in few] == ["ai-edge-litert", "numpy"]
    assert all_of_them[:2] == few


def test_pins_are_those_the_project_is_tested_with() -> None:
    lines = (Path(__file__).parents[3] / "constraints.txt").read_text(encoding="utf-8").splitlines()
    tested = {line.partition(";")[0].strip() for line in lines}
    for python in ("3.10", "3.12"):
        assert set(declared_requirements(python)) - tested <= set(runtime_requirements(python)[:1])
