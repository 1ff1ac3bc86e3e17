"""The `benchmark_model` of the user: where it is looked for, and whether it is a program for this phone."""

from __future__ import annotations

import os
import struct
from collections.abc import Sequence
from pathlib import Path

from litesmith.core.errors import ConfigError

NAME = "benchmark_model"
_MACHINES = {(2, 183): "arm64-v8a", (1, 40): "armeabi-v7a", (2, 62): "x86_64", (1, 3): "x86", (2, 243): "riscv64"}
"""Android's names of processors, by the class and the machine of an ELF file (`elf.h`)."""
_PROGRAM = (2, 3)
"""Types of ELF file that can be run: EXEC, and DYN, which a library is too."""
_HEADER = 20
_HINT = "Give a benchmark_model for {}: see docs/how-to/measure-on-a-phone.md."


def cache_folder() -> Path:
    """Return where programs for phones are looked for, one folder per ABI, such as `arm64-v8a/benchmark_model`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "litesmith" / "programs"


def find_tool(given: str, abis: Sequence[str], *, where: str) -> Path | None:
    """Return the program to use: the one that was given, else the cache's for this phone, else None.

    Args:
        given: Path that the user typed; empty for none.
        abis: What the phone runs, its favourite first.
        where: The phone, for messages.

    Raises:
        ConfigError: there is no such file, or it is no program for this phone.
    """
    if given:
        path = Path(given)
        require_program(path, abis, where=where)
        return path
    for abi in abis:
        path = cache_folder() / abi / NAME
        if path.is_file():
            require_program(path, abis, where=where)
            return path
    return None


def require_program(path: Path, abis: Sequence[str], *, where: str) -> None:
    """Check that a file is a program that a phone can run.

    Raises:
        ConfigError: it is not there, no program, or one for another processor.
    """
    wanted = abis[0] if abis else "the phone"
    abi = abi_of(path, wanted=wanted)
    if abi not in abis:
        raise ConfigError(
            f"--benchmark-binary: {path} is for {abi}, and {where} runs {', '.join(abis) or 'unknown programs'}",
            hint=_HINT.format(wanted),
        )


def abi_of(path: Path, *, wanted: str = "the phone") -> str:
    """Return what a program was built for, as Android names it; `ELF machine N` where it has no name there.

    `wanted` is what hints say it should be for.

    Raises:
        ConfigError: it is not there, or no program.
    """
    hint = _HINT.format(wanted)
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise ConfigError(f"--benchmark-binary: cannot read {path}: {error.strerror}", hint=hint) from error
    if len(header) < _HEADER or header[:4] != b"\x7fELF":
        what = "a script" if header[:2] == b"#!" else "an archive or app" if header[:2] == b"PK" else "no program"
        raise ConfigError(f"--benchmark-binary: {path} is {what}, and an ELF program is needed", hint=hint)
    order = "<" if header[5] == 1 else ">"
    kind, machine = struct.unpack_from(f"{order}HH", header, 16)
    if kind not in _PROGRAM:
        raise ConfigError(f"--benchmark-binary: {path} is an ELF file of type {kind}, and no program", hint=hint)
    return _MACHINES.get((header[4], machine), f"ELF machine {machine}")
