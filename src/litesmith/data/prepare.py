"""A dataset becomes prepared samples: decoded and resized once, kept raw in .npy files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from litesmith.core.errors import DatasetError
from litesmith.core.files import replacing, require_writable
from litesmith.core.isolated import Pool, spans
from litesmith.core.preprocessing import Preprocessing
from litesmith.core.results import Finding, Severity
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.data.arrays import store_arrays
from litesmith.data.digest import digest
from litesmith.data.images import plan_images
from litesmith.data.labels import check_range
from litesmith.data.npy import create, keep_rows
from litesmith.data.reader import Listing, Request, find_reader
from litesmith.data.selection import select

UNREADABLE_LIMIT = 0.05
"""Largest share of samples that may be left out before the dataset is refused."""
_IMAGES_PER_CALL = 16
OnProgress = Callable[[int, int], None]


def prepare(
    source: str,
    *,
    preprocessing: Preprocessing,
    inputs: Sequence[TensorSpec],
    classes: int | None,
    folder: Path,
    pool: Pool,
    limit: int | None = None,
    seed: int = 0,
    known_digest: str = "",
    on_progress: OnProgress | None = None,
) -> SampleSet:
    """Return the samples of a dataset, stored in `folder` as input-<position>.npy.

    Values stay raw: scale and offset are applied where samples are fed. Each file is replaced as a whole, so a run
    that was broken off can be repeated.

    Args:
        source: A folder, a file or `module:function`.
        preprocessing: The record the model was trained with.
        inputs: The model's inputs.
        classes: Number of classes labels must lie below; None when outputs are not class scores.
        folder: Where the samples are kept.
        pool: Processes that decode images.
        limit: Most samples to use, spread over the classes; None uses all.
        seed: Of the choice that `limit` makes.
        known_digest: What `digest` gave for the same arguments, to save reading every file again.
        on_progress: Called with (done, total) samples.

    Raises:
        DatasetError: the dataset is missing, damaged or empty, does not fit the model, or has bad labels.
        ConfigError: the preprocessing does not fit the model.
        OutputError: `folder` cannot be written or the disk is full.
    """
    report = on_progress or _unheard
    reader = find_reader(source)
    require_writable(folder)
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=folder) as scratch:
        listing = reader.read(Request(source=source, inputs=tuple(inputs), scratch=Path(scratch)))
        if not listing.names:
            raise DatasetError(f"dataset '{source}' has no samples", hint="Add samples, or name another dataset.")
        if listing.labels is not None:
            check_range(listing.labels, listing.names, classes)
        rows = select(len(listing.names), labels=listing.labels, limit=limit, seed=seed)
        report(0, len(rows))
        skipped: tuple[Finding, ...] = ()
        entries: tuple[SampleInput, ...]
        if listing.files:
            entry, rows, skipped = _store_images(
                listing,
                rows,
                source,
                preprocessing=preprocessing,
                inputs=inputs,
                folder=folder,
                pool=pool,
                report=report,
            )
            entries, image, notes = (entry,), True, listing.findings
        else:
            stored = store_arrays(
                listing.arrays,
                rows,
                preprocessing=preprocessing,
                inputs=inputs,
                folder=folder,
                pool=pool,
                on_progress=report,
            )
            entries, image, notes = stored.inputs, stored.image, (*listing.findings, *stored.findings)
    return SampleSet(
        kind=reader.name,
        source=source,
        digest=known_digest or digest(source, preprocessing=preprocessing, inputs=inputs, limit=limit, seed=seed),
        inputs=entries,
        labels=tuple(listing.labels[row] for row in rows) if listing.labels is not None else None,
        names=tuple(listing.names[row] for row in rows),
        preprocessing=preprocessing,
        image=image,
        resized=bool(listing.files) or any(note.code == "resized-arrays" for note in notes),
        findings=(*skipped, *notes),
    )


def _unheard(done: int, total: int) -> None:
    pass


def _store_images(
    listing: Listing,
    rows: list[int],
    source: str,
    *,
    preprocessing: Preprocessing,
    inputs: Sequence[TensorSpec],
    folder: Path,
    pool: Pool,
    report: OnProgress,
) -> tuple[SampleInput, list[int], tuple[Finding, ...]]:
    """Decode the chosen images; return their entry, the rows that could be read and a finding for each other."""
    if len(inputs) != 1:
        names = ", ".join(repr(spec.name) for spec in inputs)
        raise DatasetError(
            f"the model has {len(inputs)} inputs ({names}), images give one",
            hint="Give an .npz file with one array per input, named as the input.",
        )
    plan = plan_images(preprocessing, inputs[0])
    target = folder / "input-0.npy"
    size = max(1, min(_IMAGES_PER_CALL, len(rows) // (4 * len(pool.workers))))
    with replacing(target) as temporary:
        create(temporary, (len(rows), *plan.shape), np.uint8)
        calls = [
            {"files": [listing.files[row] for row in rows[a:b]], "start": a, "target": temporary, "plan": plan}
            for a, b in spans(len(rows), size)
        ]
        parts = pool.map(
            "litesmith.data.decode:decode_span",
            calls,
            on_done=lambda done: report(min(done * size, len(rows)), len(rows)),
        )
        failures: dict[int, str] = {position: reason for part in parts for position, reason in part}
        findings = tuple(
            Finding(
                code="unreadable-sample",
                severity=Severity.WARNING,
                message=f"{listing.names[rows[position]]} was left out: {reason}",
                hint="Replace or remove the file.",
                sample=listing.names[rows[position]],
            )
            for position, reason in sorted(failures.items())
        )
        _check_share(findings, len(rows), source)
        good = [position for position in range(len(rows)) if position not in failures]
        if failures:
            keep_rows(temporary, good)
    entry = SampleInput(name="", path=target, shape=plan.shape, dtype="uint8", normalized=True)
    return entry, [rows[position] for position in good], findings


def _check_share(findings: Sequence[Finding], count: int, source: str) -> None:
    share = len(findings) / count
    if share <= UNREADABLE_LIMIT:
        return
    first = "; ".join(finding.message.replace(" was left out", "") for finding in findings[:3])
    raise DatasetError(
        f"{len(findings)} of {count} images of '{source}' ({share:.1%}) cannot be read, "
        f"more than {UNREADABLE_LIMIT:.0%}: {first}",
        hint="Replace or remove these files.",
    )
