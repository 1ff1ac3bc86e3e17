"""Makes models with some corrections and without others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from litesmith.core.files import sha256_file
from litesmith.core.samples import SampleSet
from litesmith.pipeline.calibration import Calibrated
from litesmith.pipeline.float_model import FloatModel
from litesmith.pipeline.run import Run
from litesmith.quantize.build import Ranges
from litesmith.quantize.collect import collect
from litesmith.quantize.correction import Moment, correction_named
from litesmith.quantize.scheme import Interface, Scheme


class Candidates:
    """Models of one scheme, made from one float model with any set of corrections.

    Args:
        run: The run it belongs to.
        model: The float model.
        calibrated: Ranges of the plain variant.
        samples: Representative samples.
        rows: Those that corrections may be computed from.
        scheme: The scheme.
        interface: Number type of inputs and outputs; uint8 is made from int8 in the end.
        folder: Where files go.
    """

    def __init__(
        self,
        run: Run,
        model: FloatModel,
        calibrated: Calibrated,
        *,
        samples: SampleSet,
        rows: Sequence[int],
        scheme: Scheme,
        interface: Interface,
        folder: Path,
    ) -> None:
        self.run, self.model, self.calibrated = run, model, calibrated
        self.samples, self.rows, self.scheme, self.folder = samples, rows, scheme, folder
        self.interface = Interface.INT8 if interface is Interface.UINT8 else interface
        self._prepared: dict[tuple[str, ...], tuple[Path, Ranges, Mapping[str, str]]] = {}

    def made(self, names: tuple[str, ...], *, samples: int) -> tuple[Path, Mapping[str, str]]:
        """Return a model made with some corrections, and what each of them did, in words.

        Raises:
            EvaluationError: it cannot be built or corrected.
        """
        moments = {name: correction_named(name).moment for name in names}
        float_model, ranges, notes = self.prepared(tuple(n for n in names if moments[n] is not Moment.LAYER))
        path = self.folder / "candidate.tflite"
        self._call(
            "litesmith.quantize.build:build",
            float_model=float_model,
            out=path,
            scheme=self.scheme.name,
            ranges=ranges,
            interface=self.interface,
        )
        layers = [name for name in names if moments[name] is Moment.LAYER]
        if layers:
            self._call(
                "litesmith.quantize.correcting:correct_layers",
                float_model=float_model,
                quantized_model=path,
                out=path,
                samples=self.samples,
                rows=self.rows[:samples],
                corrections=layers,
                seed=self.run.settings.seed,
            )
        return path, notes

    def prepared(self, names: tuple[str, ...]) -> tuple[Path, Ranges, Mapping[str, str]]:
        """Return the float model as prepared by corrections, the ranges of its activations, and what was done."""
        if names in self._prepared:
            return self._prepared[names]
        moments = {name: correction_named(name).moment for name in names}
        changing = [name for name in names if moments[name] is Moment.FLOAT]
        path, notes, fixed = self.model.path, {}, {}
        ranges: Ranges = self.calibrated.ranges(8)
        if changing:
            path = self.folder / f"{'+'.join(changing)}.tflite"
            prepared = self._call(
                "litesmith.quantize.preparing:prepare_float",
                float_model=self.model.path,
                out=path,
                samples=self.samples,
                rows=self.rows,
                corrections=changing,
                per_row=not self.scheme.per_tensor,
            )
            notes, fixed = dict(prepared.notes), dict(prepared.ranges)
            if any(notes.values()):
                ranges = {**self._ranges(path), **self.calibrated.inputs, **fixed}
        searched = [name for name in names if moments[name] is Moment.RANGES]
        if searched:
            found = self._call(
                "litesmith.quantize.clipping:search_ranges",
                float_model=path,
                samples=self.samples,
                rows=self.rows,
                ranges=ranges,
                fixed=[*fixed, *self.calibrated.inputs],
            )
            notes = {**notes, **dict.fromkeys(searched, found.did)}
            ranges = found.ranges
        self._prepared[names] = path, ranges, notes
        return self._prepared[names]

    def _ranges(self, path: Path) -> Ranges:
        statistics = collect(path, self.samples, pool=self.run.pool)
        return self.calibrated.ranges_on(self.run, path, sha256_file(path), statistics)

    def _call(self, function: str, **arguments: Any) -> Any:
        return self.run.pool.workers[0].call(function, **arguments)
