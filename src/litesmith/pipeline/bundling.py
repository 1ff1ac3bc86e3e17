"""`litesmith bundle`: one model with all that a device needs to run it and to prove that it answers the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from litesmith.bundle import job as jobs
from litesmith.bundle.card import card_of, name_of
from litesmith.bundle.classes import gives_classes
from litesmith.bundle.installation import WHEELHOUSE, write_installation
from litesmith.bundle.kind import KIND, PACKAGE, Kind
from litesmith.bundle.kotlin_support import ARTIFACTS
from litesmith.bundle.manifest import manifest_of, write_manifest
from litesmith.bundle.pins import Pin, pins_for, require_pinned
from litesmith.core.audit import Audit
from litesmith.core.bundle import Bundled
from litesmith.core.connecting import connect
from litesmith.core.deployment import Deployment
from litesmith.core.errors import ConfigError, TargetError
from litesmith.core.files import sha256_file, write_text
from litesmith.core.golden import GOLDEN_FILE, GOLDEN_FOLDER, Golden, Tolerance
from litesmith.core.names import unknown
from litesmith.core.progress import Progress, silent
from litesmith.core.registry import load_plugin, plugin_names
from litesmith.core.results import Finding
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.pipeline.auditing import audit_of
from litesmith.pipeline.bundle_facts import Feeding, feeding_of, read_labels, report_beside
from litesmith.pipeline.bundle_folder import filling, require_free
from litesmith.pipeline.bundle_metadata import require_describable, with_metadata
from litesmith.pipeline.bundle_options import class_of, require_applying, require_names, runtime_notes
from litesmith.pipeline.datasets import load
from litesmith.pipeline.edge_tpu import compiled_for_edge_tpu, require_delegate, require_not_compiled
from litesmith.pipeline.golden_making import Subject, make_golden
from litesmith.pipeline.run import Run
from litesmith.pipeline.settings import FIELDS, Settings, flag
from litesmith.remote.wheels import gather_wheels
from litesmith.report.encode import to_json
from litesmith.sources.recognise import require_tflite

_THREADS = 4
"""Of the bundle's module, where the user names none: as many as a Raspberry Pi has cores."""
_ACCELERATOR_STEPS = 8.0
"""Integer steps by which an accelerator's answers may differ; not measured, as none was at hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What was checked before any work began."""

    model: Path
    digest: str
    name: str
    report: Deployment | None
    notes: tuple[Finding, ...]
    kind: Kind
    typed_kind: str
    labels: tuple[str, ...]
    python: str
    machine: str
    out: Path


def bundle(settings: Settings, *, progress: Progress = silent) -> Bundled:
    """Make a bundle under another name, and rename it when it is whole.

    Raises:
        UserError: the model, an option or the output folder cannot be used.
        EvaluationError: the model cannot be run, so that there is nothing to compare answers with.
        BundleError: the kind of bundle cannot serve this model.
        TargetError: the target that was to be asked for its Python cannot be reached.
    """
    plan = _planned(settings)
    with (
        filling(plan.out, replace=settings.replace) as folder,
        tempfile.TemporaryDirectory(prefix="litesmith-") as work,
        Run(settings, folder=Path(work), progress=progress) as run,
    ):
        return _made(run, plan, folder)


