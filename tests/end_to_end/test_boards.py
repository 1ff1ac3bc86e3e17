"""Whole runs on boards: one that is reached over SSH, and one whose CPU is said to be emulated."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from sample_sets import pictures, sample_set
from ssh_server import Server
from tiny_tflite import write_planted

from litesmith import api
from litesmith.core.device import Device
from litesmith.core.errors import ConfigError, TargetError
from litesmith.core.instructions import InstructionCount
from litesmith.core.isolated import Pool
from litesmith.evaluate.collect import answer
from litesmith.pipeline import boards
from litesmith.pipeline.deploy import require_choice
from litesmith.report.schema import build_schema
from litesmith.targets.local import LocalSession

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("planted")
    model, values = write_planted(folder / "planted.tflite"), pictures(400)
    answers = answer(model, sample_set(folder / "prepared", values), pool=pool, folder=folder / "answers")
    np.savez(folder / "data.npz", x=values, y=answers.values().argmax(axis=1))
    np.savez(folder / "calibrate.npz", x=pictures(40, seed=1))
    return {
        "model": folder / "planted.tflite", "data": folder / "data.npz", "calibrate": folder / "calibrate.npz",
        "preprocess": "unit", "schemes": ["int8"], "corrections": ["none"], "runs": 10, "warmup": 2,
    }  # fmt: skip


def test_the_search_goes_by_the_times_of_the_board(asked: dict[str, Any], tmp_path: Path, board: Server) -> None:
    made = api.deploy(**asked, target="ssh:board", goal="size", max_drop=0.15, out=tmp_path / "out")
    assert made.search is not None
    assert made.search.target == "ssh:board"
    assert all(op.float_ms and op.int8_ms for op in made.search.ops)
    assert made.recommended == "mixed_1"
    assert {one.target for v in made.variants for one in v.benchmarks} == {"ssh:board"}
    assert "on ssh:board" in made.reason
    assert board.left() == []


class Emulated(LocalSession):
    """This machine, said to be emulated, with the size of the file for its instructions."""

    def device(self) -> Device:
        return replace(super().device(), target="virtual", emulated=True)

    def instructions(self, models: Mapping[str, Path]) -> Mapping[str, InstructionCount]:
        return {
            key: InstructionCount(
                total=path.stat().st_size * 1000,
                by_class={},
                inferences=1,
                repeats=1,
                spread=0,
                cpu="a76",
                emulator="q",
            )
            for key, path in models.items()
        }


def test_nothing_says_a_time_where_all_is_emulated(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boards, "connect", lambda *_, **__: Emulated())
    out = tmp_path / "out"
    made = api.deploy(**asked, max_drop=1.0, out=out, sustain=0.2)
    assert made.recommended == "int8"
    assert "variant of the fewest instructions" in made.reason
    assert "(emulated, no latency)" in made.reason
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(build_schema()).validate(report)
    for variant in report["variants"]:
        (one,) = variant["benchmarks"]
        assert (one["latency_ms"], one["load_ms"], one["first_inference_ms"], one["thermal"]) == (None,) * 4
        assert one["instructions"]["total"] > 0
        assert one["note"] == "no sustained run, as the CPU is emulated"
    page = re.sub(r"<[^>]+>", " ", (out / "report.html").read_text(encoding="utf-8").partition("</style>")[2])
    assert not re.search(r"\d\s*ms\b", page)
    assert "Latency was not measured: every target is emulated." in page
    require_choice(made)
    with pytest.raises(ConfigError, match="--max-latency limits the latency"):
        api.deploy(**asked, max_latency="5ms", out=tmp_path / "refused")
    assert not (tmp_path / "refused").exists()


def test_a_board_that_is_lost_is_in_the_report(asked: dict[str, Any], tmp_path: Path, board: Server) -> None:
    out = tmp_path / "out"
    made = api.deploy(**asked, target=["local", "ssh:127.0.0.1:1"], max_drop=1.0, out=out)
    assert {one.target for v in made.variants for one in v.benchmarks} == {"local"}
    (lost,) = [finding for finding in made.warnings if finding.code == "target-failed"]
    assert lost.message.startswith("ssh:127.0.0.1:1 was not measured: ")
    assert "ssh:127.0.0.1:1 was not measured" in (out / "report.html").read_text(encoding="utf-8")
    with pytest.raises(TargetError, match=r"ssh:127\.0\.0\.1:1 was not measured"):
        require_choice(made)
