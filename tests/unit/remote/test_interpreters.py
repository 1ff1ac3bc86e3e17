"""Which Python runs models on a board: its own, a prepared one, one that is lent; and boards on which none can."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from ssh_server import Server

from litesmith.cli.main import main
from litesmith.core.connecting import connect
from litesmith.core.errors import TargetError, UserError
from litesmith.remote.session import RemoteSession
from litesmith.remote.wheels import gather_wheels, runtime_requirements

SCRIPT = "import sys, ai_edge_litert.interpreter as runtime, numpy; print(sys.prefix); print(numpy.__version__)"
TOOLS = (
    "sh env ls mkdir cat rm rmdir find grep sed wc df tail head cut mv sleep sha256sum tar tr od getconf uname nproc "
    "readlink dirname timeout"
)


@pytest.fixture
def tools(board: Server, tmp_path: Path) -> Path:
    """The only programs of the board: a folder to put fake ones into. There is no Python."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in TOOLS.split():
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    board.login(f"PATH='{folder}'")
    return folder


def fake(folder: Path, name: str, text: str) -> None:
    """Put a program of the board's in place of its own."""
    (folder / name).unlink(missing_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def refused(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return screen and error of a check that finds that models cannot run."""
    assert main(["device", "check", "ssh:board"]) == 4
    shown = capsys.readouterr()
    return " ".join(shown.out.split()), " ".join(shown.err.split())


@pytest.mark.slow
def test_wrong_architecture(board: Server, tools: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    fake(tools, "uname", '[ "$1" = -m ] && echo riscv64 || echo Linux 6.6')
    shown, said = refused(capsys)
    assert "stops The architecture is riscv64" in shown
    assert "error: models cannot run on ssh:board: the architecture is riscv64" in said
    assert "hint: Use a board with a 64-bit ARM processor" in said
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    session = connect("ssh:board")
    with pytest.raises(TargetError, match="models cannot run on ssh:board: the architecture is riscv64"):
        session.run_script(script, [], request="", on_line=print, timeout_s=60)
    session.close()
    assert board.left() == []


@pytest.mark.slow
def test_a_32_bit_system(board: Server, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake(tools, "uname", '[ "$1" = -m ] && echo aarch64 || echo Linux 6.1')
    fake(tools, "getconf", '[ "$1" = LONG_BIT ] && echo 32 || echo glibc 2.31')
    shown, said = refused(capsys)
    assert "the system is 32-bit on a 64-bit kernel" in said
    assert "tflite-runtime 2.14.0" in said
    assert "Glibc 2.31 is older than 2.34" in shown


@pytest.mark.slow
def test_an_old_glibc(board: Server, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake(tools, "getconf", '[ "$1" = LONG_BIT ] && echo 64 || echo glibc 2.31')
    fake(tools, "python3", "printf '3.9.2\\t64\\tyes\\t\\t\\t'")
    _, said = refused(capsys)
    assert "glibc 2.31 is older than 2.34" in said
    assert "Bookworm" in said


@pytest.mark.slow
def test_a_disk_and_a_memory_that_are_too_small(board: Server, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake(tools, "df", "echo; echo fs 100 50 90000 50% /")
    fake(tools, "python3", "printf '3.11.2\\t64\\tyes\\t\\t\\t'")
    _, said = refused(capsys)
    assert "92.2 MB of disk are free, and 250 MB are needed" in said


@pytest.mark.slow
def test_a_python_that_is_too_new(board: Server, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fake(tools, "python3", "printf '3.15.0\\t64\\tyes\\t\\t\\t'")
    _, said = refused(capsys)
    assert "Python 3.15.0 is too new: LiteRT has packages for 3.10 to 3.14" in said
    assert "python3.14" in said


@pytest.mark.slow
def test_python_missing(board: Server, tools: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = refused(capsys)
    assert "error: models cannot run on ssh:board: there is no Python" in said
    assert "hint: On the board: sudo apt install python3 python3-venv" in said
    assert main(["device", "prepare", "ssh:board"]) == 4
    assert board.left() == []


def bare_python() -> str:
    """Return a Python that does not import the runtime: the one the tests' environment was made from."""
    return str(Path(sys.base_prefix) / "bin" / "python3")


@pytest.fixture
def bare(board: Server, tmp_path: Path) -> Server:
    """A board whose Python has no packages. The packages are fetched here if they are not kept already."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to(bare_python())
    board.login(f"PATH='{folder}':/usr/bin:/bin")
    python = f"3.{sys.version_info[1]}"
    try:
        gather_wheels(runtime_requirements(python), python=python, machine="x86_64")
    except UserError as error:
        if "was not reached" in error.message:
            pytest.skip(f"needs the packages: {error.message}")
        raise
    return board


@pytest.mark.slow
def test_a_runtime_is_lent_for_a_session(bare: Server, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    session = connect("ssh:board")
    assert isinstance(session, RemoteSession)
    assert session.device().runtime.startswith("ai-edge-litert 2")
    lines: list[str] = []
    for _ in range(2):
        session.run_script(script, [], request="", on_line=lines.append, timeout_s=300)
    assert lines[0] == lines[2] == f"{session.connection.folder}/runtime"
    session.close()
    assert bare.left() == []


@pytest.mark.slow
def test_a_runtime_is_prepared_used_and_cleaned(
    bare: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["device", "prepare", "ssh:board", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)["done"]
    kept = bare.home / ".local/share/litesmith"
    assert len(done) == 1
    assert str(kept) in done[0]
    assert not (bare.home / ".cache").exists()
    assert main(["device", "check", "ssh:board", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)["preflight"]["facts"]
    assert facts["python_path"].startswith(str(kept))
    assert facts["runtime"].startswith("ai-edge-litert 2")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    session = connect("ssh:board")
    lines: list[str] = []
    session.run_script(script, [], request="", on_line=lines.append, timeout_s=300)
    assert lines[0].startswith(str(kept))
    session.close()
    assert main(["device", "prepare", "ssh:board"]) == 0
    assert "is prepared already" in capsys.readouterr().out
    assert main(["device", "clean", "ssh:board"]) == 0
    assert bare.left() == []


@pytest.mark.slow
def test_models_are_timed_with_a_lent_runtime(bare: Server, cnn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", str(cnn), "--target", "ssh:board", "--runs", "20", "--json"]) == 0
    timed = json.loads(capsys.readouterr().out)["variants"][0]["benchmarks"][0]
    assert timed["target"] == timed["device"]["target"] == "ssh:board"
    assert timed["runs"] == 20
    assert timed["latency_ms"]["p50"] > 0
    assert bare.left() == []


@pytest.mark.slow
def test_models_are_timed_over_ssh(board: Server, cnn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", str(cnn), "--target", "local,ssh:board", "--runs", "20", "--json"]) == 0
    benchmarks = json.loads(capsys.readouterr().out)["variants"][0]["benchmarks"]
    assert [one["target"] for one in benchmarks] == ["local", "ssh:board"]
    assert board.left() == []
