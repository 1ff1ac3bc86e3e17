"""What `make bench` measures of `inspect` and of the ladder, with a baseline taken in the same run, alternately."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from measures import HERE, Job, Measured, litesmith, seconds

from litesmith.core.units import format_size

REPEATS = 5
LADDER_REPEATS = 3
LAYERS, WIDTH = 30, 2048
"""Fully connected layers of random weights that make up about 500 MB."""
SAMPLED_S = 0.005
FORBIDDEN = ("tensorflow", "keras", "tf_keras")


def _traps(folder: Path) -> tuple[Path, dict[str, str]]:
    """Return a file that appears as soon as any process with this environment imports TensorFlow or Keras."""
    sprung = folder / "imported"
    (folder / "traps").mkdir()
    for name in FORBIDDEN:
        (folder / "traps" / f"{name}.py").write_text(
            f"open({str(sprung)!r}, 'a').write('{name} ')\nraise ImportError('{name} is not to be imported here')\n"
        )
    return sprung, {**os.environ, "PYTHONPATH": str(folder / "traps")}


def audit(job: Job) -> list[Measured]:
    """Time the audit of MobileNetV2 from the shell, and a Python that only prepares it with the runtime."""
    del job
    prepare = "from ai_edge_litert.interpreter import Interpreter; Interpreter(model_path={!r}).allocate_tensors()"
    found = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        sprung, environment = _traps(folder)
        subprocess.run([sys.executable, str(HERE / "mobilenet_v2.py"), made], check=True, capture_output=True)
        for path in sorted(folder.glob("*.tflite")):
            ours, bare = [], []
            for _ in range(REPEATS):
                bare.append(seconds([sys.executable, "-c", prepare.format(str(path))])[0])
                begun = time.perf_counter()
                subprocess.run(litesmith("inspect", str(path)), check=True, capture_output=True, env=environment)
                ours.append(time.perf_counter() - begun)
            if sprung.exists():
                sys.exit(f"the audit imported {sprung.read_text()}")
            found.append(
                Measured(
                    name=f"inspect {path.stem}",
                    ours=f"{median(ours):.2f} s ({min(ours):.2f} to {max(ours):.2f})",
                    baseline="1.5 s",
                    ratio=median(ours) / 1.5,
                    goal="<= 1",
                    met=median(ours) <= 1.5,
                    note=(
                        f"median of {REPEATS}, {format_size(path.stat().st_size)}, random weights, TensorFlow not "
                        f"imported; a Python that prepares it with LiteRT takes {median(bare):.2f} s, "
                        f"{median(ours) / median(bare):.1f} times less"
                    ),
                )
            )
    return found


def write_large(path: Path) -> None:
    """Write a model of fully connected layers with random weights."""
    import flatbuffers
    import numpy as np
    from ai_edge_litert import schema_py_generated as schema

    random = np.random.default_rng(0)
    graph = schema.SubGraphT(tensors=[], operators=[], inputs=[0], outputs=[2 * LAYERS], name="main")
    buffers = [schema.BufferT()]
    graph.tensors.append(schema.TensorT(shape=[1, WIDTH], name="input", hasRank=True))
    for layer in range(LAYERS):
        weights = random.standard_normal((WIDTH, WIDTH), np.float32)
        buffers.append(schema.BufferT(data=weights.view(np.uint8).reshape(-1)))
        graph.tensors.append(schema.TensorT(shape=[WIDTH, WIDTH], buffer=layer + 1, name=f"w{layer}", hasRank=True))
        graph.tensors.append(schema.TensorT(shape=[1, WIDTH], name=f"dense_{layer}", hasRank=True))
        op = schema.OperatorT(inputs=[2 * layer, 2 * layer + 1, -1], outputs=[2 * layer + 2])
        op.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
        op.builtinOptions = schema.FullyConnectedOptionsT()
        graph.operators.append(op)
    code = schema.BuiltinOperator.FULLY_CONNECTED
    codes = [schema.OperatorCodeT(builtinCode=code, deprecatedBuiltinCode=code, version=1)]
    model = schema.ModelT(version=3, subgraphs=[graph], buffers=buffers, operatorCodes=codes)
    builder = flatbuffers.Builder(4 * LAYERS * WIDTH * WIDTH + (1 << 20))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    path.write_bytes(builder.Output())


def _children() -> dict[int, list[int]]:
    """Return the processes of this machine, by their parent."""
    found: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        found.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    return found


def _resident_bytes(root: int) -> int:
    """Return the memory in use by a process and all below it; what two of them map counts twice."""
    children, waiting, total = _children(), [root], 0
    while waiting:
        process = waiting.pop()
        waiting += children.get(process, [])
        try:
            total += int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue
    return total


def peak_memory(command: list[str]) -> tuple[int, float]:
    """Return the most memory in use by a command and its processes together, and its wall time."""
    begun, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            peak = max(peak, _resident_bytes(process.pid))
            time.sleep(SAMPLED_S)
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return peak, time.perf_counter() - begun


def audit_memory(job: Job) -> list[Measured]:
    """Compare the memory of auditing a file of 500 MB with twice its size."""
    del job
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.tflite"
        subprocess.run([sys.executable, __file__, str(path)], check=True)
        size = path.stat().st_size
        peak, took = peak_memory(litesmith("inspect", str(path)))
    return [
        Measured(
            name="inspect, memory",
            ours=format_size(peak),
            baseline=f"twice the file: {format_size(2 * size)}",
            ratio=peak / (2 * size),
            goal="<= 1",
            met=peak <= 2 * size,
            note=f"all processes together, every {1000 * SAMPLED_S:.0f} ms; {took:.1f} s",
        )
    ]


def ladder(job: Job) -> list[Measured]:
    """Compare `convert` on a model that converts plainly with a script that does the same and has no ladder."""
    ours, bare = [], []
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(LADDER_REPEATS):
            out = str(Path(folder) / f"{turn}.tflite")
            bare.append(seconds([sys.executable, str(HERE / "bare_conversion.py"), job.model, out])[0])
            ours.append(seconds(litesmith("convert", job.model, "--out", f"{out}.ours.tflite", "--quiet"))[0])
    ratio = median(ours) / median(bare)
    return [
        Measured(
            name="convert, plain route",
            ours=f"{median(ours):.1f} s ({min(ours):.1f} to {max(ours):.1f})",
            baseline=f"a script without a ladder: {median(bare):.1f} s ({min(bare):.1f} to {max(bare):.1f})",
            ratio=ratio,
            goal="<= 1.1",
            met=ratio <= 1.1,
            note=f"median of {LADDER_REPEATS}; both compare the answers with the source on 4 samples or more",
        )
    ]


AUDIT_PARTS: dict[str, Callable[[Job], list[Measured]]] = {
    "audit": audit,
    "audit-memory": audit_memory,
    "ladder": ladder,
}

if __name__ == "__main__":
    write_large(Path(sys.argv[1]))
