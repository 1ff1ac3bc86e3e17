"""Counts executed instructions of models on the CPU of a board.

What Debian calls qemu takes no plugins, so that a qemu of its own is needed, with `instructions.c` beside it;
`scripts/build-counting-qemu` makes both. A model is run in the board's root in namespaces of their own, whether the
board runs or not; nothing is installed in it or left there.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litesmith.core.errors import TargetError
from litesmith.core.files import place as place_file
from litesmith.core.files import sha256_file
from litesmith.core.instructions import CLASSES, InstructionCount
from litesmith.emulation import spaces
from litesmith.emulation.base_root import HOST_LIBRARIES
from litesmith.emulation.needs import Qemu, qemu_version, require_host
from litesmith.emulation.power import require_made
from litesmith.emulation.store import Place, home

SOURCE = Path(__file__).with_name("instructions.c")
SCRIPT = Path(__file__).parent.parent / "runtime" / "counted_models.py"
INFERENCES = 5
REPEATS = 2
_TIMEOUT_S = 1800.0
_SHOWN = "run/litesmith"  # where the root shows folders of this machine; in memory, so that nothing is left
_COUNTS = "/run/counts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """What counts.

    Attributes:
        qemu: A qemu that takes plugins.
        folder: Where it and the plugin are.
    """

    qemu: Qemu
    folder: Path


def find_counter() -> Counter:
    """Return what counts.

    Raises:
        TargetError: it was not built, or for another version of Litesmith.
    """
    folder = home() / "qemu"
    hint = "In a copy of Litesmith's sources type: scripts/build-counting-qemu   (three minutes, once)"
    program = folder / "qemu-aarch64"
    if not program.is_file() or not (folder / "instructions.so").is_file():
        raise TargetError(f"instructions cannot be counted: no qemu that takes plugins in {folder}", hint=hint)
    try:
        built = (folder / "instructions.sha256").read_text(encoding="ascii").strip()
    except OSError:
        built = ""
    if built != sha256_file(SOURCE):
        raise TargetError(
            f"instructions cannot be counted: the plugin in {folder} is that of another version of Litesmith", hint=hint
        )
    version = qemu_version(program)
    if not version:
        raise TargetError(f"instructions cannot be counted: {program} does not start", hint=hint)
    return Counter(qemu=Qemu(path=program, version=version), folder=folder)


def count_instructions(
    place: Place,
    models: Mapping[str, Path],
    wheels: Sequence[Path],
    *,
    inferences: int = INFERENCES,
    repeats: int = REPEATS,
    seed: int = 0,
) -> tuple[dict[str, InstructionCount], dict[str, str]]:
    """Return the instructions of one inference of each model, and for those that could not be run the reason.

    Args:
        place: Of the board, whose root and CPU are used.
        models: `.tflite` files by name.
        wheels: Packages of the runtime and of NumPy for the board's Python and architecture.
        inferences: Counted together in each repeat, to even out what differs from one to the next.
        repeats: Fresh processes.
        seed: Of the inputs, which are random.

    Raises:
        UserError: the board was not created.
        TargetError: nothing counts here, the runtime does not start there, or it took too long.
    """
    require_host()
    require_made(place)
    counter = find_counter()
    names = list(models)
    with tempfile.TemporaryDirectory(prefix="litesmith-count-") as folder:
        shown = Path(folder)
        shown.chmod(0o755)
        for wheel in wheels:
            with zipfile.ZipFile(wheel) as file:
                file.extractall(shown / "runtime")
        for number, name in enumerate(names):
            place_file(models[name], shown / "models" / f"{number}.tflite")
        place_file(SCRIPT, shown / SCRIPT.name)
        runs = [_run(place, counter, shown, len(names), inferences=inferences, seed=seed) for _ in range(repeats)]
    counts: dict[str, InstructionCount] = {}
    failed: dict[str, str] = {}
    for number, name in enumerate(names):
        rows = [run.get(number, {"failed": "its process ended"}) for run in runs]
        reason = next((row["failed"] for row in rows if "failed" in row), None)
        if reason is None:
            counts[name] = summed(rows, inferences=inferences, cpu=place.board.cpu, version=counter.qemu.version)
        else:
            failed[name] = str(reason)
    return counts, failed


def summed(rows: Sequence[Mapping[str, Any]], *, inferences: int, cpu: str, version: str) -> InstructionCount:
    """Return the record of a model's counts: those of the repeat with the fewest, and how far apart repeats are.

    What comes on top of the fewest is other work of the process, such as allocation, which falls on some inferences.
    """
    least = min(rows, key=lambda row: int(row["total"]))
    totals = [round(int(row["total"]) / inferences) for row in rows]
    return InstructionCount(
        total=min(totals),
        by_class={name: round(int(least[name]) / inferences) for name in CLASSES},
        inferences=inferences,
        repeats=len(rows),
        spread=max(totals) - min(totals),
        cpu=cpu,
        emulator=f"qemu {version}",
    )


def _run(
    place: Place, counter: Counter, shown: Path, models: int, *, inferences: int, seed: int
) -> dict[int, dict[str, Any]]:
    request = {
        "models": [f"/{_SHOWN}/given/models/{number}.tflite" for number in range(models)],
        "inferences": inferences,
        "counts": _COUNTS,
        "seed": seed,
    }
    environment = {
        "QEMU_CPU": place.board.cpu,
        "QEMU_PLUGIN": f"file=/{_SHOWN}/qemu/instructions.so,out={_COUNTS}",
        "PYTHONPATH": f"/{_SHOWN}/given/runtime",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "OPENBLAS_NUM_THREADS": "1",  # threads that wait in a loop would be counted
        "HOME": "/run",
    }
    binds = [(str(shown), f"{_SHOWN}/given"), (str(counter.folder), f"{_SHOWN}/qemu")]
    binds += [(f"/{name}", name) for name in HOST_LIBRARIES]  # which that qemu and the plugin are linked to
    rows: dict[int, dict[str, Any]] = {}

    def read(line: str) -> None:
        try:
            row = json.loads(line)
            rows[int(row.pop("model"))] = row
        except (ValueError, KeyError, AttributeError):
            return  # something else that the runtime prints

    command = ["/usr/bin/python3", f"/{_SHOWN}/given/{SCRIPT.name}", json.dumps(request)]
    spaces.run(
        spaces.inside(place.root, command, qemu=counter.qemu, environment=environment, binds=binds),
        f"counting instructions on {place.board.name}",
        timeout_s=_TIMEOUT_S,
        on_line=read,
    )
    return rows
