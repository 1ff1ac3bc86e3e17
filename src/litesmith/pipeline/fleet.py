"""Where to measure: targets from the command line, or the devices of a fleet file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litesmith.core.connecting import resolve
from litesmith.core.errors import ConfigError, LitesmithError
from litesmith.core.names import nearest
from litesmith.core.units import parse_latency_ms
from litesmith.pipeline.settings import FIELDS, Settings, read_toml

_EXAMPLE = '[[device]] with name = "kitchen" and target = "pi@kitchen.local"'
_KEYS = {"name": str, "target": str, "threads": int, "max-latency": str}
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A target to measure on.

    Attributes:
        name: What it is called in tables.
        target: Specification of the target.
        threads: Interpreter threads.
        max_latency_ms: Largest p50 that a recommended variant may have there; None for no limit of its own.
    """

    name: str
    target: str
    threads: int
    max_latency_ms: float | None = None


def boards_of(settings: Settings) -> tuple[Board, ...]:
    """Return where to measure: the devices of the fleet file if there is one, else the targets.

    Raises:
        ConfigError: both were given, none, one twice, or the fleet file is wrong.
        UnknownNameError: there is no such target.
    """
    if settings.fleet:
        if settings.target != FIELDS["target"].default:
            raise ConfigError(
                "--fleet and --target both say where to measure",
                hint='Give one of them; a fleet file may hold this machine too, as target = "local".',
            )
        return read_fleet(Path(settings.fleet), threads=settings.threads)
    if not settings.target:
        raise ConfigError("--target names no target", hint="Leave it out for this machine.")
    twice = next((text for text in settings.target if settings.target.count(text) > 1), None)
    if twice is not None:
        raise ConfigError(f"--target names '{twice}' twice", hint="Name each target once.")
    for text in settings.target:
        resolve(text)
    return tuple(Board(name=text, target=text, threads=settings.threads) for text in settings.target)


def read_fleet(path: Path, *, threads: int) -> tuple[Board, ...]:
    """Return the devices of a fleet file, in its order.

    Args:
        path: TOML, with a table `[[device]]` for each.
        threads: For devices that name no number of their own.

    Raises:
        ConfigError: it is missing, no TOML, empty, or a device lacks a key, has an unknown one, a wrong value, or the
            name of another.
        UnknownNameError: there is no such target.
    """
    table = read_toml(path, what="the fleet file", option="--fleet", example='[[device]]\nname = "kitchen"')
    other = next((key for key in table if key != "device"), None)
    if other is not None:
        raise ConfigError(f"{path.name}: unknown key '{other}'", hint=f"A fleet file holds {_EXAMPLE}.")
    devices = table.get("device")
    if not isinstance(devices, list) or not devices or not all(isinstance(one, dict) for one in devices):
        raise ConfigError(f"{path.name} lists no devices", hint=f"Write {_EXAMPLE}.")
    boards: list[Board] = []
    for number, device in enumerate(devices, start=1):
        board = _board(device, f"{path.name}, device {number}", threads=threads)
        if any(known.name == board.name for known in boards):
            raise ConfigError(
                f"{path.name}, device {number}: there is another device named '{board.name}'",
                hint="Give each a name of its own.",
            )
        boards.append(board)
    return tuple(boards)


def _board(device: Mapping[str, Any], where: str, *, threads: int) -> Board:
    for key, value in device.items():
        if key not in _KEYS:
            close = nearest(key, _KEYS)
            hint = f"Did you mean '{close}'? " if close else ""
            raise ConfigError(f"{where}: unknown key '{key}'", hint=f"{hint}Known: {', '.join(_KEYS)}.")
        if not isinstance(value, _KEYS[key]) or isinstance(value, bool):
            kind = "a whole number" if _KEYS[key] is int else "text in quotes"
            raise ConfigError(f"{where}: {key} = {value!r} has the wrong type", hint=f"It must be {kind}.")
    for key in ("name", "target"):
        if not device.get(key, "").strip():
            raise ConfigError(f"{where} has no {key}", hint=f"Write {_EXAMPLE}.")
    name = device["name"]
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        raise ConfigError(
            f"{where}: the name {name[:_LONGEST_NAME]!r} cannot be shown in a table",
            hint=f"Take at most {_LONGEST_NAME} letters, without line breaks.",
        )
    wanted = device.get("threads", threads)
    if wanted < 1:
        raise ConfigError(f"{where}: threads is {wanted}; it must be at least 1", hint="Leave it out for --threads.")
    try:
        resolve(device["target"])
        limit = parse_latency_ms(device["max-latency"]) if "max-latency" in device else None
    except LitesmithError as error:
        raise type(error)(f"{where}: {error.message}", hint=error.hint) from error
    return Board(name=name, target=device["target"], threads=wanted, max_latency_ms=limit)
