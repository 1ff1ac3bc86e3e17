"""The root that all boards are copied from: a small arm64 Debian 12, made by unpacking packages.

Nothing is emulated while it is made, so no script of a package runs; what those would have done and is needed is done
here: users, a few links, certificates. Debian 12 is what Raspberry Pi OS of 2023 to 2025 is built on.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from litesmith.core.errors import TargetError
from litesmith.core.progress import Progress
from litesmith.emulation import spaces
from litesmith.emulation.store import home, locked

SUITE = "bookworm"
PACKAGES = (
    *(
        "base-files",
        "base-passwd",
        "bash",
        "coreutils",
        "dash",
        "debianutils",
        "diffutils",
        "findutils",
        "gawk",
        "grep",
    ),
    *("gzip", "hostname", "libc-bin", "libstdc++6", "openssh-client", "openssh-server", "openssh-sftp-server"),
    *("procps", "python3", "python3-venv", "rsync", "sed", "tar", "util-linux"),  # venv brings pip, as wheels
)
LEFT_OUT = ("doc", "man", "locale", "info", "lintian", "bug")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
HOOKS = Path("/usr/share/mmdebstrap/hooks/merged-usr")
_RECIPE = 2  # raised when what is done below changes
HOST_LIBRARIES = ("lib64", "usr/lib/x86_64-linux-gnu")
"""Folders that stay empty, and show this machine's libraries where instructions are counted."""
_PHASES = 6
_TIMEOUT_S = 1800.0
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PASSWD = "sshd:x:105:65534::/run/sshd:/usr/sbin/nologin\npi:x:1000:1000:,,,:/home/pi:/bin/bash\n"  # noqa: S105
_LINKS = {"usr/bin/awk": "gawk", "usr/bin/which": "which.debianutils"}


def base_key() -> str:
    """Return what names a base: roots of one key are made alike."""
    return hashlib.sha256(repr((SUITE, PACKAGES, LEFT_OUT, _RECIPE)).encode()).hexdigest()[:12]


def base_folder() -> Path:
    """Return where the root is, or will be."""
    return home() / "virtual-pi" / f"base-{base_key()}"


@contextmanager
def ensured_base(progress: Progress) -> Iterator[Path]:
    """Give the folder of the root, made if it is not there; nobody removes it meanwhile.

    Raises:
        TargetError: it could not be made; nothing of it is left.
    """
    folder = base_folder()
    with locked(folder.parent / ".base.lock"):
        for old in folder.parent.glob("*base-*"):
            if old != folder:
                discard(old)  # of another version, or half made
        if not folder.is_dir():
            half = folder.with_name(f".{folder.name}")
            try:
                _make(half, progress)
                half.rename(folder)
            finally:
                discard(half)
        yield folder


def discard(folder: Path) -> None:
    """Remove a folder whose files may belong to users of the namespace.

    Raises:
        TargetError: it could not be removed.
    """
    if folder.is_dir():
        spaces.run(spaces.outside(["rm", "-rf", "--", str(folder)]), f"removing {folder}", timeout_s=300)


def _make(root: Path, progress: Progress) -> None:
    if not KEYRING.is_file():
        raise TargetError(
            f"{KEYRING} is missing, which the packages of Debian are checked with",
            hint="Type: apt-get install debian-archive-keyring",
        )
    discard(root)
    phases = 0

    def tell(line: str) -> None:
        nonlocal phases
        if line.startswith("I: "):
            phases = min(phases + 1, _PHASES - 1)
            progress("Debian root", phases, _PHASES)

    progress("Debian root", 0, _PHASES)
    command = ["mmdebstrap", "--mode=root", "--variant=extract", "--architectures=arm64", "--skip=check/qemu"]
    command += [f"--hook-dir={HOOKS}", f"--include={','.join(PACKAGES)}"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    command += [SUITE, str(root)]
    source = machine_source()
    if source:
        command += [source]
    spaces.run(spaces.outside(command), "making the Debian root", timeout_s=_TIMEOUT_S, on_line=tell, merged=True)
    finish(root)
    progress("Debian root", _PHASES, _PHASES)


def machine_source(suite: str = SUITE) -> str:
    """Return the line of sources.list with the mirror that this machine's apt uses for Debian; empty if it uses none.

    Without a line, mmdebstrap knows where Debian is.
    """
    fields = ("REPO_URI", "CODENAME", "COMPONENT", "ORIGIN", "LABEL")
    form = "\t".join(f"$({name})" for name in fields)
    command = ["apt-get", "indextargets", "--format", form, "Created-By: Packages"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    rows = [row for row in rows if len(row) == len(fields) and row[2:] == ["main", "Debian", "Debian"]]
    rows.sort(key=lambda row: row[1] != suite)  # the suite itself first; else the mirror of another one
    return f"deb {rows[0][0]} {suite} main" if rows else ""


def finish(root: Path) -> None:
    """Do what the packages' scripts would have done and a login needs.

    Raises:
        TargetError: a file of the packages is missing.
    """
    try:
        passwd = (root / "usr/share/base-passwd/passwd.master").read_text(encoding="ascii")
        group = (root / "usr/share/base-passwd/group.master").read_text(encoding="ascii")
        (root / "etc/passwd").write_text(passwd + _PASSWD, encoding="ascii")
        (root / "etc/group").write_text(f"{group}pi:x:1000:\n", encoding="ascii")
        (root / "etc/shadow").write_text("root:*:19000:0:99999:7:::\npi:*:19000:0:99999:7:::\n", encoding="ascii")
        (root / "etc/shadow").chmod(0o600)
        (root / "etc/hostname").write_text(f"{spaces.HOST_NAME}\n", encoding="ascii")
        names = f"127.0.0.1 localhost\n127.0.1.1 {spaces.HOST_NAME}\n"
        (root / "etc/hosts").write_text(names, encoding="ascii")
        for folder in ("proc", "sys", "dev", "run", "tmp", "root", "home/pi/.ssh", "etc/ssl/certs", *HOST_LIBRARIES):
            (root / folder).mkdir(parents=True, exist_ok=True)
        (root / "tmp").chmod(0o1777)
        (root / "home/pi/.ssh").chmod(0o700)
        for place, target in _LINKS.items():
            with suppress(FileExistsError):
                (root / place).symlink_to(target)
        if _CERTIFICATES.is_file():
            shutil.copyfile(_CERTIFICATES, root / "etc/ssl/certs/ca-certificates.crt")
    except OSError as error:
        raise TargetError(
            f"the Debian root is not as expected: {error.filename}: {error.strerror}", hint="Try again."
        ) from error
