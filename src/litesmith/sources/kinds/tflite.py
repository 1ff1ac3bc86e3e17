"""A `.tflite` file: nothing to open or convert."""

from __future__ import annotations

from pathlib import Path

from litesmith.core.source import Source

_IDENTIFIER = b"TFL3"


def _recognise(path: Path) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(8)[4:] == _IDENTIFIER


def _damage(path: Path) -> str:
    """Say whether its tables or constants lie outside it."""
    from litesmith.runtime.flatbuffer import cut_off

    return cut_off(path)


PLUGIN = Source(
    name="tflite",
    describes="TFLite model (.tflite)",
    recognise=_recognise,
    damage=_damage,
    needs_tensorflow=False,
    opener="",
)
