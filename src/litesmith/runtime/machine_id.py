"""Prints what the kernel calls this boot of the machine it runs on; nothing where it does not say. Python 3.9 on."""

from contextlib import suppress
from pathlib import Path

if __name__ == "__main__":
    with suppress(OSError):
        print(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip())
