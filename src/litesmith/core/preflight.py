"""What a machine is and what stands in the way of running models on it."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.phone import Battery, PhoneFacts, PhoneHeat


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPython:
    """A Python on a machine.

    Attributes:
        path: Where it is.
        version: Such as `3.11.2`.
        bits: 32 or 64.
        makes_environments: Whether it has venv and ensurepip.
        numpy: Version of NumPy it imports; empty when it imports none.
        runtime: Runtime package and version it imports; empty when it imports none.
        error: Why a package that is installed cannot be imported.
    """

    path: str
    version: str
    bits: int
    makes_environments: bool
    numpy: str = ""
    runtime: str = ""
    error: str = ""

    @property
    def release(self) -> tuple[int, ...]:
        """Major and minor version."""
        return tuple(int(part) for part in self.version.split(".")[:2] if part.isdigit())


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineFacts:
    """What a machine says of itself. Empty text, 0 and None stand for "it does not say".

    Attributes:
        board: Model of the board, such as `Raspberry Pi 5 Model B Rev 1.0`.
        machine: Architecture of the kernel, such as `aarch64`.
        userland_bits: 32 or 64: what its programs are, whatever the kernel is.
        os: Name and release of the distribution.
        kernel: Name and release.
        libc: C library and version, such as `glibc 2.36` or `musl`.
        python: Version of the Python that would be used: one that imports the runtime, else one there are packages for.
        python_path: Where that is.
        runtime: Runtime package and version that this Python imports; empty when it imports none.
        pythons: Every Python that was found.
        cpu: Model name.
        features: What the CPU can do, as the kernel lists it.
        cores: Cores the process may use.
        memory_bytes: Installed.
        memory_free_bytes: Available to a new process.
        disk_free_bytes: In the folder that would be used; 0 is a full disk.
        governor: Frequency governor of the first core.
        clock_mhz: Of the first core, now.
        clock_most_mhz: The most it can have.
        temperature_c: Of the CPU.
        throttling: What holds the clock back now or did since boot, in words.
    """

    board: str = ""
    machine: str = ""
    userland_bits: int = 0
    os: str = ""
    kernel: str = ""
    libc: str = ""
    python: str = ""
    python_path: str = ""
    runtime: str = ""
    pythons: tuple[FoundPython, ...] = ()
    cpu: str = ""
    features: tuple[str, ...] = ()
    cores: int = 0
    memory_bytes: int = 0
    memory_free_bytes: int = 0
    disk_free_bytes: int | None = None
    governor: str = ""
    clock_mhz: float | None = None
    clock_most_mhz: float | None = None
    temperature_c: float | None = None
    throttling: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Something that stands in the way, on one line with its remedy.

    Attributes:
        code: Short stable name, such as `glibc-too-old`.
        message: The thing, its value and the limit.
        remedy: What to do about it.
        blocking: Whether models cannot run before it is cleared; else numbers suffer only.
    """

    code: str
    message: str
    remedy: str
    blocking: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """A look at a target before anything is done on it.

    Attributes:
        target: Specification of the target, as typed.
        emulated: Whether the CPU is emulated.
        facts: What it says of itself.
        obstacles: Blocking ones first.
        phone: What phone it is, if it is one.
        heat: How hot that is.
        battery: How full its battery is.
    """

    target: str
    emulated: bool
    facts: MachineFacts
    obstacles: tuple[Obstacle, ...] = ()
    phone: PhoneFacts | None = None
    heat: PhoneHeat | None = None
    battery: Battery | None = None

    @property
    def ready(self) -> bool:
        """Whether models can run there."""
        return not any(obstacle.blocking for obstacle in self.obstacles)
