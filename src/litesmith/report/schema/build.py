"""Builds the JSON Schema of report.json from the records and their docstrings, so that the two cannot part."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import types
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from litesmith.core.deployment import SCHEMA_VERSION, Deployment
from litesmith.core.errors import PluginError
from litesmith.report.schema.descriptions import COUNTS, DESCRIPTIONS, FRACTIONS, NON_NEGATIVE_SUFFIXES

# A float that is NaN or infinite is written as null.
_SCALARS: dict[Any, Any] = {float: ["number", "null"], int: "integer", str: "string", bool: "boolean"}
_FIELD = re.compile(r"    (\w+): (.*)")


def build_schema() -> dict[str, Any]:
    """Return the schema of report.json (JSON Schema, draft 2020-12).

    Raises:
        PluginError: a field has no description, or a type JSON has no word for.
    """
    defs: dict[str, Any] = {}
    root = _record(Deployment, defs)
    root["properties"]["schema_version"]["const"] = SCHEMA_VERSION
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Litesmith report, version {SCHEMA_VERSION}",
        **root,
        "$defs": dict(sorted(defs.items())),
    }


def schema_text() -> str:
    """Return the schema as the text of `report-1.schema.json`."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


def described_fields(cls: type) -> dict[str, str]:
    """Return the `Attributes:` section of a Google docstring: field name to description, on one line."""
    found: dict[str, str] = {}
    current = ""
    _, _, section = inspect.cleandoc(cls.__doc__ or "").partition("Attributes:\n")
    for line in section.splitlines():
        if match := _FIELD.fullmatch(line):
            current = match[1]
            found[current] = match[2].strip()
        elif line.startswith(" " * 8) and current:
            found[current] += " " + line.strip()
        elif line.strip():
            break
    return found


def _record(cls: type, defs: dict[str, Any]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    described = described_fields(cls)
    properties: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        text = described.get(field.name) or DESCRIPTIONS.get((cls.__name__, field.name), "")
        if not text:
            raise PluginError(f"{cls.__name__}.{field.name} has no description")
        schema = _constrain(field.name, _type(hints[field.name], defs))
        properties[field.name] = {"description": text, **schema}
    summary = inspect.cleandoc(cls.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return {
        "description": summary,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _type(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _optional(parts, defs)
    if origin is tuple:
        return _array(parts, defs)
    if origin is dict and parts[0] is str:
        return {"type": "object", "additionalProperties": _type(parts[1], defs)}
    if inspect.isclass(hint) and issubclass(hint, Enum):
        return {"type": "string", "enum": [member.value for member in hint]}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if hint.__name__ not in defs:
            defs[hint.__name__] = {}  # reserves the name for records that hold themselves
            defs[hint.__name__] = _record(hint, defs)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    raise PluginError(f"the report's schema has no word for the type {hint}")


def _array(parts: tuple[Any, ...], defs: dict[str, Any]) -> dict[str, Any]:
    if parts[-1] is ...:
        return {"type": "array", "items": _type(parts[0], defs)}
    fixed = [_type(part, defs) for part in parts]
    return {"type": "array", "prefixItems": fixed, "items": False, "minItems": len(fixed)}


def _optional(parts: tuple[Any, ...], defs: dict[str, Any]) -> dict[str, Any]:
    kinds = [part for part in parts if part is not type(None)]
    if len(kinds) != 1 or len(parts) != 2:
        raise PluginError(f"the report's schema has no word for a choice of {parts}")
    inner = _type(kinds[0], defs)
    if "$ref" in inner:
        return {"anyOf": [inner, {"type": "null"}]}
    kind = inner["type"]
    if "enum" in inner:
        inner = {**inner, "enum": [*inner["enum"], None]}
    return {**inner, "type": kind if isinstance(kind, list) else [kind, "null"]}


def _constrain(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if name == "sha256":
        return {**schema, "pattern": "^([0-9a-f]{64})?$"}
    if kind == "array" or "$ref" in schema or "anyOf" in schema:
        return schema
    if name in FRACTIONS:
        return {**schema, "minimum": 0, "maximum": 1}
    if name in COUNTS or name.endswith(NON_NEGATIVE_SUFFIXES):
        return {**schema, "minimum": 0}
    return schema
