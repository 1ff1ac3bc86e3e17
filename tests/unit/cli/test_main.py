from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_calls import Call

from litesmith import __version__
from litesmith.cli.main import main, verbs
from litesmith.cli.progress import Bars
from litesmith.core.errors import TargetError
from litesmith.pipeline import doctor as doctor_module
from litesmith.pipeline.settings import FIELDS, flag


def test_verbs_are_in_the_order_people_meet_them() -> None:
    assert list(verbs()) == [
        "deploy",
        "bundle",
        "verify",
        "convert",
        "quantize",
        "evaluate",
        "benchmark",
        "inspect",
        "compare",
        "debug",
        "device",
        "doctor",
    ]


@pytest.mark.parametrize("verb", list(verbs()))
def test_help_names_every_setting_of_a_verb(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([verb, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert all(flag(name) in shown for name in verbs()[verb].settings)
    assert "--json" in shown


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    for argument, wanted in (("--help", "exit codes: 0 done"), ("--version", f"litesmith {__version__}")):
        with pytest.raises(SystemExit) as ended:
            main([argument])
        assert ended.value.code == 0
        assert wanted in capsys.readouterr().out


def test_verbs_take_settings_that_exist() -> None:
    assert all(name in FIELDS for verb in verbs().values() for name in verb.settings)
    assert {name for verb in verbs().values() for name in verb.settings} | {"model"} == set(FIELDS)


@contextmanager
def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> Iterator[None]:
    def fail() -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(doctor_module, "doctor", fail)
        yield


def test_exit_code_and_lines_of_our_errors(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with failing(monkeypatch, TargetError("pixel is away\nand \x1b[2Jgone", hint="plug it in")):
        done = call("doctor")
    assert (done.code, done.out) == (4, "")
    assert done.err == "error: pixel is away and \\x1b[2Jgone\nhint: plug it in\n"


def test_defects_of_ours_are_owned_up_to(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with failing(monkeypatch, KeyError("lost")):
        done = call("doctor", "--json")
        monkeypatch.setenv("LITESMITH_TRACEBACK", "1")
        with pytest.raises(KeyError):
            main(["doctor"])
    assert done.code == 70
    assert "error: internal error: KeyError: 'lost'" in done.err
    assert "LITESMITH_TRACEBACK=1" in done.err
    assert json.loads(done.out)["error"]["exit_code"] == 70


def test_interrupt(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    with failing(monkeypatch, KeyboardInterrupt()):
        done = call("doctor")
    assert done.code == 130
    assert "interrupted" in done.err
    assert "Traceback" not in done.err


def test_names_from_a_model_cannot_steer_the_terminal(call: Call, yard: Path) -> None:
    (yard / "bad\x1b[31m\n.tflite").write_bytes(b"")
    done = call("inspect", "bad\x1b[31m\n.tflite")
    (yard / "bad\x1b[31m\n.tflite").unlink()
    assert done.code == 2
    assert "\x1b" not in done.err
    assert len(done.err.splitlines()) == 2


@pytest.mark.slow
def test_a_reader_that_leaves_early_is_no_error(yard: Path) -> None:
    command = f"{sys.executable} -m litesmith inspect {yard / 'cnn.tflite'} --json | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_broken_promise_is_exit_code_7_behind_the_whole_audit(call: Call, yard: Path) -> None:
    done = call("inspect", str(yard / "cnn.tflite"), "--expect", "float32", "--expect", "io=int8,ops<=3")
    assert done.code == 7
    assert "CONV_2D" in done.out
    for text in ("io=int8 does not hold: input 'image' is float32", "ops<=3 does not hold: 6 operators"):
        assert text in done.err
    assert call("inspect", str(yard / "cnn.tflite"), "--expect", "float32", "--expect", "ops<=6").code == 0


def test_project_file_beside_is_used_announced_and_overruled(
    call: Call, yard: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "litesmith.toml").write_text(
        f'model = "{yard / "cnn.tflite"}"\nruns = 0\nschemes = "nonsense"\nmax-size = "1MB"\n'
    )
    done = call("benchmark", str(yard / "cnn.tflite"))
    assert done.err.splitlines()[0] == "settings from litesmith.toml: runs"
    assert "--runs is 0" in done.err
    done = call("benchmark", str(yard / "cnn.tflite"), "--runs", "5", "--quiet")
    assert (done.code, done.err) == (0, "")
    done = call("deploy", "--runs", "5")
    assert done.err.splitlines()[0] == "settings from litesmith.toml: model, runs, schemes, max_size"
    assert "unknown scheme 'nonsense'" in done.err
    assert call("doctor").err == "", "a verb without settings reads no project file"


def test_misspelt_setting_in_a_project_file_stops_every_verb_that_reads_it(call: Call, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("scheme = 'int8'\n")
    for verb in ("deploy", "benchmark"):
        done = call(verb, "cnn.tflite", "--project", str(tmp_path / "p.toml"))
        assert done.code == 2
        assert "unknown setting 'scheme'" in done.err
        assert "'schemes'" in done.err


def test_progress_is_one_line_per_stage(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(quiet=False) as progress:
        for done in (0, 1, 2, 2):
            progress("convert", done, 2)
        progress("calibrate", 0, 0)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split(":")[0] for line in shown.err.splitlines()] == ["convert"]


def test_progress_on_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with Bars(quiet=False) as progress:
        progress("con[red]vert", 0, 0)
        progress("con[red]vert", 2, 2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "con[red]vert" in shown.err
    assert "2/2" in shown.err


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Bars(quiet=True) as progress:
        progress("convert", 0, 2)
        progress("convert", 2, 2)
    assert capsys.readouterr().err == ""
