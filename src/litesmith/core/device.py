"""The machine that numbers come from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """The machine a number was taken on.

    Attributes:
        target: Target plugin and its argument, such as `local`.
        machine: Architecture, such as `x86_64`.
        cpu: Model name.
        cores: Cores the process may use.
        memory_bytes: Installed memory.
        os: System and release.
        governor: Frequency governor, or `unknown`.
        python: Version.
        runtime: Runtime package and version.
        emulated: Whether the CPU is emulated, so that times are no latencies.
    """

    target: str
    machine: str
    cpu: str
    cores: int
    memory_bytes: int
    os: str
    governor: str
    python: str
    runtime: str
    emulated: bool = False
