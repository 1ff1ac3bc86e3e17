"""Variants of two tiny models, and audits of them that run nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_tflite import write_cnn

from litesmith.core.audit import Audit
from litesmith.core.isolated import Pool
from litesmith.core.samples import SampleSet
from litesmith.inspection.audit import audit
from litesmith.quantize.build import scheme_named
from litesmith.quantize.calibrators.min_max import range_of
from litesmith.quantize.collect import collect, ranges_of
from litesmith.quantize.scheme import Interface
from litesmith.runtime.flatbuffer import ModelFile

BUILT = (
    ("float32", Interface.INT8),
    ("float16", Interface.INT8),
    ("weight_only_int8", Interface.INT8),
    ("dynamic_int8", Interface.INT8),
    ("dynamic_int4", Interface.INT8),
    ("int8", Interface.INT8),
    ("int8", Interface.FLOAT32),
    ("int8", Interface.UINT8),
    ("int16x8", Interface.INT8),
)


@pytest.fixture(scope="session")
def variants(tmp_path_factory: pytest.TempPathFactory, pool: Pool, images: SampleSet) -> dict[str, Path]:
    """Each scheme of `plain`, and of `sine`, which has a SIN: by model, scheme and interface."""
    folder = tmp_path_factory.mktemp("variants")
    jobs: dict[str, dict[str, Any]] = {}
    for label in ("plain", "sine"):
        model = write_cnn(folder / f"{label}.tflite", channels=16, sine=label == "sine")
        found = collect(model, images, pool=pool)
        for scheme, interface in BUILT:
            bits = scheme_named(scheme).activation_bits
            ranges = ranges_of(found, range_of, bits=bits) if bits else None
            key = f"{label} {scheme} {interface.value}" if bits == 8 else f"{label} {scheme}"
            out = folder / f"{key.replace(' ', '-')}.tflite"
            jobs[key] = {"float_model": model, "out": out, "scheme": scheme, "ranges": ranges, "interface": interface}
    pool.map("litesmith.quantize.build:build", list(jobs.values()))
    return {key: job["out"] for key, job in jobs.items()}


Audited = Callable[..., Audit]


@pytest.fixture(scope="session")
def audited() -> Audited:
    """Return the audit of a file, without running it."""

    def found(path: Path, *expect: str, **more: Any) -> Audit:
        with ModelFile(path) as file:
            return audit(file, sha256="0" * 64, expect=expect, **more)

    return found
