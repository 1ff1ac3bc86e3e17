"""A bundle: what is in it, what is known of the model, what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from litesmith.core.bundle import Bundled, BundledFile, ModelCard
from litesmith.core.units import format_latency, format_size
from litesmith.report.figures import interval_text, value_text
from litesmith.report.terminal.overview import findings_text
from litesmith.report.terminal.plain import Name, Screen, facts, heading, plain_table
from litesmith.report.text import clean, count, file_name

_TOGETHER = {"golden": "golden/", "wheel": "wheelhouse/"}
"""Roles whose files are shown as one folder."""


def bundle_text(made: Bundled) -> RenderableType:
    """Return the card, the tree with sizes, what was noticed, and what to type next."""
    manifest = made.manifest
    parts: list[RenderableType] = [
        Text.assemble((clean(made.folder), "bold"), f"  for {clean(manifest.kind)}", overflow="fold"),
        Text(""),
        facts((label, Text(clean(value), overflow="fold")) for label, value in _facts(made)),
        Text(""),
        _tree(manifest.files),
    ]
    if made.findings:
        parts += [Text(""), findings_text(made.findings)]
    parts += [Text(""), heading("Next")]
    parts += [Text(f"  {line}", overflow="fold") for line in _next(made)]
    return Screen(parts)


def _facts(made: Bundled) -> Iterator[tuple[str, str]]:
    card = made.manifest.card
    yield "model", f"{card.name}, {card.scheme}, {format_size(card.size_bytes)}"
    if card.source:
        yield "made from", card.source
    yield from _measured(card)
    if card.min_runtime:
        yield "needs", card.min_runtime
    how = "the same bytes on every machine" if made.exact else _tolerance(made)
    yield "proof", f"{count(len(made.vectors), 'golden vector')}, {how}"
    if made.python:
        yield "wheelhouse", f"for Python {made.python} on {made.machine}"
    if made.delegate != "none":
        yield "runs on", made.delegate


def _measured(card: ModelCard) -> Iterator[tuple[str, str]]:
    found = card.evaluation
    if found is not None:
        value = value_text(found.value, found.unit)
        yield (
            "accuracy",
            f"{found.metric} {value}, 95 % interval {interval_text(found.interval, found.unit)}, n = {found.n}",
        )
    for benchmark in card.benchmarks:
        if benchmark.typical_ms is not None:
            took = f"{format_latency(benchmark.typical_ms)} {benchmark.typical_word}"
            yield "latency", f"{took} on {benchmark.target}, {count(benchmark.threads, 'thread')}"


def _tolerance(made: Bundled) -> str:
    widest = max(made.tolerances, key=lambda tolerance: tolerance.relative)
    if widest.relative:
        return f"within {widest.relative:.2g} of the largest value: {widest.reason}"
    return f"within {widest.absolute:g}: {widest.reason}"


def _tree(files: tuple[BundledFile, ...]) -> RenderableType:
    rows: dict[str, tuple[int, int, str]] = {}
    for file in files:
        name = _TOGETHER.get(file.role) or _part(file)
        number, size, role = rows.get(name, (0, 0, file.role))
        rows[name] = (number + 1, size + file.size_bytes, role if role == file.role else "project")
    shown = [
        (Name(name), role if number == 1 else count(number, f"{role} file"), format_size(size))
        for name, (number, size, role) in rows.items()
    ]
    total = sum(file.size_bytes for file in files)
    shown += [(Name("manifest.json"), "sha256 of each", ""), (Name("together"), "", format_size(total))]
    return plain_table(("file", "", "size"), shown, right=(2,))


def _part(file: BundledFile) -> str:
    """Return what a file is shown as: itself, or the part of a project that it is in."""
    first, below, _ = file.path.partition("/")
    return f"{first}/" if below and file.role in ("code", "setup", "document") else file.path


def _next(made: Bundled) -> Iterator[str]:
    folder = _typed(made.folder)
    yield f"litesmith verify {folder}"
    if made.manifest.package:
        yield f"open {folder} in Android Studio; or, with the Android SDK: gradle -p {folder} :core:test"
        yield f"with a phone: gradle -p {folder} :app:installDebug :library:installDebugAndroidTest"
        yield f"then litesmith verify {folder} --target adb"
        return
    yield f"litesmith verify {folder} --target pi@raspberrypi.local"
    if any(file.path == "install.sh" for file in made.manifest.files):
        name = _typed(file_name(made.folder) or "BUNDLE")
        yield f"on the board, after copying the folder there: sh {name}/install.sh"


def _typed(path: str) -> str:
    """Return a path as a shell takes it."""
    return shlex.quote(clean(path))
