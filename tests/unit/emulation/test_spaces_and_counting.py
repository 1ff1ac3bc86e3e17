"""Requests to the namespaces, the messages of their failures, the mirror, and what is made of counts."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from litesmith.core.errors import TargetError
from litesmith.core.files import sha256_file
from litesmith.core.instructions import CLASSES
from litesmith.emulation import base_root, counting, spaces
from litesmith.emulation.needs import Qemu


@pytest.mark.parametrize(
    ("line", "hinted"),
    [
        ("namespace: make namespaces: Operation not permitted", "user.max_user_namespaces"),
        ("namespace: mount proc at /x/proc: Operation not permitted", "unmasked /proc"),
        ("namespace: register /usr/bin/qemu-aarch64: No such file", "Check that the program exists"),
    ],
)
def test_what_a_machine_forbids_is_said_with_the_remedy(line: str, hinted: str) -> None:
    error = spaces.failure("starting virtual-pi:5", 125, f"noise\n{line}\n")
    assert "this machine does not let namespaces be made" in error.message
    assert line.rpartition(": ")[2] in error.message
    assert hinted in error.hint


def test_errors_of_a_program_are_told_from_its_chatter() -> None:
    error = spaces.failure("making the Debian root", 2, "I: starting\nE: unable to fetch\nI: cleaning up\n")
    assert error.message == "making the Debian root failed with code 2: E: unable to fetch"
    assert "no message" in spaces.failure("it", 1, "").message


def test_a_request_that_is_no_root_runs_nothing(tmp_path: Path) -> None:
    request = spaces.inside(
        tmp_path / "none", ["/bin/true"], qemu=Qemu(path=Path("/bin/true"), version="10"), environment={}
    )
    done = subprocess.run(
        [sys.executable, "-I", str(spaces.SCRIPT), json.dumps(request)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 125
    assert done.stderr.startswith("namespace: ")


def fake_apt(folder: Path, rows: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(rows)
    program = folder / "apt-get"
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{lines}\nEND\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_the_mirror_is_that_of_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        "file:/other\tjammy\tmain\tOther\tOther",
        "file:/backports\tbookworm-backports\tmain\tDebian Backports\tDebian Backports",
        "file:/newer\ttrixie\tmain\tDebian\tDebian",
        "file:/mirror\tbookworm\tcontrib\tDebian\tDebian",
        "file:/mirror\tbookworm\tmain\tDebian\tDebian",
    ]
    fake_apt(tmp_path, rows, monkeypatch)
    assert base_root.machine_source() == "deb file:/mirror bookworm main"
    fake_apt(tmp_path, rows[:3], monkeypatch)
    assert base_root.machine_source() == "deb file:/newer bookworm main"
    fake_apt(tmp_path, rows[:2], monkeypatch)
    assert base_root.machine_source() == ""


def test_without_a_qemu_that_counts_the_script_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITESMITH_HOME", str(tmp_path))
    with pytest.raises(TargetError, match="no qemu that takes plugins") as caught:
        counting.find_counter()
    assert "scripts/build-counting-qemu" in caught.value.hint
    assert (Path(__file__).parents[3] / "scripts" / "build-counting-qemu").is_file()


def test_a_plugin_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LITESMITH_HOME", str(tmp_path))
    folder = tmp_path / "qemu"
    folder.mkdir()
    (folder / "instructions.so").touch()
    program = folder / "qemu-aarch64"
    program.write_text("#!/bin/sh\necho qemu-aarch64 version 10.0.2\n", encoding="utf-8")
    program.chmod(0o755)
    for recorded in (None, "0" * 64):
        if recorded is not None:
            (folder / "instructions.sha256").write_text(recorded, encoding="ascii")
        with pytest.raises(TargetError, match="of another version of Litesmith"):
            counting.find_counter()
    (folder / "instructions.sha256").write_text(sha256_file(counting.SOURCE) + "\n", encoding="ascii")
    assert counting.find_counter().qemu.version == "10.0.2"


def test_counts_are_per_inference_and_the_spread_is_between_repeats() -> None:
    rows = [{"total": 5040, **dict.fromkeys(CLASSES, 55)}, {"total": 5000, **dict.fromkeys(CLASSES, 50)}]
    made = counting.summed(rows, inferences=5, cpu="cortex-a76", version="10.0.2")
    assert (made.total, made.spread, made.repeats, made.inferences) == (1000, 8, 2, 5)
    assert made.by_class == dict.fromkeys(CLASSES, 10)
    assert made.emulator == "qemu 10.0.2"


WORDS = {
    "SDOT v0.4s, v1.16b, v2.16b": (0x4E829420, "DOT"),
    "UDOT v0.2s, v1.8b, v2.4b[1]": (0x2FA2E020, "DOT"),
    "SMMLA v0.4s, v1.16b, v2.16b": (0x4E82A420, "MATRIX"),
    "SMLAL v0.8h, v1.8b, v2.8b": (0x0E228020, "WIDENING"),
    "SMULL v0.8h, v1.8b, v2.8b": (0x0E22C020, "WIDENING"),
    "SMLAL v0.4s, v1.4h, v2.h[0]": (0x0F422020, "WIDENING"),
    "FMLA v0.4s, v1.4s, v2.4s": (0x4E22CC20, "FUSED"),
    "FMLA v0.4s, v1.4s, v2.s[0]": (0x4F821020, "FUSED"),
    "FMADD s0, s1, s2, s3": (0x1F020C20, "FUSED"),
    "FADD v0.4s, v1.4s, v2.4s": (0x4E22D420, "TOTAL"),
    "MUL v0.4s, v1.4s, v2.4s": (0x4EA29C20, "TOTAL"),
    "SADDL v0.8h, v1.8b, v2.8b": (0x0E220020, "TOTAL"),
    "ADD x0, x1, x2": (0x8B020020, "TOTAL"),
}


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (apt install build-essential)")
def test_instructions_are_told_apart(tmp_path: Path) -> None:
    """The functions of the plugin that need no qemu, compiled alone, over words of Arm's encoding."""
    text = counting.SOURCE.read_text(encoding="utf-8")
    begin, end = text.index("enum { TOTAL"), text.index("static void count(")
    part = "\n".join(line for line in text[begin:end].splitlines() if "scoreboard" not in line and "FILE *" not in line)
    words = ", ".join(f"0x{word:08x}u" for word, _ in WORDS.values())
    program = f"""#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
{part}
int main(void)
{{
    uint32_t words[] = {{ {words} }};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        printf("%d %d\\n", arithmetic_class(words[i]), group(words[i]));
    return names[0] == NULL;
}}
"""
    (tmp_path / "part.c").write_text(program, encoding="utf-8")
    subprocess.run(["cc", "-Wall", "-o", str(tmp_path / "part"), str(tmp_path / "part.c")], check=True)
    done = subprocess.run([str(tmp_path / "part")], capture_output=True, text=True, check=True)
    order = ["TOTAL", "DOT", "MATRIX", "WIDENING", "FUSED", "SIMD", "LOAD_STORE", "BRANCH"]
    found = [[order[int(number)] for number in line.split()] for line in done.stdout.splitlines()]
    for (name, (_, expected)), (arithmetic, group) in zip(WORDS.items(), found, strict=True):
        assert arithmetic == expected, name
        assert group == ("TOTAL" if name.startswith("ADD x") else "SIMD"), name
