"""`litesmith verify` on a phone: the golden vectors of an Android bundle, run by the test that is installed there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from litesmith.bundle import check as script
from litesmith.core.device import Device
from litesmith.core.errors import ConfigError, TargetError
from litesmith.core.golden import GOLDEN_FILE
from litesmith.core.target import Session
from litesmith.phone.instrumentation import PARITY, Installed, installed, instrument

KEY = "litesmith.parity"
SCHEMA_VERSION = 1
ANDROID = "android"
_TIMEOUT_S = 1800.0
_SAME = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a test said: events as `check.py` prints them, and the phone with the runtime that the test names."""

    events: list[dict[str, Any]]
    device: Device


def said_on_phone(session: Session, folder: Path, *, gpu: bool) -> list[Said]:
    """Return what the test of a bundle says on a phone: on the CPU, and with `gpu` on the GPU too.

    Args:
        session: A phone.
        folder: An Android bundle whose files were checked.
        gpu: Whether to run it on the GPU as well.

    Raises:
        ConfigError: the bundle is of another kind.
        TargetError: its test is not installed, was made for another bundle, or did not come to its end.
    """
    manifest, _ = script.read_manifest(folder)
    device = session.device()
    if manifest.get("kind") != ANDROID:
        raise ConfigError(
            f"{folder} is a bundle for {manifest.get('kind')}, and {device.target} is a phone",
            hint="Bundle the model with --for android, or verify this one on a machine with Python.",
        )
    library = f"{manifest['package']}.library"
    test = next((one for one in installed(session) if one.library == library), None)
    if test is None:
        raise TargetError(f"the test of {library} is not installed on {device.target}", hint=_install(folder))
    return [_said(session, folder, manifest, test, accelerator) for accelerator in ("cpu", *(("gpu",) if gpu else ()))]


def _install(folder: Path) -> str:
    return f"In {folder}, type: ./gradlew :library:installDebugAndroidTest"


def _said(session: Session, folder: Path, manifest: Mapping[str, Any], test: Installed, accelerator: str) -> Said:
    """Return what one run of the test says."""
    device = session.device()
    found = instrument(session, test, PARITY, {"accelerator": accelerator}, timeout_s=_TIMEOUT_S, may_fail=True)
    where = f"{PARITY} of {test.library} on {device.target}"
    text = found.sent(KEY)
    if text is None:
        failed = "; ".join(f"{name}: {said}" for name, said in found.failures.items())
        raise TargetError(f"{where} sent no result: {failed or 'no message'}", hint="See adb logcat for the reason.")
    said = _read(text, where, _install(folder))
    if said["model_sha256"] != manifest["card"]["sha256"]:
        raise TargetError(
            f"{where} was made for another model: its sha256 is {said['model_sha256'][:12]}..., "
            f"and that of {folder} is {manifest['card']['sha256'][:12]}...",
            hint=_install(folder),
        )
    if said["accelerator"].lower() != accelerator:
        raise TargetError(
            f"{where} ran on the {said['accelerator']}, and {accelerator.upper()} was asked for",
            hint="See the bundle's README.md on the accelerators of this phone.",
        )
    if not said["damaged"] and not said["reason"]:  # what differs or could not be run is said anyway
        _require_all(said["steps"], folder, where)
    return Said(events=_events(said, found.failures), device=replace(device, runtime=said["runtime"]))


def _read(text: str, where: str, hint: str) -> dict[str, Any]:
    """Return the JSON that a test sent, with all that is read of it there.

    Raises:
        TargetError: it is no JSON, of another version, or something is missing.
    """
    try:
        said = json.loads(text)
        version = said["schema_version"]
        for name in ("model_sha256", "accelerator", "runtime", "verdict", "reason"):
            said[name] = str(said[name])
        for step in said["steps"]:
            _ = step["vector"] + step["step"] + step["tensor"]
            _ = step["elements"] + step["different"] + step["allowed"] + (step["largest"] or 0)
        _ = ([*said["damaged"], *said["skipped"]], int(said["vectors"]))
    except (ValueError, KeyError, TypeError) as error:
        raise TargetError(f"{where} sent what cannot be read ({error!r}): {text[:160]!r}", hint=hint) from error
    if version != SCHEMA_VERSION:
        raise TargetError(
            f"{where} sends version {version} of its results, and this Litesmith reads {SCHEMA_VERSION}", hint=hint
        )
    return dict(said)


def _require_all(steps: Sequence[Mapping[str, Any]], folder: Path, where: str) -> None:
    """Check that every input and output of every golden vector of the bundle was compared, by the bundle's tolerances.

    Raises:
        TargetError: one was not, or with another tolerance: the test was built from another bundle.
    """
    golden = json.loads((folder / GOLDEN_FILE).read_text(encoding="utf-8"))
    compared = {(step["vector"], step["step"], step["tensor"]): step for step in steps}
    for vector in golden["vectors"]:
        for what in ("inputs", "outputs"):
            for index, tensor in enumerate(vector[what]):
                place = (vector["name"], what.removesuffix("s"), tensor["name"])
                array = script.read_tensor(folder, tensor)
                tolerance = golden["tolerances"][index] if what == "outputs" else None
                expected = script.compared(place, array, array, tolerance)
                step = compared.get(place)
                if step is None or step["elements"] != expected["elements"]:
                    raise TargetError(
                        f"{where} did not compare {place[1]} '{place[2]}' of vector '{place[0]}'", hint=_install(folder)
                    )
                allowed = float(expected["allowed"])
                if abs(step["allowed"] - allowed) > _SAME * max(allowed, 1e-12):
                    raise TargetError(
                        f"{where} allows {step['allowed']:g} for {place[1]} '{place[2]}' of vector '{place[0]}', "
                        f"and the bundle allows {allowed:g}",
                        hint=_install(folder),
                    )


def _events(said: Mapping[str, Any], failures: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what a test said as `check.py` says it. The verdict is made anew, from the figures."""
    steps = [{**step, "event": "step"} for step in said["steps"]]
    wrong = [step for step in steps if step["largest"] is None or step["largest"] > step["allowed"] or step.get("why")]
    changed = any(step["different"] for step in steps)
    verdict, reason = "identical", ""
    if said["damaged"]:
        verdict, reason = "damaged", str(said["damaged"][0])
    elif wrong or said["reason"]:
        verdict, reason = "different", said["reason"]
        if not reason:
            place = f"{wrong[0]['step']} '{wrong[0]['tensor']}' of vector '{wrong[0]['vector']}'"
            reason = f"{place} differs by more than is allowed"
    elif failures:
        name, text = next(iter(failures.items()))
        verdict, reason = "different", f"the test {name} failed ({text})"
    elif changed:
        verdict = "within tolerance"
    return [
        {"event": "files", "damaged": list(said["damaged"])},
        {"event": "runtime", "delegate": said["accelerator"]},
        *({"event": "skipped", "what": str(what)} for what in said["skipped"]),
        *steps,
        {"event": "end", "verdict": verdict, "reason": reason, "vectors": said["vectors"]},
    ]
