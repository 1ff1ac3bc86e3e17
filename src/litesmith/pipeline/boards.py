"""Sessions on several boards: opened together, grouped by machine, asked early what they can give."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from litesmith.benchmark.identity import machine_id
from litesmith.benchmark.tool_file import abi_of
from litesmith.core.connecting import connect
from litesmith.core.errors import ConfigError, LitesmithError
from litesmith.core.names import unknown
from litesmith.core.phone import CORES
from litesmith.core.progress import Progress, silent
from litesmith.core.target import RunsPrograms, Session
from litesmith.pipeline.fleet import Board, boards_of
from litesmith.pipeline.phones import require_phone_options
from litesmith.pipeline.settings import Settings

DELEGATES = ("none", "edgetpu", "gpu")
Opened = Mapping[str, "Session | LitesmithError"]
"""A session on each board, or why there is none, by the board's name."""


class Interrupted(Exception):
    """The run is over: the user or an error of our own ended it while other boards were measured. Not shown."""


def require_targets(settings: Settings) -> None:
    """Check long before they are needed that targets can be reached, and that they can give what is asked for.

    Of several, one that can be reached is enough; the others are tried again when it is their turn.

    Raises:
        UnknownNameError: no such target, delegate or cores; the hint names the nearest.
        ConfigError: a fleet file or a program for phones is wrong, every target is emulated where latencies are
            needed, or what is for phones was asked for without one.
        TargetError: none can be reached.
    """
    if settings.delegate not in DELEGATES:
        raise unknown("delegate", settings.delegate, DELEGATES)
    if settings.cores not in CORES:
        raise unknown("cores", settings.cores, CORES)
    if settings.benchmark_binary:
        abi_of(Path(settings.benchmark_binary))
    boards = boards_of(settings)
    opened = opened_on(boards)
    try:
        errors = [found for found in opened.values() if isinstance(found, LitesmithError)]
        if len(errors) == len(boards):
            raise errors[0]
        if settings.goal and isinstance(first := opened[boards[0].name], LitesmithError):
            raise first
        sessions = [found for found in opened.values() if not isinstance(found, LitesmithError)]
        require_phone_options(settings, sessions)
        if settings.goal or settings.max_latency is not None or any(board.max_latency_ms for board in boards):
            _require_times(settings, boards, opened)
    finally:
        close_all(opened)


def _require_times(settings: Settings, boards: Sequence[Board], opened: Opened) -> None:
    sessions = {name: found for name, found in opened.items() if not isinstance(found, LitesmithError)}
    emulated = {name for name, session in sessions.items() if session.device().emulated}
    first = boards[0].name
    if settings.goal and isinstance(sessions.get(first), RunsPrograms):
        raise ConfigError(
            f"--goal searches by the times of single operators, which cannot be had on the phone {first}",
            hint="Put another machine first, such as --target local, or leave --goal out.",
        )
    if settings.goal and first in emulated:
        raise ConfigError(
            f"--goal searches by the times of single operators on {first}, and an emulated CPU has none",
            hint="Put a real machine first, such as --target local, or leave --goal out.",
        )
    if settings.max_latency is not None and emulated == set(sessions):
        raise ConfigError(
            f"--max-latency limits the latency, and {', '.join(sorted(emulated))} is emulated and has none",
            hint="Add a target that is a real machine, or leave --max-latency out.",
        )
    limited = next((board for board in boards if board.max_latency_ms is not None and board.name in emulated), None)
    if limited is not None:
        raise ConfigError(
            f"max-latency of {limited.name} limits its latency, and it is emulated and has none",
            hint="Leave max-latency out of the fleet file there.",
        )


def opened_on(boards: Sequence[Board], *, progress: Progress = silent) -> Opened:
    """Return a session on each board, or why there is none; all are tried at the same time."""

    def one(board: Board) -> Session | LitesmithError:
        try:
            return connect(board.target, progress=progress)
        except LitesmithError as error:
            return error

    if len(boards) == 1:
        return {boards[0].name: one(boards[0])}
    with ThreadPoolExecutor(len(boards)) as pool:
        return dict(zip((board.name for board in boards), pool.map(one, boards), strict=True))


def close_all(opened: Opened) -> None:
    """Close every session."""
    for session in opened.values():
        if not isinstance(session, LitesmithError):
            session.close()


def by_machine(boards: Sequence[Board], opened: Opened) -> list[list[Board]]:
    """Return the boards in groups that share a machine, which two must not be measured on at once.

    A virtual board, and a host that is reached over loopback, are this machine.
    """
    if len(boards) == 1:
        return [list(boards)]
    groups: dict[str, list[Board]] = {}
    with ThreadPoolExecutor(len(boards)) as pool:
        ids = pool.map(lambda board: machine_id(opened[board.name]), boards)
        for board, machine in zip(boards, ids, strict=True):
            groups.setdefault(machine or f"unknown: {board.target}", []).append(board)
    return list(groups.values())


def at_the_same_time(jobs: Sequence[Callable[[], None]], stop: threading.Event) -> None:
    """Run jobs in threads; an interruption ends them all as soon as each says something."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        futures = [pool.submit(job) for job in jobs]
        try:
            for future in futures:
                future.result()
        except BaseException:
            stop.set()
            raise
