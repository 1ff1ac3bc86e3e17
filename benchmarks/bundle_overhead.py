"""What the generated module of a bundle costs on top of bare inference, and its resizing beside Pillow's.

python benchmarks/bundle_overhead.py [FOLDER]    FOLDER with mobilenet_v2_float32.tflite and mobilenet_v2_int8.tflite
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from measures import HERE, Job, Measured, litesmith
from PIL import Image

from litesmith.bundle.job import BundleJob, Picture, module_name
from litesmith.bundle.kinds.raspberry_pi import write
from litesmith.core.bundle import ModelCard
from litesmith.core.files import sha256_file
from litesmith.core.preprocessing import PRESETS, Layout, Resize
from litesmith.runtime.interpreter import OpenModel

ROUNDS, BLOCK = 150, 5
WARMUP = 20
MOST_OVERHEAD = 0.03
PHOTO = (720, 1280, 3)


def bundled(
    path: Path, folder: Path, *, resize: Resize = Resize.BILINEAR, preset: str = "signed", **said: float
) -> Any:
    """Write the bundle of a classifier of 224 x 224 pictures and return its module.

    What is `said` of the input, such as its scale, need not be the model's, for its time does not depend on it.
    """
    described = OpenModel(path)
    inputs = tuple(replace(spec, **said) for spec in described.inputs)
    card = ModelCard(
        name=path.stem,
        sha256=sha256_file(path),
        size_bytes=path.stat().st_size,
        scheme="int8",
        source="",
        source_sha256="",
        inputs=inputs,
        outputs=described.outputs,
        preprocessing=replace(PRESETS[preset], resize=resize),
        labels=1000,
        evaluation=None,
        benchmarks=(),
        min_runtime="",
    )
    name = "_".join([module_name(path), resize.value, preset, *said])
    picture = Picture(height=224, width=224, channels=3, swap=False, layout=Layout.HWC, resize=resize, crop=0.0)
    labels = tuple(f"class number {i}" for i in range(1000))
    out = folder / name
    out.mkdir()
    write(
        BundleJob(model=path, file_name=path.name, module=name, card=card, picture=picture, labels=labels, threads=1),
        out,
    )
    sys.path.insert(0, str(out))
    return importlib.import_module(name)


def timed_us(call: Callable[[], object]) -> float:
    """Return processor time of this thread, which does all the work and which other programs disturb least."""
    begun = time.thread_time_ns()
    call()
    return (time.thread_time_ns() - begun) / 1000


def alternately(
    ours: Callable[[], object], base: Callable[[], object], rounds: int, block: int
) -> tuple[list[float], list[float]]:
    """Return times in us of two calls, taken in blocks that alternate, each block's first call left out."""
    for _ in range(WARMUP):
        ours()
        base()
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for side in (0, 1) if number % 2 else (1, 0):
            call = (ours, base)[side]
            call()
            found[side].extend(timed_us(call) for _ in range(block))
    return found


def interval(ours: list[float], base: list[float], block: int) -> tuple[float, float]:
    """Return the 95 % interval of the overhead: bootstrap over rounds, which both sides share."""
    random = np.random.default_rng(0)
    rows = [np.array(times).reshape(-1, block) for times in (ours, base)]
    picks = random.integers(0, len(rows[0]), (2000, len(rows[0])))
    ratios = [np.median(rows[0][pick]) / np.median(rows[1][pick]) - 1 for pick in picks]
    low, high = np.percentile(ratios, [2.5, 97.5])
    return float(low), float(high)


def overhead(name: str, module: Any) -> Measured:
    """Compare a ready uint8 picture to its best five classes with bare `invoke()` on the same interpreter."""
    model = module.Model(threads=1)
    photo = np.random.default_rng(0).integers(0, 256, (224, 224, 3), dtype=np.uint8)
    ours, bare = alternately(lambda: model.best(model.run(photo)), model._interpreter.invoke, ROUNDS, BLOCK)
    took, base = float(np.median(ours)), float(np.median(bare))
    low, high = interval(ours, bare, BLOCK)
    return Measured(
        name=f"bundle, {name}",
        ours=f"{took / 1000:.3f} ms",
        baseline=f"bare invoke(): {base / 1000:.3f} ms",
        ratio=took / base,
        goal=f"<= {1 + MOST_OVERHEAD}",
        met=took / base <= 1 + MOST_OVERHEAD,
        note=(
            f"{took - base:.0f} us more, {100 * (took / base - 1):.1f} % "
            f"(95 % interval {100 * low:.1f} to {100 * high:.1f}); medians of {len(ours)} each, "
            f"alternating by {BLOCK}, processor time, 1 thread"
        ),
    )


