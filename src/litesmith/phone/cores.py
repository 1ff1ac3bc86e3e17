"""The cores of a phone by kind, and how a program is held on some of them."""

from __future__ import annotations

from collections.abc import Sequence

from litesmith.core.errors import TargetError
from litesmith.core.phone import ALL, LITTLE, PhoneFacts


def cores_named(phone: PhoneFacts, which: str) -> tuple[int, ...]:
    """Return the numbers of the cores meant by `all`, `big` or `little`, ascending.

    `little` is the slowest kind, `big` is all that are faster, the single prime core of many phones among them.

    Raises:
        TargetError: the phone's cores are all alike, or it does not say, so that there are no big or little ones.
    """
    if which == ALL:
        return tuple(sorted(core for group in phone.groups for core in group.cores))
    if len(phone.groups) < 2:
        raise TargetError(
            f"adb:{phone.serial} has no {which} cores: all are of one kind, or it does not say",
            hint="Leave --cores out.",
        )
    groups = phone.groups[:1] if which == LITTLE else phone.groups[1:]
    return tuple(sorted(core for group in groups for core in group.cores))


def mask_of(cores: Sequence[int]) -> str:
    """Return the mask of cores for Android's taskset, in hexadecimal.

    >>> mask_of([4, 5, 6, 7])
    'f0'
    """
    return f"{sum(1 << core for core in set(cores)):x}"


def pinned(command: Sequence[str], phone: PhoneFacts, which: str) -> list[str]:
    """Return the command that runs a command there on some cores only; as it is for `all`.

    Raises:
        TargetError: the phone has no such cores.
    """
    if which == ALL:
        return list(command)
    return ["taskset", mask_of(cores_named(phone, which)), *command]
