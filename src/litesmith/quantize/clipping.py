"""Chooses the range of each activation by the error it causes behind the layers that read it.

The float model runs operator by operator. Before an operator runs, each activation that it reads is rounded to 8 bits
in every range that stands to choose, the others are left as they are, and the operator's own kernel tells how far its
output moves. What a tensor's readers say adds up, each relative to the power of its output. Operators that only move
numbers pass the choice on to what reads them. The squared error behind the layer, and not in the tensor, is the
criterion of Nagel et al., "A white paper on neural network quantization" (2021), section 3.1, taken one layer further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from litesmith.core.graph import GraphOp, Subgraph
from litesmith.core.isolated import usable_cores
from litesmith.core.samples import SampleSet
from litesmith.quantize.calibrator import widened
from litesmith.runtime.editing import EditableModel
from litesmith.runtime.lockstep import Lane, feeds_of
from litesmith.runtime.single_op import SingleOp

Array = npt.NDArray[Any]
Range = tuple[float, float]
Ranges = Mapping[str, Range]
_SAMPLES = 16
_SHRINKS = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5)
_MOVERS = frozenset({"RESHAPE", "SQUEEZE", "TRANSPOSE", "EXPAND_DIMS", "MAX_POOL_2D", "PAD"})
"""Operators that give out the integers they read, so that both sides have one range."""
_BITS = 8
_WORTH = 0.2
"""Share by which a range that is cut off has to lower the error: values beyond it are rare on a few samples, and cost
more elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """Ranges that were chosen.

    Attributes:
        ranges: (min, max) of every activation, by name.
        did: What changed, in words; empty when nothing did.
    """

    ranges: dict[str, Range]
    did: str


def search_ranges(
    float_model: Path, *, samples: SampleSet, rows: Sequence[int], ranges: Ranges, fixed: Sequence[str]
) -> Searched:
    """Return ranges cut off where that lowers the error behind the layers. Runs in a worker.

    Args:
        float_model: The float model.
        samples: Representative samples.
        rows: Which of them may be used.
        ranges: Ranges to begin with.
        fixed: Activations whose range stays.

    Raises:
        EvaluationError: an operator cannot run alone.
    """
    candidates = {name: [pair, *_cut(pair)] for name, pair in ranges.items() if name not in fixed}
    chosen = choose_ranges(float_model, samples=samples, rows=rows, candidates=candidates, worth=_WORTH)
    changed = {name: pair for name, pair in chosen.items() if pair != ranges[name]}
    did = f"{len(changed)} of {len(ranges)} ranges cut off" if changed else ""
    return Searched(ranges={**ranges, **changed}, did=did)


def choose_ranges(
    float_model: Path,
    *,
    samples: SampleSet,
    rows: Sequence[int],
    candidates: Mapping[str, Sequence[Range]],
    worth: float = 0.0,
) -> dict[str, Range]:
    """Return, for each activation, the candidate with the least error behind the layers that read it.

    Runs in a worker. An activation that no operator reads is judged by its own error.

    Args:
        float_model: The float model.
        samples: Representative samples.
        rows: Which of them may be used; a few suffice.
        candidates: Ranges to choose from, by name; the first wins ties.
        worth: Share by which the others have to lower the error of the first.

    Raises:
        EvaluationError: an operator cannot run alone.
    """
    model = EditableModel(float_model)
    graph = model.main
    few = [rows[i] for i in np.unique(np.linspace(0, len(rows) - 1, min(_SAMPLES, len(rows))).astype(int))]
    lane = Lane(model, feeds_of(model, samples, few), threads=usable_cores())
    roots = _roots(graph, candidates)
    errors = {name: np.zeros(len(pairs)) for name, pairs in candidates.items()}
    for op in graph.ops:
        _charge(lane, op, roots, candidates, errors)
        lane.run(op)
    for tensor in graph.outputs:
        if tensor in roots and tensor in lane.values:
            name = roots[tensor]
            real = lane.real(tensor)
            power = float(np.square(real).mean()) + 1e-30
            errors[name] += [float(np.square(rounded(real, pair) - real).mean()) / power for pair in candidates[name]]
    for found in errors.values():
        found[1:] /= 1 - worth
    return {name: tuple(candidates[name][int(np.argmin(found))]) for name, found in errors.items()}  # type: ignore[misc]


def rounded(values: Array, pair: Range) -> npt.NDArray[np.float32]:
    """Return real values as 8-bit integers of a range represent them, float32."""
    low, high = widened(*pair, bits=_BITS)
    step = np.float32((high - low) / (2**_BITS - 1))
    zero = np.float32(np.rint(-low / step))
    made = np.rint(values * (1 / step))
    np.clip(made, -zero, 2**_BITS - 1 - zero, out=made)
    made *= step
    return np.asarray(made, np.float32)


def _charge(
    lane: Lane,
    op: GraphOp,
    roots: Mapping[int, str],
    candidates: Mapping[str, Sequence[Range]],
    errors: dict[str, npt.NDArray[np.float64]],
) -> None:
    """Add to the candidates of what an operator reads the error that each causes in what it makes."""
    read = [t for t in dict.fromkeys(op.inputs) if t in roots and t in lane.values]
    if op.name in _MOVERS or not read:
        return
    single = SingleOp(lane.model, op.index, threads=lane.threads)
    columns = [lane.values[tensor] for tensor in single.fed]
    real = single.run_all(columns)[0].astype(np.float32)
    power = float(np.square(real - real.mean()).mean()) + 1e-30
    for tensor in read:
        place, name = single.fed.index(tensor), roots[tensor]
        for index, pair in enumerate(candidates[name]):
            moved = list(columns)
            moved[place] = rounded(columns[place], pair)
            errors[name][index] += float(np.square(single.run_all(moved)[0] - real).mean()) / power


def _roots(graph: Subgraph, candidates: Mapping[str, Sequence[Range]]) -> dict[int, str]:
    """Return whose candidates each float activation has: its own, or those of what an operator moved."""
    found = {t.index: t.name for t in graph.activations() if t.dtype == "float32" and t.name in candidates}
    for op in graph.ops:
        if op.name in _MOVERS and op.inputs[0] in found:
            found[op.outputs[0]] = found[op.inputs[0]]
    return found


def _cut(pair: Range) -> list[Range]:
    """Return narrower ranges: both ends together, and each alone where there are two."""
    low, high = pair
    made = [(low * share, high * share) for share in _SHRINKS]
    if low < 0 < high:
        made += [(low, high * share) for share in _SHRINKS[1::2]] + [(low * share, high) for share in _SHRINKS[1::2]]
    return made
