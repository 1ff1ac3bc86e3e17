"""The installer says what is missing before it makes anything; each machine is played by programs put on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import litesmith.bundle

SCRIPT = Path(litesmith.bundle.__path__[0]) / "install.sh"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MACHINE = os.uname().machine


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "a bundle's $(folder)"
    folder.mkdir()
    shutil.copyfile(SCRIPT, folder / "install.sh")
    (folder / "requirements.txt").write_text("", encoding="utf-8")
    (folder / "check.py").write_text("print('verdict: identical')\n", encoding="utf-8")
    return folder


def played(folder: Path, **programs: str) -> dict[str, str]:
    """Return an environment in which programs print what they are told."""
    place = folder.parent / "bin"
    place.mkdir(exist_ok=True)
    for name, body in programs.items():
        path = place / name
        path.write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
    return {**os.environ, "PATH": f"{place}:{Path(sys.executable).parent}:{os.environ['PATH']}", "PIP_NO_INDEX": "1"}


def install(folder: Path, *options: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", str(folder / "install.sh"), *options],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env={**(env or played(folder)), **({} if env and "PYTHON" in env else {"PYTHON": sys.executable})},
    )


GETCONF = 'case $1 in LONG_BIT) echo {bits};; *) echo "{libc}";; esac'
UNAME = "case $1 in -s) echo {system};; *) echo {machine};; esac"
OBSTACLES = {
    "another system": ({"uname": UNAME.format(system="Darwin", machine="arm64")}, "for Linux, this is Darwin"),
    "32-bit kernel": ({"uname": UNAME.format(system="Linux", machine="armv7l")}, "no wheels for 32-bit ARM (armv7l)"),
    "another processor": ({"uname": UNAME.format(system="Linux", machine="riscv64")}, "no wheels for riscv64"),
    "32-bit system": ({"getconf": GETCONF.format(bits=32, libc="glibc 2.36")}, "the system is 32-bit"),
    "old glibc": ({"getconf": GETCONF.format(bits=64, libc="glibc 2.31")}, "has glibc 2.31, the runtime needs 2.34"),
    "ancient glibc": ({"getconf": GETCONF.format(bits=64, libc="glibc 1.99")}, "has glibc 1.99"),
    "musl": ({"getconf": "exit 1"}, "is not glibc"),
    "old Python": ({"py": "echo 3.9"}, "is Python 3.9, the runtime has wheels for 3.10 to 3.13"),
    "new Python": ({"py": "echo 3.14"}, "is Python 3.14"),
    "broken Python": ({"py": "exit 1"}, "does not run"),
    "no venv": (
        {"py": "case $2 in *ensurepip*) exit 1;; *maxsize*) echo True;; *) echo 3.11;; esac"},
        "cannot make virtual",
    ),
    "32-bit Python": ({"py": "case $2 in *maxsize*) echo False;; *) echo 3.11;; esac"}, "is a 32-bit program"),
    "full disk": ({"df": "printf 'head\\nd 1 1 1234 9%% /\\n'"}, "1 MB are free here, 400 MB are needed"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_obstacles_are_named_before_anything_is_made(bundle: Path, name: str) -> None:
    programs, said = OBSTACLES[name]
    env = played(bundle, **programs)
    if "py" in programs:
        env["PYTHON"] = "py"
    before = sorted(bundle.iterdir())
    done = install(bundle, env=env)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 2
    assert done.stderr.splitlines()[1].startswith("hint: ")
    assert sorted(bundle.iterdir()) == before


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck: apt install shellcheck")
def test_shellcheck_has_nothing_to_say() -> None:
    done = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_no_python_at_all(bundle: Path) -> None:
    done = install(bundle, env={**played(bundle), "PYTHON": "python-that-is-not-there"})
    assert (done.returncode, "there is no python-that-is-not-there" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("wheel", "said"),
    [
        (f"ai_edge_litert-2.3.0-cp39-cp39-manylinux_2_27_{MACHINE}.whl", f"is for Python 3.9, {sys.executable} is"),
        (
            f"ai_edge_litert-2.3.0-cp{PYTHON.replace('.', '')}-x-manylinux_2_27_mips.whl",
            f"another machine than {MACHINE}",
        ),
        ("numpy-2.4.6.whl", "the runtime is missing in"),
    ],
)
def test_a_wheelhouse_for_something_else(bundle: Path, wheel: str, said: str) -> None:
    (bundle / "wheelhouse").mkdir()
    (bundle / "wheelhouse" / wheel).write_bytes(b"")
    done = install(bundle)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr
    assert not (bundle / ".venv").exists()


def test_unknown_options_are_refused(bundle: Path) -> None:
    done = install(bundle, "--camra")
    assert (done.returncode, "takes no such option: --camra" in done.stderr) == (2, True)


@pytest.mark.slow
def test_it_installs_from_a_folder_with_a_hostile_name_and_again(bundle: Path) -> None:
    first = install(bundle)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == "verdict: identical"
    again = install(bundle)
    assert (again.returncode, again.stdout) == (0, "verdict: identical\n")
    (bundle / ".venv" / "bin" / "python").unlink()
    assert "making" in install(bundle).stdout
    with_camera = install(bundle, "--camera")
    assert with_camera.returncode == 0
    assert "include-system-site-packages = true" in (bundle / ".venv" / "pyvenv.cfg").read_text(encoding="utf-8")
    assert sorted(path.name for path in bundle.parent.iterdir()) == [bundle.name, "bin"]


@pytest.mark.slow
def test_an_installation_that_fails_leaves_nothing(bundle: Path) -> None:
    (bundle / "requirements.txt").write_text("numpy==0.0.1 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    done = install(bundle)
    assert done.returncode == 2
    assert "the packages could not be installed" in done.stderr
    assert not (bundle / ".venv").exists()


@pytest.mark.slow
def test_a_verdict_that_is_bad_is_the_exit_code(bundle: Path) -> None:
    (bundle / "check.py").write_text("import sys\nsys.exit(1)\n", encoding="utf-8")
    assert install(bundle).returncode == 1
    assert (bundle / ".venv").exists()
