"""Readers of TFLite metadata that are not ours, installed once into a cache folder of the user's.

    reason = missing()                                 why MediaPipe Tasks cannot be had here; empty where it can
    answers = asked("mediapipe_tasks", models, pictures, folder)

The environment is named by what is installed in it and by the Python that runs the tests.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

READERS = Path(__file__).parent / "readers"
_MEDIAPIPE = ("mediapipe==1.2.3", "absl-py", "certifi", "flatbuffers", "numpy==1.26.4", "protobuf==3.20.3")
"""Without what they need for drawing, sound and cameras, which is most of what pip would fetch."""
_SUPPORT = ("tflite-support==0.4.4",)
_INSTALL_S = 600
_RUN_S = 300


def cache_folder() -> Path:
    """Return where the environment is kept."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    what = " ".join((*_MEDIAPIPE, *_SUPPORT, sys.version, sys.platform))
    return base / "litesmith-tests" / f"readers-{hashlib.sha256(what.encode()).hexdigest()[:16]}"


@cache
def missing() -> str:
    """Return why MediaPipe Tasks cannot be had here; empty where it can. Installs what is not in the cache yet."""
    folder = cache_folder()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / "whole").is_file():
            return ""
        shutil.rmtree(folder, ignore_errors=True)
        reason = _installed(folder)
        if reason:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            (folder / "whole").touch()
        return reason


def _installed(folder: Path) -> str:
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "--no-deps", "--disable-pip-version-check"]
    try:
        for command in ([sys.executable, "-m", "venv", str(folder)], [*pip, *_MEDIAPIPE]):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=_INSTALL_S)
    except subprocess.CalledProcessError as error:
        return f"{_MEDIAPIPE[0]} cannot be installed: {error.stderr.strip().splitlines()[-1][:200]}"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{_MEDIAPIPE[0]} cannot be installed: {error}"
    done = subprocess.run([*pip, *_SUPPORT], check=False, capture_output=True, text=True, timeout=_INSTALL_S)
    if done.returncode == 0:
        (folder / "support").touch()
    return ""


def support_missing() -> str:
    """Return why tflite-support cannot be had here, as its wheels end with Python 3.11; empty where it can."""
    reason = missing()
    if reason or (cache_folder() / "support").is_file():
        return reason
    return f"{_SUPPORT[0]} has no wheel for Python {sys.version_info.major}.{sys.version_info.minor}"


def asked(
    reader: str, models: Mapping[str, Path], pictures: Sequence[npt.NDArray[np.uint8]], folder: Path
) -> dict[str, dict[str, Any]]:
    """Return what a reader answers for each model, by its name here."""
    given, answers = folder / f"{reader}.npz", folder / f"{reader}.json"
    np.savez(given, **{f"{number:05}": pixels for number, pixels in enumerate(pictures)})
    run(reader, given, answers, *models.values())
    found = json.loads(answers.read_text(encoding="utf-8"))
    return {name: found[str(path)] for name, path in models.items()}


def run(script: str, *words: object) -> None:
    """Run a script of `readers/` in the environment."""
    command = [cache_folder() / "bin" / "python", READERS / f"{script}.py", *words]
    done = subprocess.run([*map(str, command)], check=False, capture_output=True, text=True, timeout=_RUN_S)
    assert done.returncode == 0, done.stderr[-3000:]
