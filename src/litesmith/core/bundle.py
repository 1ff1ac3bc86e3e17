"""What a bundle is: a folder to ship, with a manifest that names every file by its sha256 and the model by its card."""

from __future__ import annotations

from dataclasses import dataclass, field

from litesmith.core.golden import Tolerance
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.results import Benchmark, Evaluation, Finding
from litesmith.core.tensors import TensorSpec

MANIFEST_FILE = "manifest.json"
MANIFEST_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledFile:
    """One file of a bundle.

    Attributes:
        path: Relative to the bundle, with forward slashes.
        sha256: Of its content.
        size_bytes: Of its content.
        role: `model`, `code`, `golden`, `labels`, `wheel`, `document` or `setup`.
    """

    path: str
    sha256: str
    size_bytes: int
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What is known of the bundled model.

    Attributes:
        name: Name of the model: of its file, or source and scheme.
        sha256: Of the model file.
        size_bytes: Of the model file.
        scheme: As the audit calls its precision, such as `full integer, 8 bit`.
        source: File name of the source model, where a report says it; no folders, as the bundle is shipped.
        source_sha256: Its digest.
        inputs: As fed.
        outputs: As returned.
        preprocessing: How samples become inputs; None where the model takes tensors only.
        labels: How many labels came with it.
        evaluation: From the report of the run that made it; None where there is none.
        benchmarks: From that report.
        min_runtime: Oldest runtime that can run it, as the audit says it.
        versions: Of Litesmith, LiteRT, TensorFlow and what else made it.
    """

    name: str
    sha256: str
    size_bytes: int
    scheme: str
    source: str
    source_sha256: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    preprocessing: Preprocessing | None
    labels: int
    evaluation: Evaluation | None
    benchmarks: tuple[Benchmark, ...]
    min_runtime: str
    versions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `manifest.json` holds.

    Attributes:
        schema_version: Of this record.
        kind: Plugin that made the bundle, such as `raspberry-pi`.
        module: Name of the generated Python module, without `.py`; empty where there is none.
        package: Kotlin package of an Android project; empty for other kinds.
        class_name: The generated Kotlin class; empty for other kinds.
        created: Date and time, UTC.
        card: The model's.
        files: Every file but the manifest, sorted by path.
        sha256: Of the manifest's JSON with this field empty, keys sorted, no spaces: an edit by hand is noticed.
    """

    schema_version: int
    kind: str
    module: str
    created: str
    card: ModelCard
    files: tuple[BundledFile, ...]
    package: str = ""
    class_name: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundled:
    """What `litesmith bundle` made.

    Attributes:
        folder: As named by the user.
        manifest: What is in it.
        vectors: Names of the golden vectors.
        exact: Whether answers have to be the same bytes on every machine.
        tolerances: How far each output may lie from its golden one.
        delegate: What the bundle's module runs the model with.
        python: Version of Python that the wheelhouse is for; empty without one.
        machine: Architecture that the wheelhouse is for; empty without one.
        findings: What the user should know.
    """

    folder: str
    manifest: Manifest
    vectors: tuple[str, ...]
    exact: bool
    tolerances: tuple[Tolerance, ...]
    delegate: str
    python: str
    machine: str
    findings: tuple[Finding, ...]
