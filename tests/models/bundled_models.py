"""Bundles of tiny models: the job as the pipeline would fill it, and the generated module, written and imported."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from pathlib import Path
from typing import Any

from spelled_tflite import Spelled, write_spelled
from tiny_tflite import write_cnn

from litesmith.bundle.job import BundleJob, file_name, module_name
from litesmith.bundle.kinds.raspberry_pi import write
from litesmith.core.bundle import ModelCard
from litesmith.core.files import sha256_file
from litesmith.core.preprocessing import PRESETS, Preprocessing
from litesmith.core.results import Evaluation
from litesmith.core.tensors import TensorSpec
from litesmith.data.images import plan_images
from litesmith.pipeline.bundle_facts import picture_of
from litesmith.runtime.interpreter import OpenModel

_NUMBERS = itertools.count()
LABELS = ("cat", "dog", "horse", "é\u202e\ud800 ", "__import__('os').abort()")


def job_of(
    path: Path,
    *,
    record: Preprocessing = PRESETS["unit"],
    picture: bool = False,
    inputs: tuple[TensorSpec, ...] | None = None,
    **fields: Any,
) -> BundleJob:
    """Return the job of a model that the runtime can prepare; `inputs` in place of what the file says."""
    model = OpenModel(path)
    inputs = inputs or model.inputs
    labels = fields.get("labels", ())
    card = ModelCard(
        name=path.stem,
        sha256=sha256_file(path),
        size_bytes=path.stat().st_size,
        scheme="float32",
        source=path.name,
        source_sha256="0" * 64,
        inputs=inputs,
        outputs=model.outputs,
        preprocessing=record,
        labels=len(labels),
        evaluation=None,
        benchmarks=(),
        min_runtime="1.5.0",
        versions={"litesmith": "0.1.0"},
    )
    fields.setdefault("normalized", (True,) * len(inputs))
    fields.setdefault("package", "com.example.app")
    fields.setdefault("class_name", "TinyClassifier" if labels or fields.get("classifies") else "TinyModel")
    return BundleJob(
        model=path,
        file_name=file_name(path),
        module=module_name(path),
        card=card,
        picture=picture_of(plan_images(record, inputs[0])) if picture else None,
        **fields,
    )


def imported(job: BundleJob, folder: Path) -> Any:
    """Write a bundle and return its module, imported under a name of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    write(job, folder)
    return load(folder / f"{job.module}.py")


def load(path: Path) -> Any:
    """Import a module from a file, under a name that no other has."""
    name = f"bundled_{next(_NUMBERS)}_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def classifier(folder: Path, **fields: Any) -> tuple[Any, BundleJob]:
    """Return the module of a classifier of pictures with LABELS, preset `signed`, and its job."""
    path = write_cnn(folder / "cnn.tflite", size=16)
    job = job_of(path, record=PRESETS["signed"], picture=True, labels=LABELS, **fields)
    return imported(job, folder / "out"), job


def write_cast(path: Path, *inputs: tuple[Any, ...], metadata: dict[str, bytes] | None = None) -> Path:
    """A model that casts each input (dtype, shape, scale, zero point) to a float output."""
    tensors: dict[str, Any] = {}
    for number, (dtype, shape, *quantized) in enumerate(inputs):
        tensors[f"x{number}"] = (dtype, shape, *(quantized if quantized and quantized[0] else ()))
        tensors[f"y{number}"] = ("float32", shape)
    count = range(len(inputs))
    ops = [("CAST", 1, [f"x{i}"], [f"y{i}"]) for i in count]
    graph = Spelled(tensors, ops, [f"x{i}" for i in count], [f"y{i}" for i in count])
    return write_spelled(path, [graph], metadata)


def top1() -> Evaluation:
    """An evaluation that scored classes."""
    return Evaluation(
        metric="top1",
        value=0.932,
        unit="fraction",
        higher_is_better=True,
        n=2000,
        interval=(0.92, 0.942),
        agreement=0.99,
        difference=-0.002,
        difference_interval=(-0.006, 0.001),
        p_value=0.3,
        metrics=(),
        samples_per_s=100.0,
    )
