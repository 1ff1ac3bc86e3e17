"""Workers: whatever happens in the other process becomes a result or an error here."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from litesmith.core.errors import SourceError
from litesmith.core.isolated import Worker, spans, usable_cores
from litesmith.core.worker_errors import RemoteError, WorkerClosed, WorkerCrash, WorkerTimeout

FOLDER = {"PYTHONPATH": str(Path(__file__).parent)}


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker("the tester", environment={**FOLDER, "PLANTED": "here"}) as started:
        yield started


def test_a_result_and_the_same_process_for_the_next_call(worker: Worker) -> None:
    value = {"a": [1, 2.5, None], "b": Path("/x")}
    assert worker.call("worker_functions:echo", value=value) == value
    process = worker.call("worker_functions:process")
    assert process != os.getpid()
    assert worker.call("worker_functions:process") == process


def test_a_result_larger_than_a_pipe(worker: Worker) -> None:
    value = bytes(3_000_000)
    assert worker.call("worker_functions:echo", value=value) == value


def test_the_environment_is_added_to_ours(worker: Worker) -> None:
    assert worker.call("worker_functions:variable", name="PLANTED") == "here"
    assert worker.call("worker_functions:variable", name="PATH") == os.environ["PATH"]


def test_our_error_arrives_as_it_was_raised(worker: Worker) -> None:
    with pytest.raises(SourceError, match=r"^x\.tflite is damaged$") as caught:
        worker.call("worker_functions:refuse", what="x.tflite")
    assert (caught.value.hint, caught.value.exit_code) == ("Copy it again.", 2)


def test_a_foreign_error_is_told_with_its_kind_and_trace(worker: Worker) -> None:
    with pytest.raises(RemoteError, match=r"^KeyError: 'planted'$") as caught:
        worker.call("worker_functions:stumble")
    assert caught.value.kind == "KeyError"
    assert "in stumble" in caught.value.trace


@pytest.mark.parametrize("function", ["worker_functions:nothing", "no_such_module:run"])
def test_a_function_that_is_not_there(worker: Worker, function: str) -> None:
    with pytest.raises(RemoteError, match=r"nothing|no_such_module"):
        worker.call(function)


def test_a_result_that_cannot_be_sent_is_an_error_and_the_worker_goes_on(worker: Worker) -> None:
    with pytest.raises(RemoteError, match="the result cannot be sent back"):
        worker.call("worker_functions:unsendable")
    assert worker.call("worker_functions:echo", value=1) == 1


def test_what_it_prints_stays_apart_from_results(worker: Worker, capfd: pytest.CaptureFixture[str]) -> None:
    assert worker.call("worker_functions:chatter", lines=2000) == 2000
    assert worker.output().splitlines()[-1] == "line 1999"
    assert len(worker.output()) <= 4000
    assert capfd.readouterr() == ("", "")


def test_an_abort_names_the_signal_and_the_last_words_and_the_next_call_starts_anew(worker: Worker) -> None:
    before = worker.call("worker_functions:process")
    with pytest.raises(WorkerCrash, match=r"^the tester ended abruptly \(SIGABRT\): Check failed: planted$") as caught:
        worker.call("worker_functions:abort")
    assert "Check failed: planted" in caught.value.output
    assert worker.call("worker_functions:process") != before


def test_leaving_names_the_code(worker: Worker) -> None:
    with pytest.raises(WorkerCrash, match=r"\(exit code 3\)"):
        worker.call("worker_functions:leave", code=3)


def test_a_process_that_died_between_calls_is_a_crash(worker: Worker) -> None:
    os.kill(worker.call("worker_functions:process"), signal.SIGKILL)
    with pytest.raises(WorkerCrash, match="SIGKILL"):
        worker.call("worker_functions:echo", value=1)


@pytest.mark.slow
def test_a_silent_call_is_ended(worker: Worker, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    begun = time.monotonic()
    with pytest.raises(WorkerTimeout, match=r"the tester gave no sign of life for 0.5 s"):
        worker.call("worker_functions:sleep", timeout_s=0.5, seconds=60, mark=mark)
    assert time.monotonic() - begun < 5
    assert gone(int(mark.read_text()), within_s=1)


@pytest.mark.slow
def test_progress_arrives_in_order_and_is_a_sign_of_life(worker: Worker) -> None:
    worker.start()
    worker.call("worker_functions:echo", value="started")
    seen: list[tuple[int, int]] = []
    answer = worker.call(
        "worker_functions:count",
        timeout_s=0.4,
        on_progress=lambda done, total: seen.append((done, total)),
        steps=6,
        pause_s=0.1,
    )
    assert answer == "counted"
    assert seen == [(step, 6) for step in range(1, 7)]


@pytest.mark.parametrize("error", [BrokenPipeError("planted"), KeyboardInterrupt()])
def test_an_error_of_the_listener_ends_the_call_and_the_next_gets_its_own_answer(
    worker: Worker, error: BaseException
) -> None:
    def listen(done: int, total: int) -> None:
        raise error

    begun = time.monotonic()
    with pytest.raises(type(error)):
        worker.call("worker_functions:count", on_progress=listen, steps=50, pause_s=0.1)
    assert worker.call("worker_functions:echo", value="mine") == "mine"
    assert time.monotonic() - begun < 3


def test_a_call_under_way_fails_when_the_worker_is_left_and_no_other_begins(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    caught: list[BaseException] = []

    def call() -> None:
        try:
            left.call("worker_functions:sleep", seconds=60, mark=mark)
        except WorkerClosed as error:
            caught.append(error)

    with Worker("left", environment=FOLDER) as left:
        thread = threading.Thread(target=call)
        thread.start()
        deadline = time.monotonic() + 10
        while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
    thread.join(timeout=5)
    assert [str(error) for error in caught] == ["left was ended"]
    assert gone(int(mark.read_text()), within_s=1)
    with pytest.raises(WorkerClosed):
        left.call("worker_functions:process")


def test_leaving_the_block_ends_the_process() -> None:
    with Worker("short", environment=FOLDER) as short:
        process = short.call("worker_functions:process")
    assert gone(process, within_s=1)


def test_temporary_files_go_with_the_process_and_the_next_one_has_others() -> None:
    with Worker("tidy", environment=FOLDER, scratch=True) as tidy:
        first = tidy.call("worker_functions:forgotten")
        assert first.exists()
        with pytest.raises(WorkerCrash):
            tidy.call("worker_functions:abort")
        assert not first.parent.exists()
        second = tidy.call("worker_functions:forgotten")
        assert second.exists()
        assert second.parent != first.parent
    assert not second.parent.exists()


PARENT = """
import sys
from pathlib import Path
from litesmith.core.isolated import Worker
with Worker("orphan", scratch=True) as worker:
    worker.call("worker_functions:sleep", seconds=60, mark=Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_the_worker_goes_when_its_parent_is_killed_in_the_middle_of_a_call(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {**os.environ, **FOLDER, "TMPDIR": str(temporary)}
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(mark)], env=environment)
    try:
        deadline = time.monotonic() + 10
        while not (mark.exists() and mark.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        child = int(mark.read_text())
        assert not gone(child, within_s=0)
        assert len(list(temporary.iterdir())) == 1
    finally:
        parent.kill()
        parent.wait()
    assert gone(child, within_s=5)
    assert list(temporary.iterdir()) == []


def gone(process: int, *, within_s: float) -> bool:
    """Tell whether a process ends in time; one that nobody has collected counts as ended."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)


def test_spans_cover_all_once() -> None:
    assert spans(5, 2) == [(0, 2), (2, 4), (4, 5)]
    assert spans(4, 2) == [(0, 2), (2, 4)]
    assert spans(0, 3) == []


def test_usable_cores_are_those_of_the_process() -> None:
    code = "import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
    code += "from litesmith.core.isolated import usable_cores; print(usable_cores())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
    assert usable_cores() == len(os.sched_getaffinity(0))
