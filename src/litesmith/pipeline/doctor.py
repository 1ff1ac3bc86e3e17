"""`litesmith doctor`: what is installed, what is missing, and the command that installs it."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from litesmith.core.deployment import Environment
from litesmith.core.environment import environment, version_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that should be there.

    Attributes:
        name: Package or fact.
        found: Version or value; empty when missing.
        needed_for: What does not work without it.
        remedy: Command that mends it; empty when nothing needs mending.
        required: Whether Litesmith does not work at all without it.
    """

    name: str
    found: str
    needed_for: str
    remedy: str
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The state of this installation; `healthy` when nothing required is missing."""

    healthy: bool
    checks: tuple[Check, ...]
    environment: Environment


_PACKAGES = (
    ("ai-edge-litert", "2.3", "running .tflite files", "pip install ai-edge-litert", True),
    ("litert-quantizer", "0.11", "making variants", "pip install litert-quantizer", True),
    ("numpy", "1.26", "everything", "pip install numpy", True),
    ("pillow", "11.0", "decoding images", "pip install pillow", True),
    ("tensorflow", "2.21", "Keras models and SavedModels", "pip install 'tensorflow>=2.21' 'tf-keras>=2.21'", False),
    ("keras", "3.12", "Keras models", "pip install 'tensorflow>=2.21' 'tf-keras>=2.21'", False),
    ("tf-keras", "2.21", "files written by Keras 2", "pip install 'tensorflow>=2.21' 'tf-keras>=2.21'", False),
)


def _at_least(found: str, wanted: str) -> bool:
    def numbers(text: str) -> list[int]:
        return [int("".join(c for c in part if c.isdigit()) or 0) for part in text.split(".")[:2]]

    return numbers(found) >= numbers(wanted)


def doctor() -> Diagnosis:
    """Return what is installed and what is missing. Imports none of it."""
    version = sys.version_info
    fits = (3, 10) <= version[:2] <= (3, 13)
    checks = [
        Check(
            name="python",
            found=platform.python_version(),
            needed_for="everything",
            remedy="" if fits else "install Python 3.10 to 3.13: TensorFlow and LiteRT have packages for these",
            required=True,
        )
    ]
    for name, least, needed_for, command, required in _PACKAGES:
        found = version_of(name) or ""
        fine = bool(found) and _at_least(found, least)
        checks.append(
            Check(
                name=f"{name} >= {least}",
                found=found,
                needed_for=needed_for,
                remedy="" if fine else command.replace("pip install", "pip install -U") if found else command,
                required=required,
            )
        )
    return Diagnosis(
        healthy=not any(check.required and check.remedy for check in checks),
        checks=tuple(checks),
        environment=environment(seed=0),
    )
