"""A bundle on the virtual Pi: installed without a network, its answers held against the golden vectors, measured."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_calls import called

from litesmith.core.target import Session
from litesmith.emulation import needs, spaces
from litesmith.emulation.boards import BOARDS
from litesmith.emulation.store import Place

pytestmark = pytest.mark.device
BOTH = "virtual-pi:4,virtual-pi:5"
INSTALL = """
set -eu
! grep -q -v -e Inter -e face -e lo: /proc/net/dev
sh /root/bundle/install.sh
/root/bundle/.venv/bin/python -c 'import ai_edge_litert, numpy; print(ai_edge_litert.__file__)'
rm -rf /root/bundle
"""


def bundled(model: Path, out: Path, capsys: pytest.CaptureFixture[str], *options: str) -> Path:
    made = called(capsys, "bundle", model, "--for", "raspberry-pi", "--preprocess", "unit", "--out", out, *options)
    assert made.code == 0, made.err
    return out


def test_it_installs_from_its_wheelhouse_without_a_network(
    virtual_pis: Path, models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(BOARDS["5"])
    there = place.root / "root" / "bundle"
    shutil.copytree(bundled(models["int8"], tmp_path / "bundle", capsys, "--wheelhouse"), there)
    before = sorted(path.name for path in there.parent.iterdir())
    said: list[str] = []
    spaces.run(
        spaces.inside(
            place.root,
            ["/bin/sh", "-c", INSTALL],
            qemu=needs.find_qemu(),
            environment={"QEMU_CPU": place.board.cpu, "HOME": "/root"},
            offline=True,
        ),
        "installing the bundle",
        timeout_s=900,
        on_line=said.append,
    )
    assert said[-1].startswith("/root/bundle/.venv/lib/python3.11/site-packages/ai_edge_litert/")
    assert any("identical" in line for line in said), said
    assert sorted(path.name for path in there.parent.iterdir()) == [name for name in before if name != "bundle"]


@pytest.mark.parametrize(("name", "verdicts"), [("float32", 2), ("dynamic_int8", 2), ("int8", 1)])
def test_answers_are_those_of_the_golden_vectors(
    name: str,
    verdicts: int,
    sessions: dict[str, Session],
    models: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = bundled(models[name], tmp_path / "bundle", capsys)
    done = called(capsys, "verify", folder, "--target", BOTH, "--json")
    assert done.code == 0, done.err
    parities = json.loads(done.out)["parities"]
    assert [parity["device"]["emulated"] for parity in parities] == [True, True]
    assert {parity["verdict"] for parity in parities} <= set(("identical", "within tolerance")[:verdicts])


def test_a_flipped_byte_of_the_model_is_named(
    sessions: dict[str, Session], models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = bundled(models["int8"], tmp_path / "bundle", capsys)
    model = next(folder.glob("*.tflite"))
    data = bytearray(model.read_bytes())
    data[-1] ^= 1
    model.write_bytes(data)
    done = called(capsys, "verify", folder, "--target", BOTH)
    assert done.code != 0
    assert model.name in done.out + done.err


def test_no_time_is_reported_as_a_latency(
    sessions: dict[str, Session], models: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    done = called(capsys, "benchmark", models["int8"], "--target", "virtual-pi:5", "--json")
    assert done.code == 0, done.err
    measured = [made for row in json.loads(done.out)["variants"] for made in row["benchmarks"]]
    assert [made["device"]["emulated"] for made in measured] == [True]
    assert [(made["latency_ms"], made["load_ms"], made["first_inference_ms"]) for made in measured] == [(None,) * 3]
