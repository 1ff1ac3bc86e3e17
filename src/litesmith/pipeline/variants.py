"""All variants of one float model: built, evaluated and timed. One that fails is reported and the run goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from litesmith.core.corrections import CorrectionTrial
from litesmith.core.errors import LitesmithError, OutputError
from litesmith.core.files import place, sha256_file
from litesmith.core.names import unknown
from litesmith.core.registry import plugin_names
from litesmith.core.results import Evaluation, Finding, Status, Variant
from litesmith.core.samples import SampleSet
from litesmith.core.verdict import DEFAULT_MAX_DROP
from litesmith.evaluate.collect import Answers, answer
from litesmith.evaluate.score import evaluate
from litesmith.pipeline.auditing import audited, state_minimum_runtime
from litesmith.pipeline.benchmarking import benchmarks_of, with_benchmarks
from litesmith.pipeline.calibration import Calibrated
from litesmith.pipeline.correcting import corrected
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.run import Run
from litesmith.quantize.build import Built, scheme_named
from litesmith.quantize.scheme import PACKAGE, Interface

REFERENCE = "float32"
FOLDER = "variants"
_MODEL = "model.tflite"


def wanted_schemes(names: Sequence[str]) -> tuple[str, ...]:
    """Return the schemes to build: the reference first, each once.

    Raises:
        UnknownNameError: no such scheme; the hint names the nearest.
    """
    for name in names:
        if name not in plugin_names(PACKAGE):
            raise unknown("scheme", name, plugin_names(PACKAGE))
    return tuple(dict.fromkeys((REFERENCE, *names)))


def interface_named(name: str) -> Interface:
    """Return the number type of inputs and outputs.

    Raises:
        UnknownNameError: none of that name.
    """
    known = {member.value: member for member in Interface}
    if name not in known:
        raise unknown("interface", name, known)
    return known[name]


def needs_calibration(names: Sequence[str]) -> bool:
    """Tell whether a scheme among them needs ranges."""
    return any(scheme_named(name).calibrated for name in names)


def build_all(run: Run, model: FloatModel, calibrated: Calibrated | None, schemes: Sequence[str]) -> list[Variant]:
    """Return every variant, written to `variants/` in the output folder."""
    variants = []
    with run.telling("quantize") as tell:
        for done, name in enumerate(schemes, start=1):
            variants.append(build_one(run, model, calibrated, name))
            tell(done, len(schemes))
    return variants


def build_one(run: Run, model: FloatModel, calibrated: Calibrated | None, name: str, *, label: str = "") -> Variant:
    """Return one variant, built or with the reason why not; `label` names one whose scheme is built twice."""
    label = label or name
    scheme = scheme_named(name)
    interface = interface_named(run.settings.interface)
    ranges = None
    if scheme.calibrated and calibrated is not None:
        ranges = calibrated.ranges(scheme.activation_bits)

    better: Path | None = None
    tried: tuple[CorrectionTrial, ...] = ()

    def make(folder: Path) -> Built:
        if better is not None:
            made: Built = run.pool.workers[0].call(
                "litesmith.quantize.build:finish",
                model=better,
                out=folder / _MODEL,
                scheme=name,
                interface=interface,
            )
        else:
            made = run.pool.workers[0].call(
                "litesmith.quantize.build:build",
                float_model=model.path,
                out=folder / _MODEL,
                scheme=name,
                ranges=ranges,
                interface=interface,
            )
        if scheme.recipe is not None:
            state_minimum_runtime(folder / _MODEL)
        return made

    try:
        if scheme.correctable and calibrated is not None:
            better, tried = corrected(run, model, calibrated, scheme=scheme, interface=interface)
        key = {
            "float": model.conversion.sha256,
            "scheme": name,
            "interface": interface,
            "ranges": ranges if ranges is None else {k: list(v) for k, v in ranges.items()},
            "corrected": "" if better is None else sha256_file(better),
        }
        kept = run.step("quantize", key, Built, make, version=5)
    except OutputError:
        raise
    except LitesmithError as error:
        return Variant(scheme=label, status=Status.FAILED, reference=name == REFERENCE, reason=error.message)
    file = f"{FOLDER}/{label}.tflite"
    digest = sha256_file(kept.folder / _MODEL)
    final = run.folder / file
    if not final.exists() or sha256_file(final) != digest:
        place(kept.folder / _MODEL, final)
    built = kept.value
    variant = Variant(
        scheme=label,
        status=Status.OK,
        reference=name == REFERENCE,
        file=file,
        sha256=digest,
        size_bytes=built.size_bytes,
        calibrator=calibrated.record.calibrator if calibrated is not None and scheme.activation_bits == 8 else "",
        corrections=tried,
        inputs=built.inputs,
        outputs=built.outputs,
        op_counts=built.op_counts,
        float_ops=built.float_ops,
    )
    return audited(run, variant, scheme, interface)


def failed(variant: Variant, reason: str) -> Variant:
    """Return the variant as one that cannot be used."""
    return replace(variant, status=Status.FAILED, reason=reason, evaluation=None, benchmarks=())


def evaluate_all(run: Run, variants: Sequence[Variant], samples: SampleSet) -> list[Variant]:
    """Return the variants with their evaluations. The first is the reference; if it fails, so does the run.

    Raises:
        EvaluationError: the reference cannot be run.
        DatasetError: the labels are not the model's.
        UserError: the metric does not apply.
    """
    done: list[Variant] = []
    reference: Answers | None = None
    for variant in variants:
        if variant.status is not Status.OK:
            done.append(variant)
            continue
        try:
            answers = answers_of(run, variant.scheme, run.folder / variant.file, variant.sha256, samples)
        except LitesmithError as error:
            if reference is None:
                raise
            done.append(failed(variant, error.message))
            continue
        reference = reference or answers
        done.append(replace(variant, evaluation=scored(run, answers, reference, samples)))
    return done


def answers_of(run: Run, label: str, model: Path, digest: str, samples: SampleSet) -> Answers:
    """Return a model's answers, from this run or an earlier one."""

    def make(folder: Path) -> Answers:
        with run.telling(f"evaluate {label}") as tell:
            return answer(model, samples, pool=run.pool, folder=folder, on_progress=tell)

    kept = run.step("evaluate", {"model": digest, "samples": samples.digest}, Answers, make, version=2)
    return replace(kept.value, files=tuple(kept.folder / file.name for file in kept.value.files))


def scored(run: Run, answers: Answers, reference: Answers, samples: SampleSet) -> Evaluation:
    """Return the evaluation of a model's answers."""
    settings = run.settings
    return evaluate(
        answers,
        reference,
        labels=samples.labels,
        margin=DEFAULT_MAX_DROP if settings.max_drop is None else settings.max_drop,
        primary=settings.metric,
        output=settings.output,
    )


def benchmark_all(run: Run, variants: Sequence[Variant]) -> tuple[list[Variant], tuple[Finding, ...]]:
    """Return the variants with latency and memory on every target, and what came of targets that failed.

    Raises:
        TargetError: no target could be measured.
    """
    usable = [variant for variant in variants if variant.status is Status.OK]
    files = {variant.scheme: run.folder / variant.file for variant in usable}
    measured = benchmarks_of(run, files, {variant.scheme: variant.sha256 for variant in usable})
    return with_benchmarks(variants, measured), measured.findings
