"""Every setting of every verb: its default, its meaning and how its text is read. Written once, here."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from litesmith.core.errors import ConfigError
from litesmith.core.names import unknown
from litesmith.core.units import parse_fraction, parse_latency_ms, parse_size_bytes

PROJECT_FILE = "litesmith.toml"


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _promises(text: str) -> tuple[str, ...]:
    names = _names(text)
    if not names:  # as from an unset variable of a shell: a gate that asks for nothing would always be open
        raise ConfigError("no promise was given", hint="Write one, such as full-int8, or leave the option out.")
    return names


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ConfigError(f"'{text}' is not a whole number", hint="Write digits only, such as 200.") from None


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ConfigError(f"'{text}' is not a number", hint="Write it like 0.875.")
    return value


def _wholes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_whole(part) for part in _names(text)}))


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(_number(part) for part in _names(text))


def _switch(text: str) -> bool:
    if text not in ("true", "false"):
        raise ConfigError(f"'{text}' is neither true nor false", hint="Write true or false.")
    return text == "true"


def _size(text: str) -> tuple[int, int]:
    rows, _, columns = text.lower().partition("x")
    if not (rows.isdecimal() and columns.isdecimal() and int(rows) > 0 and int(columns) > 0):
        raise ConfigError(f"'{text}' is not a size", hint="Write rows and columns, such as 224x224.")
    return int(rows), int(columns)


def setting(
    default: Any, meaning: str, *, read: Callable[[str], Any] = str, metavar: str = "", repeats: bool = False
) -> Any:
    """Return a dataclass field that knows its meaning and how its text is read, and whether it may be typed twice."""
    return field(default=default, metadata={"meaning": meaning, "read": read, "metavar": metavar, "repeats": repeats})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a verb is to do. Empty text and 0 stand for "not given" or "all"."""

    model: str = setting("", "the model: .keras, .h5, SavedModel folder or .tflite", metavar="MODEL")
    data: str = setting("", "samples: image folder, folder with labels.csv, .npz or module:function", metavar="DATASET")
    calibrate: str = setting(
        "", "representative samples for int8 and int16x8; without it some of --data are set aside", metavar="DATASET"
    )
    out: str = setting("litesmith-out", "output folder (for convert also a file)", metavar="DIR")
    preprocess: str = setting("raw", "preset: raw, unit, signed, torch or caffe", metavar="PRESET")
    resize: str = setting("bilinear", "resampling of images", metavar="METHOD")
    crop: float = setting(0.0, "central square kept before resizing, as a fraction of the shorter side", read=_number)
    input_size: tuple[int, int] = setting(
        (0, 0), "size images are brought to (default: the model's)", read=_size, metavar="HxW"
    )
    color: str = setting("", "channel order: rgb, bgr or gray (default: the preset's)", metavar="ORDER")
    layout: str = setting("hwc", "channels last (hwc) or first (chw)", metavar="LAYOUT")
    mean: tuple[float, ...] = setting(
        (), "subtracted from raw values, one or per channel", read=_numbers, metavar="M,.."
    )
    std: tuple[float, ...] = setting((), "divides the result, one or per channel", read=_numbers, metavar="S,..")
    schemes: tuple[str, ...] = setting(
        ("float32", "float16", "dynamic_int8", "weight_only_int8", "int8", "int16x8", "dynamic_int4"),
        "schemes to build; float32 is always built, as the reference",
        read=_names,
        metavar="A,B,..",
    )
    interface: str = setting("int8", "inputs and outputs of int8 models: int8, uint8 or float32", metavar="TYPE")
    calibrator: str = setting("auto", "rule for ranges; auto tries each and keeps the best", metavar="NAME")
    corrections: tuple[str, ...] = setting(
        ("auto",),
        "corrections of int8 models to try, each kept if it helps: auto (all), none, or names",
        read=_names,
        metavar="A,B,..",
    )
    recover: bool = setting(
        False, "also train the Keras model for int8, and keep that variant where it is measurably better", read=_switch
    )
    recover_epochs: int = setting(20, "train at most this many epochs", read=_whole, metavar="N")
    recover_minutes: float = setting(10.0, "train at most this long", read=_number, metavar="MINUTES")
    goal: str = setting(
        "",
        "also search for mixed precision, and recommend for: accuracy, latency, size or balanced",
        metavar="GOAL",
    )
    search_evaluations: int = setting(12, "mixed models the search may evaluate", read=_whole, metavar="N")
    search_minutes: float = setting(10.0, "minutes after which the search begins no evaluation", read=_number)
    metric: str = setting("", "headline metric (default: the best that applies)", metavar="NAME")
    output: int = setting(0, "which model output is scored, counted from 0", read=_whole, metavar="N")
    samples: int = setting(0, "evaluate this many samples (default: all)", read=_whole, metavar="N")
    calibration_samples: int = setting(500, "calibrate on at most this many samples", read=_whole, metavar="N")
    target: tuple[str, ...] = setting(("local",), "where to measure latency", read=_names, metavar="TARGET")
    fleet: str = setting("", "measure on every device of this TOML file, in place of --target", metavar="FILE")
    threads: int = setting(1, "interpreter threads for the benchmark", read=_whole, metavar="N")
    thread_sweep: tuple[int, ...] = setting(
        (), "also time with these numbers of threads, such as 1,2,4", read=_wholes, metavar="N,.."
    )
    sustain: float = setting(
        0.0,
        "also run each model this many seconds without rest, with temperature and clock",
        read=_number,
        metavar="SECONDS",
    )
    benchmark_binary: str = setting(
        "", "benchmark_model for phones (default: the one in the cache folder)", metavar="FILE"
    )
    cores: str = setting("all", "cores of a phone that are used: all, big or little", metavar="WHICH")
    delegate: str = setting("none", "run on a delegate: none, edgetpu, or gpu on phones", metavar="NAME")
    runs: int = setting(200, "timed runs per variant", read=_whole, metavar="N")
    warmup: int = setting(10, "runs before timing", read=_whole, metavar="N")
    batch: int = setting(1, "static batch size of the .tflite; 0 leaves it dynamic", read=_whole, metavar="N")
    rung_timeout: int = setting(
        600, "seconds for each way of converting that is tried after the plain one", read=_whole, metavar="SECONDS"
    )
    allow_select_tf_ops: bool = setting(
        False, "let the .tflite need TensorFlow's own operators, which the app then ships", read=_switch
    )
    jobs: int = setting(0, "worker processes (default: one per core)", read=_whole, metavar="N")
    ops: bool = setting(False, "list every operator", read=_switch)
    html: str = setting("", "also write the result as one HTML page that loads nothing", metavar="PAGE")
    seed: int = setting(0, "seed of everything random", read=_whole, metavar="N")
    for_: str = setting("", "kind of bundle, such as raspberry-pi", metavar="KIND")
    package: str = setting("", "Kotlin package of the code for Android, such as com.example.app", metavar="NAME")
    class_name: str = setting("", "class of the code for Android (default: from the model's name)", metavar="NAME")
    runtime: str = setting("litert", "artifacts for Android: litert or tensorflow-lite", metavar="NAME")
    takes: str = setting("auto", "what the bundled model is given: images, tensors, or auto", metavar="WHAT")
    labels: str = setting("", "text file with one class name per line, in the output's order", metavar="FILE")
    wheelhouse: bool = setting(False, "put the packages into the bundle, to install without a network", read=_switch)
    python: str = setting("3.11", "Python the wheelhouse is for", metavar="VERSION")
    machine: str = setting("aarch64", "architecture the wheelhouse is for: aarch64 or x86_64", metavar="NAME")
    metadata: bool = setting(
        False, "also write TFLite metadata into the model, for ML Kit and MediaPipe Tasks", read=_switch
    )
    service: bool = setting(False, "also write a systemd unit", read=_switch)
    replace: bool = setting(False, "replace a bundle that is there", read=_switch)
    expect: tuple[str, ...] = setting(
        (),
        "what the file must hold, such as full-int8, io=uint8 or 'runtime<=2.14'; may be repeated",
        read=_promises,
        metavar="PROMISE",
        repeats=True,
    )
    max_drop: float | None = setting(None, "largest loss of the headline metric, such as 0.01", read=parse_fraction)
    max_size: int | None = setting(None, "largest file, such as 5MB", read=parse_size_bytes, metavar="SIZE")
    max_latency: float | None = setting(
        None, "largest p50 latency, such as 20ms", read=parse_latency_ms, metavar="TIME"
    )


