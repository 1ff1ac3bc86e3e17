"""The verbs of the command line as functions. Defaults are those of `litesmith.pipeline.settings.Settings`.

    from litesmith import api

    result = api.deploy("model.keras", data="photos/", preprocess="signed", max_drop=0.01)
    print(result.recommended, result.reason)

Every function raises the errors of `litesmith.core.errors` and prints nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike, fspath
from typing import Any

from litesmith.core.audit import Inspected
from litesmith.core.bundle import Bundled
from litesmith.core.comparison import Comparison
from litesmith.core.debugging import Debugging
from litesmith.core.deployment import Deployment
from litesmith.core.device_action import DeviceOutcome
from litesmith.core.parity import Verified
from litesmith.core.progress import Progress, silent
from litesmith.pipeline import auditing, bundling, comparing, files, verifying
from litesmith.pipeline import convert as convert_verb
from litesmith.pipeline import debugging as debug_verb
from litesmith.pipeline import deploy as deploy_verb
from litesmith.pipeline import device as device_verb
from litesmith.pipeline import doctor as doctor_verb
from litesmith.pipeline import quantize as quantize_verb
from litesmith.pipeline.convert import ConvertResult
from litesmith.pipeline.doctor import Diagnosis
from litesmith.pipeline.files import FileResults
from litesmith.pipeline.quantize import QuantizeResult
from litesmith.pipeline.settings import FIELDS, Settings, merged, read_setting

Path = str | PathLike[str]


def _settings(values: dict[str, Any]) -> Settings:
    """Return settings from keyword arguments; text is read as on the command line, paths become text, lists tuples."""
    return merged(Settings(), {name: _plain(name, value) for name, value in values.items() if value is not None})


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, PathLike):
        return fspath(value)
    if isinstance(value, str) and name in FIELDS:
        return read_setting(name, value)
    return tuple(value) if isinstance(value, list) else value


def _paths(models: Path | Sequence[Path]) -> list[str]:
    return [fspath(model) for model in ([models] if isinstance(models, (str, PathLike)) else models)]


def deploy(model: Path, data: Path | None = None, *, progress: Progress = silent, **settings: Any) -> Deployment:
    """Convert, quantize, evaluate and time a model, and write variants and reports to `out`.

    Args:
        model: .keras, .h5, SavedModel folder or float .tflite.
        data: Evaluation samples.
        progress: Receives progress.
        settings: Any field of `Settings`, such as `calibrate`, `preprocess`, `schemes`, `out` or `max_drop`.

    Returns:
        Everything that was measured. `recommended` is empty when nothing meets the limits.
    """
    return deploy_verb.deploy(_settings({"model": model, "data": data, **settings}), progress=progress)


def convert(model: Path, *, progress: Progress = silent, **settings: Any) -> ConvertResult:
    """Write the float32 .tflite and compare it with the source. See `deploy` for `settings`."""
    return convert_verb.convert(_settings({"model": model, **settings}), progress=progress)


def quantize(model: Path, *, progress: Progress = silent, **settings: Any) -> QuantizeResult:
    """Write variants, neither evaluated nor timed. See `deploy` for `settings`."""
    return quantize_verb.quantize(_settings({"model": model, **settings}), progress=progress)


def evaluate(models: Path | Sequence[Path], data: Path, *, progress: Progress = silent, **settings: Any) -> FileResults:
    """Return accuracies of .tflite files and their paired differences to the first."""
    return files.evaluate(_settings({"data": data, **settings}), _paths(models), progress=progress)


def benchmark(models: Path | Sequence[Path], *, progress: Progress = silent, **settings: Any) -> FileResults:
    """Return latency and memory of .tflite files, measured interleaved."""
    return files.benchmark(_settings(settings), _paths(models), progress=progress)


def inspect(model: Path, *, expect: str | Sequence[str] = (), progress: Progress = silent) -> Inspected:
    """Return the audit of a .tflite, and its operators and tensors.

    Args:
        model: Any .tflite.
        expect: Promises to hold against it, as for `litesmith inspect --expect`; see `audit.expectations`.
        progress: Receives progress.
    """
    settings = _settings({"model": model, "expect": expect if isinstance(expect, str) else list(expect)})
    return auditing.inspect(settings, progress=progress)


def compare(
    first: Path, second: Path, data: Path | None = None, *, progress: Progress = silent, **settings: Any
) -> Comparison:
    """Return how two .tflite files differ, in structure and in what they answer to samples or random inputs.

    Args:
        first: The file differences are counted from.
        second: The other file.
        data: Samples both are run on.
        progress: Receives progress.
        settings: Any field of `Settings`, such as `preprocess` or `samples`.
    """
    return comparing.compare(_settings({"data": data, **settings}), _paths([first, second]), progress=progress)


def debug(
    float_model: Path, quantized_model: Path, data: Path, *, progress: Progress = silent, **settings: Any
) -> Debugging:
    """Return what every operator of a quantized .tflite adds to its error, and why.

    Args:
        float_model: The float .tflite it was made from.
        quantized_model: The quantized .tflite.
        data: Samples both are run on.
        progress: Receives progress.
        settings: Any field of `Settings`, such as `preprocess`, `samples` or `output`.
    """
    made = _settings({"data": data, **settings})
    return debug_verb.debug(made, _paths([float_model, quantized_model]), progress=progress)


def device(action: str, target: str = "", *, progress: Progress = silent) -> DeviceOutcome:
    """Carry out an action on a device, such as `check` or `prepare`.

    Args:
        action: Name of the action.
        target: As for `--target`; empty for actions that take none.
        progress: Receives progress.

    Returns:
        What was done. For `check`, `preflight.ready` says whether models can run there.
    """
    return device_verb.device(action, target, progress=progress)


def doctor() -> Diagnosis:
    """Return what is installed and what is missing."""
    return doctor_verb.doctor()


def bundle(model: Path, for_: str, out: Path | None = None, *, progress: Progress = silent, **settings: Any) -> Bundled:
    """Put a .tflite into a folder that installs and checks itself on a device.

    Args:
        model: The .tflite; its `report.json` is used where deploy left it.
        for_: Kind of bundle, such as `raspberry-pi`.
        out: The folder; something that is there is not replaced unless `replace` is true.
        progress: Receives progress.
        settings: Any field of `Settings`, such as `labels`, `wheelhouse` or `python`.
    """
    return bundling.bundle(_settings({"model": model, "for_": for_, "out": out, **settings}), progress=progress)


def verify(
    bundle: Path, target: str | Sequence[str] = "local", *, delegate: str = "none", progress: Progress = silent
) -> Verified:
    """Return whether a bundle answers as it did when it was made, on one target or several.

    Args:
        bundle: The folder that `bundle` made.
        target: As for `litesmith verify --target`.
        delegate: `gpu` runs it on a phone's GPU too.
        progress: Receives progress.
    """
    settings = _settings({"target": target if isinstance(target, str) else list(target), "delegate": delegate})
    return verifying.verify(settings, fspath(bundle), progress=progress)
