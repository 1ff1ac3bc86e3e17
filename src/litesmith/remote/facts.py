"""What a machine says of itself: the questions are one fixed shell script, the answers become a record."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.cpu_names import arm_name
from litesmith.core.elsewhere import answers_of
from litesmith.core.preflight import FoundPython, MachineFacts

SCRIPT = Path(__file__).with_name("facts.sh")
"""POSIX sh, fed to `sh` on standard input. `LITESMITH_PYTHON` names a Python it looks at first."""
LEAST_PYTHON, MOST_PYTHON = (3, 10), (3, 14)
"""The Pythons the runtime has packages for."""

_ZONES = ("cpu-thermal", "cpu_thermal", "soc", "cpu", "x86_pkg_temp")
_THROTTLED = (
    (0, "under-voltage now"),
    (1, "clock capped now"),
    (2, "throttled now"),
    (3, "at the soft temperature limit now"),
    (16, "under-voltage since boot"),
    (17, "clock capped since boot"),
    (18, "throttled since boot"),
    (19, "at the soft temperature limit since boot"),
)


def throttling_of(text: str) -> tuple[str, ...]:
    """Return in words what the firmware of a Raspberry Pi says of throttling, as `vcgencmd get_throttled` prints it.

    >>> throttling_of("0x50005")
    ('under-voltage now', 'throttled now', 'under-voltage since boot', 'throttled since boot')
    """
    try:
        flags = int(text, 16)
    except ValueError:
        return ()
    return tuple(words for bit, words in _THROTTLED if flags >> bit & 1)


def facts_of(printed: str, *, target: str) -> MachineFacts:
    """Return the record of what the script printed.

    Raises:
        TargetError: it did not print its first and last line, as where there is no POSIX shell.
    """
    hint = "A shell that runs `sh` is needed there, and no program that asks questions at login."
    answers = answers_of(printed, target, hint=hint)
    said_of = {key: [value if key == "python" else value.strip() for value in answers[key]] for key in answers}

    def one(key: str) -> str:
        return said_of.get(key, [""])[0]

    pythons = tuple(found for line in said_of.get("python", []) if (found := _python(line)) is not None)
    chosen = _chosen(pythons)
    return MachineFacts(
        board=one("board"),
        machine=one("machine"),
        userland_bits=_bits(one("bits"), one("elf")),
        os=one("os"),
        kernel=one("kernel"),
        libc=one("libc") or ("musl" if said_of.get("musl") else ""),
        python=chosen.version if chosen else "",
        python_path=chosen.path if chosen else "",
        runtime=chosen.runtime if chosen else "",
        pythons=pythons,
        cpu=_cpu(one("implementer"), one("part").lower(), one("cpu")),
        features=tuple(one("features").split()),
        cores=_whole(one("cores")),
        memory_bytes=_whole(one("memory_kb")) * 1024,
        memory_free_bytes=_whole(one("memory_free_kb")) * 1024,
        disk_free_bytes=int(one("disk_free_kb")) * 1024 if one("disk_free_kb").isdecimal() else None,
        governor=one("governor"),
        clock_mhz=_thousandth(one("clock_khz")),
        clock_most_mhz=_thousandth(one("clock_most_khz")),
        temperature_c=_temperature(said_of.get("temperature", [])),
        throttling=throttling_of(one("throttled")),
    )


def _cpu(implementer: str, part: str, model: str) -> str:
    """Return the name of the CPU: of Arm's own by number, since their model name says the architecture only."""
    return arm_name(implementer, part) or model or part


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _thousandth(text: str) -> float | None:
    return int(text) / 1000 if text.isdecimal() else None


def _bits(long_bit: str, elf_class: str) -> int:
    """Return the width of programs there; the class in the shell's ELF header stands in where getconf is missing."""
    return _whole(long_bit) or {"1": 32, "2": 64}.get(elf_class, 0)


def _temperature(zones: list[str]) -> float | None:
    """Return the CPU's temperature in degrees Celsius of `type millidegrees` lines, else that of the first zone."""
    read = {kind: _thousandth(value) for kind, _, value in (zone.rpartition(" ") for zone in reversed(zones))}
    named = next((read[zone] for zone in _ZONES if read.get(zone) is not None), None)
    return named if named is not None else next(iter(reversed(read.values())), None)


def _python(line: str) -> FoundPython | None:
    """Return a Python of its line; None where it did not start, as the wrappers of version managers do."""
    parts = line.split("\t")
    if len(parts) < 4 or not parts[1][:1].isdigit():
        return None
    path, version, bits, environments = parts[:4]
    numpy, runtime, error = parts[4:7] if len(parts) >= 7 else ("", "", "it ended while importing")
    return FoundPython(
        path=path,
        version=version,
        bits=_whole(bits),
        makes_environments=environments == "yes",
        numpy=numpy,
        runtime=runtime,
        error=error,
    )


def _chosen(pythons: tuple[FoundPython, ...]) -> FoundPython | None:
    """Return the Python to use: one that imports the runtime, else one there are packages for, else any."""
    for fits in (
        lambda p: p.runtime.startswith("ai-edge-litert"),
        lambda p: p.runtime,
        lambda p: LEAST_PYTHON <= p.release <= MOST_PYTHON and p.makes_environments,
        lambda p: LEAST_PYTHON <= p.release <= MOST_PYTHON,
        lambda _: True,
    ):
        found = next(filter(fits, pythons), None)
        if found is not None:
            return found
    return None
