"""Whether a model's TFLite metadata says of pixels what the report or the bundle beside it says."""

from __future__ import annotations

import json
from pathlib import Path

from litesmith.bundle.check import MANIFEST, read_manifest
from litesmith.core.audit import HealthIssue
from litesmith.core.deployment import Deployment
from litesmith.core.errors import LitesmithError
from litesmith.core.model_metadata import Content, normalization
from litesmith.core.preprocessing import ColorOrder, Preprocessing
from litesmith.inspection.metadata_health import PIXELS, agrees
from litesmith.report.encode import from_data
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.flatbuffer_table import Damaged
from litesmith.runtime.model_metadata import metadata_card

_FOLDERS = 6
"""Folders above the model in which a bundle's manifest may stand: an Android bundle has it in its root."""


def metadata_issues(file: ModelFile) -> tuple[HealthIssue, ...]:
    """Return an issue where metadata contradicts the preprocessing known from beside the model."""
    try:
        card = metadata_card(file)
    except Damaged:
        return ()
    near = _preprocessing_near(file.path)
    if card is None or near is None or len(card.inputs) != len(file.graph.input_specs):
        return ()
    record, where = near
    texts = []
    for spec, entry in zip(file.graph.input_specs, card.inputs, strict=True):
        if entry.content is not Content.IMAGE:
            continue
        wanted = normalization(spec, record)
        readable = len(entry.mean) == len(entry.std) and 0.0 not in entry.std
        if readable and not agrees(spec, entry, *wanted):
            said, known = (" and ".join(map(_numbers, units)) for units in ((entry.mean, entry.std), wanted))
            texts.append(f"metadata normalizes '{spec.name}' by mean and std {said}, {where} says {known}")
        if record.color_order is ColorOrder.BGR and spec.shape[-1:] == (3,):
            texts.append(f"readers of metadata feed '{spec.name}' red, green, blue, and {where} says blue, green, red")
    return tuple(
        HealthIssue(
            code="metadata-preprocessing",
            severity=PIXELS.severity,
            message=text,
            hint=PIXELS.hint,
        )
        for text in texts
    )


def _preprocessing_near(path: Path) -> tuple[Preprocessing, str] | None:
    """Return the preprocessing of the bundle that a model lies in, or of the run that wrote it, and where it stands."""
    for folder in list(path.absolute().parents)[:_FOLDERS]:
        if (folder / MANIFEST).is_file():
            found = _of_bundle(folder, path)
            if found is not None:
                return found, f"the bundle's {MANIFEST}"
    for folder in list(path.absolute().parents)[:2]:
        report = folder / "report.json"
        if report.is_file():
            found = _of_run(report, path.name)
            if found is not None:
                return found, "report.json"
    return None


def _of_bundle(folder: Path, path: Path) -> Preprocessing | None:
    manifest, _ = read_manifest(folder)
    place = path.absolute().relative_to(folder).as_posix()
    if not any(entry["path"] == place and entry["role"] == "model" for entry in manifest.get("files", ())):
        return None
    if not manifest["card"].get("preprocessing"):
        return None
    try:
        return from_data(Preprocessing, manifest["card"]["preprocessing"])
    except (ValueError, LitesmithError):
        return None


def _of_run(report: Path, name: str) -> Preprocessing | None:
    """Return the preprocessing of a run that wrote a file of this name; its content changed when metadata came."""
    try:
        found = from_data(Deployment, json.loads(report.read_text(encoding="utf-8")))
    except (OSError, ValueError, LitesmithError):
        return None
    known = any(Path(variant.file).name == name for variant in found.variants if variant.file)
    return found.preprocessing if known else None


def _numbers(values: tuple[float, ...]) -> str:
    shown = [f"{value:g}" for value in values[:4]]
    return shown[0] if len(values) == 1 else f"[{', '.join(shown)}]"
