"""The folder of a bundle: filled under another name, and there only when it is whole."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from litesmith.bundle.check import read_manifest
from litesmith.core.errors import OutputError
from litesmith.core.files import output_error, require_writable
from litesmith.pipeline.verifying_kotlin import damages_of


def require_free(out: Path, *, replace: bool) -> None:
    """Check that a bundle may be written to `out`, before any work is done.

    Raises:
        OutputError: something is there already, and it is no bundle that was to be replaced, or somebody's own work is
            in it: files that were added or changed. What an installation made does not count.
    """
    if not os.path.lexists(out):
        return
    if out.is_symlink() or not out.is_dir():
        raise OutputError(f"{out} is there already, and is no folder", hint="Name another folder with --out DIR.")
    if not any(out.iterdir()):
        return
    manifest, _ = read_manifest(out)
    if not manifest:
        raise OutputError(
            f"{out} is there already, and is no bundle: nothing in it is replaced",
            hint="Name another folder with --out DIR.",
        )
    if not replace:
        raise OutputError(
            f"{out} is there already: a bundle of '{manifest['card'].get('name', 'a model')}'",
            hint="Name another folder with --out DIR, or add --replace.",
        )
    own = next((line for line in damages_of(out) if not line.endswith(" is missing")), "")
    if own:
        raise OutputError(
            f"{out} is not replaced, as it is not what was bundled: {own}",
            hint="Move what is yours elsewhere, or name another folder with --out DIR.",
        )


@contextmanager
def filling(out: Path, *, replace: bool) -> Iterator[Path]:
    """Yield an empty folder beside `out`; on success it takes its place, else it is removed.

    Raises:
        OutputError: the folder cannot be written, or something came to be at `out` meanwhile.
    """
    made = [folder for folder in out.absolute().parents if not folder.exists()]
    require_writable(out.parent)
    temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent))
    try:
        temporary.chmod(0o755)
        yield temporary
        require_free(out, replace=replace)
        _take_place(temporary, out)
    except OSError as error:
        raise output_error(error, out) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        with contextlib.suppress(OSError):  # they hold the bundle, or something of another's
            for folder in made:
                folder.rmdir()


def _take_place(made: Path, out: Path) -> None:
    """Rename a folder to `out`; what is there goes only after the new one stands."""
    if not out.exists():
        made.rename(out)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".old", dir=out.parent))
    old = aside / "old"
    out.rename(old)
    try:
        made.rename(out)
    except OSError:
        old.rename(out)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
