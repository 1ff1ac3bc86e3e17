"""Times of the operators of whole models, each run alone on the board."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from litesmith.benchmark.operators import measure_operators
from litesmith.core.benchmark import OpProfile, OpTime
from litesmith.core.target import Session
from litesmith.pipeline.fleet import Board
from litesmith.pipeline.run import Run
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.operators_apart import OperatorFile

APART = "each operator was run alone, without its neighbours, so the times need not add up to the model's"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Operators of models as files: by model in execution order, and how many it has in all."""

    operators: dict[str, tuple[OperatorFile, ...]]
    counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorFiles:
    """Operators cut out of models, in a folder."""

    cut: Cut
    folder: Path
    digests: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Time of one run in ms, by the key of the operator's file."""

    ms: dict[str, float]


def operator_files(run: Run, files: Mapping[str, Path], digests: Mapping[str, str]) -> OperatorFiles:
    """Cut the operators of models out.

    Raises:
        EvaluationError: a model cannot be read.
    """

    def make(folder: Path) -> Cut:
        operators: dict[str, tuple[OperatorFile, ...]] = {}
        counts = {}
        for name, path in files.items():
            graph = read_graph(path).main
            order = {graph.tensors[op.outputs[0]].name: op.index for op in graph.ops if op.outputs}
            found: list[OperatorFile] = []
            for conversions in (False, True):
                found += run.pool.workers[0].call(
                    "litesmith.runtime.operators_apart:write_operators",
                    path=path,
                    folder=folder,
                    conversions=conversions,
                )
            operators[name] = tuple(sorted(found, key=lambda file: order[file.name]))
            counts[name] = len(graph.ops)
        return Cut(operators=operators, counts=counts)

    kept = run.step("operators", {"models": dict(digests)}, Cut, make, version=1)
    return OperatorFiles(cut=kept.value, folder=kept.folder, digests=digests)


def profiles(
    run: Run,
    board: Board,
    session: Session,
    files: OperatorFiles,
    *,
    delegate: str,
    going: Callable[[], None],
) -> dict[str, OpProfile]:
    """Return the times of the operators of each model, by its name.

    Raises:
        TargetError: the board failed.
    """
    cut = files.cut

    def make(folder: Path) -> Times:
        del folder
        models = {one.key: files.folder / f"{one.key}.tflite" for found in cut.operators.values() for one in found}
        with run.telling(f"operators on {board.name}") as tell:

            def on_progress(done: int, total: int) -> None:
                going()
                tell(done, total)

            found = measure_operators(
                session, models, threads=board.threads, seed=run.settings.seed, on_progress=on_progress
            )
        return Times(ms=found)

    key = {"device": session.device(), "models": dict(files.digests), "threads": board.threads}
    place = board.name.replace("/", "_")
    ms = run.step(f"operators {place}", key, Times, make, version=1).value.ms
    how = f"{APART}; they ran on the CPU, without {delegate}" if delegate else APART
    return {name: _profile(found, ms, cut.counts[name], how) for name, found in cut.operators.items()}


def _profile(found: tuple[OperatorFile, ...], ms: Mapping[str, float], count: int, how: str) -> OpProfile:
    times = tuple(OpTime(name=one.name, op=one.op, ms=ms[one.key]) for one in found if one.key in ms)
    return OpProfile(how=how, apart=True, sum_ms=sum(one.ms for one in times), ops=times, missing=count - len(times))
