"""The boards that can be emulated."""

from __future__ import annotations

from dataclasses import dataclass

from litesmith.core.errors import UserError
from litesmith.core.names import look_up


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A board.

    Attributes:
        number: As typed after `virtual-pi:`.
        model: What its firmware calls it.
        cpu: CPU as qemu calls it. It decides which kernels run: the Cortex-A72 has no dot product, the A76 has.
        cores: Of the board.
        clock_least_khz: Lowest clock.
        clock_most_khz: Highest clock.
    """

    number: str
    model: str
    cpu: str
    cores: int
    clock_least_khz: int
    clock_most_khz: int

    @property
    def name(self) -> str:
        """Specification of the target."""
        return f"virtual-pi:{self.number}"


BOARDS = {
    "4": Board(
        number="4",
        model="Raspberry Pi 4 Model B Rev 1.4",
        cpu="cortex-a72",
        cores=4,
        clock_least_khz=600_000,
        clock_most_khz=1_800_000,
    ),
    "5": Board(
        number="5",
        model="Raspberry Pi 5 Model B Rev 1.0",
        cpu="cortex-a76",
        cores=4,
        clock_least_khz=1_500_000,
        clock_most_khz=2_400_000,
    ),
}
DEFAULT = "5"


def board_numbered(number: str) -> Board:
    """Return the board of what follows `virtual-pi:`; nothing stands for the default.

    Raises:
        UnknownNameError: no such board.
    """
    return look_up("virtual Pi", number or DEFAULT, BOARDS)


def board_named(name: str) -> Board:
    """Return the board of `virtual-pi`, `virtual-pi:4` or `virtual-pi:5`.

    Raises:
        UserError: the name is of no virtual device.
        UnknownNameError: no such board.

    >>> board_named("virtual-pi").cpu
    'cortex-a76'
    """
    kind, _, number = name.partition(":")
    if kind != "virtual-pi":
        raise UserError(
            f"'{name}' is no virtual device", hint=f"Virtual devices: {', '.join(b.name for b in BOARDS.values())}."
        )
    return board_numbered(number)
