"""`litesmith verify`: whether a bundle answers on a machine as it did when it was made."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from litesmith.bundle import check as script
from litesmith.bundle.pins import image_requirement
from litesmith.core.connecting import connect, resolve
from litesmith.core.device import Device
from litesmith.core.errors import ConfigError, GateError, LitesmithError, SourceError, TargetError, UserError
from litesmith.core.files import place
from litesmith.core.golden import GOLDEN_FILE, Golden
from litesmith.core.names import unknown
from litesmith.core.parity import Parity, ParityVerdict, StepParity, Verified
from litesmith.core.progress import Progress, silent
from litesmith.core.target import LendsPackages, RunsPrograms, Session
from litesmith.pipeline.settings import Settings
from litesmith.pipeline.verifying_kotlin import damages_of, is_kotlin, said_here
from litesmith.pipeline.verifying_phones import said_on_phone
from litesmith.report.encode import from_data

_TIMEOUT_S = 1800.0
_LOCAL = "local"
_DELEGATES = ("none", "gpu")
_LEAST_SHARE = 0.005
_UNSOUND = (ParityVerdict.DAMAGED, ParityVerdict.DIFFERENT)


def verify(settings: Settings, folder: str, *, progress: Progress = silent) -> Verified:
    """Return how a bundle's answers compare with its golden vectors on each target.

    Its files are checked here first: of a damaged bundle nothing is run anywhere.

    Raises:
        SourceError: the folder is no bundle.
        UserError: a target does not exist.
        TargetError: a target cannot be reached, or the check could not be run there.
    """
    path = Path(folder)
    if not path.is_dir():
        raise SourceError(f"{folder} is no folder", hint="Name the folder that `litesmith bundle` made.")
    if not (path / script.MANIFEST).exists():
        raise SourceError(
            f"{folder} has no {script.MANIFEST}, so that it is no bundle",
            hint="Name the folder that `litesmith bundle` made.",
        )
    if settings.delegate not in _DELEGATES:
        raise unknown("delegate", settings.delegate, _DELEGATES)
    gpu = settings.delegate != "none"
    if not settings.target:
        raise ConfigError("no target was given", hint="Leave --target out to verify here.")
    for target in settings.target:
        resolve(target)
    damaged = damages_of(path)
    if damaged:
        return Verified(parities=(_damaged(folder, damaged),))
    try:
        golden = from_data(Golden, json.loads((path / GOLDEN_FILE).read_text(encoding="utf-8")))
    except UserError as error:
        raise SourceError(f"{path / GOLDEN_FILE}: {error.message}", hint="Bundle the model again.") from error
    if len(settings.target) == 1:
        return Verified(parities=tuple(_on(settings.target[0], folder, golden, progress, gpu=gpu)))
    return _on_several(settings.target, folder, golden, progress, gpu=gpu)


def _on_several(targets: Sequence[str], folder: str, golden: Golden, progress: Progress, *, gpu: bool) -> Verified:
    """Return the comparison on several targets, run at the same time; one that fails takes nothing from the others."""
    parities: list[Parity] = []
    failures = {}
    progress("verify", 0, len(targets))
    with ThreadPoolExecutor(len(targets)) as threads:
        running = [threads.submit(_on, target, folder, golden, silent, gpu=gpu) for target in targets]
        for done, (target, future) in enumerate(zip(targets, running, strict=True), 1):
            try:
                parities += future.result()
            except ConfigError:
                raise
            except LitesmithError as error:
                failures[target] = error.message
            progress("verify", done, len(targets))
    return Verified(parities=tuple(parities), failures=failures)


def require_sound(verified: Verified) -> None:
    """Check that every target gave the same answers, and that no file was damaged.

    Raises:
        GateError: one gave others, or one was; the message names the first.
        TargetError: one of several targets could not be asked.
    """
    for parity in verified.parities:
        if parity.verdict not in _UNSOUND:
            continue
        where = f" on {parity.device.target}" if parity.device is not None else ""
        what = "is damaged" if parity.verdict is ParityVerdict.DAMAGED else f"answers otherwise{where}"
        damaged = parity.verdict is ParityVerdict.DAMAGED
        raise GateError(
            f"{parity.bundle} {what}: {parity.reason}",
            hint="Bundle the model again." if damaged else "See docs/verify.md on what makes answers differ.",
        )
    for target, reason in verified.failures.items():
        raise TargetError(f"{target} was not asked: {reason}", hint=f"See: litesmith device check {target}")


def _damaged(folder: str, found: Sequence[str]) -> Parity:
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    return Parity(
        bundle=folder,
        verdict=ParityVerdict.DAMAGED,
        reason=f"{found[0]}{more}",
        damaged=tuple(found),
        exact=False,
        vectors=0,
        steps=(),
        delegate="",
        made_with="",
        device=None,
    )


def _on(target: str, folder: str, golden: Golden, progress: Progress, *, gpu: bool) -> list[Parity]:
    """Return the comparison on one target; on a phone also that on its GPU, if it was asked for."""
    events: list[dict[str, Any]] = []

    def on_line(line: str) -> None:
        if line.startswith("{"):
            try:
                events.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise TargetError(f"the check on {target} printed '{line[:80]}', which is no JSON") from error

    session = connect(target, progress=progress)
    try:
        if isinstance(session, RunsPrograms):
            said = said_on_phone(session, Path(folder), gpu=gpu)
            return [read_parity(one.events, folder=folder, golden=golden, device=one.device) for one in said]
        if gpu:
            raise ConfigError(
                f"--delegate gpu is for phones, and {target} is none", hint="Leave it out, or give --target adb."
            )
        if is_kotlin(Path(folder)):
            events += said_here(Path(folder), target)
        else:
            with _sendable(Path(folder), target) as (sendable, options):
                unlent = _lend_decoder(session, golden)
                sent = session.send(sendable)
                words = [sent, "--lines", *options]
                session.run_script(Path(script.__file__), words, request="", on_line=on_line, timeout_s=_TIMEOUT_S)
            for event in events:
                if unlent and event.get("event") == "skipped":
                    event["what"] += f", and cannot be lent: {unlent}"
        device = session.device()
    finally:
        session.close()
    return [read_parity(events, folder=folder, golden=golden, device=device)]


def _lend_decoder(session: Session, golden: Golden) -> str:
    """Have what decodes images on a board, if there are some in the vectors; return why not, where it cannot be."""
    if not isinstance(session, LendsPackages) or all(vector.pixels is None for vector in golden.vectors):
        return ""
    python = ".".join(session.device().python.split(".")[:2])
    try:
        session.lend(image_requirement(python), module="PIL")
    except LitesmithError as error:  # all but that can be compared
        return error.message
    return ""


@contextmanager
def _sendable(folder: Path, target: str) -> Iterator[tuple[Path, list[str]]]:
    """Yield what of a bundle is to be sent, and the check's options for it.

    Elsewhere neither the wheelhouse nor an environment installed here are needed: the wheels were checked here, and the
    target's own runtime is used.
    """
    if resolve(target)[0].name == _LOCAL:
        yield folder, []
        return
    manifest, _ = script.read_manifest(folder)
    with tempfile.TemporaryDirectory(prefix="litesmith-") as work:
        copy = Path(work) / "bundle"
        names = [entry["path"] for entry in manifest["files"] if entry["role"] != "wheel"]
        for name in (*names, script.MANIFEST):
            place(folder / name, copy / name)
        yield copy, ["--no-wheels"]


def read_parity(events: Sequence[dict[str, Any]], *, folder: str, golden: Golden, device: Device) -> Parity:
    """Return what a run of the check script said.

    Raises:
        TargetError: it did not come to its end.
    """
    kinds = {str(event.get("event")): event for event in events}
    end = kinds.get("end")
    if end is None:
        raise TargetError(
            f"the check on {device.target} ended without a verdict", hint="Run check.py there by hand to see why."
        )
    steps = tuple(_step(event) for event in events if event.get("event") == "step")
    damaged = tuple(str(line) for line in kinds.get("files", {}).get("damaged", ()))
    runtime = kinds.get("runtime", {})
    return Parity(
        bundle=folder,
        verdict=ParityVerdict(end["verdict"]),
        reason=str(end["reason"]) or _agreement(golden, steps),
        damaged=damaged,
        exact=golden.exact,
        vectors=int(end.get("vectors", 0)),
        steps=steps,
        delegate=str(runtime.get("delegate", "")),
        made_with=f"{golden.runtime}, {golden.delegate}, {golden.machine}",
        device=device,
        skipped=tuple(str(event["what"]) for event in events if event.get("event") == "skipped"),
    )


def _step(event: dict[str, Any]) -> StepParity:
    return StepParity(
        vector=event["vector"],
        step=event["step"],
        tensor=event["tensor"],
        elements=event["elements"],
        different=event["different"],
        largest=math.nan if event["largest"] is None else event["largest"],
        allowed=event["allowed"],
        same_top1=event.get("same_top1"),
    )


def _agreement(golden: Golden, steps: Sequence[StepParity]) -> str:
    """Return in one sentence why answers count as the same."""
    if not any(step.different for step in steps):
        return "every value of every step is the same"
    outputs = [step for step in steps if step.step == "output" and step.different]
    nearest = max((step.largest / step.allowed for step in outputs if step.allowed), default=0.0)
    share = f"at most {nearest:.0%}" if nearest >= _LEAST_SHARE else "less than 1%"
    why = golden.tolerances[0].reason if golden.tolerances else ""
    return f"{len(outputs)} of the answers differ, by {share} of what is allowed; {why}"
