"""Makes one mixed model of a search as it would be shipped, times several, and turns one into a variant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from litesmith.core.files import place, sha256_file
from litesmith.core.results import Status, Variant
from litesmith.pipeline.auditing import audited, state_minimum_runtime
from litesmith.pipeline.benchmarking import benchmarks_on
from litesmith.pipeline.correction_plan import FINAL
from litesmith.pipeline.fleet import boards_of
from litesmith.pipeline.run import Run
from litesmith.pipeline.search_measuring import Measuring
from litesmith.pipeline.variants import FOLDER
from litesmith.quantize.build import Built, scheme_named
from litesmith.quantize.correction import Moment, correction_named
from litesmith.quantize.scheme import Interface
from litesmith.search.costs import Chosen

_MODEL, _RAW = "model.tflite", "raw.tflite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A mixed model as it would be shipped.

    Attributes:
        path: In the cache.
        sha256: Of the file.
        built: What it became.
        base: The integer variant it was made beside.
        cached: Whether an earlier run had made it.
    """

    path: Path
    sha256: str
    built: Built
    base: Variant
    cached: bool


def candidate(run: Run, measuring: Measuring, chosen: Chosen, *, interface: Interface) -> Candidate:
    """Return the mixed model with a set of units in float and the rest corrected as the integer variant is.

    Raises:
        EvaluationError: it cannot be built or corrected.
    """
    outputs = measuring.outputs(chosen)
    layers = [name for name in measuring.kept if correction_named(name).moment is Moment.LAYER]
    worker = run.pool.workers[0]

    def make(folder: Path) -> Built:
        raw = folder / _RAW
        worker.call(
            "litesmith.quantize.build:build",
            float_model=measuring.float_model,
            out=raw,
            scheme=measuring.scheme.name,
            ranges=measuring.ranges,
            interface=measuring.interface,
            keep_float=outputs,
        )
        if layers:
            worker.call(
                "litesmith.quantize.correcting:correct_layers",
                float_model=measuring.float_model,
                quantized_model=raw,
                out=raw,
                samples=measuring.calibrated.samples,
                rows=measuring.fit[:FINAL],
                corrections=layers,
                seed=run.settings.seed,
            )
        made: Built = worker.call(
            "litesmith.quantize.build:finish",
            model=raw,
            out=folder / _MODEL,
            scheme=measuring.scheme.name,
            interface=interface,
        )
        raw.unlink()
        state_minimum_runtime(folder / _MODEL)
        return made

    key = {**measuring.key, "ends": interface.value, "float": list(outputs), "corrections": list(measuring.kept)}
    kept = run.step("search candidate", key, Built, make, version=1)
    path = kept.folder / _MODEL
    return Candidate(path=path, sha256=sha256_file(path), built=kept.value, base=measuring.base, cached=kept.cached)


def latencies(run: Run, others: Sequence[Variant], candidates: Sequence[Candidate]) -> dict[str, float]:
    """Return the latency on the first target by sha256, all timed interleaved.

    Raises:
        TargetError: the target cannot be reached or fails.
    """
    files = {v.sha256: run.folder / v.file for v in others} | {c.sha256: c.path for c in candidates}
    timed = benchmarks_on(run, boards_of(run.settings)[0], files, {digest: digest for digest in files})
    return {digest: made.typical_ms for digest, made in timed.benchmarks.items() if made.typical_ms is not None}


def variant_of(run: Run, found: Candidate, name: str) -> Variant:
    """Return a candidate as a variant of the run, its file in the output folder."""
    file = f"{FOLDER}/{name}.tflite"
    place(found.path, run.folder / file)
    built = found.built
    variant = Variant(
        scheme=name,
        status=Status.OK,
        file=file,
        sha256=found.sha256,
        size_bytes=built.size_bytes,
        calibrator=found.base.calibrator,
        inputs=built.inputs,
        outputs=built.outputs,
        op_counts=built.op_counts,
        float_ops=built.float_ops,
    )
    scheme = replace(scheme_named(found.base.scheme), promises=())  # not an integer model, and it does not claim to be
    interface = Interface(run.settings.interface)
    return audited(run, variant, scheme, interface)
