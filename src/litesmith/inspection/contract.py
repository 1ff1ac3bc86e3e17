"""Promises as they are written, and holding them against a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litesmith.core.audit import Expected
from litesmith.core.errors import ConfigError
from litesmith.core.names import look_up
from litesmith.inspection.promise_checks import Facts
from litesmith.inspection.promises import PROMISES, Form, Promise

_WRITTEN = re.compile(r"\s*([A-Za-z0-9_-]+)\s*(?:(<=|==|=|>=|<|>)\s*(.*?))?\s*\Z")
_MOST_LAYERS = 3


@dataclass(frozen=True, slots=True)
class Written:
    """One promise as it was written.

    Attributes:
        text: The promise without spaces.
        promise: Its kind.
        value: What it is held against; None where the kind has no value.
    """

    text: str
    promise: Promise
    value: Any


def read_promises(texts: Sequence[str]) -> tuple[Written, ...]:
    """Return the promises, each once, in order.

    Raises:
        UnknownNameError: there is no such promise; the hint names the nearest.
        ConfigError: its value is missing, of another form, or cannot be read.
    """
    return tuple({written.text: written for written in map(_read, texts)}.values())


def _read(text: str) -> Written:
    match = _WRITTEN.match(text)
    if match is None:
        raise ConfigError(f"'{text}' is not a promise", hint="Write it like full-int8, io=uint8 or 'runtime<=2.14'.")
    name, sign, value = match[1], match[2] or "", match[3] or ""
    promise = look_up("promise", name, PROMISES)
    if sign != promise.form.value or bool(value) != (promise.form is not Form.PLAIN):
        wanted = f"{name}{promise.form.value}{promise.example}"
        raise ConfigError(f"'{text}' is not how '{name}' is promised", hint=f"Write {wanted!r}, quoted for the shell.")
    try:
        return Written(f"{name}{sign}{value}", promise, promise.read(value) if sign else None)
    except ConfigError as error:
        raise ConfigError(f"promise '{text}': {error.message}", hint=error.hint) from error


def held(promises: Sequence[Written], facts: Facts) -> tuple[Expected, ...]:
    """Return each promise with whether it holds and what is in the file."""
    found = []
    for written in promises:
        answer = written.promise.check(facts, written.value)
        layers = list(dict.fromkeys(f"{ref.op} in '{ref.layer}'" for ref in answer.ops)) if not answer.met else []
        where = ", ".join(layers[:_MOST_LAYERS]) + (
            f" and {len(layers) - _MOST_LAYERS} more" * (len(layers) > _MOST_LAYERS)
        )
        text = f"{answer.found}: {where}" if where else answer.found
        found.append(Expected(text=written.text, met=answer.met, found=text, ops=() if answer.met else answer.ops))
    return tuple(found)
