"""Builds the models, sends them through `litesmith convert`, and judges what came out.

One process builds, one TensorFlow process converts them all; the next model is built while one is converted.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType

from gauntlet.saving import SAMPLES
from gauntlet_expectations import Expected

from litesmith.convert.session import Converter
from litesmith.core.conversion import Attempt
from litesmith.core.errors import LitesmithError
from litesmith.core.isolated import Worker
from litesmith.pipeline import convert as convert_verb
from litesmith.pipeline import float_model
from litesmith.pipeline import quantize as quantize_verb
from litesmith.pipeline.settings import Settings
from litesmith.runtime.flatbuffer import read_graph

MODELS = Path(__file__).parents[1] / "models"
_CHECKED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What became of a model.

    Attributes:
        converts: Whether there is a .tflite.
        by: The rung that made it, or the cause of the refusal, or else the class of the error.
        attempts: Every rung that was tried.
        difference: Largest relative difference to the source; None where none was measured.
        samples: How many samples that was measured on.
        ops: Operators in the .tflite.
        where: The user's layers, as diagnosed.
        message: Of the refusal.
        hint: Of the refusal, or the cause's remedy.
    """

    converts: bool
    by: str
    attempts: tuple[Attempt, ...] = ()
    difference: float | None = None
    samples: int = 0
    ops: int = 0
    where: tuple[str, ...] = ()
    message: str = ""
    hint: str = ""


def disagreement(expected: Expected, found: Found) -> str:
    """Return in what a model's outcome is not the expected one; nothing where it is."""
    wanted = (
        f"{expected.name} was to {'convert by rung' if expected.converts else 'be refused with cause'} {expected.by}"
    )
    if found.converts != expected.converts:
        came = f"converted by rung {found.by}" if found.converts else f"was refused with {found.by}: {found.message}"
        return f"{wanted}, and {came}"
    if found.by != expected.by:
        return f"{wanted}, and it was {found.by}. {found.message}".strip()
    if found.converts:
        return _doubt(expected, found, wanted)
    if expected.where and not any(expected.where in place for place in found.where):
        return f"{wanted} in {expected.where}, and the diagnosis names {list(found.where)}"
    if expected.says not in found.message:
        return f"{wanted}, saying {expected.says!r}; it says {found.message!r}"
    if not found.message or not found.hint:
        return f"{wanted}, and the user is not told what to do: {found.message!r}, hint {found.hint!r}"
    return ""


def _doubt(expected: Expected, found: Found, wanted: str) -> str:
    """Return why a conversion by the expected rung is none to rely on."""
    if found.attempts and found.attempts[-1].rung != found.by:
        return f"{wanted}, and its last attempt is {found.attempts[-1].rung}"
    if len(found.attempts) > 1 and not all(attempt.cause or attempt.message for attempt in found.attempts[:-1]):
        return f"{wanted}, and a rung before it failed without a cause"
    if expected.by != "none" and (found.difference is None or found.samples < _CHECKED):
        return f"{wanted}, and its answers were compared on {found.samples} samples"
    return "" if found.ops else f"{wanted}, and the file has no operators"


class Gauntlet:
    """The two processes.

    Args:
        folder: To work in.
        order: The models that will be asked for, so that the next can be built ahead.
    """

    def __init__(self, folder: Path, order: Sequence[Expected]) -> None:
        self.folder = folder
        self.found: dict[str, Found] = {}
        self._order = list(order)
        self._building: dict[str, Future[Path]] = {}
        self._thread = ThreadPoolExecutor(1)
        self._builder = Worker(
            "builder",
            environment={"PYTHONPATH": str(MODELS), "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": "-1"},
        )
        self._converter = Converter()
        self._converter.start()

    def __enter__(self) -> Gauntlet:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both processes."""
        self._thread.shutdown(cancel_futures=True)
        self._builder.__exit__(kind, error, trace)
        self._converter.__exit__(kind, error, trace)

    def run(self, expected: Expected) -> Found:
        """Return what becomes of a model; it is built, converted and removed."""
        if expected.name not in self.found:
            path = self._built(expected).result()
            ahead = self._order.index(expected) + 1 if expected in self._order else len(self._order)
            if ahead < len(self._order):
                self._built(self._order[ahead])
            self.found[expected.name] = self._outcome(expected, path)
            shutil.rmtree(self.folder / expected.name)
        return self.found[expected.name]

    def _built(self, expected: Expected) -> Future[Path]:
        if expected.name not in self._building:
            self._building[expected.name] = self._thread.submit(self._build, expected)
        return self._building[expected.name]

    def _build(self, expected: Expected) -> Path:
        folder = self.folder / expected.name / "source"
        folder.mkdir(parents=True)
        path: Path = self._builder.call(f"gauntlet.{expected.subject}:{expected.builder}", timeout_s=300, folder=folder)
        return path

    def _outcome(self, expected: Expected, path: Path) -> Found:
        samples = self.folder / expected.name / "source" / SAMPLES
        settings = replace(
            Settings(),
            model=str(path),
            data=str(samples) if samples.is_file() else "",
            out=str(self.folder / expected.name / "out.tflite"),
            jobs=1,
            **expected.settings,
        )
        try:
            if expected.verb == "quantize":
                quantize_verb.quantize(replace(settings, out=str(self.folder / expected.name / "out")))
                return Found(converts=True, by="quantize")
            return self._convert(settings)
        except LitesmithError as error:
            found = error.diagnosis
            return Found(
                converts=False,
                by=found.cause if found else type(error).__name__,
                attempts=getattr(error, "attempts", ()),
                where=found.where if found else (),
                message=error.message,
                hint=error.hint or (found.remedy if found else ""),
            )

    def _convert(self, settings: Settings) -> Found:
        """Do what `litesmith convert` does, but in the TensorFlow process that is there."""
        converter = self._converter

        class Conversions(float_model.Conversions):
            def _session(self) -> Converter:
                return converter

        before = convert_verb.Conversions
        convert_verb.Conversions = Conversions  # type: ignore[misc]
        try:
            made = convert_verb.convert(settings).conversion
        finally:
            convert_verb.Conversions = before  # type: ignore[misc]
        return Found(
            converts=True,
            by=made.route,
            attempts=made.attempts,
            difference=made.max_rel_difference,
            samples=made.check_samples,
            ops=sum(len(graph.ops) for graph in read_graph(Path(made.file)).subgraphs),
        )
