"""The search: which operators of the integer model to keep in float, chosen by what was measured."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from litesmith.core.errors import EvaluationError
from litesmith.core.results import Evaluation, Status, Variant
from litesmith.core.samples import SampleSet
from litesmith.core.search import Search, SearchedOp, SearchPoint
from litesmith.core.worker_errors import WorkerClosed
from litesmith.pipeline.fleet import boards_of
from litesmith.pipeline.goals import budget_of, by_estimate, goal_named, margin_of, meets
from litesmith.pipeline.opening import Prepared
from litesmith.pipeline.run import Run
from litesmith.pipeline.search_candidate import Candidate, candidate, latencies, variant_of
from litesmith.pipeline.search_measuring import Measuring
from litesmith.pipeline.search_table import mean, searched_ops, unbeaten
from litesmith.pipeline.variants import answers_of, interface_named, scored
from litesmith.quantize.build import scheme_named
from litesmith.search.costs import Chosen, Costs
from litesmith.search.proposals import Point, Window, frontier, growing, tails, thinned, windows
from litesmith.search.stopping import Goal, next_candidate, stopped

BASES = ("int8", "int8_per_tensor")
_MOST_WINDOWS, _MOST_GROWING, _MOST_POINTS, _MOST_VARIANTS = 240, 16, 10, 3
_FEWEST_SAMPLES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """The record, and the variants that came of it."""

    record: Search
    variants: tuple[Variant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Landscape:
    """What was measured of sets of operators: the sensitivities, the costs, and the frontier between them."""

    ops: tuple[SearchedOp, ...]
    points: tuple[Point, ...]
    sizes: dict[Chosen, int]
    by_time: Costs
    base_noise: float
    screened: int
    samples: int


def search(
    run: Run, prepared: Prepared, variants: Sequence[Variant], *, choice: SampleSet, confirmation: SampleSet
) -> Searched:
    """Return mixed variants of the integer model, and how they were found.

    Args:
        run: The run.
        prepared: The float model, its samples and ranges.
        variants: All that were built; the first is the reference.
        choice: Evaluation samples that may be chosen by.
        confirmation: Those that may not; only counted here.

    Raises:
        TargetError: the target cannot be reached or fails.
    """
    begun = time.perf_counter()
    goal, settings = goal_named(run.settings.goal), run.settings
    budget = budget_of(settings)
    base = next((v for name in BASES for v in variants if v.scheme == name and v.status is Status.OK), None)
    record = Search(
        goal=goal.value,
        base=base.scheme if base is not None else "",
        target=boards_of(settings)[0].name,
        choice_samples=choice.count,
        confirmation_samples=confirmation.count,
        stopped="",
        budget_evaluations=budget.evaluations,
        budget_minutes=budget.minutes,
    )
    calibrated = prepared.calibrated
    if base is None or calibrated is None:
        return Searched(record=replace(record, stopped="there is no int8 variant to start from"), variants=())
    if calibrated.samples.count < _FEWEST_SAMPLES:
        text = f"{calibrated.samples.count} calibration samples are too few to search by; {_FEWEST_SAMPLES} are needed"
        return Searched(record=replace(record, stopped=text), variants=())
    walk = _Walk(run, prepared, variants, base=base, goal=goal, choice=choice, begun=begun)
    record = replace(record, tensor=walk.measuring.tensor, screening_samples=len(walk.measuring.held))
    if meets(walk.base_evaluation, settings) and goal is not Goal.ACCURACY:
        text = f"{base.scheme} meets the limit as it is, on {choice.count} choice samples: nothing was searched"
        text += walk.doubt()
        return Searched(record=replace(record, stopped=text, duration_s=time.perf_counter() - begun), variants=())
    landscape = walk.measured()
    text = walk.go(landscape)
    named = walk.named()
    points = tuple(walk.point(landscape, index, named) for index in range(len(landscape.points)))
    record = replace(
        record,
        base_sqnr_db=walk.sqnr_db(landscape.base_noise),
        screened=landscape.screened,
        evaluations=len(walk.found),
        cached=sum(found.cached for found in walk.found.values()),
        duration_s=time.perf_counter() - begun,
        stopped=text,
        ops=landscape.ops,
        points=points,
    )
    return Searched(record=record, variants=tuple(variant_of(run, walk.found[i], name) for i, name in named.items()))


class _Walk:
    """One search: measures, then evaluates candidates one after the other."""

    def __init__(
        self,
        run: Run,
        prepared: Prepared,
        variants: Sequence[Variant],
        *,
        base: Variant,
        goal: Goal,
        choice: SampleSet,
        begun: float,
    ) -> None:
        assert prepared.calibrated is not None
        self.run, self.base, self.goal, self.choice, self.begun = run, base, goal, choice, begun
        self.interface = interface_named(run.settings.interface)
        self.measuring = Measuring(
            run,
            prepared.model,
            prepared.calibrated,
            base=base,
            scheme=scheme_named(base.scheme),
            interface=self.interface,
        )
        self.reference_variant = variants[0]
        self.found: dict[int, Candidate] = {}
        self.evaluations: dict[int, Evaluation] = {}
        self.p50_ms: dict[str, float] = {}
        self.reference = answers_of(run, "float32", run.folder / variants[0].file, variants[0].sha256, choice)
        self.base_evaluation = self.evaluated(base.scheme, run.folder / base.file, base.sha256)

    def evaluated(self, label: str, path: Path, digest: str) -> Evaluation:
        """Return a model's evaluation on the choice samples."""
        return scored(self.run, answers_of(self.run, label, path, digest, self.choice), self.reference, self.choice)

    def sqnr_db(self, noise: float) -> float:
        """Return the signal to noise ratio of a noise power."""
        import numpy as np

        return float(10 * np.log10(max(self.measuring.power, 1e-30) / max(noise, 1e-30)))

    def measured(self) -> _Landscape:
        """Measure sensitivities and costs, propose sets by them, and screen these."""
        measuring = self.measuring
        runs = windows(len(measuring.names), _MOST_WINDOWS)
        sets: list[Chosen] = [frozenset(), *(frozenset(range(a, b)) for a, b in runs)]
        effects = measuring.effects(sets, stage="search: sensitivity", few=True)
        base = mean(effects[0].noise)
        gains: dict[Window, float] = {
            run: base - mean(effect.noise) for run, effect in zip(runs, effects[1:], strict=True) if effect.noise
        }
        times = measuring.times(boards_of(self.run.settings)[0])
        by_time = measuring.costs(times, in_bytes=False)
        costs = measuring.costs(times, in_bytes=True) if self.goal is Goal.SIZE else by_time
        proposed = growing(gains, costs, noise=base, most=_MOST_GROWING)
        count = len(measuring.names)
        proposed += [frozenset(range(count - size, count)) for size in tails(count)]
        proposed = list(dict.fromkeys(proposed))
        screened = measuring.effects([frozenset(), *proposed], stage="search: screening", few=False)
        base_noise = mean(screened[0].noise)
        whole = costs.of(range(count))
        points = [Point(chosen=frozenset(), cost=0.0, noise=base_noise)]
        sizes = {}
        for chosen, effect in zip(proposed, screened[1:], strict=True):
            cost = costs.of(chosen)
            if effect.noise and (len(chosen) < count and (cost < whole or whole <= 0)):
                points.append(Point(chosen=chosen, cost=cost, noise=mean(effect.noise)))
                sizes[chosen] = effect.size_bytes
        kept = [point for point in frontier(points) if point.chosen]
        return _Landscape(
            ops=searched_ops(by_time, times, gains, base),
            points=tuple(thinned(kept, _MOST_POINTS)),
            sizes=sizes,
            by_time=by_time,
            base_noise=base_noise,
            screened=len(sets) + len(proposed),
            samples=len(measuring.held),
        )

    def go(self, landscape: _Landscape) -> str:
        """Evaluate candidates until the answer is known or the budget is used up; return which it was."""
        settings = self.run.settings
        points = landscape.points
        if not points:
            return "no set of operators in float was better than the int8 model and cheaper than the float model"
        allowed = [
            index
            for index, point in enumerate(points)
            if settings.max_size is None or landscape.sizes[point.chosen] <= settings.max_size
        ]
        met: dict[int, bool] = {}
        budget = budget_of(settings)
        with self.run.telling("search: candidates") as tell:
            while (place := next_candidate(len(allowed), met, goal=self.goal)) is not None:
                spent = stopped(budget, evaluations=len(met), elapsed_s=time.perf_counter() - self.begun)
                if spent:
                    return self._ending(met, spent)
                index = allowed[place]
                met[place] = self._try(index, points[index])
                tell(len(met), max(len(allowed), len(met)))
        if self.goal is Goal.ACCURACY:
            return f"all candidates on the frontier were evaluated, {len(met)} of them"
        return self._ending(met, "")

    def _ending(self, met: dict[int, bool], spent: str) -> str:
        margin = margin_of(self.run.settings)
        good = [place for place, found in met.items() if found]
        if good:
            text = f"the cheapest candidate within {margin:g} of float on the choice samples is known"
            return (f"{spent}; one that meets the limit was found" if spent else text) + self.doubt()
        return (spent or f"no candidate is within {margin:g} of float on the choice samples") + self.doubt()

    def doubt(self) -> str:
        """Return what is to be said where the choice samples are too few for a verdict; else nothing."""
        if not by_estimate(self.base_evaluation, self.run.settings):
            return ""
        return f" ({self.choice.count} samples are too few for a verdict within it, so the difference itself counted)"

    def _try(self, index: int, point: Point) -> bool:
        """Make a candidate and evaluate it; tell whether it meets the limit on accuracy."""
        try:
            made = candidate(self.run, self.measuring, point.chosen, interface=self.interface)
            evaluation = self.evaluated("a candidate", made.path, made.sha256)
        except WorkerClosed:
            raise
        except EvaluationError:
            return False
        self.found[index], self.evaluations[index] = made, evaluation
        return meets(evaluation, self.run.settings)

    def named(self) -> dict[int, str]:
        """Time all evaluated candidates beside float and int8; return those that become variants, cheapest first."""
        if not self.found:
            return {}
        self.p50_ms = latencies(self.run, (self.reference_variant, self.base), list(self.found.values()))
        ordered = sorted(self.found)
        good = [index for index in ordered if meets(self.evaluations[index], self.run.settings)]
        by_loss = sorted(ordered, key=lambda index: (_loss(self.evaluations[index]), index))
        costs = {
            index: (self.p50_ms.get(self.found[index].sha256, float("inf")), _loss(self.evaluations[index]))
            for index in good or ordered
        }
        wanted = [*good[:1], by_loss[0], *unbeaten(costs)]
        picked = sorted(dict.fromkeys(wanted), key=wanted.index)[:_MOST_VARIANTS]
        return {index: f"mixed_{number}" for number, index in enumerate(sorted(picked), start=1)}

    def point(self, landscape: _Landscape, index: int, named: dict[int, str]) -> SearchPoint:
        """Return the record of a point of the frontier."""
        point, evaluation = landscape.points[index], self.evaluations.get(index)
        found = self.found.get(index)
        return SearchPoint(
            variant=named.get(index, ""),
            float_ops=self.measuring.outputs(point.chosen),
            sqnr_db=self.sqnr_db(point.noise),
            ms_added=landscape.by_time.of(point.chosen),
            size_bytes=landscape.sizes[point.chosen] if found is None else found.built.size_bytes,
            evaluated=evaluation is not None,
            difference=None if evaluation is None else evaluation.difference,
            verdict=None if evaluation is None or evaluation.verdict is None else evaluation.verdict.word,
            p50_ms=None if found is None else self.p50_ms.get(found.sha256),
        )


def _loss(evaluation: Evaluation) -> float:
    """Return how far a model is from float: by agreement, whose chance is smaller than that of right and wrong."""
    if evaluation.agreement is not None:
        return 1 - evaluation.agreement
    return -evaluation.value if evaluation.higher_is_better else evaluation.value
