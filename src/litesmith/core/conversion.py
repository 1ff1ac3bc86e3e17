"""How a model was converted: every rung that was tried, and why one failed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from litesmith.core.tensors import TensorSpec


class AttemptOutcome(Enum):
    """What became of one rung of the ladder."""

    CONVERTED = "converted"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMED_OUT = "timed out"
    CHANGED_ANSWERS = "changed answers"
    NOT_ALLOWED = "not allowed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One rung of the ladder that was tried.

    Attributes:
        rung: Its name.
        title: What it does, in a few words.
        why: Why it was tried, in one sentence.
        outcome: What became of it.
        cause: Name of the cause in the catalogue, `unknown`, or empty when nothing failed.
        message: First cause, in one line; what it asks for, when it would convert and was not allowed; else empty.
        duration_s: Wall time.
    """

    rung: str
    title: str
    why: str
    outcome: AttemptOutcome
    cause: str
    message: str
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why a model cannot be converted or opened, in terms of the user's model.

    Attributes:
        cause: Name in the catalogue, or `unknown`.
        title: What went wrong, in a few words.
        where: The user's layers or ops it lies in, such as `text_vectorization (TextVectorization)`.
        why: The reason, in a sentence or two.
        remedy: What to change.
        code: Lines of Python that show the change; empty where none helps.
        cured_by: The rung of the ladder that cures it; empty when only the user can.
        source: Where this is documented or comes from.
        evidence: The first cause as TensorFlow or Keras put it.
    """

    cause: str
    title: str
    where: tuple[str, ...]
    why: str
    remedy: str
    code: str
    cured_by: str
    source: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectOps:
    """What a .tflite with ops of TensorFlow itself (select TF ops, Flex) asks of the app.

    Attributes:
        ops: TensorFlow ops that have no TFLite kernel.
        layers: The user's layers they come from, as far as known; in the order of the model.
        app_bytes: What the dependency adds to an Android app for arm64, uncompressed; see docs/convert.md.
        dependency: The artifact that the app needs.
        avoid: How to do without.
    """

    ops: tuple[str, ...]
    layers: tuple[str, ...]
    app_bytes: int
    dependency: str
    avoid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The one float32 .tflite and the proof that it answers like the source.

    Attributes:
        file: Path of the .tflite, relative to the output folder where there is one.
        sha256: Of that file.
        size_bytes: Of that file.
        route: The rung that made it, or `none` when the source is a .tflite.
        attempts: Every rung that was tried, in order; the last one made the file.
        select_ops: What the app has to bring along for TensorFlow's own ops; None when the file needs none of them.
        batch: Batch size, -1 when dynamic.
        signature: Name of the signature.
        inputs: In signature order.
        outputs: In signature order.
        duration_s: Wall time of opening and converting.
        check_samples: Samples the source and the .tflite were compared on; 0 when there was nothing to compare.
        check_source: What those samples were: a dataset, or random values when none was given.
        max_abs_difference: Largest absolute difference over all outputs; None when not compared.
        max_rel_difference: The same divided by the largest absolute value of the source's output.
        top1_agreement: Fraction of samples with the same top-1; None when outputs are not class scores.
    """

    file: str
    sha256: str
    size_bytes: int
    route: str
    attempts: tuple[Attempt, ...]
    batch: int
    signature: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    duration_s: float
    check_samples: int = 0
    check_source: str = ""
    max_abs_difference: float | None = None
    max_rel_difference: float | None = None
    top1_agreement: float | None = None
    select_ops: SelectOps | None = None