def _planned(settings: Settings) -> _Plan:
    """Check all that can be checked without work."""
    if not settings.model:
        raise ConfigError("no .tflite was given", hint="Type: litesmith bundle MODEL.tflite --for raspberry-pi")
    model = Path(settings.model)
    require_tflite(model)
    kinds = [name.replace("_", "-") for name in plugin_names(PACKAGE)]
    if not settings.for_:
        raise ConfigError("what the bundle is for was not given", hint=f"Give --for {' or --for '.join(kinds)}.")
    if settings.for_ not in kinds:
        raise unknown(KIND, settings.for_, kinds)
    kind: Kind = load_plugin(PACKAGE, settings.for_.replace("-", "_"), kind=KIND)
    require_applying(settings, kind)
    require_delegate(settings.delegate)
    labels = read_labels(settings.labels)
    python, machine = _asked(settings) if kind.installs else ("", "")
    if kind.installs:
        pins_for(python, machine, images=True)
    require_names(settings, kind)
    if kind.require is not None:
        kind.require(model)
    digest = sha256_file(model)
    report, notes = report_beside(model, digest)
    name = name_of(model, digest, report)
    out = Path(settings.out)
    if settings.out == FIELDS["out"].default:
        out = Path(f"{jobs.module_name(Path(name))}-{settings.for_}")
    require_free(out, replace=settings.replace)
    return _Plan(
        model=model.resolve(),
        digest=digest,
        name=name,
        report=report,
        notes=notes,
        kind=kind,
        typed_kind=settings.for_,
        labels=labels,
        python=python,
        machine=machine,
        out=out,
    )


def _asked(settings: Settings) -> tuple[str, str]:
    """Return Python and architecture the wheelhouse is for: as typed, or as the target says."""
    if settings.target == FIELDS["target"].default:
        return settings.python, settings.machine
    if len(settings.target) != 1:
        raise ConfigError("a wheelhouse is for one machine", hint="Give one --target, or --python and --machine.")
    typed = next((name for name in ("python", "machine") if getattr(settings, name) != FIELDS[name].default), "")
    if typed:
        raise ConfigError(
            f"--target asks the board for what {flag(typed)} says", hint=f"Leave one of --target and {flag(typed)} out."
        )
    session = connect(settings.target[0])
    try:
        found = session.preflight()
    finally:
        session.close()
    facts = found.facts
    python = ".".join(facts.python.split(".")[:2])
    if not python or not facts.machine:
        raise TargetError(
            f"{settings.target[0]} does not say which Python and architecture it has",
            hint="Give --python and --machine.",
        )
    return python, "aarch64" if facts.machine == "arm64" else facts.machine


def _made(run: Run, plan: _Plan, folder: Path) -> Bundled:
    """Fill the folder of a bundle."""
    settings, worker = run.settings, run.pool.workers[0]
    with run.telling("look at the model"):
        audit = audit_of(worker, plan.model, digest=plan.digest)
        require_not_compiled(plan.model, audit)
        _, inputs, outputs = worker.call("litesmith.runtime.interpreter:describe", path=plan.model)
    feeding = feeding_of(settings, inputs, plan.report)
    if settings.service and feeding.picture is None:
        raise ConfigError(
            "--service needs a model of images: the unit runs the camera loop",
            hint="Leave --service out, or say --takes images if the model takes them.",
        )
    shipped, tpu_notes = plan.model, tuple[Finding, ...]()
    if settings.delegate != "none":
        shipped, tpu_notes = compiled_for_edge_tpu(plan.model, audit, Path(run.folder))
    card = card_of(
        plan.name,
        audit,
        ends=(inputs, outputs),
        preprocessing=feeding.preprocessing,
        labels=len(plan.labels),
        report=plan.report,
        **({"runtime": ARTIFACTS[settings.runtime]} if settings.package else {}),
    )
    described = tuple[Finding, ...]()
    if settings.metadata:
        require_describable(feeding, card, delegate=settings.delegate)
        shipped = Path(run.folder) / "described" / jobs.file_name(plan.model)
        described = with_metadata(plan.model, card, feeding, audit, labels=plan.labels, out=shipped)
    card = replace(card, sha256=sha256_file(shipped), size_bytes=shipped.stat().st_size)
    subject = _subject(plan, audit, feeding, (inputs, outputs), card.sha256)
    if settings.metadata:  # what is shipped is what answers
        subject = replace(subject, path=shipped)
    samples = _samples(run, inputs)
    images = feeding.picture is not None
    pins = pins_for(plan.python, plan.machine, images=images) if plan.kind.installs else ()
    classifies = images and gives_classes(plan.model, card)
    job = jobs.BundleJob(
        model=shipped,
        file_name=subject.file_name,
        module=jobs.module_name(Path(plan.name)),
        card=card,
        picture=feeding.picture,
        normalized=subject.normalized,
        labels=plan.labels,
        classifies=classifies,
        threads=settings.threads if settings.threads != FIELDS["threads"].default else _THREADS,
        delegate=settings.delegate,
        requirements={pin.package: pin.version for pin in pins},
        python=plan.python if settings.wheelhouse else "",
        service=_service_name(plan, settings),
        wheelhouse=settings.wheelhouse,
        package=settings.package,
        class_name=class_of(settings, plan.name, classifies=classifies or bool(plan.labels), pictures=images),
        runtime=settings.runtime,
        needs=audit.runtimes,
    )
    roles = dict(plan.kind.write(job, folder))
    with run.telling("make golden vectors"):
        golden, left_out = make_golden(subject, folder, worker, samples=samples, seed=settings.seed)
    if settings.delegate != "none":
        golden = _for_accelerator(golden, folder)
    roles |= _golden_roles(folder)
    if plan.kind.installs:
        roles |= write_installation(job, folder)
        if settings.wheelhouse:
            roles |= _wheelhouse(pins, plan, folder, run.progress)
    manifest = manifest_of(folder, kind=plan.typed_kind, card=card, roles=roles, code=plan.kind.code(job))
    signed = write_manifest(folder, manifest, to_json)
    return Bundled(
        folder=str(plan.out),
        manifest=signed,
        vectors=tuple(vector.name for vector in golden.vectors),
        exact=golden.exact,
        tolerances=golden.tolerances,
        delegate=settings.delegate,
        python=plan.python if settings.wheelhouse else "",
        machine=plan.machine if settings.wheelhouse else "",
        findings=(*feeding.findings, *plan.notes, *tpu_notes, *runtime_notes(settings), *described, *left_out),
    )


