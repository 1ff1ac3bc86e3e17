"""The virtual Pi: made, started, asked, models run and compared, ended, and nothing of it left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import naming

from litesmith.core.connecting import connect
from litesmith.core.errors import TargetError, UserError
from litesmith.core.target import CountsInstructions, Session
from litesmith.emulation import making, power
from litesmith.emulation.boards import BOARDS
from litesmith.emulation.store import Place

pytestmark = pytest.mark.device
each_board = pytest.mark.parametrize("number", BOARDS)
NUMBERS = {"4": "Cortex-A72", "5": "Cortex-A76"}
ANSWERS = """
import json, sys
import numpy as np
from ai_edge_litert.interpreter import Interpreter

for path in json.loads(sys.stdin.read()):
    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    detail = interpreter.get_input_details()[0]
    outputs = []
    for seed in range(10):
        random = np.random.default_rng(seed)
        if detail["dtype"] == np.float32:
            given = random.random(detail["shape"], dtype=np.float32)
        else:
            given = random.integers(-128, 128, detail["shape"]).astype(detail["dtype"])
        interpreter.set_tensor(detail["index"], given)
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).ravel().tolist())
    names = [op["op_name"] for op in interpreter._get_ops_details()]
    print(json.dumps({"delegated": "DELEGATE" in names, "outputs": outputs}))
