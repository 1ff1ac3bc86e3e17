#!/usr/bin/env python3
"""Check a Litesmith bundle: every file by its sha256, then every golden vector, step by step.

    python check.py              in the folder of the bundle, with the Python that has the runtime
    python check.py FOLDER --json

Needs NumPy and what the bundle's own module needs. Exit code 1: it answers otherwise, or its files are damaged.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import platform
import sys
import types
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path, PurePosixPath
from typing import Any

MANIFEST = "manifest.json"
GOLDEN = "golden/golden.json"
VERSION = 1  # of both
_OWN = (".venv", "__pycache__")  # installing and running make them; they are not in the manifest


def manifest_digest(manifest: dict[str, Any]) -> str:
    """Return the sha256 a manifest has to state: of its JSON without the statement, keys sorted, no spaces."""
    bare = {**manifest, "sha256": ""}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def read_manifest(folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Return (manifest, what is wrong with it). The manifest is empty where it cannot be read."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, [f"{MANIFEST} is missing"]
    except (OSError, ValueError) as error:
        return {}, [f"{MANIFEST} cannot be read: {error}"]
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), list):
        return {}, [f"{MANIFEST} is not the manifest of a bundle"]
    try:
        for entry in manifest["files"]:
            _ = entry["path"] + entry["sha256"] + entry["role"]
        _ = manifest["card"]["sha256"] + manifest["module"]
        if manifest["schema_version"] != VERSION:
            raise TypeError(f"version {manifest['schema_version']!r}, and this check knows {VERSION}")
    except (KeyError, TypeError) as error:
        return {}, [f"{MANIFEST} is not the manifest of a bundle; missing or of another kind: {error}"]
    if manifest_digest(manifest) != manifest.get("sha256"):
        return manifest, [f"{MANIFEST} was changed after the bundle was made: it is not what its own sha256 says"]
    return manifest, []


def damages(folder: Path, *, wheels: bool = True, besides: tuple[str, ...] = ()) -> list[str]:
    """Return what is wrong with a bundle's files, one line each; empty when nothing is. Runs nothing of it.

    Without `wheels` the wheelhouse need not be there. Unlisted files whose paths begin with one of `besides` may be.
    """
    manifest, found = read_manifest(folder)
    if not manifest:
        return found
    listed = {}
    for entry in manifest["files"]:
        name = entry["path"]
        place = PurePosixPath(name)
        if place.is_absolute() or ".." in place.parts or "\\" in name or str(place) != name:
            found.append(f"{name!r} in {MANIFEST} is not a path inside the bundle")
        elif wheels or entry["role"] != "wheel":
            listed[name] = entry
    there = set(_files(folder)) - {MANIFEST}
    for name, entry in sorted(listed.items()):
        if name not in there:
            found.append(f"{name} is missing")
        elif sha256_of(folder / name) != entry["sha256"]:
            found.append(f"{name} was changed: its sha256 is not that in {MANIFEST}")
    found += [f"{name} is not in {MANIFEST}" for name in sorted(there - set(listed)) if not name.startswith(besides)]
    return found or _other_model(folder, manifest)


def _other_model(folder: Path, manifest: dict[str, Any]) -> list[str]:
    """Return where model, card and golden vectors are not of one model, though each file is as listed."""
    models = [entry for entry in manifest["files"] if entry["role"] == "model"]
    if len(models) != 1:
        return [f"{MANIFEST} lists {len(models)} models, and a bundle has one"]
    name, digest = models[0]["path"], models[0]["sha256"]
    found = []
    if manifest["card"]["sha256"] != digest:
        found.append(f"{name} is another model than the card in {MANIFEST} describes")
    try:
        golden = json.loads((folder / GOLDEN).read_text(encoding="utf-8"))
        if golden["model_sha256"] != digest:
            found.append(f"{name} is another model than the one that {GOLDEN} was made with")
        if golden["schema_version"] != VERSION or not golden["vectors"]:
            about = f"version {golden['schema_version']!r} with {len(golden['vectors'])} vectors"
            found.append(f"{GOLDEN} is of {about}; this check knows version {VERSION} with some")
    except (OSError, ValueError, KeyError, TypeError) as error:
        found.append(f"{GOLDEN} cannot be read: {error}")
    return found


def _files(folder: Path) -> Iterator[str]:
    """Yield the files of a bundle, relative, with forward slashes; links are files here, whatever they lead to."""
    for root, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(root) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in _OWN and name not in links)
        for name in (*files, *links):
            yield (Path(root) / name).relative_to(folder).as_posix()


def sha256_of(path: Path) -> str:
    """Return the hex sha256 of a file, or empty text where it is no readable file."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def load_model(folder: Path, manifest: dict[str, Any]) -> Any:
    """Return the bundle's model, opened by the bundle's own module."""
    name = manifest["module"]
    if not name.isidentifier():
        raise ValueError(f"{MANIFEST} names no module: {name!r}")
    path = folder / f"{name}.py"
    sys.modules[name] = module = types.ModuleType(name)
    module.__file__ = str(path)
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 - importing would believe a .pyc
    return module.Model(folder)


