"""A pool shares out calls and keeps their order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from litesmith.core.errors import SourceError
from litesmith.core.isolated import Pool
from litesmith.core.worker_errors import WorkerCrash

FOLDER = {"PYTHONPATH": str(Path(__file__).parent)}


@pytest.fixture(scope="module")
def three() -> Iterator[Pool]:
    with Pool(3, "the tester", environment=FOLDER) as started:
        yield started


def test_results_stand_in_the_order_of_the_calls(three: Pool) -> None:
    calls = [{"value": n, "after_s": 0.12 if n == 0 else 0.01} for n in range(9)]
    counted: list[int] = []
    assert three.map("worker_functions:echo", calls, on_done=counted.append) == list(range(9))
    assert counted == list(range(1, 10))


def test_all_workers_work_at_the_same_time(three: Pool, tmp_path: Path) -> None:
    calls = [{"number": n, "folder": tmp_path, "expected": 3} for n in range(3)]
    assert len(set(three.map("worker_functions:meet", calls))) == 3


def test_no_calls(three: Pool) -> None:
    assert three.map("worker_functions:echo", []) == []


def test_the_first_error_drops_what_has_not_begun(three: Pool, tmp_path: Path) -> None:
    calls = [{"number": n, "folder": tmp_path, "fail_at": 3} for n in range(200)]
    with pytest.raises(SourceError, match="call 3 fails"):
        three.map("worker_functions:touch_or_fail", calls)
    done = {int(p.name) for p in tmp_path.iterdir()}
    assert {0, 1, 2} <= done
    assert len(done) < 60


def test_a_crash_spoils_neither_the_other_workers_nor_the_next_calls(three: Pool) -> None:
    with pytest.raises(WorkerCrash, match="SIGABRT"):
        three.map("worker_functions:abort", [{}])
    assert three.map("worker_functions:echo", [{"value": n} for n in range(6)]) == list(range(6))


def test_a_pool_has_one_worker_at_least() -> None:
    with Pool(0, "nobody") as pool:
        assert len(pool.workers) == 1
