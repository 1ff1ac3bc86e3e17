"""What `verify` makes of a bundle on this machine, over SSH, and of what a check prints."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import ssh_server
from report_parts import BOARD

from litesmith import api
from litesmith.bundle import check
from litesmith.cli.main import main
from litesmith.core.bundle import Bundled
from litesmith.core.errors import ConfigError, GateError, SourceError, TargetError, UnknownNameError
from litesmith.core.golden import Golden
from litesmith.core.parity import ParityVerdict, Verified
from litesmith.pipeline.verifying import read_parity, require_sound
from litesmith.report.encode import from_data


@pytest.fixture
def bundle(image_bundle: Bundled, tmp_path: Path) -> Path:
    return Path(shutil.copytree(image_bundle.folder, tmp_path / "a bundle's $copy"))


@pytest.fixture
def golden(bundle: Path) -> Golden:
    return from_data(Golden, json.loads((bundle / check.GOLDEN).read_text(encoding="utf-8")))


def test_a_sound_bundle_is_identical_and_left_as_it_is(bundle: Path) -> None:
    before = sorted(bundle.rglob("*"))
    verified = api.verify(bundle)
    (parity,) = verified.parities
    assert parity.verdict is ParityVerdict.IDENTICAL
    assert parity.device is not None
    assert (parity.device.target, parity.delegate, parity.exact, parity.damaged) == ("local", "XNNPACK", True, ())
    assert parity.reason == "every value of every step is the same"
    assert parity.made_with.startswith("ai-edge-litert ")
    require_sound(verified)
    assert sorted(bundle.rglob("*")) == before


def test_several_targets_are_one_parity_each(bundle: Path) -> None:
    verified = api.verify(bundle, ["local", "local"])
    assert [parity.verdict for parity in verified.parities] == [ParityVerdict.IDENTICAL] * 2
    with pytest.raises(UnknownNameError, match="unknown target 'locl'"):
        api.verify(bundle, ["local", "locl"])


def test_a_damaged_bundle_is_not_run_and_ends_with_code_7(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (bundle / "run.py").write_text("", encoding="utf-8")
    (bundle / "golden" / "all-0.png").unlink()
    verified = api.verify(bundle)
    (parity,) = verified.parities
    assert (parity.verdict, parity.device, parity.steps) == (ParityVerdict.DAMAGED, None, ())
    assert parity.damaged == (
        "golden/all-0.png is missing",
        "run.py was changed: its sha256 is not that in manifest.json",
    )
    with pytest.raises(GateError, match=r"is damaged: golden/all-0\.png is missing, and 1 more") as raised:
        require_sound(verified)
    assert raised.value.hint == "Bundle the model again."
    assert main(["verify", str(bundle), "--quiet"]) == 7
    printed = capsys.readouterr()
    assert "run.py was changed" in " ".join(printed.out.split())
    assert "error: " in printed.err


def test_another_answer_ends_with_code_7(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((bundle / check.MANIFEST).read_text(encoding="utf-8"))
    file = bundle / "golden" / "noise.output0.bin"
    (np.fromfile(file, np.int8) ^ 1).tofile(file)
    for entry in manifest["files"]:
        entry["sha256"] = check.sha256_of(bundle / entry["path"])
    manifest["sha256"] = check.manifest_digest(manifest)
    (bundle / check.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    assert main(["verify", str(bundle), "--quiet"]) == 7
    printed = capsys.readouterr()
    assert "noise" in printed.out
    assert "answers otherwise on local" in printed.err
    assert main(["verify", str(bundle), "--quiet", "--json"]) == 7
    (parity,) = from_data(Verified, json.loads(capsys.readouterr().out)).parities
    assert parity.verdict is ParityVerdict.DIFFERENT
    assert [step.vector for step in parity.steps if step.different] == ["noise"]


@pytest.mark.slow
def test_one_target_that_fails_takes_nothing_from_the_others(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    verified = api.verify(bundle, ["local", "ssh:nobody@127.0.0.1:9"])
    assert [parity.verdict for parity in verified.parities] == [ParityVerdict.IDENTICAL]
    assert list(verified.failures) == ["ssh:nobody@127.0.0.1:9"]
    with pytest.raises(TargetError, match=r"ssh:nobody@127\.0\.0\.1:9 was not asked: "):
        require_sound(verified)
    assert main(["verify", str(bundle), "--quiet", "--target", "local,ssh:nobody@127.0.0.1:9"]) == 4
    assert "was not asked" in capsys.readouterr().out


def test_one_virtual_board_that_was_not_made_takes_nothing_from_the_others(bundle: Path) -> None:
    """As in a benchmark; an option that does not fit is an error of the whole call."""
    verified = api.verify(bundle, ["local", "virtual-pi:4"])
    assert [parity.verdict for parity in verified.parities] == [ParityVerdict.IDENTICAL]
    assert "was not created" in verified.failures["virtual-pi:4"]
    with pytest.raises(ConfigError, match="--delegate gpu is for phones"):
        api.verify(bundle, ["local", "virtual-pi:4"], delegate="gpu")


@pytest.mark.parametrize("name", ["gone", "file"])
def test_what_is_no_bundle_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match="is no folder"):
        api.verify(tmp_path / name)
    with pytest.raises(SourceError, match="is no bundle"):
        api.verify(tmp_path)


def step(**fields: Any) -> dict[str, Any]:
    event = {"event": "step", "vector": "noise", "step": "output", "tensor": "y", "elements": 4, "ok": True}
    return {**event, "different": 0, "largest": 0.0, "allowed": 0.0, **fields}


def test_what_a_check_printed_becomes_a_parity(golden: Golden) -> None:
    events = [
        {"event": "files", "damaged": []},
        {"event": "runtime", "delegate": "none", "runtime": "x"},
        step(different=2, largest=0.5, allowed=1.0, same_top1=True),
        step(different=1, largest=None, allowed=1.0),
        {"event": "end", "verdict": "within tolerance", "reason": "", "vectors": 1},
    ]
    parity = read_parity(events, folder="b", golden=golden, device=BOARD)
    assert (parity.verdict, parity.vectors, parity.delegate) == (ParityVerdict.WITHIN, 1, "none")
    assert (parity.steps[0].same_top1, parity.steps[1].same_top1) == (True, None)
    assert np.isnan(parity.steps[1].largest)
    assert parity.reason.startswith("2 of the answers differ, by at most 50% of what is allowed; ")


def test_a_check_without_a_verdict_is_a_fault_of_the_target(golden: Golden) -> None:
    with pytest.raises(TargetError, match="on pi@board ended without a verdict"):
        read_parity([{"event": "files", "damaged": []}], folder="b", golden=golden, device=BOARD)


@pytest.fixture
def lean(board: ssh_server.Server, tmp_path: Path) -> Path:
    """Packages of the board's Python: the runtime and NumPy, no Pillow."""
    packages, there = tmp_path / "packages", Path(sysconfig.get_path("purelib"))
    packages.mkdir()
    for found in there.iterdir():
        if found.name.startswith(("numpy", "ai_edge_litert")):
            (packages / found.name).symlink_to(found)
    made = tmp_path / "lean"
    base = Path(sys.base_prefix) / "bin" / "python3"
    subprocess.run([base, "-m", "venv", "--without-pip", made], check=True)
    (next(made.glob("lib/*/site-packages")) / "more.pth").write_text(f"{packages}\n", encoding="utf-8")
    board.login(f"PATH='{made / 'bin'}':/usr/bin:/bin")
    return packages