def delegate_of(model: Any) -> str:
    """Return what runs the operators: `XNNPACK`, or `none` where the runtime's own kernels do."""
    nodes = model._interpreter._get_ops_details()
    return "XNNPACK" if any(node["op_name"] == "DELEGATE" for node in nodes) else "none"


def read_tensor(folder: Path, tensor: dict[str, Any]) -> Any:
    """Return the array that a golden tensor's file holds."""
    import numpy

    kind = numpy.dtype(tensor["dtype"])
    stored = numpy.fromfile(folder / tensor["file"], dtype=kind.newbyteorder("<"))
    return stored.astype(kind, copy=False).reshape(tensor["shape"])


def compared(place: tuple[str, str, str], expected: Any, found: Any, tolerance: Any = None) -> dict[str, Any]:
    """Return how the array of a vector, a step and a tensor differs from its golden one, and whether it may."""
    import numpy

    event = {"event": "step", **dict(zip(("vector", "step", "tensor"), place, strict=True)), "elements": expected.size}
    if found.dtype != expected.dtype or found.shape != expected.shape:
        shapes = f"{found.dtype} {list(found.shape)} instead of {expected.dtype} {list(expected.shape)}"
        event.update(different=max(int(expected.size), 1), largest=None, allowed=0.0)
        return {**event, "ok": False, "why": shapes}
    is_float = expected.dtype.kind == "f"
    same = expected == found
    if is_float:
        same |= numpy.isnan(expected) & numpy.isnan(found)
    different = int(expected.size - numpy.count_nonzero(same))
    a, b = (values.astype(numpy.float64)[~same] for values in (expected, found))
    finite = bool(numpy.isfinite(a).all() and numpy.isfinite(b).all())
    largest = float(numpy.abs(a - b).max()) if different and finite else 0.0
    allowed = 0.0
    if tolerance is not None:
        numbers = expected[numpy.isfinite(expected)] if is_float else expected
        magnitude = float(numpy.abs(numbers.astype(numpy.float64)).max()) if numbers.size else 0.0
        allowed = tolerance["absolute"] + tolerance["relative"] * magnitude
    event.update(different=different, largest=largest if finite else None, allowed=allowed)
    event["ok"] = finite and largest <= allowed
    if place[1] == "output" and expected.ndim == 2 and expected.shape[1] > 1:
        event["same_top1"] = int(expected.argmax()) == int(found.argmax())
    return event


def steps(folder: Path, golden: dict[str, Any], model: Any, *, decodes: bool = True) -> Iterator[dict[str, Any]]:
    """Yield the comparison of every array of every golden vector. Each step is fed the golden values of the last."""
    tolerances = golden["tolerances"]
    for vector in golden["vectors"]:
        name = vector["name"]
        if vector["pixels"] is not None:
            pixels = read_tensor(folder, vector["pixels"])
            if decodes:
                decoded = model.pixels(folder / vector["image"])
                yield compared((name, "pixels", "image"), pixels, decoded)
            raw = [read_tensor(folder, tensor) for tensor in vector["raw"]]
            yield compared((name, "raw", vector["raw"][0]["name"]), raw[0], model.resize(pixels))
        raw = [read_tensor(folder, tensor) for tensor in vector["raw"]]
        inputs = [read_tensor(folder, tensor) for tensor in vector["inputs"]]
        for tensor, expected, found in zip(vector["inputs"], inputs, model.tensors(*raw), strict=True):
            yield compared((name, "input", tensor["name"]), expected, found)
        answers = zip(vector["outputs"], model.invoke(inputs), tolerances, strict=True)
        for tensor, found, tolerance in answers:
            yield compared((name, "output", tensor["name"]), read_tensor(folder, tensor), found, tolerance)


