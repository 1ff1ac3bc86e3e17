"""TFLite metadata in the model that a bundle ships: written before anything else refers to the file."""

from __future__ import annotations

from pathlib import Path

from litesmith.bundle.classes import ending
from litesmith.bundle.described import describe
from litesmith.core.audit import Audit
from litesmith.core.bundle import ModelCard
from litesmith.core.errors import ConfigError
from litesmith.core.model_metadata import METADATA, MetadataCard
from litesmith.core.results import Finding, Severity
from litesmith.data.arrays import is_normalized
from litesmith.pipeline.bundle_facts import UNKNOWN, Feeding
from litesmith.runtime.flatbuffer import ModelFile
from litesmith.runtime.flatbuffer_table import Damaged
from litesmith.runtime.metadata_placing import place_metadata
from litesmith.runtime.model_metadata import attached_files, metadata_card, pack_card

_PROBABILITIES = ("SOFTMAX", "LOGISTIC")
_MOST_SHOWN = 3


def require_describable(feeding: Feeding, card: ModelCard, *, delegate: str) -> None:
    """Check that metadata can be written, before any work is done.

    Raises:
        ConfigError: it would say of pixels what nobody knows, or the model is for an accelerator.
    """
    if delegate != "none":
        raise ConfigError(
            f"--metadata does not go with --delegate {delegate}: its readers run the model on the processor",
            hint="Leave one of them out.",
        )
    if any(finding.code == UNKNOWN for finding in feeding.findings) and not card.inputs[0].byte_fed:
        raise ConfigError(
            "--metadata tells other programs how pixels are normalized, and nothing says how: neither options nor a"
            " report.json beside the model",
            hint="Give --preprocess, or --mean 0 --std 1 for a model that takes 0 to 255.",
        )


def with_metadata(
    model: Path, card: ModelCard, feeding: Feeding, audit: Audit, *, labels: tuple[str, ...], out: Path
) -> tuple[Finding, ...]:
    """Write a copy of a model that carries metadata, and return what the metadata does not say or replaces.

    Args:
        model: The .tflite.
        card: Of it.
        feeding: How samples become its inputs.
        audit: Of it.
        labels: Names of the classes; empty where there are none.
        out: Where the copy goes.

    Raises:
        BundleError: readers of the metadata would feed other values than the model wants.
        SourceError: the model is damaged.
    """
    several = len(card.inputs) > 1
    found, files, findings = describe(
        card,
        feeding.picture,
        normalized=tuple(is_normalized(spec, spec.sample_shape, several=several) for spec in card.inputs),
        labels=labels,
        probabilities=len(card.outputs) == 1 and ending(model) in _PROBABILITIES,
        foreign=tuple(op.name for op in audit.foreign_ops),
    )
    place_metadata(model, out, pack_card(found), files)
    return (_written(found, labels), *_replaced(model), *findings)


def _written(card: MetadataCard, labels: tuple[str, ...]) -> Finding:
    """Return what readers of the metadata will do, in a sentence."""
    said = [f"{len(labels)} labels"] if labels else []
    for entry in card.inputs:
        if entry.mean:
            mean, std = (", ".join(f"{value:g}" for value in values) for values in (entry.mean, entry.std))
            several = len(entry.mean) > 1
            said.append(f"(value - {f'[{mean}]' if several else mean}) / {f'[{std}]' if several else std}")
    more = f": {', '.join(said)}" if said else ""
    return Finding(
        code="metadata-written",
        severity=Severity.INFO,
        message=f"the model carries TFLite metadata{more}",
        hint="Type litesmith inspect to see it.",
    )


def _replaced(model: Path) -> tuple[Finding, ...]:
    """Return a finding where a model had metadata or attached files of its own."""
    with ModelFile(model) as file:
        there = any(entry.name == METADATA for entry in file.graph.metadata)
        try:
            old = metadata_card(file)
        except Damaged:
            old = MetadataCard(name="")
    names = [entry.name for entry in attached_files(model)]
    if not there and not names:
        return ()
    name = old.name[:80] if old is not None else ""
    more = f" and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else ""
    attached = f", with the attached {', '.join(names[:_MOST_SHOWN])}{more}" if names else ""
    return (
        Finding(
            code="metadata-replaced",
            severity=Severity.WARNING,
            message=f"the model carried metadata, '{name}'{attached}: the bundle's copy has ours",
            hint="Leave --metadata out to ship the model as it is.",
        ),
    )