@pytest.mark.slow
def test_over_ssh_the_same_and_what_decodes_images_is_lent(
    bundle: Path, lean: Path, board: ssh_server.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An installation in the folder is not sent. Where Pillow cannot be fetched, the rest is compared."""
    (bundle / ".venv").mkdir()
    (bundle / ".venv" / "large").write_bytes(b"0" * 1000)
    with monkeypatch.context() as offline:
        offline.setenv("XDG_CACHE_HOME", str(tmp_path / "nothing is kept"))
        offline.setenv("PIP_NO_INDEX", "1")
        (parity,) = api.verify(bundle, "ssh:board").parities
    assert parity.verdict is ParityVerdict.IDENTICAL
    assert parity.device is not None
    assert parity.device.target == "ssh:board"
    assert {step.step for step in parity.steps} == {"raw", "input", "output"}
    (skipped,) = parity.skipped
    assert skipped.startswith("decoded images: Pillow is not installed there, and cannot be lent: there is no wheel of")

    (parity,) = api.verify(bundle, "ssh:board").parities
    if parity.skipped and "was not reached" in parity.skipped[0]:
        pytest.skip(f"needs the package: {parity.skipped[0]}")
    assert (parity.verdict, parity.skipped) == (ParityVerdict.IDENTICAL, ())
    assert sum(step.step == "pixels" for step in parity.steps) == parity.vectors
    assert board.left() == []