def version_of(package: str) -> str:
    """Return a package's version, or `unknown`."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "unknown"


def reason_of(golden: dict[str, Any], delegate: str, wrong: list[dict[str, Any]]) -> str:
    """Return in one sentence what may be behind a difference."""
    first = wrong[0]
    if first["step"] != "output":
        where = f"{first['step']} '{first['tensor']}' of vector '{first['vector']}'"
        return f"the bundle's module prepares inputs otherwise than when it was made: {where} differs first"
    runtime = f"ai-edge-litert {version_of('ai-edge-litert')}"
    if delegate != golden["delegate"]:
        return (
            f"operators are run by {delegate} here and were run by {golden['delegate']} when the vectors were made; "
            "other kernels round otherwise"
        )
    if runtime != golden["runtime"]:
        return f"the runtime is {runtime} here and was {golden['runtime']}; its kernels may have changed"
    if platform.machine() != golden["machine"]:
        return f"the processor is {platform.machine()} here and was {golden['machine']}, with kernels of its own"
    return "the same runtime on the same kind of processor made the vectors, so that this is a fault"


def check(folder: Path, tell: Callable[[dict[str, Any]], None], *, wheels: bool = True) -> bool:
    """Check a bundle, telling each finding; return whether it is sound."""
    damaged = damages(folder, wheels=wheels)
    tell({"event": "files", "damaged": damaged})
    if damaged:
        tell({"event": "end", "verdict": "damaged", "reason": damaged[0]})
        return False
    try:
        return _run(folder, tell)
    except Exception as error:
        reason = f"it cannot be run here: {type(error).__name__}: {error}"
        tell({"event": "end", "verdict": "different", "reason": reason})
        return False


def _run(folder: Path, tell: Callable[[dict[str, Any]], None]) -> bool:
    """Run every golden vector of a bundle whose files are as they were."""
    manifest, golden = (json.loads((folder / name).read_text(encoding="utf-8")) for name in (MANIFEST, GOLDEN))
    model = load_model(folder, manifest)
    delegate = delegate_of(model)
    tell({
        "event": "runtime", "delegate": delegate, "runtime": f"ai-edge-litert {version_of('ai-edge-litert')}",
        "python": platform.python_version(), "machine": platform.machine(), "numpy": version_of("numpy"),
    })  # fmt: skip
    decodes = importlib.util.find_spec("PIL") is not None
    if not decodes and any(vector["pixels"] is not None for vector in golden["vectors"]):
        tell({"event": "skipped", "what": "decoded images: Pillow is not installed there"})
    wrong, changed = [], 0
    for event in steps(folder, golden, model, decodes=decodes):
        tell(event)
        changed += event["different"]
        if not event["ok"]:
            wrong.append(event)
    verdict = "different" if wrong else "within tolerance" if changed else "identical"
    reason = reason_of(golden, delegate, wrong) if wrong else ""
    tell({"event": "end", "verdict": verdict, "reason": reason, "vectors": len(golden["vectors"])})
    return not wrong


def say(event: dict[str, Any]) -> None:
    """Print what matters of a finding to people."""
    kind = event["event"]
    if kind == "files":
        print(*(f"damaged: {line}" for line in event["damaged"]), sep="\n", end="\n" if event["damaged"] else "")
    elif kind == "runtime":
        print(f"{event['runtime']}, {event['delegate']}, Python {event['python']}, {event['machine']}")
    elif kind == "skipped":
        print(f"not compared: {event['what']}")
    elif kind == "step" and not event["ok"]:
        what = event.get("why") or f"{event['different']} of {event['elements']} values, by up to {event['largest']}"
        print(f"{event['vector']}: {event['step']} '{event['tensor']}' differs: {what}, allowed {event['allowed']:g}")
    elif kind == "end":
        print(f"verdict: {event['verdict']}" + (f" - {event['reason']}" if event["reason"] else ""))


def main(arguments: list[str]) -> int:
    """Check a bundle and print what was found.

    `--lines` is `--json` with exit code 0 whatever the verdict; `--no-wheels` is for a copy without its wheelhouse.
    """
    here = Path(__file__).resolve().parent
    sys.path[:] = [place for place in sys.path if Path(place or ".").resolve() != here]  # nothing here is Python's
    options = {word for word in arguments if word.startswith("--")}
    words = [word for word in arguments if not word.startswith("--")]
    if options - {"--json", "--lines", "--no-wheels"} or len(words) > 1:
        sys.exit("usage: python check.py [FOLDER] [--json]")
    tell = (lambda event: print(json.dumps(event), flush=True)) if options & {"--json", "--lines"} else say
    sound = check(Path(words[0]) if words else here, tell, wheels="--no-wheels" not in options)
    return 0 if sound or "--lines" in options else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
