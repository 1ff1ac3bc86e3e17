"""Phones among the targets of a benchmark: options that only they have, what cannot be had there, the cache."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from local_phone import LocalPhone
from phone_programs import install, write_program

from litesmith.core.errors import ConfigError, TargetError, UnknownNameError
from litesmith.core.files import sha256_file
from litesmith.pipeline import boards
from litesmith.pipeline.benchmarking import benchmarks_of
from litesmith.pipeline.boards import require_targets
from litesmith.pipeline.files import benchmark
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings

SHORT = {"runs": 5, "warmup": 1}


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalPhone:
    """The target `adb`; every other is what it was."""
    found = LocalPhone(tmp_path / "phone")
    real = boards.connect
    monkeypatch.setattr(boards, "connect", lambda name, **more: found if name.startswith("adb") else real(name, **more))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


@pytest.mark.parametrize("given", [{"cores": "big"}, {"benchmark_binary": sys.executable}, {"delegate": "gpu"}])
def test_what_only_phones_have_is_an_error_elsewhere(given: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="is for phones, and none of the targets is one"):
        require_targets(Settings(**given))


def test_misspelt_cores_are_found_before_anything_is_connected_to() -> None:
    with pytest.raises(UnknownNameError, match="unknown cores 'bigs'"):
        require_targets(Settings(target=("adb:nowhere",), cores="bigs"))


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "cannot read .*: No such file"), (b"", "is no program"), (b"#!/bin/sh\n", "is a script")],
)
def test_a_program_that_is_none_is_found_before_anything_is_connected_to(
    content: bytes | None, said: str, tmp_path: Path
) -> None:
    program = tmp_path / "benchmark_model"
    if content is not None:
        program.write_bytes(content)
    with pytest.raises(ConfigError, match=said):
        require_targets(Settings(target=("adb:nowhere",), benchmark_binary=str(program)))


def test_what_is_misspelt_or_no_program_is_found_early(phone: LocalPhone, tmp_path: Path) -> None:
    other = write_program(tmp_path / "other", "exit 0", machine="aarch64")
    with pytest.raises(ConfigError, match="is for arm64-v8a, and adb:LOCAL runs x86_64"):
        require_targets(Settings(target=("adb",), benchmark_binary=str(other)))
    with pytest.raises(ConfigError, match="--goal searches by the times of single operators"):
        require_targets(Settings(target=("adb",), goal="latency"))
    require_targets(Settings(target=("adb", "local"), benchmark_binary=str(phone.tool()), cores="little"))


@pytest.mark.slow
def test_a_phone_beside_this_machine(phone: LocalPhone, cnn: Path) -> None:
    settings = Settings(target=("adb", "local"), benchmark_binary=str(phone.tool()), cores="little", **SHORT)
    (variant,) = benchmark(settings, [str(cnn)]).variants
    mobile, here = variant.benchmarks
    assert (mobile.target, mobile.typical_word, mobile.program is not None) == ("adb", "average", True)
    assert (here.target, here.typical_word, here.program) == ("local", "p50", None)


def test_the_gpu_is_asked_for_on_phones_only(phone: LocalPhone, cnn: Path) -> None:
    made = benchmark(
        Settings(target=("adb", "local"), benchmark_binary=str(phone.tool()), delegate="gpu", **SHORT), [str(cnn)]
    )
    assert [(one.code, one.message) for one in made.warnings] == [
        ("target-failed", "local was not measured: the delegate 'gpu' is for phones, and local is none")
    ]
    assert made.variants[0].reason.endswith("the GPU took no operator of it: the times would have been the CPU's")
    with pytest.raises(ConfigError, match="the delegate 'edgetpu' is not for phones such as adb"):
        benchmark(
            Settings(target=("adb",), benchmark_binary=str(phone.tool()), delegate="edgetpu", **SHORT), [str(cnn)]
        )


def test_a_program_in_the_cache_folder_is_used_and_its_figures_are_kept(
    phone: LocalPhone, cnn: Path, tmp_path: Path
) -> None:
    place = tmp_path / "cache/litesmith/programs/x86_64"
    place.mkdir(parents=True)
    phone.tool().rename(place / "benchmark_model")
    for commands in (True, False):
        phone.commands.clear()
        with Run(Settings(target=("adb",), **SHORT), folder=tmp_path / "run") as run:
            made = benchmarks_of(run, {"float32": cnn}, {"float32": sha256_file(cnn)})
        assert made.by_board["adb"].benchmarks["float32"].typical_ms
        assert any("--num_runs=1" in one for one in phone.commands) is commands
    (place / "benchmark_model").write_bytes((place / "benchmark_model").read_bytes() + b"\0")
    with Run(Settings(target=("adb",), **SHORT), folder=tmp_path / "run") as run:
        benchmarks_of(run, {"float32": cnn}, {"float32": sha256_file(cnn)})
    assert any("--num_runs=1" in one for one in phone.commands), "another program's figures were taken"


def test_neither_way_and_what_is_installed_is_asked_every_time(phone: LocalPhone, cnn: Path, int8: Path) -> None:
    with pytest.raises(TargetError, match="adb has nothing that can time these models"):
        benchmark(Settings(target=("adb",), **SHORT), [str(cnn)])
    said = {
        "schema_version": 1, "model_sha256": sha256_file(cnn), "accelerator": "CPU", "runtime": "LiteRT 2.3.2",
        "threads": 1, "load_ms": 1.0, "first_ms": 2.0, "warmup": 1, "latencies_ms": [1.0, 2.0, 3.0],
        "thermal_before": 0, "thermal_after": 0,
    }  # fmt: skip
    install(phone.state, "com.a", {("BenchmarkTest", "CPU"): {"litesmith.benchmark": said}})
    made = benchmark(Settings(target=("adb",), **SHORT), [str(cnn), str(int8)])
    assert [len(variant.benchmarks) for variant in made.variants] == [1, 0]
    assert [one.code for one in made.warnings] == ["not-timed"]


def test_a_variant_that_fails_there_has_failed(phone: LocalPhone, cnn: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"no model")
    with Run(Settings(target=("adb",), benchmark_binary=str(phone.tool()), **SHORT), folder=folder) as run:
        files = {"float32": cnn, "int8": broken}
        made = benchmarks_of(run, files, {name: sha256_file(path) for name, path in files.items()})
    assert made.by_board["adb"].failures["int8"].endswith("The model is not a valid Flatbuffer buffer")
