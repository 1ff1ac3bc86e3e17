"""Several boards: this machine under several names, each with its own idea of which machine it is."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from litesmith.cli.main import main
from litesmith.core.device import Device
from litesmith.core.errors import ConfigError, TargetError
from litesmith.core.instructions import InstructionCount
from litesmith.core.target import OnLine, Session
from litesmith.pipeline import benchmarking, boards
from litesmith.pipeline.boards import require_targets
from litesmith.pipeline.files import benchmark
from litesmith.pipeline.fleet import boards_of
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import Settings
from litesmith.targets.local import LocalSession

MACHINES = {"here": "0" * 36, "there": "1" * 36, "beside": "0" * 36}


class Board(LocalSession):
    """This machine under a name of its own.

    Args:
        name: What it calls itself.
        before: Called when a timing run begins.
    """

    def __init__(self, name: str, before: Callable[[], None] = lambda: None, *, emulated: bool = False) -> None:
        self.name, self.before, self.emulated = name, before, emulated
        self.spans: list[tuple[float, float]] = []
        self.closed = 0

    def device(self) -> Device:
        return replace(super().device(), target=self.name, emulated=self.emulated)

    def run_script(
        self, script: Path, arguments: Sequence[str], *, request: str, on_line: OnLine, timeout_s: float
    ) -> None:
        begun = time.monotonic()
        self.before()
        super().run_script(script, arguments, request=request, on_line=on_line, timeout_s=timeout_s)
        self.spans.append((begun, time.monotonic()))

    def run(
        self,
        command: Sequence[str],
        *,
        request: str = "",
        on_line: OnLine,
        on_error: OnLine | None = None,
        timeout_s: float,
    ) -> int:
        assert command == ["cat", "/proc/sys/kernel/random/boot_id"]
        on_line(MACHINES.get(self.name, ""))
        return 0

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def fleet(tmp_path: Path) -> Callable[..., Settings]:
    """Make a fleet file whose devices all have the target `local`, told apart by their threads in order."""

    def make(*names: str, extra: str = "", **values: object) -> Settings:
        path = tmp_path / "fleet.toml"
        path.write_text("".join(f"[[device]]\nname = '{name}'\ntarget = 'local'\n{extra}\n" for name in names))
        return Settings(fleet=str(path), runs=2, warmup=1, **values)  # type: ignore[arg-type]

    return make


def connected(monkeypatch: pytest.MonkeyPatch, *found: Session | TargetError) -> None:
    """Let the devices of a fleet, in their order, be these sessions or fail so; again each time all are opened."""

    def opened(wanted: Sequence[boards.Board], **_: object) -> dict[str, Session | TargetError]:
        return dict(zip((board.name for board in wanted), found, strict=True))

    monkeypatch.setattr(boards, "opened_on", opened)
    monkeypatch.setattr(benchmarking, "opened_on", opened)


@pytest.mark.slow
def test_two_machines_are_measured_at_the_same_time(
    cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run waits for the other to begin: one after the other would never end."""
    both = threading.Barrier(2, timeout=30)
    first, second = Board("here", lambda: both.wait() and None), Board("there", lambda: both.wait() and None)
    connected(monkeypatch, first, second)
    stages: set[str] = set()
    made = benchmark(fleet("kitchen", "garage"), [str(cnn)], progress=lambda stage, *_: stages.add(stage))
    (variant,) = made.variants
    assert [one.target for one in variant.benchmarks] == ["kitchen", "garage"]
    assert [one.device.target for one in variant.benchmarks] == ["here", "there"]
    assert {"benchmark on kitchen", "benchmark on garage"} <= stages
    assert made.warnings == ()
    assert first.closed == second.closed == 2


