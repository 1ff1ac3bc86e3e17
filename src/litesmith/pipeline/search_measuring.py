"""What a search measures before it chooses: the effect of sets of operators in float, and the times of operators."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from litesmith.benchmark.operators import measure_operators
from litesmith.core.connecting import connect
from litesmith.core.errors import EvaluationError
from litesmith.core.graph import CONVERSIONS, Subgraph
from litesmith.core.layers import layer_names
from litesmith.core.results import Variant
from litesmith.pipeline.calibration import Calibrated
from litesmith.pipeline.candidates import Candidates
from litesmith.pipeline.correction_plan import held_back
from litesmith.pipeline.fleet import Board
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.run import Run
from litesmith.quantize.correction import Moment, correction_named
from litesmith.quantize.mixed import Effect
from litesmith.quantize.scheme import Interface, Scheme
from litesmith.runtime.flatbuffer import read_graph
from litesmith.runtime.one_tensor import judged_tensor
from litesmith.runtime.operators_apart import OperatorFile
from litesmith.search.costs import Chosen, Costs, Unit

_FLOAT, _REAL = "prepared.tflite", "real.npy"
_SENSED = 32
"""Samples that single windows are measured on; whole sets are measured on all that are held back."""
_CONVERSION_BYTES = 256
"""What a conversion adds to the file, about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What every mixed model is made from: the float model as corrections left it, and the ranges for it."""

    ranges: dict[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """Effects of several sets, in their order."""

    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Time of one run in ms: of operators by their output tensor, of conversions by their number of elements."""

    floats: dict[str, float]
    integers: dict[str, float]
    quantize: dict[str, float]
    dequantize: dict[str, float]