FIELDS: dict[str, Field[Any]] = {entry.name: entry for entry in fields(Settings)}


def flag(name: str) -> str:
    """Return a setting's command-line flag.

    >>> flag("max_drop"), flag("for_")
    ('--max-drop', '--for')
    """
    return "--" + name.rstrip("_").replace("_", "-")


def default_text(name: str) -> str:
    """Return a setting's default as it would be typed; empty for none."""
    value = FIELDS[name].default
    if value is MISSING or value in (None, "", 0, (), (0, 0)):
        return ""
    return ",".join(str(v) for v in value) if isinstance(value, tuple) else str(value)


def read_setting(name: str, text: str) -> Any:
    """Return a setting's value from its text.

    Raises:
        ConfigError: the text cannot be read; the message names the setting.
    """
    try:
        return FIELDS[name].metadata["read"](text)
    except ConfigError as error:
        raise ConfigError(f"{flag(name)}: {error.message}", hint=error.hint) from error


def merged(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """Return the settings with some values replaced.

    Raises:
        UnknownNameError: no such setting.
    """
    for name in values:
        if name not in FIELDS:
            raise unknown("setting", name, FIELDS)
    return replace(settings, **values)


def read_toml(path: Path, *, what: str, option: str, example: str) -> dict[str, Any]:
    """Return the contents of a TOML file.

    Raises:
        ConfigError: it cannot be read, or is no TOML.
    """
    try:
        import tomllib  # type: ignore[import-not-found,unused-ignore]  # standard from Python 3.11
    except ModuleNotFoundError:
        import tomli as tomllib  # type: ignore[no-redef,import-not-found,unused-ignore]
    try:
        found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read {what} {path}: {error.strerror}", hint=f"Check {option}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}", hint=f"Write it like: {example}") from error
    return found


