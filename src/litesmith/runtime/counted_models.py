"""Runs models between marks that a plugin of qemu counts at. A script of its own: standard library, NumPy and LiteRT.

    counted_models.py REQUEST

The request is a JSON object: `models`, a list of paths, `inferences` for each, `counts`, the file that the plugin
writes, `seed`. One JSON line is printed per model: `model`, its number, and `total` and every class, in instructions
between the marks less what two marks with nothing between them count; or `model` and `failed`, the reason.

Inferences are calls of `Interpreter.invoke()`, what Python does for a call among them, with one thread.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

MARK = 0x4C530000
WARM_UP = 3


def mark(number: int) -> None:
    """Have the counters written: the call fails, and is seen by the plugin."""
    try:
        os.close(MARK + number)
    except OSError:
        return


def opened(path: str, seed: int) -> Any:
    """Return an interpreter whose inputs are filled with random values of a seed."""
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=1)
    interpreter.allocate_tensors()
    random = np.random.default_rng(seed)
    for detail in interpreter.get_input_details():
        shape, dtype = detail["shape"], np.dtype(detail["dtype"])
        if dtype.kind == "f":
            values = random.random(shape)
        elif dtype.kind == "b":
            values = random.integers(0, 2, shape)
        else:
            limits = np.iinfo(dtype)
            values = random.integers(max(limits.min, -128), min(limits.max, 127), shape, endpoint=True)
        interpreter.set_tensor(detail["index"], values.astype(dtype))
    return interpreter


def count(path: str, *, inferences: int, counts: Path, seed: int) -> dict[str, int]:
    """Return instructions of all inferences of a model together, by class."""
    interpreter = opened(path, seed)
    for _ in range(WARM_UP):
        interpreter.invoke()
    rounds = range(inferences)
    before = len(counts.read_text(encoding="ascii").splitlines())
    mark(0)
    mark(1)
    for _ in rounds:
        interpreter.invoke()
    mark(2)
    lines = [json.loads(line) for line in counts.read_text(encoding="ascii").splitlines()[before:]]
    if [line["mark"] for line in lines] != [0, 1, 2]:
        raise RuntimeError("the plugin saw other marks than were made")
    first, second, third = lines
    return {name: (third[name] - second[name]) - (second[name] - first[name]) for name in first if name != "mark"}


def main() -> None:
    """Count all models of the request."""
    request = json.loads(sys.argv[1])
    for number, path in enumerate(request["models"]):
        try:
            found: dict[str, Any] = dict(
                count(path, inferences=request["inferences"], counts=Path(request["counts"]), seed=request["seed"])
            )
        except Exception as error:
            found = {"failed": f"{type(error).__name__}: {error}"}
        print(json.dumps({"model": number, **found}), flush=True)


if __name__ == "__main__":
    main()
