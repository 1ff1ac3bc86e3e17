"""What phones say of themselves, in the formats of several releases of Android."""

from __future__ import annotations

import pytest

from litesmith.core.errors import TargetError
from litesmith.core.phone import Battery, CoreGroup, PhoneFacts, PhoneHeat
from litesmith.core.preflight import MachineFacts
from litesmith.phone.facts import (
    android_of,
    battery_of,
    cores_of,
    heat_of,
    is_emulator,
    machine_of,
    name_of,
    phone_of,
    said_of,
)
from litesmith.phone.obstacles import obstacles_of

PIXEL = """
begin=litesmith
ro.product.manufacturer=Google
ro.product.model=Pixel 8
ro.product.cpu.abi=arm64-v8a
ro.product.cpu.abilist=arm64-v8a
ro.build.version.release=15
ro.build.version.sdk=35
ro.soc.manufacturer=Google
ro.soc.model=Tensor G3
ro.board.platform=zuma
ro.hardware=shiba
ro.kernel.qemu=
ro.boot.qemu=
machine=aarch64
kernel=Linux 6.1.99-android14-11
memory=MemTotal:        7775304 kB
memory=MemAvailable:    3210456 kB
disk=/dev/block/dm-52 112345678 56789012 55425594  51% /data/user/0
cpuinfo=Features\t: fp asimd asimddp i8mm
cpuinfo=CPU implementer\t: 0x41
cpuinfo=CPU part\t: 0xd46
cpuinfo=Features\t: fp asimd asimddp i8mm
cpuinfo=CPU implementer\t: 0x41
cpuinfo=CPU part\t: 0xd4e
cpuinfo=CPU implementer\t: 0x51
cpuinfo=CPU part\t: 0x001
power=0
cpu=0 1 1704000 300000 sched_pixel
cpu=1 1 1704000 1704000 sched_pixel
cpu=10 0 2914000 ? sched_pixel
cpu=2 1 2367000 1500000 sched_pixel
zone=battery 29100
zone=cpu-0-0-usr 45000
battery=Current Battery Service state:
battery=  AC powered: false
battery=  USB powered: false
battery=  level: 61
battery=  scale: 100
battery=  voltage: 4100
battery=  temperature: 352
thermal=Thermal Status: 1
thermal=Cached temperatures:
thermal=\tTemperature{mValue=99.0, mType=0, mName=BIG, mStatus=0}
thermal=HAL Ready: true
thermal=Current temperatures from HAL:
thermal=\tTemperature{mValue=41.25, mType=0, mName=BIG, mStatus=0}
thermal=\tTemperature{mValue=-99.9, mType=0, mName=MID, mStatus=0}
thermal=\tTemperature{mValue=52.0, mType=1, mName=G3D, mStatus=0}
thermal=Current cooling devices from HAL:
thermal=\tCoolingDevice{mValue=3, mType=2, mName=thermal-cpufreq-2}
thermal=\tCoolingDevice{mValue=9, mType=3, mName=gpu}
end=litesmith
"""
OLD = """
begin=litesmith
ro.product.manufacturer=samsung
ro.product.model=SM-G900F
ro.product.cpu.abi=armeabi-v7a
ro.product.cpu.abilist=armeabi-v7a,armeabi
ro.build.version.release=6.0.1
ro.build.version.sdk=23
ro.soc.manufacturer=
ro.soc.model=unknown
ro.board.platform=msm8974
machine=armv7l
disk=/data 11.2G 4.2G 7.0G 4096
power=null
cpu=0 1 ? ?
cpu=1 1 ? ?
zone=tsens_tz_cpu5 41
zone=cpu1 0
battery=Current Battery Service state:
battery=  level: 50
battery=  scale: 50
thermal=Can't find service: thermalservice
end=litesmith
"""


