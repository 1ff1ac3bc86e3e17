"""Names of Arm's own processors by the part number that the kernel shows in /proc/cpuinfo.

Source: Linux, `arch/arm64/include/asm/cputype.h`.
"""

from __future__ import annotations

ARM = "0x41"
"""Number of Arm among those who design processors."""
_PARTS = {
    "0xb76": "ARM1176",
    "0xc07": "Cortex-A7",
    "0xd03": "Cortex-A53",
    "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55",
    "0xd07": "Cortex-A57",
    "0xd08": "Cortex-A72",
    "0xd09": "Cortex-A73",
    "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76",
    "0xd0c": "Neoverse-N1",
    "0xd0d": "Cortex-A77",
    "0xd40": "Neoverse-V1",
    "0xd41": "Cortex-A78",
    "0xd44": "Cortex-X1",
    "0xd46": "Cortex-A510",
    "0xd47": "Cortex-A710",
    "0xd48": "Cortex-X2",
    "0xd49": "Neoverse-N2",
    "0xd4d": "Cortex-A715",
    "0xd4e": "Cortex-X3",
    "0xd80": "Cortex-A520",
    "0xd81": "Cortex-A720",
    "0xd82": "Cortex-X4",
    "0xd85": "Cortex-X925",
    "0xd87": "Cortex-A725",
}


def arm_name(implementer: str, part: str) -> str:
    """Return the name of a processor; empty where it is unknown or not Arm's. No implementer stands for Arm.

    >>> arm_name("0x41", "0xd0b")
    'Cortex-A76'
    """
    return _PARTS.get(part.lower(), "") if implementer in ("", ARM) else ""