class Measuring:
    """The measurements around one integer variant.

    Args:
        run: The run it belongs to.
        model: The float model.
        calibrated: Ranges and calibration samples.
        base: The integer variant.
        scheme: Its scheme.
        interface: Number type of inputs and outputs.
    """

    def __init__(
        self,
        run: Run,
        model: FloatModel,
        calibrated: Calibrated,
        *,
        base: Variant,
        scheme: Scheme,
        interface: Interface,
    ) -> None:
        self.run, self.model, self.calibrated, self.scheme = run, model, calibrated, scheme
        self.interface = Interface.INT8 if interface is Interface.UINT8 else interface
        self.base, self.donor = base, run.folder / base.file
        self.kept = tuple(trial.correction for trial in base.corrections if trial.kept)
        held, self.fit = held_back(calibrated.samples.count, seed=run.settings.seed)
        self.held = held or list(range(calibrated.samples.count))
        self.graph = read_graph(model.path).main
        self.tensor = judged_tensor(self.graph, run.settings.output)
        self.key = {
            "float": model.conversion.sha256,
            "base": base.sha256,
            "samples": calibrated.samples.digest,
            "interface": self.interface.value,
            "scheme": scheme.name,
            "output": run.settings.output,
            "seed": run.settings.seed,
        }
        kept = run.step("search base", self.key, Prepared, self._prepare, version=1)
        self.float_model, self.ranges, self.real = kept.folder / _FLOAT, kept.value.ranges, kept.folder / _REAL
        real = np.load(self.real).astype(np.float64)
        self.power = float(np.square(real - real.mean()).mean())
        self.names = self._names()

    def _prepare(self, folder: Path) -> Prepared:
        candidates = Candidates(
            self.run,
            self.model,
            self.calibrated,
            samples=self.calibrated.samples,
            rows=self.fit,
            scheme=self.scheme,
            interface=self.interface,
            folder=folder,
        )
        early = tuple(name for name in self.kept if correction_named(name).moment is not Moment.LAYER)
        path, ranges, _ = candidates.prepared(early)
        if path != folder / _FLOAT:
            shutil.copyfile(path, folder / _FLOAT)
        shares = [part.tolist() for part in np.array_split(self.held, len(self.run.pool.workers)) if len(part)]
        parts = self.run.pool.map(
            "litesmith.runtime.one_tensor:values_of",
            [
                {"path": self.model.path, "tensor": self.tensor, "samples": self.calibrated.samples, "rows": rows}
                for rows in shares
            ],
        )
        np.save(folder / _REAL, np.concatenate(parts))
        return Prepared(ranges={name: (float(low), float(high)) for name, (low, high) in ranges.items()})

    def _names(self) -> tuple[str, ...]:
        """Return the operators whose precision can be chosen: those that compute in integers in the base variant."""
        made = read_graph(self.donor).main
        floating = {op.index for op in made.float_ops()}
        integers = {
            made.tensors[op.outputs[0]].name
            for op in made.ops
            if op.outputs and op.index not in floating and op.name not in CONVERSIONS
        }
        names = (self.graph.tensors[op.outputs[0]].name for op in self.graph.ops if op.outputs and not op.calls)
        return tuple(name for name in names if name in integers)

    def outputs(self, chosen: Chosen) -> tuple[str, ...]:
        """Return the output tensors of a set of units, in execution order."""
        return tuple(self.names[index] for index in sorted(chosen))

    def effects(self, sets: Sequence[Chosen], *, stage: str, few: bool) -> list[Effect]:
        """Return what each set does when it is float and all else stays as in the base variant."""
        rows, real = self.held[: _SENSED if few else None], self.real

        def make(folder: Path) -> Effects:
            np.save(folder / _REAL, np.load(real)[: len(rows)])
            samples = replace(self.calibrated.samples, names=(), labels=None, findings=())
            common = {
                "float_model": self.float_model,
                "donor": self.donor,
                "folder": folder,
                "scheme": self.scheme.name,
                "ranges": self.ranges,
                "interface": self.interface,
                "tensor": self.tensor,
                "samples": samples,
                "rows": rows,
                "real": folder / _REAL,
            }
            with self.run.telling(stage) as tell:
                found = self.run.pool.map(
                    "litesmith.quantize.mixed:effect",
                    [{**common, "outputs": self.outputs(chosen)} for chosen in sets],
                    on_done=lambda done: tell(done, len(sets)),
                )
            return Effects(effects=tuple(found))

        key = {**self.key, "sets": [sorted(chosen) for chosen in sets], "rows": rows}
        return list(self.run.step(stage, key, Effects, make, version=1).value.effects)

    def times(self, board: Board) -> Times:
        """Return the times of single operators and of conversions on a board.

        Raises:
            TargetError: the target failed.
        """
        session = connect(board.target, progress=self.run.show)
        threads = board.threads

        def make(folder: Path) -> Times:
            worker = self.run.pool.workers[0]
            files: dict[str, list[OperatorFile]] = {}
            for kind, path in (("floats", self.float_model), ("integers", self.donor)):
                files[kind] = worker.call("litesmith.runtime.operators_apart:write_operators", path=path, folder=folder)
            files["conversions"] = []
            for first in (0, 1):  # every second operator in float: between both, each tensor is converted both ways
                try:
                    worker.call(
                        "litesmith.quantize.build:build",
                        float_model=self.float_model,
                        out=folder / "alternating.tflite",
                        scheme=self.scheme.name,
                        ranges=self.ranges,
                        interface=self.interface,
                        keep_float=self.names[first::2],
                    )
                except EvaluationError:
                    continue  # then conversions of some sizes are not known, and taken from others
                files["conversions"] += worker.call(
                    "litesmith.runtime.operators_apart:write_operators",
                    path=folder / "alternating.tflite",
                    folder=folder,
                    conversions=True,
                )
            models = {file.key: folder / f"{file.key}.tflite" for part in files.values() for file in part}
            with self.run.telling("search: time operators") as tell:
                found = measure_operators(
                    session, models, threads=threads, seed=self.run.settings.seed, on_progress=tell
                )
            for path in folder.glob("*.tflite"):
                path.unlink()
            by_name = {
                kind: {file.name: found[file.key] for file in files[kind] if file.key in found}
                for kind in ("floats", "integers")
            }
            by_size: dict[str, dict[str, float]] = {"QUANTIZE": {}, "DEQUANTIZE": {}}
            for file in files["conversions"]:
                if file.key in found:
                    by_size[file.op][str(file.elements)] = found[file.key]
            return Times(**by_name, quantize=by_size["QUANTIZE"], dequantize=by_size["DEQUANTIZE"])

        try:
            key = {**self.key, "device": session.device(), "threads": threads}
            return self.run.step("search times", key, Times, make, version=1).value
        finally:
            session.close()

    def costs(self, times: Times, *, in_bytes: bool) -> Costs:
        """Return the costs of units: ms, or bytes of the file."""
        graph = self.graph
        makers = {graph.tensors[op.outputs[0]].name: op for op in graph.ops if op.outputs}
        units, elements = [], {}
        layers = layer_names(graph)
        for name in self.names:
            op = makers[name]
            touched = [graph.tensors[i] for i in dict.fromkeys((*op.inputs, *op.outputs)) if i >= 0]
            active = {tensor.name: tensor for tensor in touched if not tensor.constant}
            elements.update({n: max(1, int(np.prod(np.abs(t.shape)))) for n, t in active.items()})
            extra = times.floats.get(name, 0.0) - times.integers.get(name, times.floats.get(name, 0.0))
            if in_bytes:
                extra = 0.75 * op.weight_bytes
            makes = tuple(graph.tensors[i].name for i in op.outputs if i >= 0)
            reads = tuple(n for n in active if n not in makes)
            units.append(Unit(name=name, layer=layers[op.index], op=op.name, extra=extra, reads=reads, makes=makes))
        ends = {graph.tensors[i].name for i in (*graph.inputs, *graph.outputs)}
        return Costs(
            units=tuple(units),
            quantize={n: _CONVERSION_BYTES if in_bytes else _of_size(times.quantize, s) for n, s in elements.items()},
            dequantize={
                n: _CONVERSION_BYTES if in_bytes else _of_size(times.dequantize, s) for n, s in elements.items()
            },
            float_ends=frozenset(ends if self.interface is Interface.FLOAT32 else ()),
            ends=frozenset(_names_of(graph, graph.outputs)),
        )


def _names_of(graph: Subgraph, tensors: Sequence[int]) -> list[str]:
    return [graph.tensors[index].name for index in tensors]


def _of_size(times: dict[str, float], elements: int) -> float:
    """Return the time of a conversion; of a size not measured, that of the nearest, in proportion if larger."""
    if not times:
        return 0.0
    near = min(times, key=lambda size: abs(np.log(max(int(size), 1) / elements)))
    return times[near] * max(1.0, elements / max(int(near), 1))
