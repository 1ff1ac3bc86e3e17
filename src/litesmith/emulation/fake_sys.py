"""The parts of /sys that a program asks a board for, as plain files.

Without the lists of cores the runtime cannot tell what the CPU is, and leaves XNNPACK out without a word.
"""

from __future__ import annotations

from pathlib import Path

from litesmith.emulation.boards import Board


def write_sys(root: Path, board: Board) -> None:
    """Write `root/sys` for a board. Clock and temperature in it are fixed: nothing here is measured."""
    files: dict[str, str] = {
        "firmware/devicetree/base/model": f"{board.model}\0",
        "class/thermal/thermal_zone0/type": "cpu-thermal\n",
        "class/thermal/thermal_zone0/temp": "48000\n",
    }
    cpus = "devices/system/cpu"
    every = f"0-{board.cores - 1}\n"
    for name in ("possible", "present", "online"):
        files[f"{cpus}/{name}"] = every
    for core in range(board.cores):
        one = f"{cpus}/cpu{core}"
        clock, topology = f"{one}/cpufreq", f"{one}/topology"
        files |= {
            f"{clock}/scaling_governor": "ondemand\n",
            f"{clock}/scaling_cur_freq": f"{board.clock_most_khz}\n",
            f"{clock}/cpuinfo_max_freq": f"{board.clock_most_khz}\n",
            f"{clock}/cpuinfo_min_freq": f"{board.clock_least_khz}\n",
            f"{topology}/physical_package_id": "0\n",
            f"{topology}/core_id": f"{core}\n",
            f"{topology}/core_siblings": f"{(1 << board.cores) - 1:x}\n",
            f"{topology}/core_siblings_list": every,
            f"{topology}/thread_siblings": f"{1 << core:x}\n",
            f"{topology}/thread_siblings_list": f"{core}\n",
        }
    for place, text in files.items():
        file = root / "sys" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="ascii")