"""


@pytest.fixture(scope="module")
def answers(sessions: dict[str, Session], models: dict[str, Path], tmp_path_factory: Any) -> dict[str, Any]:
    """What each machine answers, this one among them as `here`; the boards work at the same time."""
    script = tmp_path_factory.mktemp("answers") / "answers.py"
    script.write_text(ANSWERS, encoding="utf-8")
    found: dict[str, Any] = {}

    def ask(name: str, session: Session) -> None:
        lines: list[str] = []
        request = json.dumps([session.send(path) for path in models.values()])
        session.run_script(script, [], request=request, on_line=lines.append, timeout_s=600)
        found[name] = dict(zip(models, map(json.loads, lines), strict=True))

    threads = [threading.Thread(target=ask, args=pair) for pair in sessions.items()]
    for thread in threads:
        thread.start()
    ask("here", connect("local"))
    for thread in threads:
        thread.join()
    return found


@each_board
def test_the_board_says_what_it_is(number: str, sessions: dict[str, Session]) -> None:
    found = sessions[number].preflight()
    assert found.emulated
    assert found.ready, found.obstacles
    assert found.facts.board == BOARDS[number].model
    assert (found.facts.machine, found.facts.userland_bits) == ("aarch64", 64)
    assert found.facts.cpu == NUMBERS[number]
    assert ("asimddp" in found.facts.features) is (number == "5")
    assert found.facts.libc == "glibc 2.36"
    assert found.facts.python.startswith("3.11.")
    assert (found.facts.temperature_c, found.facts.clock_mhz) == (None, None)
    device = sessions[number].device()
    assert device.emulated
    assert device.target == f"virtual-pi:{number}"


@each_board
def test_models_run_there_with_xnnpack(number: str, answers: dict[str, Any]) -> None:
    assert {name: found["delegated"] for name, found in answers[number].items()} == {
        "float32": True,
        "dynamic_int8": True,
        "int8": True,
    }


@each_board
def test_int8_answers_are_the_same_to_the_bit(number: str, answers: dict[str, Any]) -> None:
    assert answers[number]["int8"]["outputs"] == answers["here"]["int8"]["outputs"]
    assert len({tuple(row) for row in answers["here"]["int8"]["outputs"]}) > 5  # no constant answer


@each_board
@pytest.mark.parametrize(("model", "tolerance"), [("float32", 1e-5), ("dynamic_int8", 1e-3)])
def test_float_answers_are_close(number: str, model: str, tolerance: float, answers: dict[str, Any]) -> None:
    there, here = (np.asarray(answers[name][model]["outputs"]) for name in (number, "here"))
    assert float(np.abs(there - here).max()) <= tolerance


def test_instructions_are_counted(sessions: dict[str, Session], models: dict[str, Path]) -> None:
    counts = {}
    for number, session in sessions.items():
        assert isinstance(session, CountsInstructions)
        try:
            counts[number] = session.instructions(models)
        except TargetError as error:
            if "no qemu that takes plugins" not in error.message:
                raise
            pytest.skip(f"{error.message}. {error.hint}")
    for number, found in counts.items():
        assert set(found) == set(models)
        assert all(count.cpu == BOARDS[number].cpu for count in found.values())
        assert all(count.spread <= count.total * 0.01 for count in found.values())
        assert all(sum(count.by_class.values()) > count.total // 4 for count in found.values())
    assert counts["4"]["int8"].by_class["dot_product"] == 0
    assert counts["4"]["int8"].by_class["widening_multiply"] > 0
    assert counts["5"]["int8"].by_class["dot_product"] > 0
    assert counts["5"]["float32"].by_class["fused_multiply_add"] > counts["5"]["int8"].by_class["fused_multiply_add"]


def test_a_board_runs_while_it_is_used_and_no_longer(virtual_pis: Path, sessions: dict[str, Session]) -> None:
    sessions["4"].close()
    assert making.look(BOARDS["4"]).state == "stopped"
    first, second = connect("virtual-pi:4"), connect("virtual-pi:4")
    first.close()
    assert making.look(BOARDS["4"]).state == "running"
    second.close()
    assert making.look(BOARDS["4"]).state == "stopped"


def test_a_board_that_was_started_stays(virtual_pis: Path) -> None:
    place = Place(BOARDS["4"])
    started = power.start(place, kept=True)
    try:
        assert power.start(place, kept=True) == started
        connect("virtual-pi:4").close()
        assert place.running() == started
        login = [*making.look(place.board).login, "uname -m; exit 7"]
        done = subprocess.run(login, capture_output=True, text=True, timeout=60, check=False)
        assert (done.stdout, done.returncode) == ("aarch64\n", 7)
    finally:
        assert power.stop(place)
    assert not power.stop(place)
    assert naming(place.folder) == []


def test_a_board_exists_once(virtual_pis: Path) -> None:
    with pytest.raises(UserError, match="virtual-pi:4 exists already"):
        making.create(BOARDS["4"])
    assert [device.state for device in making.look_at_all()].count("absent") == 0


def test_a_server_that_cannot_start_says_why(virtual_pis: Path) -> None:
    place = Place(BOARDS["4"])
    config = place.root / "etc/ssh/sshd_litesmith"
    before = config.read_text(encoding="ascii")
    config.write_text(before + "NoSuchOption yes\n", encoding="ascii")
    try:
        with pytest.raises(TargetError, match="starting virtual-pi:4 failed"):
            power.start(place, kept=True)
    finally:
        config.write_text(before, encoding="ascii")
    assert place.running() is None
    assert naming(place.folder) == []


def test_nothing_is_registered_or_mounted_on_the_host(sessions: dict[str, Session], virtual_home: Path) -> None:
    formats = Path("/proc/sys/fs/binfmt_misc")
    assert "litesmith" not in os.listdir(formats)
    assert str(virtual_home) not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")
    place = Place(BOARDS["5"])
    assert place.running() is not None
    assert os.listdir(place.root / "proc") == os.listdir(place.root / "run") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_creation_leaves_no_board(number: int, virtual_home: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "LITESMITH_HOME": str(tmp_path / "home")}
    store = tmp_path / "home" / "virtual-pi"
    process = subprocess.Popen(
        [sys.executable, "-m", "litesmith", "device", "create", "virtual-pi:5"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    limit = time.monotonic() + 60
    while not list(store.glob(".base-*/var")) and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    limit = time.monotonic() + 20
    while naming(store) and time.monotonic() < limit:
        time.sleep(0.05)
    assert naming(store) == []
    left = {path.name for path in store.iterdir()}
    assert not any(name.startswith(("base", "5")) for name in left), left
    if number == signal.SIGINT:
        assert left <= {".base.lock", ".5.lock"}
