"""Golden vectors of one model: made pictures or values and real samples, run by the real runtime in a worker."""

from __future__ import annotations

import io
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from litesmith.bundle.golden import MadeVector, affordable, exact, finite, tolerances, write_vectors
from litesmith.bundle.job import Picture
from litesmith.bundle.pictures import pictures
from litesmith.bundle.vectors import Array, values
from litesmith.core.audit import Precision
from litesmith.core.errors import BundleError
from litesmith.core.files import write_text
from litesmith.core.golden import GOLDEN_FILE, GOLDEN_VERSION, Golden
from litesmith.core.isolated import Worker
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.results import Finding, Severity
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.data.arrays import is_normalized
from litesmith.data.images import ImagePlan
from litesmith.data.inputs import takes_integers
from litesmith.report.encode import to_json
from litesmith.runtime.answering import Answers
from litesmith.runtime.feeding import match

_TIMEOUT_S = 600.0
_REAL_SAMPLES = 2
_FIRST = 3
"""Made vectors before the real samples: what comes last is left out where all would take too much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The model that golden vectors are made of.

    Attributes:
        path: The file that is run here.
        file_name: Name of the model in the bundle.
        sha256: Of the model in the bundle, which an accelerator's compiler may have made from `path`.
        precision: What it computes in.
        inputs: As fed.
        outputs: As answered.
        preprocessing: How samples become inputs.
        picture: How pictures become the input; None for a model that takes tensors.
    """

    path: Path
    file_name: str
    sha256: str
    precision: Precision
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    preprocessing: Preprocessing
    picture: Picture | None

    @property
    def normalized(self) -> tuple[bool, ...]:
        """For each input, whether scale and offset apply to it."""
        several = len(self.inputs) > 1
        return tuple(is_normalized(spec, spec.sample_shape, several=several) for spec in self.inputs)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sketch:
    """A vector before the model ran."""

    name: str
    about: str
    raw: tuple[Array, ...]
    image: bytes = b""
    pixels: Array | None = None


def make_golden(
    subject: Subject, folder: Path, worker: Worker, *, samples: SampleSet | None, seed: int
) -> tuple[Golden, tuple[Finding, ...]]:
    """Write golden vectors below a folder and return their record, and what was left out.

    Raises:
        EvaluationError: the runtime cannot run the model.
        BundleError: it answers none of the vectors with numbers.
        OutputError: the folder cannot be written.
    """
    made = _made(subject, worker, seed)
    sketches = [*made[:_FIRST], *_real(subject, samples), *made[_FIRST:]]
    found: Answers = worker.call(
        "litesmith.runtime.answering:answers",
        timeout_s=_TIMEOUT_S,
        path=subject.path,
        raws=[sketch.raw for sketch in sketches],
        normalized=subject.normalized,
        preprocessing=subject.preprocessing,
    )
    vectors, findings = [], []
    for sketch, answered in zip(sketches, found.vectors, strict=True):
        if isinstance(answered, str):
            findings.append(_left_out(sketch.name, f"the runtime refused it: {answered}"))
            continue
        vector = MadeVector(
            name=sketch.name,
            about=sketch.about,
            image=sketch.image,
            pixels=sketch.pixels,  # type: ignore[arg-type]
            raw=sketch.raw,
            inputs=answered.inputs,
            outputs=answered.outputs,
        )
        if finite(vector):
            vectors.append(vector)
        else:
            findings.append(_left_out(sketch.name, "an answer is NaN or infinite, on which processors do not agree"))
    if not vectors:
        raise BundleError(
            f"no golden vectors can be made of {subject.path.name}: {findings[0].message}",
            hint="Give real samples with --data, or look at the model with `litesmith inspect`.",
        )
    kept = affordable(vectors)
    written = write_vectors(folder, kept, inputs=subject.inputs, outputs=subject.outputs)
    golden = Golden(
        schema_version=GOLDEN_VERSION,
        model=subject.file_name,
        model_sha256=subject.sha256,
        exact=exact(subject.precision),
        delegate=found.delegate,
        runtime=found.runtime,
        machine=platform.machine(),
        tolerances=tolerances(subject.precision, found.sensitivity),
        vectors=written,
    )
    write_text(folder / GOLDEN_FILE, to_json(golden))
    return golden, tuple(findings)


def _left_out(name: str, why: str) -> Finding:
    return Finding(
        code="golden-vector-left-out",
        severity=Severity.INFO,
        message=f"golden vector '{name}' was left out: {why}",
        hint="Give real samples with --data, if too few are left.",
    )


def _made(subject: Subject, worker: Worker, seed: int) -> list[_Sketch]:
    """Return vectors from made pictures, decoded and resized as samples are, or from made values."""
    if subject.picture is None:
        made = values(
            subject.inputs,
            plain=[takes_integers(spec) for spec in subject.inputs],
            preprocessing=subject.preprocessing,
            seed=seed,
            normalized=subject.normalized,
        )
        return [_Sketch(name=entry.name, about=entry.about, raw=entry.raw) for entry in made]
    picture = subject.picture
    plan = ImagePlan(
        height=picture.height,
        width=picture.width,
        channels=picture.channels,
        swap=picture.swap,
        layout=picture.layout,
        resize=picture.resize,
        crop=picture.crop,
    )
    sketches = []
    with tempfile.TemporaryDirectory(prefix="litesmith-") as folder:
        for entry in pictures(picture.height, picture.width, seed=seed):
            file = Path(folder) / f"{entry.name}.png"
            file.write_bytes(_png(entry.pixels))
            pixels, raw = worker.call("litesmith.data.decode:read_steps", file=file, plan=plan)
            sketches.append(
                _Sketch(name=entry.name, about=entry.about, raw=(raw,), image=file.read_bytes(), pixels=pixels)
            )
    return sketches


def _png(pixels: Array) -> bytes:
    from PIL import Image

    stored = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stored, format="png", optimize=True)
    return stored.getvalue()


def _real(subject: Subject, samples: SampleSet | None) -> list[_Sketch]:
    """Return vectors from the user's samples, as they are after decoding and resizing."""
    if samples is None:
        return []
    places = match(samples, subject.inputs)
    rows: Sequence[int] = sorted({int(row) for row in np.linspace(0, samples.count - 1, _REAL_SAMPLES)})
    return [
        _Sketch(
            name=f"sample-{number}",
            about="one of the user's samples, resized if it was an image",
            raw=tuple(np.array(samples.raw(place)[row]) for place in places),
        )
        for number, row in enumerate(rows, 1)
    ]
