"""What Keras' loading errors mean, in one place, and which files are not opened at all."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from litesmith.core.errors import SourceError
from litesmith.diagnosis.cause import Layer
from litesmith.sources.refused import refused

_UNKNOWN = re.compile(
    r"(?:Could not locate (?:class|function)|Unknown (?:layer|object|function|activation function|initializer)):? "
    r"['\"]?([\w.>-]+)"
)
_UNSAFE = re.compile(r"safe_mode|unsafe|arbitrary code", re.IGNORECASE)
_ARGUMENTS = re.compile(
    r"Unrecognized keyword arguments passed to (\w+): \{(.*?)\}"
    r"|(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'"
)
_INNER = re.compile(r"Exception encountered: (.+)", re.DOTALL)
_DAMAGED = re.compile(
    r"truncated file|Unable to (?:synchronously )?open|BadZipFile|Bad CRC|bad object header", re.IGNORECASE
)
_EXPORT = "Where the class is defined: model.export('folder'), then give Litesmith that folder."


def code_layers(config: Any) -> list[str]:
    """Return the names of layers that hold Python code in the file, as Lambda layers of a lambda do.

    Keras 2 runs such code from .h5 files without asking (tf-keras has no safe mode for them), so it is looked for
    before any Keras sees the file.
    """
    return list(dict.fromkeys(_code_layers(config, "?")))


def _code_layers(node: Any, layer: str) -> Iterator[str]:
    if isinstance(node, dict):
        inner = node.get("config")
        if isinstance(inner, dict) and isinstance(inner.get("name"), str):
            layer = inner["name"]
        if node.get("class_name") == "__lambda__" or any(
            key.endswith("_type") and value == "lambda" for key, value in node.items()
        ):
            yield layer
        for value in node.values():
            yield from _code_layers(value, layer)
    elif isinstance(node, list):
        for value in node:
            yield from _code_layers(value, layer)


def runs_code(path: Path, names: list[str], layers: Sequence[Layer] = ()) -> SourceError:
    """Build the error for a file whose layers of some names hold Python code."""
    where = f"layer{'s' if len(names) > 1 else ''} {', '.join(names)}"
    return refused(
        f"{path} holds Python code in its Lambda {where}; opening it would run that code",
        hint="Where you trust the code: model.export('folder'), then give Litesmith that folder.",
        layers=layers,
    )


def first_line(error: BaseException) -> str:
    """Return the cause of a Keras error in one line.

    >>> first_line(TypeError("Exception encountered: Unrecognized keyword arguments passed to D: {'groups': 1}"))
    "D: unknown argument 'groups'"
    """
    text = str(error)
    inner = _INNER.search(text)
    while inner:
        text = inner[1]
        inner = _INNER.search(text)
    arguments = _ARGUMENTS.search(text)
    if arguments:
        names = re.findall(r"'(\w+)':", arguments[2]) if arguments[1] else [arguments[4]]
        quoted = ", ".join(f"'{name}'" for name in names)
        return f"{arguments[1] or arguments[3]}: unknown argument {quoted}"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


def refusal(error: Exception, path: Path, library: str, layers: Sequence[Layer] = ()) -> SourceError:
    """Map an exception of Keras while it loads a model.

    Args:
        error: The exception.
        path: The file.
        library: Name and version of the Keras that refuses it.
        layers: The layers in the file's configuration.
    """
    text = f"{type(error).__name__}: {error}"
    unknown = _UNKNOWN.search(text)
    if unknown:
        name = unknown[1].split(">")[-1].rstrip(".")
        message, hint = f"{path} uses '{name}', which is not part of {library}", _EXPORT
    elif _UNSAFE.search(text):
        message = f"{library} refuses {path}: opening it could run code from the file"
        hint = "Where you trust the code: model.export('folder'), then give Litesmith that folder."
    elif _DAMAGED.search(text):
        message, hint = f"{path} is damaged: {first_line(error)}", "Copy or save the model again."
    else:
        message, hint = f"{library} refuses {path}: {first_line(error)}", _EXPORT
    return refused(message, hint=hint, text=text, layers=layers)