def read_project(path: Path) -> dict[str, Any]:
    """Return the settings of a project file; paths in it are relative to its folder.

    Raises:
        ConfigError: it is missing, no TOML, or a value has the wrong type.
        UnknownNameError: a key is no setting; the hint names the nearest.
    """
    table = read_toml(path, what="the project file", option="--project", example='preprocess = "signed"')
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        name = f"{name}_" if f"{name}_" in FIELDS else name  # `for` is a word of Python's
        if name not in FIELDS:
            raise unknown("setting", key, (flag(n)[2:] for n in FIELDS))
        values[name] = _from_toml(name, value, path)
    return values


def _from_toml(name: str, value: object, path: Path) -> Any:
    """Return a value as if its text had been typed, so that both ways are read by one rule."""
    is_switch = isinstance(FIELDS[name].default, bool)
    if isinstance(value, bool) != is_switch or not isinstance(value, (str, int, float, list)):
        raise ConfigError(
            f"{path.name}: {name} = {value!r} has the wrong type",
            hint=f"See `litesmith deploy --help` for {flag(name)}.",
        )
    between = "x" if name == "input_size" else ","
    text = between.join(str(v) for v in value) if isinstance(value, list) else str(value)
    text = text.lower() if is_switch else text
    try:
        found = read_setting(name, text)
    except ConfigError as error:
        raise ConfigError(f"{path.name}: {error.message}", hint=error.hint) from error
    is_module = name in ("data", "calibrate") and ":" in text and not text.rpartition(":")[0].endswith(".py")
    if name in ("model", "out", "html", "fleet", "benchmark_binary", "data", "calibrate", "labels") and not is_module:
        return str(path.parent / found)
    return found
