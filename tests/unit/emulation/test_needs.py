"""What a machine must have, and the message where it has not."""

from __future__ import annotations

import os
import platform
import pwd
import stat
from pathlib import Path

import pytest

from litesmith.core.errors import TargetError
from litesmith.emulation import needs
from litesmith.emulation.namespace import sub_range


@pytest.mark.parametrize("release", ["6.7.0", "6.18.44-x", "7.0", "10.1.2"])
def test_a_new_kernel_will_do(release: str) -> None:
    needs.require_kernel(release)


@pytest.mark.parametrize("release", ["6.6.99", "5.15.0-91-generic", "6.1.0-18-amd64", "strange"])
def test_an_old_kernel_is_named_with_its_remedy(release: str) -> None:
    with pytest.raises(TargetError, match=r"needs Linux 6\.7 or newer") as caught:
        needs.require_kernel(release)
    assert release in caught.value.message
    assert "apt-get install" in caught.value.hint


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")])
def test_another_system_is_refused(system: str, machine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(TargetError, match=f"this is {system} on {machine}"):
        needs.require_host()


def program(folder: Path, name: str, says: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def test_missing_programs_are_named_with_the_packages_that_have_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "apt-get", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match="mmdebstrap, ssh, ssh-keygen are not installed") as caught:
        needs.require_tools()
    assert "apt-get install mmdebstrap openssh-client" in caught.value.hint


def test_no_qemu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match="qemu-aarch64 is not installed") as caught:
        needs.find_qemu()
    assert "backports" in caught.value.hint


def test_an_old_qemu_is_refused_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "qemu-aarch64", "qemu-aarch64 version 7.2.9 (Debian 1:7.2+dfsg-7)")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(needs, "_QEMU_NAMES", ("qemu-aarch64",))
    with pytest.raises(TargetError, match=r"is version 7\.2\.9, which ends with a segmentation fault"):
        needs.find_qemu()


def test_a_qemu_with_shared_libraries_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "qemu-aarch64", "qemu-aarch64 version 10.0.2")  # a script is no static ELF program
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(needs, "_QEMU_NAMES", ("qemu-aarch64",))
    with pytest.raises(TargetError, match="needs shared libraries"):
        needs.find_qemu()


def test_programs_are_told_apart_by_their_loader() -> None:
    assert not needs.is_static(Path("/bin/sh").resolve())


def test_too_little_space(tmp_path: Path) -> None:
    needs.require_disk(tmp_path / "not" / "yet", 1)
    with pytest.raises(TargetError, match="MB free; a virtual Pi needs") as caught:
        needs.require_disk(tmp_path / "not" / "yet", 1 << 60)
    assert "LITESMITH_HOME" in caught.value.hint


def test_another_user_needs_newuidmap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(TargetError, match="newuidmap") as caught:
        needs.require_rights()
    assert "apt-get install uidmap" in caught.value.hint


def test_another_user_needs_a_range_of_ids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, "newuidmap", "")
    program(tmp_path, "newgidmap", "")
    monkeypatch.setattr(os, "geteuid", lambda: 1234)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(needs, "sub_range", lambda file: (100000, 1000))
    with pytest.raises(TargetError, match="no range of 65535 ids") as caught:
        needs.require_rights()
    assert "usermod --add-subuids" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{user}:100000:65536", (100000, 65536)),
        ("{uid}:200000:65536", (200000, 65536)),
        ("other:100000:65536", (0, 0)),
        ("broken", (0, 0)),
    ],
)
def test_ranges_are_read(line: str, expected: tuple[int, int], tmp_path: Path) -> None:
    file = tmp_path / "subuid"
    file.write_text(line.format(user=pwd.getpwuid(os.getuid()).pw_name, uid=os.getuid()) + "\n", encoding="utf-8")
    assert sub_range(file) == expected
    assert sub_range(tmp_path / "none") == (0, 0)
