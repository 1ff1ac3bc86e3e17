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

KEY, ACCELERATOR_KEY = "litesmith.parity", "litesmith.accelerator"
SCHEMA_VERSION = 1
ANDROID, GPU = "android", "gpu"
GPU_SHARE = 0.02
"""Of an output's range that the answers of a GPU may be off: it computes with 16 bits."""
_GPU_STEPS = 2.0
_JUDGED_HERE = "goldenVectors"
"""The test whose figures are judged here anew."""
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
    return [_said(session, folder, manifest, test, accelerator) for accelerator in ("cpu", *((GPU,) if gpu else ()))]


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
        if accelerator == GPU and failed:  # the answers of the CPU are shown all the same
            return Said(events=_ended("different", f"it cannot be run on the GPU: {failed}"), device=device)
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
    if not said["damaged"]:
        golden = json.loads((folder / GOLDEN_FILE).read_text(encoding="utf-8"))
        said["steps"], fault = _checked(said["steps"], golden, folder, gpu=accelerator == GPU)
        if fault and not said["reason"]:
            raise TargetError(f"{where} {fault}", hint=_install(folder))
        said["whole"] = not fault
    beside = _beside_cpu(found.sent(ACCELERATOR_KEY), where) if accelerator == GPU else ""
    failures = {name: text for name, text in found.failures.items() if name != _JUDGED_HERE}
    return Said(events=_events(said, failures, beside), device=replace(device, runtime=said["runtime"]))


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


def _checked(
    steps: Sequence[Mapping[str, Any]], golden: Mapping[str, Any], folder: Path, *, gpu: bool
) -> tuple[list[dict[str, Any]], str]:
    """Return the steps, those of a GPU with what it is allowed, and what is missing or foreign; empty for nothing.

    Every input and output of every golden vector has to be there, by the bundle's own tolerances.
    """
    compared: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    checked = [dict(step) for step in steps]
    for step in checked:
        compared.setdefault((step["vector"], step["step"], step["tensor"]), []).append(step)
    ranges = _ranges(golden, folder) if gpu else []
    for vector in golden["vectors"]:
        for kind in ("input", "output"):
            for index, tensor in enumerate(vector[f"{kind}s"]):
                place = (vector["name"], kind, tensor["name"])
                array = script.read_tensor(folder, tensor)
                tolerance = golden["tolerances"][index] if kind == "output" else None
                expected = script.compared(place, array, array, tolerance)
                step = next(iter(compared.get(place, ())), {})
                if step.get("elements") != expected["elements"]:
                    return checked, f"did not compare {kind} '{tensor['name']}' of vector '{vector['name']}'"
                del compared[place][0]
                allowed = float(expected["allowed"])
                if abs(step["allowed"] - allowed) > _SAME * max(allowed, 1e-12):
                    return checked, (
                        f"allows {step['allowed']:g} for {kind} '{tensor['name']}' of vector '{vector['name']}', "
                        f"and the bundle allows {allowed:g}"
                    )
                if gpu and kind == "output":
                    step["allowed"] = max(allowed, ranges[index])
    return checked, ""


def _ranges(golden: Mapping[str, Any], folder: Path) -> list[float]:
    """Return what a GPU may differ by in each output: 2 % of the range of its golden answers, and two integer steps."""
    import numpy as np

    found = []
    for index in range(len(golden["tolerances"])):
        arrays = [script.read_tensor(folder, vector["outputs"][index]) for vector in golden["vectors"]]
        finite = [array[np.isfinite(array)].astype(np.float64) for array in arrays]
        values = np.concatenate([array.ravel() for array in finite]) if finite else np.zeros(0)
        spread = float(values.max() - values.min()) if values.size else 0.0
        found.append(GPU_SHARE * spread + (_GPU_STEPS if arrays and arrays[0].dtype.kind != "f" else 0.0))
    return found


def _beside_cpu(text: str | None, where: str) -> str:
    """Return in words how far the GPU's answers are from those of the same phone's CPU; empty where it was not sent.

    Raises:
        TargetError: what was sent cannot be read.
    """
    if text is None:
        return ""
    try:
        said = json.loads(text)
        if said["identical"]:
            return "the same bytes as this phone's CPU gives: perhaps the CPU ran it"
        largest = "not finite" if said["largest"] is None else f"{said['largest']:.2%} of the range"
        same = f"the same best value in {int(said['same_top1'])} of {int(said['vectors'])}"
    except (ValueError, KeyError, TypeError) as error:
        raise TargetError(f"{where} sent what cannot be read ({error!r}): {text[:160]!r}") from error
    return f"beside this phone's CPU: largest difference {largest}, {same}"


def _events(said: Mapping[str, Any], failures: Mapping[str, str], beside: str) -> list[dict[str, Any]]:
    """Return what a test said as `check.py` says it. The verdict is made anew, from the figures."""
    steps = [{**step, "event": "step"} for step in said["steps"]]
    wrong = [step for step in steps if step["largest"] is None or step["largest"] > step["allowed"] or step.get("why")]
    verdict, reason = "identical", ""
    if said["damaged"]:
        verdict, reason = "damaged", str(said["damaged"][0])
    elif wrong or not said["whole"]:
        verdict, reason = "different", said["reason"]
        if not reason:
            place = f"{wrong[0]['step']} '{wrong[0]['tensor']}' of vector '{wrong[0]['vector']}'"
            reason = f"{place} differs by more than is allowed"
    elif failures:
        name, text = next(iter(failures.items()))
        verdict, reason = "different", f"the test {name} failed ({text})"
    elif any(step["different"] for step in steps):
        verdict = "within tolerance"
        reason = f"no answer is off by more than {GPU_SHARE:.0%} of its output's range" if beside else ""
    reason = "; ".join(part for part in (reason, beside) if part)
    return [
        {"event": "files", "damaged": list(said["damaged"])},
        {"event": "runtime", "delegate": said["accelerator"]},
        *({"event": "skipped", "what": str(what)} for what in said["skipped"]),
        *steps,
        *_ended(verdict, reason, vectors=said["vectors"]),
    ]


def _ended(verdict: str, reason: str, *, vectors: int = 0) -> list[dict[str, Any]]:
    return [{"event": "end", "verdict": verdict, "reason": reason, "vectors": vectors}]
