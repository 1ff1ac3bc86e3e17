"""Boards that are reached over a real SSH connection on loopback, beside this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from ssh_server import Server

from litesmith.benchmark.identity import machine_id
from litesmith.core.connecting import connect
from litesmith.core.errors import TargetError
from litesmith.core.results import Status
from litesmith.pipeline.files import benchmark
from litesmith.pipeline.settings import Settings


@pytest.mark.slow
def test_a_host_on_loopback_is_this_machine(board: Server) -> None:
    local, remote = connect("local"), connect("ssh:board")
    try:
        assert machine_id(local) == machine_id(remote) != ""
    finally:
        remote.close()
    assert machine_id(TargetError("down")) == ""


@pytest.mark.slow
def test_all_that_is_measured_comes_back_from_the_board(cnn: Path, int8: Path, tmp_path: Path, board: Server) -> None:
    """Whether the target is reached over SSH makes no difference to what is asked of it."""
    (tmp_path / "fleet.toml").write_text(
        "[[device]]\nname = 'here'\ntarget = 'local'\n"
        "[[device]]\nname = 'kitchen'\ntarget = 'ssh:board'\nthreads = 2\n"
        "[[device]]\nname = 'cellar'\ntarget = 'ssh:127.0.0.1:1'\n"
    )
    settings = Settings(fleet=str(tmp_path / "fleet.toml"), runs=5, warmup=1, thread_sweep=(1,), sustain=0.3, ops=True)
    made = benchmark(settings, [str(cnn), str(int8)])
    for variant in made.variants:
        assert variant.status is Status.OK
        assert [one.target for one in variant.benchmarks] == ["here", "kitchen"]
        kitchen = variant.benchmarks[1]
        assert kitchen.device.target == "ssh:board"
        assert [one.threads for one in kitchen.by_threads] == [1, 2]
        assert kitchen.sustained is not None
        assert kitchen.op_profile is not None
        assert len(kitchen.op_profile.ops) > 5
        assert kitchen.thermal is not None
    (lost,) = made.warnings
    assert lost.code == "target-failed"
    assert lost.message.startswith("cellar was not measured: ")
    assert board.left() == []