def resizing(module: Any, resize: Resize) -> Measured:
    """Compare the module's resizing of a 1280 x 720 picture with Pillow's, array in and array out on both sides."""
    photo = np.random.default_rng(0).integers(0, 256, PHOTO, dtype=np.uint8)
    method = Image.Resampling[resize.name]

    def pillow() -> Any:
        return np.asarray(Image.fromarray(photo).resize((224, 224), method))

    if not np.array_equal(pillow(), module._resized(photo)):
        sys.exit(f"{resize.value}: the module and Pillow differ")
    ours, base = alternately(lambda: module._resized(photo), pillow, 25, 4)
    took, other = float(np.median(ours)), float(np.median(base))
    return Measured(
        name=f"bundle, {resize.value} of 1280 x 720",
        ours=f"{took / 1000:.2f} ms",
        baseline=f"Pillow: {other / 1000:.2f} ms",
        ratio=took / other,
        goal="<= 2",
        met=took / other <= 2,
        note=f"the same bytes; medians of {len(ours)} each, alternating by 4, processor time",
    )


def measured(models: Path, out: Path) -> list[Measured]:
    """Return all rows. The integers are fed by the arithmetic that each input needs."""
    samples = {name: out / f"{name}.npz" for name in ("calibrate", "data")}
    for seed, path in enumerate(samples.values()):
        np.savez(path, x=np.random.default_rng(seed).integers(0, 256, (8, 224, 224, 3), dtype=np.uint8))
    made = out / "quantized"
    options = ["--preprocess", "signed", "--schemes", "int8", "--calibrator", "min_max", "--corrections", "none"]
    options += [part for name, path in samples.items() for part in (f"--{name}", str(path))]
    options += ["--out", str(made), "--quiet"]
    command = litesmith("quantize", str(models / "mobilenet_v2_float32.tflite"), *options)
    subprocess.run(command, check=True, capture_output=True)
    own = made / "variants" / "int8.tflite"
    own = own.rename(own.with_name("mobilenet_v2_own.tflite"))
    by_bytes = bundled(own, out, byte_scale=1 / 127.5, byte_zero=128)
    by_table = bundled(own, out, scale=float(np.float32(1 / 127.5)), zero_point=-1)
    by_line = bundled(own, out, scale=4.76 / 255, zero_point=-14, preset="torch")
    rows = [
        overhead("int8, bytes as they are", by_bytes),
        overhead("int8 by Litesmith", bundled(own, out)),
        overhead("int8 by TFLiteConverter", bundled(models / "mobilenet_v2_int8.tflite", out)),
        overhead("int8, range -1 to 1", by_table),
        overhead("int8, values by channel", by_line),
        overhead("float32", bundled(models / "mobilenet_v2_float32.tflite", out)),
    ]
    plain = models / "mobilenet_v2_float32.tflite"
    return rows + [resizing(bundled(plain, out / "resize", resize=resize), resize) for resize in Resize]


def bundle(job: Job | None = None) -> list[Measured]:
    """Measure on MobileNetV2 with random weights, which the job's model does not change."""
    del job
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        (folder / "resize").mkdir()
        subprocess.run([sys.executable, str(HERE / "mobilenet_v2.py"), made], check=True, capture_output=True)
        return measured(folder, folder)


BUNDLE_PARTS: dict[str, Callable[[Job], list[Measured]]] = {"bundle": bundle}


def main(folders: list[str]) -> None:
    """Print a line for each row, of models in a folder or of ones that are made now."""
    if len(folders) > 1:
        sys.exit("usage: python benchmarks/bundle_overhead.py [FOLDER]")
    wanted = ("mobilenet_v2_float32.tflite", "mobilenet_v2_int8.tflite")
    for path in [Path(folder) / name for folder in folders for name in wanted]:
        if not path.is_file():
            sys.exit(f"there is no {path.name} in {path.parent}; without a folder both are made")
    with tempfile.TemporaryDirectory() as out:
        (Path(out) / "resize").mkdir()
        for row in measured(Path(folders[0]), Path(out)) if folders else bundle():
            print(f"{row.name}: {row.ours}, {row.baseline}, ratio {row.ratio:.3f} ({row.goal}); {row.note}")


if __name__ == "__main__":
    main(sys.argv[1:])
