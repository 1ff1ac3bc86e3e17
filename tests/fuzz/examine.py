"""The whole `inspect` of one file, as the fuzzer's processes and the tests carry it out."""

from __future__ import annotations

import io
import json
import re
import resource
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from litesmith.core.audit import Inspected
from litesmith.core.errors import LitesmithError

MOST_ADDRESS_BYTES = 6_000_000_000
"""Guards the machine; what is held against the limit of memory is the peak of what was in use."""

MOST_LISTED_OPS = 500
"""Up to here the operators are listed one by one, as `--ops` does, and the JSON is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What became of one file.

    Attributes:
        kind: `audited`, `refused`, or `failed` for a traceback or an error that does not tell of the file.
        text: The message without its numbers and names, or the traceback.
        seconds: Processor time it took, other work on the machine left out; the native probe has a limit of its own.
        peak_bytes: Most memory in use meanwhile.
        probe: What became of the native probe: `ran`, `ended abruptly` and the like; empty without one.
    """

    kind: str
    text: str
    seconds: float
    peak_bytes: int
    probe: str = ""


def examine(*, content: bytes, probe: bool, limit_memory: bool = False) -> Examined:
    """Audit a file and show it in every way.

    Args:
        content: The file.
        probe: Whether the runtime is to open it too, in its process.
        limit_memory: Whether to limit this process's address space for good.
    """
    if limit_memory:
        resource.setrlimit(resource.RLIMIT_AS, (MOST_ADDRESS_BYTES, MOST_ADDRESS_BYTES))
    _forget_peak()
    begun = time.process_time()
    with tempfile.TemporaryDirectory(prefix="litesmith-fuzz-") as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(content)
        kind, text, probed = _examined(path, probe=probe)
    return Examined(
        kind=kind,
        text=text,
        seconds=time.process_time() - begun,
        peak_bytes=_peak_bytes(),
        probe=probed if probe else "",
    )


def _examined(path: Path, *, probe: bool) -> tuple[str, str, str]:
    try:
        probed = show(path, probe=probe)
    except LitesmithError as error:
        if error.exit_code == 2 and path.name in error.message:
            return "refused", kind_of(error.message.replace(str(path), path.name)), ""
        return "failed", f"exit code {error.exit_code}: {error.message}\n{traceback.format_exc()}", ""
    except Exception:
        return "failed", traceback.format_exc(), ""
    return "audited", "", probed


def show(path: Path, *, probe: bool) -> str:
    """Audit a file and write it as JSON, as text and as a page; return what became of the native probe.

    The verb itself is used where the runtime is to open the file, and its parts where it is not.
    """
    from rich.console import Console

    from litesmith.pipeline.auditing import inspect
    from litesmith.pipeline.settings import Settings
    from litesmith.report.encode import json_blocks
    from litesmith.report.page.audit_page import render_audit
    from litesmith.report.terminal.audit import audit_text

    made = inspect(Settings(model=str(path))) if probe else _read_only(path)
    ops = sum(len(subgraph.ops) for subgraph in made.graph.subgraphs)
    _check_json(json_blocks(made), whole=ops <= MOST_LISTED_OPS)
    text = io.StringIO()
    Console(file=text, width=100, highlight=False).print(audit_text(made, ops=ops <= MOST_LISTED_OPS))
    page = render_audit(made)
    stray = next((c for c in text.getvalue() if not c.isprintable() and c != "\n"), "")
    if stray:
        raise AssertionError(f"the control character {stray!r} reached the terminal")
    if "<script>alert" in page:
        raise AssertionError("markup of the model's reached the page")
    notes = [use.note for use in made.audit.delegates if use.delegate == "XNNPACK"]
    return probe_kind(made.audit.memory.measured_bytes is not None, made.audit.memory.measured_note, *notes)


def probe_kind(prepared: bool, *notes: str) -> str:
    """Return what became of the native probe, in a word or two."""
    text = " ".join(notes)
    for words in ("ended abruptly", "longer than", "cannot be prepared", "not a model the runtime can open"):
        if words in text:
            return words
    return "ran" if prepared else "not tried: dynamic or too large"


def _check_json(blocks: Iterator[str], *, whole: bool) -> None:
    """Write JSON away, and read it again where it is small."""
    if whole:
        json.loads("".join(blocks))
    for _ in blocks:
        pass


def _read_only(path: Path) -> Inspected:
    from litesmith.core.environment import versions
    from litesmith.core.files import sha256_file
    from litesmith.inspection.audit import audit
    from litesmith.runtime.flatbuffer import ModelFile
    from litesmith.sources.recognise import require_tflite

    require_tflite(path)
    with ModelFile(path) as file:
        found = audit(file, sha256=sha256_file(path), name=path.name)
        return Inspected(file=str(path), audit=found, graph=file.graph, versions=versions())


def kind_of(message: str) -> str:
    """Return a message without its numbers and names, so that alike ones can be counted.

    >>> kind_of("m.tflite is damaged: tensor 7 has buffer 99 of 3")
    'm.tflite is damaged: tensor N has buffer N of N'
    """
    return re.sub(r"b'.*?'|b\".*?\"", "BYTES", re.sub(r"-?\b\d+\b", "N", message))[:160]


def _forget_peak() -> None:
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # the peak then is that of the process so far


def _peak_bytes() -> int:
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) * 1024  # type: ignore[index]
