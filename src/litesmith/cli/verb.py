"""What a verb of the command line is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from litesmith.core.progress import Progress
from litesmith.pipeline.settings import Settings

if TYPE_CHECKING:
    from rich.console import RenderableType

CONVERTING = ("batch", "rung_timeout", "jobs", "seed")
PREPROCESSING = ("preprocess", "resize", "crop", "input_size", "color", "layout", "mean", "std")
QUANTIZING = ("schemes", "interface", "calibrator", "corrections", "calibrate", "calibration_samples")
RECOVERING = ("recover", "recover_epochs", "recover_minutes")
EVALUATING = ("metric", "output", "samples")
SEARCHING = ("goal", "search_evaluations", "search_minutes")
TIMING = ("target", "fleet", "threads", "thread_sweep", "runs", "warmup", "sustain", "benchmark_binary", "cores")
LIMITS = ("max_drop", "max_size", "max_latency")
MANY = -1
"""One model or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a verb gives back.

    Attributes:
        record: Written by `--json`.
        text: Shown otherwise.
        check: Called after showing; raises when the outcome is to end with an error code.
    """

    record: object
    text: RenderableType
    check: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One verb.

    Attributes:
        name: As typed.
        summary: One line for `litesmith --help`.
        models: How many models it takes: 0, 1, 2 or `MANY` for one or more.
        meanings: What a setting, or the model, means to this verb where that is not what it means to the others.
        words: What it takes in place of models: metavar and meaning of each; one in brackets may be left out.
        settings: Names of the settings it takes.
        run: Does it; imports what it needs. Is given the models, or the words.
        left_out: Returns which settings of a project file do not count, given what `--for` says.
    """

    name: str
    summary: str
    models: int
    settings: tuple[str, ...]
    run: Callable[[Settings, Sequence[str], Progress], Outcome]
    words: tuple[tuple[str, str], ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()
    left_out: Callable[[str], frozenset[str]] = lambda _: frozenset()


def escaped(text: Any) -> str:
    """Return text from a model or a dataset with control characters made visible, for the terminal."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in str(text))
