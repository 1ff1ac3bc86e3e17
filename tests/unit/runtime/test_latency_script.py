"""The timing script, run as a target runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tiny_tflite import write_unpreparable

import litesmith.runtime

SCRIPT = Path(litesmith.runtime.__path__[0]) / "latency.py"


def run(*models: Path, **more: Any) -> list[dict[str, Any]]:
    """Return what the script printed; it must know nothing of Litesmith."""
    request = {
        "models": [str(m) for m in models],
        "threads": 1,
        "warmup_runs": 3,
        "runs": 20,
        "least_runs": 10,
        "rounds": 4,
        "seconds_per_model": 3.0,
        "seed": 0,
        **more,
    }
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], input=json.dumps(request), capture_output=True, text=True, timeout=60, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_models_that_fail_are_told_and_the_others_are_timed(
    cnn: Path, int8: Path, dynamic: Path, tmp_path: Path
) -> None:
    junk = tmp_path / "junk.tflite"
    junk.write_bytes(b"no model")
    events = run(cnn, write_unpreparable(tmp_path / "odd.tflite"), int8, junk, dynamic)
    kinds: dict[str, dict[int, dict[str, Any]]] = {}
    for event in events:
        kinds.setdefault(event["event"], {})[event.get("model", event.get("done"))] = event
    assert sorted(kinds["latencies"]) == sorted(kinds["probe"]) == [0, 2, 4]
    assert sorted(kinds["failed"]) == [1, 3]
    assert "prepare" in kinds["failed"][1]["reason"]
    assert "Error" in kinds["failed"][3]["reason"]
    for event in kinds["latencies"].values():
        assert len(event["ms"]) == 20
        assert all(0 < ms < 1000 for ms in event["ms"])
        assert event["warmup_runs"] == 3
    for event in kinds["probe"].values():
        assert event["load_ms"] > 0
        assert event["first_inference_ms"] > 0
        assert event["peak_memory_bytes"] >= event["base_memory_bytes"] > 1e6
    assert list(kinds["progress"]) == list(range(1, 5 + 4 + 1))
    assert {event["total"] for event in kinds["progress"].values()} == {9}


def test_a_slow_model_gets_the_fewest_runs(cnn: Path) -> None:
    """Nothing fits into no time at all; the fewest are shared out over the rounds without rest."""
    (event,) = [e for e in run(cnn, seconds_per_model=0.0) if e["event"] == "latencies"]
    assert len(event["ms"]) == 10


def test_the_script_imports_nothing_of_litesmith() -> None:
    lines = [line.split()[1] for line in SCRIPT.read_text().splitlines() if line.startswith(("import ", "from "))]
    assert "numpy" in lines
    assert not [name for name in lines if name.startswith("litesmith")]
