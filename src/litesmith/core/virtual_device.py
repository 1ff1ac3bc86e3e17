"""What is known of a virtual board."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualDevice:
    """A virtual board and its state.

    Attributes:
        name: As typed after `--target`, such as `virtual-pi:5`.
        board: What it stands for, such as `Raspberry Pi 5 Model B Rev 1.0`.
        cpu: CPU that is emulated, such as `cortex-a76`.
        state: `absent`, `stopped` or `running`.
        folder: Where its files are, or would be.
        size_bytes: Of its files; 0 when absent.
        made_in_seconds: What making it took; 0 when absent.
        emulator: Name and version of what runs it; empty when absent.
        pid: Of the process that it ends with; 0 when not running.
        port: Where its SSH server listens on 127.0.0.1; 0 when not running.
        login: Command that logs in; empty when not running.
    """

    name: str
    board: str
    cpu: str
    state: str
    folder: str
    size_bytes: int = 0
    made_in_seconds: float = 0.0
    emulator: str = ""
    pid: int = 0
    port: int = 0
    login: tuple[str, ...] = ()
