"""What a file says of itself, or its name says, held against what is in it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from litesmith.core.audit import Expected
from litesmith.core.graph import MIN_RUNTIME
from litesmith.inspection import runtimes
from litesmith.inspection.contract import held, read_promises
from litesmith.inspection.metadata import MODES
from litesmith.inspection.promise_checks import Facts

_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"dynamic[ _.-]?range|dynamic[ _.-]?(?:int8|quant)|hybrid", ("dynamic-range",)),
    (r"weights?[ _.-]?only|wo[ _.-]?int8", ("weight-only",)),
    (r"int16x8|16x8|w8a16", ("full-int16x8",)),
    (r"full[ _.-]?integer[ _.-]?quant", ("full-int8", "no-float")),
    (r"full[ _.-]?int(?:eger|8)?|(?:integer|int)[ _.-]?quant|uint8|int8|w8a8", ("full-int8",)),
    (r"float16|fp16", ("float16-weights",)),
    (r"float32|fp32", ("float32",)),
)
"""What words in a file's name promise; the first that occurs counts. `_full_integer_quant` is how several exporters
name models whose inputs and outputs are integers too."""
_MODES = {1001: "float16-weights", 1002: "dynamic-range", 1003: "full-int8", 1004: "full-int16x8"}
"""What the converter was told, as a promise."""


def claims(facts: Facts, *, name: str, promised: Sequence[str], modes: Sequence[int]) -> tuple[Expected, ...]:
    """Return what is claimed of a file, each claim with whether it holds.

    Args:
        facts: What is in the file.
        name: Its name; empty when it claims nothing.
        promised: What whoever made it promises, as for `--expect`.
        modes: What the converter noted that it was told to do.
    """
    found = list(held(read_promises(promised), facts))
    for source, texts in (
        (f"named '{name}'", promises_in(name)),
        *((f"converted as {MODES[mode]}", (_MODES[mode],)) for mode in modes if mode in _MODES),
    ):
        for expected in held(read_promises(texts), facts):
            text = f"{expected.text} ({source})"
            found.append(Expected(text=text, met=expected.met, found=expected.found, ops=expected.ops))
    return (*found, *_min_runtime(facts))


def promises_in(name: str) -> tuple[str, ...]:
    """Return what words in a file's name promise.

    >>> promises_in("yolov8n_full_integer_quant.tflite"), promises_in("model_fp16.tflite"), promises_in("model.tflite")
    (('full-int8', 'no-float'), ('float16-weights',), ())
    """
    for words, promises in _WORDS:
        if re.search(rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])", name.lower().replace("_", "-")):
            return promises
    return ()


def _min_runtime(facts: Facts) -> tuple[Expected, ...]:
    """Return the minimum runtime that the file states, held against the one its operators need."""
    stated = next((entry.text for entry in facts.graph.metadata if entry.name == MIN_RUNTIME), "")
    if not runtimes.release(stated):
        return ()
    need = runtimes.minimum_of(facts.audit.runtimes, runtimes.TENSORFLOW)
    text = f"{MIN_RUNTIME} {stated}"
    if not need.minimum:
        return (Expected(text=text, met=False, found=f"no release of TensorFlow is known to run it: {need.note}"),)
    met = runtimes.release(need.minimum) <= runtimes.release(stated)
    by = runtimes.demanding(facts.audit.demands, runtimes.TENSORFLOW, need.minimum)
    names = [f"{demand.op} version {demand.version}" for demand in by]
    said = f"its operators need {need.minimum}" + (f" ({runtimes.some(names)})" if names else "")
    return (Expected(text=text, met=met, found=said, ops=() if met else tuple(demand.first for demand in by)),)
