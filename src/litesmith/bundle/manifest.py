"""The manifest: every file of a bundle with its sha256, and a digest of the manifest itself."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from litesmith.bundle.check import manifest_digest
from litesmith.core.bundle import MANIFEST_FILE, MANIFEST_VERSION, BundledFile, Manifest, ModelCard
from litesmith.core.errors import PluginError
from litesmith.core.files import sha256_file, write_text


def manifest_of(
    folder: Path, *, kind: str, card: ModelCard, roles: Mapping[str, str], code: Mapping[str, str]
) -> Manifest:
    """Return the manifest of a folder as it stands, without its own digest.

    Args:
        folder: The bundle.
        kind: As typed, such as `raspberry-pi`.
        card: The model's.
        roles: Role of each file, by its path relative to the folder.
        code: What the generated code is called: `module`, or `package` and `class_name`.

    Raises:
        PluginError: a file was written that nobody gave a role, or the other way round.
    """
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    there.pop(MANIFEST_FILE, None)
    if set(there) != set(roles):
        raise PluginError(f"files of the bundle and their roles differ: {sorted(set(there) ^ set(roles))}")
    files = tuple(
        BundledFile(path=name, sha256=sha256_file(path), size_bytes=path.stat().st_size, role=roles[name])
        for name, path in sorted(there.items())
    )
    now = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    names = {"module": "", **code}
    return Manifest(schema_version=MANIFEST_VERSION, kind=kind, created=now, card=card, files=files, **names)


def write_manifest(folder: Path, manifest: Manifest, encode: Callable[[Manifest], str]) -> Manifest:
    """Write a manifest with its own digest, and return it so.

    Raises:
        OutputError: it cannot be written.
    """
    signed = replace(manifest, sha256=manifest_digest(json.loads(encode(manifest))))
    write_text(folder / MANIFEST_FILE, encode(signed))
    return signed
