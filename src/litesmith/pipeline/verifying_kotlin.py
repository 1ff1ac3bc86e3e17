"""An Android bundle on this machine: its model is run here, its Kotlin code is not, and the result says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from litesmith.bundle import check as script
from litesmith.bundle.android_files import BUILT
from litesmith.core.connecting import resolve
from litesmith.core.errors import ConfigError
from litesmith.core.isolated import Worker
from litesmith.runtime.answering import Answered, Answers

_TIMEOUT_S = 600.0
_SKIPPED = (
    "decoding, crop, resize and inputs, which the Kotlin code does: run `gradle :core:test` in the folder, or on a "
    "phone `litesmith verify BUNDLE --target adb`"
)


def is_kotlin(folder: Path) -> bool:
    """Tell whether a bundle's code is Kotlin, so that Python cannot run it."""
    manifest, _ = script.read_manifest(folder)
    return bool(manifest.get("package"))


def damages_of(folder: Path) -> list[str]:
    """Return what is wrong with a bundle's files, of any kind; what a build made in an Android project does not count.

    Each finding is one line.
    """
    return script.damages(folder, besides=BUILT if is_kotlin(folder) else ())


def said_here(folder: Path, target: str) -> list[dict[str, Any]]:
    """Return what the check of a bundle would print: its model's answers to the golden inputs, by the runtime here.

    Raises:
        ConfigError: the target is another machine without a phone's runtime.
        UserError: the model cannot be opened.
        EvaluationError: the runtime cannot run it.
    """
    if resolve(target)[0].name != "local":
        raise ConfigError(
            f"{folder} is for Android, and {target} is no phone",
            hint="Leave --target out to run its model here, or give --target adb.",
        )
    manifest, _ = script.read_manifest(folder)
    golden = json.loads((folder / script.GOLDEN).read_text(encoding="utf-8"))
    vectors = golden["vectors"]
    model = folder / next(entry["path"] for entry in manifest["files"] if entry["role"] == "model")
    inputs = [[script.read_tensor(folder, tensor) for tensor in vector["inputs"]] for vector in vectors]
    with Worker("the model") as worker:
        found: Answers = worker.call(
            "litesmith.runtime.answering:outputs", timeout_s=_TIMEOUT_S, path=model, inputs=inputs
        )
    events: list[dict[str, Any]] = [
        {"event": "files", "damaged": []},
        {"event": "runtime", "delegate": found.delegate, "runtime": found.runtime},
        {"event": "skipped", "what": _SKIPPED},
    ]
    refused = ""
    for vector, answered in zip(vectors, found.vectors, strict=True):
        if isinstance(answered, str):
            refused = refused or f"vector '{vector['name']}' is refused here: {answered}"
        else:
            events += _compared(folder, golden, vector, answered)
    return [*events, _end(golden, events, found.delegate, refused)]


def _compared(folder: Path, golden: dict[str, Any], vector: dict[str, Any], answered: Answered) -> list[dict[str, Any]]:
    """Return the comparison of each output of one vector."""
    places = zip(vector["outputs"], answered.outputs, golden["tolerances"], strict=True)
    return [
        script.compared((vector["name"], "output", tensor["name"]), script.read_tensor(folder, tensor), made, tolerance)
        for tensor, made, tolerance in places
    ]


def _end(golden: dict[str, Any], events: list[dict[str, Any]], delegate: str, refused: str) -> dict[str, Any]:
    """Return the verdict."""
    steps = [event for event in events if event["event"] == "step"]
    wrong = [event for event in steps if not event["ok"]]
    changed = any(event["different"] for event in steps)
    verdict = "different" if wrong or refused else "within tolerance" if changed else "identical"
    reason = refused or (script.reason_of(golden, delegate, wrong) if wrong else "")
    return {"event": "end", "verdict": verdict, "reason": reason, "vectors": len(golden["vectors"])}
