"""What a phone says of itself: the questions are one fixed shell script, the answers become records."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from litesmith.core.cpu_names import arm_name
from litesmith.core.elsewhere import answers_of
from litesmith.core.phone import Battery, CoreGroup, PhoneFacts, PhoneHeat
from litesmith.core.preflight import MachineFacts
from litesmith.phone.copying import free_of

SCRIPT = Path(__file__).with_name("facts.sh")
"""POSIX sh for the shell and the tools of Android. With the argument `heat` it asks for heat and clocks only."""
_EMULATORS = ("ranchu", "goldfish", "cutf", "qemu", "vsoc")
_CPU_SENSOR, _CPU_COOLER = 0, 2
"""Types of `android.hardware.thermal`."""
_COLDEST_C, _HOTTEST_C = -30.0, 150.0
"""What a sensor can have; others say a number for "does not work", such as -99.9 or 0."""

Said = Mapping[str, Sequence[str]]


def said_of(printed: str, label: str) -> Said:
    """Return the lines of the script by key.

    Raises:
        TargetError: its first or last line is missing.
    """
    found = answers_of(printed, label, hint="Is it Android 6 or newer? Try: adb shell getprop")
    return {key: [value.rstrip() for value in values] for key, values in found.items()}


def phone_of(said: Said, *, serial: str) -> PhoneFacts:
    """Return what phone it is."""
    soc = " ".join(part for part in (_one(said, "ro.soc.manufacturer"), _one(said, "ro.soc.model")) if part)
    abis = (_one(said, "ro.product.cpu.abilist") or _one(said, "ro.product.cpu.abi")).split(",")
    return PhoneFacts(
        serial=serial,
        maker=_one(said, "ro.product.manufacturer"),
        model=_one(said, "ro.product.model"),
        soc=soc or _one(said, "ro.board.platform") or _one(said, "ro.hardware"),
        android=_one(said, "ro.build.version.release"),
        sdk=_whole(_one(said, "ro.build.version.sdk")),
        abis=tuple(abi.strip() for abi in abis if abi.strip()),
        groups=groups_of(said),
    )


def groups_of(said: Said) -> tuple[CoreGroup, ...]:
    """Return the cores by the most their clock can have, the slowest first; one group where some do not say."""
    most: dict[int, float | None] = {}
    for line in said.get("cpu", ()):
        number, _, khz = [*line.split(), "", "", ""][:3]
        if number.isdecimal():
            most[int(number)] = _thousandth(khz)
    if not most:
        return ()
    if None in most.values():
        return (CoreGroup(cores=tuple(sorted(most))),)
    clocks = sorted({clock for clock in most.values() if clock is not None})
    return tuple(
        CoreGroup(cores=tuple(sorted(core for core in most if most[core] == clock)), clock_most_mhz=clock)
        for clock in clocks
    )


def heat_of(said: Said) -> PhoneHeat:
    """Return heat and clock at the moment the script ran.

    What Android remembers of sensors may be hours old; only what it asks the hardware now counts.
    """
    text = "\n".join(said.get("thermal", ()))
    status = re.search(r"^Thermal Status: (\d+)$", text, re.MULTILINE)
    now = text.partition("Current temperatures from HAL:")[2]
    sensors, _, coolers = now.partition("Current cooling devices from HAL:")
    degrees = [value for value, kind in _readings("Temperature", sensors) if kind == _CPU_SENSOR and _sane(value)]
    if not degrees:
        degrees = [value for value in map(_zone, said.get("zone", ())) if value is not None]
    cooling = [int(value) for value, kind in _readings("CoolingDevice", coolers) if kind == _CPU_COOLER]
    clocks = [_thousandth(line.split()[3]) for line in said.get("cpu", ()) if len(line.split()) > 3]
    return PhoneHeat(
        status=int(status[1]) if status else None,
        battery_c=_battery_c(said),
        cpu_c=max(degrees, default=None),
        clock_mhz=max((clock for clock in clocks if clock is not None), default=None),
        cooling=max(cooling, default=None),
    )


def battery_of(said: Said) -> Battery:
    """Return what is said of the charge of the battery."""
    fields = _battery(said)
    level, scale = (_number(fields.get(name, "")) for name in ("level", "scale"))
    powered = [value == "true" for name, value in fields.items() if name.endswith(" powered")]
    return Battery(
        percent=round(100 * level / scale) if level is not None and scale else None,
        powered=any(powered) if powered else None,
    )


def _battery(said: Said) -> dict[str, str]:
    return dict(re.findall(r"^\s*([A-Za-z ]+): (\S+)$", "\n".join(said.get("battery", ())), re.MULTILINE))


def _battery_c(said: Said) -> float | None:
    """Return its temperature, which dumpsys has in tenths of a degree."""
    tenths = _number(_battery(said).get("temperature", ""))
    return tenths / 10 if tenths is not None and _sane(tenths / 10) else None


def machine_of(said: Said, phone: PhoneFacts) -> MachineFacts:
    """Return what it is as machines are described, for the report of a preflight."""
    memory = dict(re.findall(r"(\w+): +(\d+) kB", "\n".join(said.get("memory", ()))))
    parts, features = _processors(said)
    heat = heat_of(said)
    cpu = " + ".join(f"{parts.count(part)} x {part}" for part in dict.fromkeys(parts))
    governors = {line.split()[4] for line in said.get("cpu", ()) if len(line.split()) > 4}
    return MachineFacts(
        board=name_of(phone),
        machine=_one(said, "machine"),
        userland_bits=64 if any("64" in abi for abi in phone.abis) else 32 if phone.abis else 0,
        os=android_of(phone),
        kernel=_one(said, "kernel"),
        cpu=", ".join(part for part in (phone.soc, cpu) if part),
        features=tuple(features.split()),
        cores=sum(len(group.cores) for group in phone.groups),
        memory_bytes=_whole(memory.get("MemTotal", "")) * 1024,
        memory_free_bytes=_whole(memory.get("MemAvailable", "")) * 1024,
        disk_free_bytes=free_of(_one(said, "disk")),
        governor=governors.pop() if len(governors) == 1 else "",
        clock_mhz=heat.clock_mhz,
        clock_most_mhz=phone.groups[-1].clock_most_mhz if phone.groups else None,
        temperature_c=heat.cpu_c,
    )


def _processors(said: Said) -> tuple[list[str], str]:
    """Return the names of the cores, in the order of /proc/cpuinfo, as far as they are known, and what they can do."""
    implementer, features = "", ""
    names = []
    for line in said.get("cpuinfo", ()):
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "CPU implementer":
            implementer = value
        elif key == "CPU part":
            names.append(arm_name(implementer, value))
        else:
            features = features or value
    return [name for name in names if name], features


def name_of(phone: PhoneFacts) -> str:
    """Return maker and model, the maker once.

    >>> name_of(PhoneFacts(serial="1", maker="Google", model="Pixel 8"))
    'Google Pixel 8'
    """
    if phone.model.lower().startswith(phone.maker.lower()):
        return phone.model
    return f"{phone.maker} {phone.model}".strip()


def android_of(phone: PhoneFacts) -> str:
    """Return the system, such as `Android 14 (SDK 34)`."""
    return f"Android {phone.android or 'of unknown release'}{f' (SDK {phone.sdk})' if phone.sdk else ''}"


def cores_of(phone: PhoneFacts) -> str:
    """Return the groups of cores, the fastest first, such as `1 at 2914 MHz, 4 at 2367 MHz, 4 at 1704 MHz`."""
    return ", ".join(
        f"{len(group.cores)} at {group.clock_most_mhz:.0f} MHz"
        for group in reversed(phone.groups)
        if group.clock_most_mhz is not None
    )


def is_emulator(said: Said) -> bool:
    """Return whether it is an emulator on a computer, whose times are those of no phone."""
    flags = (_one(said, "ro.kernel.qemu"), _one(said, "ro.boot.qemu"))
    return "1" in flags or _one(said, "ro.hardware").startswith(_EMULATORS)


def saves_power(said: Said) -> bool:
    """Return whether the battery saver is on, which slows the phone down."""
    return _one(said, "power").strip() == "1"


def _one(said: Said, key: str) -> str:
    """Return the first value of a key, and nothing for what a phone says instead of nothing."""
    value = (said.get(key) or [""])[0].strip()
    return "" if value.lower() in ("unknown", "null", "none") else value


def _readings(kind: str, text: str) -> list[tuple[float, int]]:
    """Return value and type of entries such as `Temperature{mValue=31.4, mType=0, mName=CPU0, mStatus=0}`."""
    found = re.findall(rf"{kind}\{{mValue=(-?[\d.]+), mType=(-?\d+)", text)
    return [(float(value), int(number)) for value, number in found]


def _zone(line: str) -> float | None:
    """Return the degrees Celsius of a zone of the kernel that names the CPU: `cpu-0-0-usr 41200`."""
    name, _, value = line.rpartition(" ")
    if "cpu" not in name.lower() or _number(value) is None:
        return None
    degrees = float(value) / (1000 if abs(float(value)) > 1000 else 1)
    return degrees if _sane(degrees) else None


def _sane(degrees: float) -> bool:
    return _COLDEST_C < degrees < _HOTTEST_C and degrees != 0


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _thousandth(text: str) -> float | None:
    return int(text) / 1000 if text.isdecimal() else None


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