def test_a_phone_of_today() -> None:
    said = said_of(PIXEL, "adb:A1")
    phone = phone_of(said, serial="A1")
    assert phone == PhoneFacts(
        serial="A1",
        maker="Google",
        model="Pixel 8",
        soc="Google Tensor G3",
        android="15",
        sdk=35,
        abis=("arm64-v8a",),
        groups=(
            CoreGroup(cores=(0, 1), clock_most_mhz=1704.0),
            CoreGroup(cores=(2,), clock_most_mhz=2367.0),
            CoreGroup(cores=(10,), clock_most_mhz=2914.0),
        ),
    )
    assert heat_of(said) == PhoneHeat(status=1, battery_c=35.2, cpu_c=41.25, clock_mhz=1704.0, cooling=3)
    assert battery_of(said) == Battery(percent=61, powered=False)
    machine = machine_of(said, phone)
    assert (machine.board, machine.os) == ("Google Pixel 8", "Android 15 (SDK 35)")
    assert machine.cpu == "Google Tensor G3, 1 x Cortex-A510 + 1 x Cortex-X3"
    assert machine.disk_free_bytes == 55425594 * 1024
    assert (machine.memory_bytes, machine.governor, machine.cores) == (7775304 * 1024, "sched_pixel", 4)
    assert cores_of(phone) == "1 at 2914 MHz, 1 at 2367 MHz, 2 at 1704 MHz"
    assert not is_emulator(said)


def test_an_old_phone_says_less() -> None:
    said = said_of(OLD, "adb:A1")
    phone = phone_of(said, serial="A1")
    assert (phone.soc, phone.groups) == ("msm8974", (CoreGroup(cores=(0, 1)),))
    assert heat_of(said) == PhoneHeat(cpu_c=41.0)
    assert battery_of(said) == Battery(percent=100, powered=None)
    machine = machine_of(said, phone)
    assert (machine.userland_bits, machine.cores, machine.disk_free_bytes, machine.governor) == (32, 2, None, "")
    assert name_of(phone) == "samsung SM-G900F"
    assert android_of(phone) == "Android 6.0.1 (SDK 23)"


@pytest.mark.parametrize("printed", ["", "/system/bin/sh: getprop: not found\n", "begin=litesmith\nmachine=aarch64\n"])
def test_an_answer_that_is_cut_off(printed: str) -> None:
    with pytest.raises(TargetError, match="did not answer the questions of the preflight"):
        said_of(printed, "adb:A1")


@pytest.mark.parametrize(
    "line", ["ro.kernel.qemu=1", "ro.boot.qemu=1", "ro.hardware=ranchu", "ro.hardware=goldfish_x86"]
)
def test_emulators_are_told_from_phones(line: str) -> None:
    assert is_emulator(said_of(f"begin=litesmith\n{line}\nend=litesmith\n", "adb:emulator-5554"))


def phone(*, abis: tuple[str, ...] = ("arm64-v8a",), sdk: int = 34) -> PhoneFacts:
    return PhoneFacts(serial="A1", abis=abis, sdk=sdk, android="14")


@pytest.mark.parametrize(
    ("given", "codes"),
    [
        ({"phone": phone(abis=("x86",))}, ["abi"]),
        ({"phone": phone(abis=("armeabi",))}, ["abi"]),
        ({"phone": phone(abis=("x86_64", "x86"))}, []),
        ({"phone": phone(abis=("armeabi-v7a", "armeabi"))}, ["system-32-bit"]),
        ({"phone": phone(sdk=23)}, ["android-too-old"]),
        ({"phone": phone(sdk=24)}, []),
        ({"phone": phone(sdk=0, abis=())}, []),
        ({"facts": MachineFacts(disk_free_bytes=49_999_999)}, ["disk-too-small"]),
        ({"facts": MachineFacts(memory_free_bytes=1)}, ["memory-too-small"]),
        ({"heat": PhoneHeat(status=1)}, ["hot"]),
        ({"heat": PhoneHeat(status=9)}, ["hot"]),
        ({"heat": PhoneHeat(status=0, battery_c=40.0)}, ["hot"]),
        ({"battery": Battery(percent=19)}, ["battery-low"]),
        ({"battery": Battery(percent=20)}, []),
        ({"saving": True}, ["battery-saver"]),
        ({"saving": True, "phone": phone(sdk=21)}, ["android-too-old", "battery-saver"]),
    ],
)
def test_obstacles(given: dict[str, object], codes: list[str]) -> None:
    values = {"facts": MachineFacts(), "phone": phone(), "battery": Battery(), "heat": PhoneHeat(), "saving": False}
    values |= given
    found = obstacles_of(values["facts"], values["phone"], values["battery"], values["heat"], saving=values["saving"])
    assert [one.code for one in found] == codes
    assert all(one.remedy for one in found)
    blocking = {"abi", "android-too-old", "disk-too-small", "memory-too-small"}
    assert all(one.blocking is (one.code in blocking) for one in found)
