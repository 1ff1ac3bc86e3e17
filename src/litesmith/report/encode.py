"""Frozen records to plain JSON values and back: used for report.json and for every cached result."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Iterator
from enum import Enum
from functools import cache
from itertools import islice
from pathlib import Path, PurePath
from typing import Any, TypeVar

import numpy as np
from cattrs import Converter, transform_error
from cattrs.errors import BaseValidationError

from litesmith.core.errors import PluginError, UserError
from litesmith.core.graph import Option

T = TypeVar("T")

_PLAIN = (str, bool, int, float, type(None))
_PIECES = 10_000
"""Pieces of JSON that are joined before they are handed on."""
_SURROGATE = re.compile("[\ud800-\udfff]")


def to_data(record: object) -> Any:
    """Return a record, or tuples and dicts of records, as plain JSON values.

    Enums become their values, tuples lists, paths text with forward slashes. NaN and infinity become None, as JSON has
    neither. None stays None: a field without a value is written, so that a reader finds every field in every file.

    Raises:
        PluginError: a value is neither a dataclass nor of a kind JSON knows.
    """
    return _encode(record, "record")


def _encode(value: object, where: str) -> Any:
    if isinstance(value, (Enum, np.generic)):
        value = value.value if isinstance(value, Enum) else value.item()
    if isinstance(value, PurePath):
        value = value.as_posix()
    if isinstance(value, _PLAIN):
        return None if isinstance(value, float) and not math.isfinite(value) else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _encode(getattr(value, f.name), f"{where}.{f.name}") for f in dataclasses.fields(value)}
    if isinstance(value, (tuple, list)):
        return [_encode(item, f"{where}[{i}]") for i, item in enumerate(value)]
    if isinstance(value, dict):
        return {str(_encode(key, where)): _encode(item, f"{where}[{key!r}]") for key, item in value.items()}
    raise PluginError(f"{where} holds a {type(value).__name__}, which JSON cannot hold")


def from_data(cls: type[T], data: object) -> T:
    """Return the record of type `cls` that `to_data` wrote as `data`.

    Values are checked, not coerced: text is no number, and a name the record does not have is an error. None where a
    number is needed becomes NaN, as `to_data` writes NaN as None. `cls` may also be `tuple[Variant, ...]` and the like.

    Raises:
        UserError: `data` does not fit `cls`; the message names each place.
    """
    try:
        return _converter().structure(data, cls)
    except (BaseValidationError, ValueError, TypeError, KeyError, AttributeError) as error:
        name = getattr(cls, "__name__", str(cls))
        places = "; ".join(transform_error(error, path=name))
        raise UserError(
            f"stored data does not fit {name}: {places}",
            hint="Delete the file and run again; it may come from another version of Litesmith.",
        ) from error


def to_json(record: object) -> str:
    """Return a record as indented JSON text that any UTF-8 file can hold; the values are those of `to_data`.

    Lone surrogates, which stand for undecodable bytes in file names, are written as escapes.

    Raises:
        PluginError: a value is neither a dataclass nor of a kind JSON knows.
    """
    return "".join(json_blocks(record))


def json_blocks(record: object) -> Iterator[str]:
    """Yield the text of `to_json` piece by piece.

    Records become plain values as they are written: the graph of a large model would take a gigabyte at once.

    Raises:
        PluginError: a value is neither a dataclass nor of a kind JSON knows.
    """
    import json

    encoder = json.JSONEncoder(indent=2, ensure_ascii=False, allow_nan=False, default=_fields)
    pieces = encoder.iterencode(_shallow(record))
    while block := "".join(islice(pieces, _PIECES)):
        yield _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", block)
    yield "\n"


def _fields(record: object) -> dict[str, Any]:
    """Return a record's fields; records in them are left to the next call."""
    if not dataclasses.is_dataclass(record) or isinstance(record, type):
        raise PluginError(f"the record holds a {type(record).__name__}, which JSON cannot hold")
    return {f.name: _shallow(getattr(record, f.name)) for f in dataclasses.fields(record)}


def _shallow(value: object) -> object:
    """Return a value as JSON has it, but for the records in it."""
    if isinstance(value, (tuple, list)):
        return [_shallow(item) for item in value]
    if isinstance(value, dict):
        return {str(_encode(key, "a key")): _shallow(item) for key, item in value.items()}
    return _encode(value, "a value") if isinstance(value, (float, Enum, np.generic, PurePath)) else value


@cache
def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    converter.register_structure_hook(float, _float)
    converter.register_structure_hook(int, _exactly(int))
    converter.register_structure_hook_func(lambda kind: kind == Option, _option)
    converter.register_structure_hook(str, _exactly(str))
    converter.register_structure_hook(bool, _exactly(bool))
    converter.register_structure_hook(Path, lambda value, _: Path(_exactly(str)(value, str)))
    converter.register_structure_hook_func(_is_tuple, lambda value, cls: _tuple(converter, value, cls))
    return converter


def _option(value: object, kind: Any) -> Option:
    """Return an operator's option, of whichever type it was written with."""
    del kind
    if not isinstance(value, (bool, int, float)):
        raise TypeError(f"{value!r} is neither a number nor true or false")
    return value


def _float(value: object, _: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _exactly(kind: type) -> Any:
    def check(value: object, _: object) -> object:
        if type(value) is not kind:
            raise TypeError(f"{value!r} is not of type {kind.__name__}")
        return value

    return check


def _is_tuple(cls: object) -> bool:
    return getattr(cls, "__origin__", None) is tuple


def _tuple(converter: Converter, value: object, cls: Any) -> tuple[object, ...]:
    """Structure a tuple from a list only: text is iterable too, and would become a tuple of letters."""
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{value!r} is not a list")
    kinds = cls.__args__
    if len(kinds) == 2 and kinds[1] is ...:
        kinds = (kinds[0],) * len(value)
    if len(kinds) != len(value):
        raise ValueError(f"{len(value)} values where {len(kinds)} are needed")
    return tuple(converter.structure(item, kind) for item, kind in zip(value, kinds, strict=True))
