"""The Python module of one model, and the values its templates are filled with."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from litesmith import __version__
from litesmith.bundle.feeding import Feed, feeds, require_sound
from litesmith.bundle.job import BundleJob
from litesmith.bundle.rendering import render
from litesmith.core.environment import version_of
from litesmith.core.graph import stateful_ops
from litesmith.core.preprocessing import Layout, Resize
from litesmith.core.tensors import TensorSpec
from litesmith.runtime.flatbuffer import read_graph

LABELS_FILE = "labels.json"
_MOST_ROWS = 16
_SUPPORT = {Resize.BOX: 0.5, Resize.BILINEAR: 1.0, Resize.BICUBIC: 2.0, Resize.LANCZOS: 3.0}
"""Reach of Pillow's filters in pixels."""


def python_module(job: BundleJob) -> str:
    """Return the code of the module that runs a job's model. It holds what this model needs and nothing else.

    Raises:
        BundleError: the model takes or returns what the module cannot feed or read.
    """
    return render("raspberry_pi/module.py.j2", **module_values(job))


def module_values(job: BundleJob) -> dict[str, Any]:
    """Return what the templates of a Python bundle are filled with.

    Raises:
        BundleError: an output or input is of a type that cannot be read or fed.
    """
    fed = feeds(job)
    inputs = tuple(replace(feed.spec, shape=feed.shape) for feed in fed)
    outputs = _outputs(job)
    picture = job.picture
    pillow = version_of("pillow") or ""
    normalized = [feed for feed in fed if feed.normalized]
    return {
        "job": job,
        "card": job.card,
        "module": job.module,
        "file_name": job.file_name,
        "sha256": job.card.sha256,
        "size_bytes": job.card.size_bytes,
        "version": __version__,
        "delegate": job.delegate,
        "threads": job.threads,
        "labels": job.labels,
        "labels_file": LABELS_FILE,
        "classes": job.class_count,
        "best_float": job.class_count > 0 and outputs[0].dtype.startswith("float"),
        **_best_values(outputs[0]),
        "stateful": any(stateful_ops(graph) for graph in read_graph(job.model).subgraphs),
        "picture": picture,
        "gray": picture is not None and picture.channels != 3,
        "mode": "RGB" if picture is not None and picture.channels == 3 else "L",
        "chw": picture is not None and picture.layout is Layout.CHW,
        "resize": picture.resize.value if picture else "",
        "smooth": picture is not None and picture.resize is not Resize.NEAREST,
        "tall": tall_pictures(pillow),
        "pillow": pillow,
        "support": _SUPPORT.get(picture.resize, 0.0) if picture else 0.0,
        "feeds": fed,
        "inputs": inputs,
        "outputs": outputs,
        "scale": normalized[0].scale if normalized else None,
        "offset": normalized[0].offset if normalized else None,
        "pairs": any(feed.table and feed.size % 2 == 0 for feed in fed),
        "tile": _tile(fed[0].shape) if len(fed) == 1 and not _channels_first(job) else (),
        "scratch": any(_needs_floats(feed) for feed in fed),
        "quantizes": any(feed.inverse is not None for feed in fed),
        "wholes": any(_needs_whole(feed) for feed in fed),
        "scalars": any(not feed.shape for feed in fed),
        "dynamic": any(-1 in spec.shape for spec in job.card.inputs),
        "takes": "a picture" if picture else _count(len(inputs), "tensor"),
        "gives": "scores of classes" if job.class_count else _count(len(outputs), "tensor"),
        "raw_text": "pixels as `resize` returns them" if picture else _raw_text(inputs),
        "example_arguments": ", ".join("raw" if len(inputs) == 1 else f"raw_{i}" for i in range(len(inputs))),
    }


def tall_pictures(pillow: str) -> str:
    """Return the condition on which that version of Pillow resizes rows before columns; empty where it never does.

    Every pass ends in whole bytes, so that the order changes answers: Pillow 13.0 changed it, 12.2 had another rule.

    >>> tall_pictures("13.0.0"), tall_pictures("12.1.0")
    ('height - HEIGHT > max(0, 2 * (width - WIDTH))', '')
    """
    numbers = [int(part) for part in pillow.split(".")[:2] if part.isdecimal()]
    if numbers >= [13]:
        return "height - HEIGHT > max(0, 2 * (width - WIDTH))"
    return "height > width * 100 and height > HEIGHT" if numbers >= [12, 2] else ""


def _tile(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return (rows, columns) that values by channel are repeated over: as many rows as NumPy does well at once.

    >>> _tile((1, 224, 160, 3)), _tile((1, 13, 7, 3)), _tile((1, 3))
    ((16, 160), (13, 7), ())
    """
    if len(shape) != 4:
        return ()
    return max(rows for rows in range(1, _MOST_ROWS + 1) if shape[1] % rows == 0), shape[2]


def _channels_first(job: BundleJob) -> bool:
    return job.card.preprocessing is not None and job.card.preprocessing.layout is Layout.CHW


def _best_values(spec: TensorSpec) -> dict[str, Any]:
    """Return how the best classes are found: integers in a wider type, which has a value below all for those found."""
    dtype = np.dtype(spec.dtype)
    if dtype.kind == "f":
        note = "Classes of score minus infinity are left out."
        return {"best_type": f"np.{dtype}", "taken": "-math.inf", "score": "left.item(best)", "best_note": note}
    score = "left.item(best)"
    if spec.zero_point:
        score = f"({score} {'-' if spec.zero_point > 0 else '+'} {abs(spec.zero_point)})"
    if spec.quantized:
        score = f"{score} * {spec.scale!r}"
    note = "Scores are scale * (q - zero_point) where the output is quantized."
    wide, bits = ("np.int32", 31) if dtype.itemsize <= 2 else ("np.int64", 63)
    return {"best_type": wide, "taken": f"-(2**{bits})", "score": score, "best_note": note}


def _outputs(job: BundleJob) -> tuple[TensorSpec, ...]:
    """Return outputs with names that differ, batch 1 where it is dynamic."""
    made: list[TensorSpec] = []
    for position, spec in enumerate(job.card.outputs):
        require_sound(spec, "output")
        name = spec.name if spec.name not in {other.name for other in made} else f"{spec.name}:{position}"
        made.append(replace(spec, name=name))
    return tuple(made)


def _needs_floats(feed: Feed) -> bool:
    """Tell whether values pass through float32 on their way to another type."""
    if feed.normalized:
        return feed.spec.dtype != "float32"
    return feed.inverse is not None


def _needs_whole(feed: Feed) -> bool:
    return feed.integer and (not feed.normalized or feed.inverse is None)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _raw_text(inputs: tuple[TensorSpec, ...]) -> str:
    """Return the shapes of raw values in words."""
    return ", ".join(str(list(spec.shape[1:])) for spec in inputs)