def _subject(
    plan: _Plan,
    audit: Audit,
    feeding: Feeding,
    ends: tuple[tuple[TensorSpec, ...], tuple[TensorSpec, ...]],
    digest: str,
) -> Subject:
    return Subject(
        path=plan.model,
        file_name=jobs.file_name(plan.model),
        sha256=digest,
        precision=audit.precision,
        inputs=ends[0],
        outputs=ends[1],
        preprocessing=feeding.preprocessing,
        picture=feeding.picture,
    )


def _service_name(plan: _Plan, settings: Settings) -> str:
    return f"litesmith-{jobs.module_name(Path(plan.name))}.service" if settings.service else ""


def _samples(run: Run, inputs: tuple[TensorSpec, ...]) -> SampleSet | None:
    """Return the user's samples in real values, if some were named."""
    if not run.settings.data:
        return None
    real = tuple(replace(spec, dtype="float32") if spec.quantized else spec for spec in inputs)
    return load(run, inputs=real, classes=None, calibrated=False).evaluation


def _golden_roles(folder: Path) -> dict[str, str]:
    files = (path for path in (folder / GOLDEN_FOLDER).rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): "golden" for path in files}


def _for_accelerator(golden: Golden, folder: Path) -> Golden:
    """Loosen golden vectors that the processor made for a model that an accelerator runs."""
    reason = "made by the processor; the accelerator's own rounding was never tested"
    loose = Tolerance(absolute=_ACCELERATOR_STEPS, relative=0.0, reason=reason)
    made = replace(golden, exact=False, tolerances=(loose,) * len(golden.tolerances))
    write_text(folder / GOLDEN_FILE, to_json(made))
    return made


def _wheelhouse(pins: tuple[Pin, ...], plan: _Plan, folder: Path, progress: Progress) -> dict[str, str]:
    """Fill the wheelhouse, and check every wheel against the table it was pinned in."""
    wheels = gather_wheels(
        [f"{pin.package}=={pin.version}" for pin in pins],
        python=plan.python,
        machine=plan.machine,
        folder=folder / WHEELHOUSE,
        progress=progress,
    )
    require_pinned(wheels, pins)
    return {f"{WHEELHOUSE}/{wheel.name}": "wheel" for wheel in wheels}