@pytest.mark.slow
def test_one_machine_is_never_measured_twice_at_the_same_time(
    cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Board("here"), Board("beside")
    connected(monkeypatch, first, second)
    benchmark(fleet("a", "b"), [str(cnn)])
    ((_, ended),), ((begun, _),) = first.spans, second.spans
    assert ended <= begun


@pytest.mark.slow
def test_machines_that_do_not_say_which_they_are_count_by_their_target(
    cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Board("silent"), Board("mute")
    connected(monkeypatch, first, second)
    benchmark(fleet("a", "b"), [str(cnn)])  # both are `local`
    assert first.spans[0][1] <= second.spans[0][0]


def test_a_board_that_fails_does_not_stop_the_others(
    cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks() -> None:
        raise TargetError("the connection was lost", hint="Look at the cable.")

    gone = TargetError("no route to host", hint="Is it on?")
    connected(monkeypatch, gone, Board("here"), Board("there", breaks))
    made = benchmark(fleet("cellar", "kitchen", "garage"), [str(cnn)])
    assert [one.target for one in made.variants[0].benchmarks] == ["kitchen"]
    assert [(finding.code, finding.message) for finding in made.warnings] == [
        ("target-failed", "cellar was not measured: no route to host"),
        ("target-failed", "garage was not measured: the connection was lost"),
    ]
    assert [finding.hint for finding in made.warnings] == ["Is it on?", "Look at the cable."]


@pytest.mark.slow
def test_the_exit_code_tells_of_a_board_that_failed(
    cnn: Path,
    fleet: Callable[..., Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connected(monkeypatch, TargetError("no route to host"), Board("here"))
    code = main(["benchmark", str(cnn), "--fleet", fleet("cellar", "kitchen").fleet, "--runs", "2", "--json"])
    said = capsys.readouterr()
    assert code == 4
    assert "cellar was not measured: no route to host" in said.err
    shown = json.loads(said.out)
    assert [one["target"] for one in shown["variants"][0]["benchmarks"]] == ["kitchen"]
    assert shown["warnings"][0]["code"] == "target-failed"


def test_when_no_board_can_be_reached_the_first_reason_is_the_error(
    cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(monkeypatch, TargetError("first"), TargetError("second"))
    with pytest.raises(TargetError, match="first"):
        benchmark(fleet("a", "b"), [str(cnn)])


@pytest.mark.slow
def test_an_interruption_ends_every_board(
    cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that is told of it ends at once, the other when it next says something: not after a minute."""
    both = threading.Barrier(2, timeout=30)

    def interrupted() -> None:
        both.wait()
        raise KeyboardInterrupt

    connected(monkeypatch, Board("here", interrupted), Board("there", lambda: both.wait() and None))
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        benchmark(fleet("a", "b", sustain=60.0), [str(cnn)])
    assert time.monotonic() - begun < 30


@pytest.mark.slow
def test_limits_of_single_devices(cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    connected(monkeypatch, Board("here"), Board("there"))
    made = benchmark(fleet("a", "b", extra="max-latency = '1us'"), [str(cnn)])
    assert [finding.code for finding in made.warnings] == ["over-max-latency"] * 2
    assert "is over max-latency on a: p50" in made.warnings[0].message


class Counted(Board):
    """An emulated board that counts."""

    def instructions(self, models: dict[str, Path]) -> dict[str, InstructionCount]:
        one = InstructionCount(total=9, by_class={}, inferences=1, repeats=1, spread=0, cpu="c", emulator="e")
        return dict.fromkeys(models, one)


@pytest.mark.slow
def test_an_emulated_board_beside_a_real_one(
    cnn: Path, fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    connected(monkeypatch, Counted("there", emulated=True), Board("here"))
    made = benchmark(fleet("virtual", "real", ops=True), [str(cnn)])
    virtual, real = made.variants[0].benchmarks
    assert virtual.instructions is not None
    assert (virtual.latency_ms, virtual.op_profile) == (None, None)
    assert "operators were not timed" in virtual.note
    assert real.op_profile is not None
    assert [op.op for op in real.op_profile.ops][:2] == ["CONV_2D", "DEPTHWISE_CONV_2D"]
    assert real.op_profile.sum_ms == pytest.approx(sum(op.ms for op in real.op_profile.ops))
    assert (real.op_profile.apart, real.op_profile.missing) == (True, 0)


@pytest.mark.slow
def test_what_could_not_be_counted_is_counted_when_it_can_be(
    cnn: Path, int8: Path, tmp_path: Path, fleet: Callable[..., Settings]
) -> None:
    """An earlier run's memory is kept; what its emulator could not do is tried again."""
    settings = fleet("virtual")
    files = {"a": cnn, "b": int8}
    with Run(settings, folder=tmp_path / "out") as run:
        for session, counted in ((Board("here", emulated=True), False), (Counted("here", emulated=True), True)):
            (board,) = boards_of(settings)
            made = benchmarking._on_board(
                run, board, session, files, {"a": "1", "b": "2"}, operators=None, going=lambda: None
            )
            assert [one.instructions is not None for one in made.benchmarks.values()] == [counted] * 2
            assert len(session.spans) == (0 if counted else 1)  # memory was not measured again
            assert all((one.note == "") is counted for one in made.benchmarks.values())


def test_a_search_times_its_candidates_without_what_else_was_asked_for(
    cnn: Path, tmp_path: Path, fleet: Callable[..., Settings]
) -> None:
    settings = fleet("a", sustain=30.0, thread_sweep=(1, 2))
    begun = time.monotonic()
    with Run(settings, folder=tmp_path / "out") as run:
        made = benchmarking.benchmarks_on(run, boards_of(settings)[0], {"x": cnn}, {"x": "1"}).benchmarks["x"]
    assert (made.by_threads, made.sustained) == ((), None)
    assert time.monotonic() - begun < 25


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_latency": 5.0}, "--max-latency limits the latency, and a, b is emulated"),
        ({"goal": "size"}, "--goal searches by the times of single operators on a"),
        ({"extra": "max-latency = '1ms'"}, "max-latency of a limits its latency"),
    ],
)
def test_what_needs_times_is_refused_where_there_are_none(
    fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, values: dict[str, object], message: str
) -> None:
    connected(monkeypatch, Board("here", emulated=True), Board("there", emulated=True))
    with pytest.raises(ConfigError, match=message) as caught:
        require_targets(fleet("a", "b", **values))
    assert "eave" in caught.value.hint


def test_a_latency_limit_with_one_real_board(fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    connected(monkeypatch, Board("here", emulated=True), Board("there"))
    require_targets(fleet("a", "b", max_latency=5.0))
    with pytest.raises(ConfigError, match="on a, and an emulated CPU has none"):
        require_targets(fleet("a", "b", goal="balanced"))


def test_a_search_needs_its_first_board(fleet: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    connected(monkeypatch, TargetError("no route to host"), Board("here"))
    require_targets(fleet("a", "b"))
    with pytest.raises(TargetError, match="no route to host"):
        require_targets(fleet("a", "b", goal="size"))
