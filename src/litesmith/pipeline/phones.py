"""Benchmarks on phones: by the official program where there is one, else by what is installed there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from litesmith.benchmark.instrumented import measure_instrumented
from litesmith.benchmark.measure import Timed
from litesmith.benchmark.on_phone import Request, measure_with_tool
from litesmith.benchmark.tool_file import find_tool
from litesmith.core.errors import ConfigError
from litesmith.core.files import sha256_file
from litesmith.core.phone import ALL
from litesmith.core.target import RunsPrograms, Session
from litesmith.pipeline.fleet import Board
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings

GPU = "gpu"


def benchmarks_on_phone(
    run: Run,
    board: Board,
    session: Session,
    files: Mapping[str, Path],
    digests: Mapping[str, str],
    *,
    going: Callable[[], None],
    plain: bool = False,
) -> Timed:
    """Return latencies on a phone, in this run or an earlier one.

    Args:
        run: The run.
        board: What the phone is called, and its threads.
        session: The phone.
        files: Models by name.
        digests: Their sha256.
        going: Raises when the run is over.
        plain: Leave out what was asked for beside latency.

    Raises:
        ConfigError: the program is none for this phone, or an option cannot be had there.
        TargetError: the phone failed, or has nothing that can time a model.
    """
    assert isinstance(session, RunsPrograms)
    settings, device = run.settings, session.device()
    if settings.delegate not in ("none", GPU):
        raise ConfigError(
            f"the delegate '{settings.delegate}' is not for phones such as {board.name}",
            hint="Leave --delegate out, or give gpu.",
        )
    tool = find_tool(settings.benchmark_binary, session.phone().abis, where=board.name)
    request = Request(
        threads=board.threads,
        warmup_runs=settings.warmup,
        runs=settings.runs,
        sweep=() if plain else settings.thread_sweep,
        sustain_s=0.0 if plain else settings.sustain,
        cores=settings.cores,
        gpu=settings.delegate == GPU,
        ops=settings.ops and not plain,
        name=board.name,
    )

    def make(folder: Path) -> Timed:
        del folder
        with run.telling(f"benchmark on {board.name}", going=going) as tell:
            if tool is not None:
                return measure_with_tool(session, files, tool, request, on_progress=tell)
            return measure_instrumented(session, digests, request, on_progress=tell)

    key = {
        "device": device,
        "models": dict(digests),
        "request": request,
        "tool": "" if tool is None else sha256_file(tool),
    }
    if tool is None:  # what is installed on a phone may be another one next time
        return make(run.folder)
    return run.step(f"benchmark {board.name.replace('/', '_')}", key, Timed, make, version=1).value


def require_phone_options(settings: Settings, sessions: Sequence[Session]) -> None:
    """Check that what only phones can be asked for is asked of a phone.

    Args:
        settings: What was typed.
        sessions: Those that could be opened.

    Raises:
        ConfigError: none of the targets is a phone, or the program is none for one of them.
    """
    phones = 0
    for session in sessions:
        if isinstance(session, RunsPrograms):
            phones += 1
            find_tool(settings.benchmark_binary, session.phone().abis, where=session.device().target)
    if phones:
        return
    asked = [
        text
        for text, given in (
            (f"--cores {settings.cores}", settings.cores != ALL),
            ("--benchmark-binary", bool(settings.benchmark_binary)),
            (f"--delegate {GPU}", settings.delegate == GPU),
        )
        if given
    ]
    if asked:
        raise ConfigError(
            f"{asked[0]} is for phones, and none of the targets is one", hint="Add --target adb, or leave it out."
        )
