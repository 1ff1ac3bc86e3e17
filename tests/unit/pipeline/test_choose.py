from __future__ import annotations

from dataclasses import replace

import pytest

from litesmith.core.benchmark import Thermal, ThermalState
from litesmith.core.deployment import Constraints
from litesmith.core.device import Device
from litesmith.core.instructions import InstructionCount
from litesmith.core.results import Benchmark, Evaluation, Latency, Status, Variant
from litesmith.core.verdict import Verdict, VerdictWord
from litesmith.pipeline.choose import choose, with_frontier
from litesmith.pipeline.goals import choose_for, goal_named
from litesmith.pipeline.notices import held_back, noticed

NONE = Constraints()
DEVICE = Device(
    target="local", machine="m", cpu="c", cores=1, memory_bytes=1, os="o", governor="g", python="3", runtime="r"
)


def evaluation(value: float, drop: float, *, unit: str = "fraction", n: int = 1000) -> Evaluation:
    return Evaluation(
        metric="top1" if unit == "fraction" else "sqnr",
        value=value,
        unit=unit,
        higher_is_better=True,
        n=n,
        interval=(value - 0.02, value + 0.02),
        agreement=None,
        difference=-drop,
        difference_interval=(-drop - 0.005, -drop + 0.005),
        p_value=None,
        metrics=(),
        samples_per_s=1.0,
    )


def timed(p50: float) -> tuple[Benchmark, ...]:
    return (
        Benchmark(
            target="local",
            device=DEVICE,
            threads=1,
            warmup_runs=1,
            runs=10,
            rounds=1,
            latency_ms=Latency(p50=p50, p90=p50, p99=p50, mean=p50, min=p50),
            load_ms=1.0,
            first_inference_ms=1.0,
            peak_memory_bytes=1,
            model_memory_bytes=1,
        ),
    )


def variant(
    scheme: str, size: int, *, drop: float | None = 0.0, ms: float | None = None, sqnr_db: float | None = None
) -> Variant:
    made = None if drop is None else evaluation(0.8 - drop, drop)
    if sqnr_db is not None:
        made = evaluation(sqnr_db, 0.0, unit="dB")
    return Variant(
        scheme=scheme,
        status=Status.OK,
        size_bytes=size,
        evaluation=made,
        benchmarks=() if ms is None else timed(ms),
    )


FLOAT = variant("float32", 4000, ms=4.0)
HALF = variant("float16", 2000, ms=4.1)
INT8 = variant("int8", 1000, drop=0.008, ms=1.8)
INT4 = variant("dynamic_int4", 600, drop=0.05, ms=1.5)
ALL = (FLOAT, HALF, INT8, INT4)


def test_by_default_the_fastest_that_loses_at_most_one_percent() -> None:
    choice = choose(ALL, NONE)
    assert (choice.recommended, choice.nearest) == ("int8", "")
    assert "fastest variant that loses at most 1 %" in choice.reason
    assert "-0.80 points top1" in choice.reason
    assert "1 KB" in choice.reason


@pytest.mark.parametrize(
    ("limits", "wanted"),
    [
        (Constraints(max_drop=0.1), "dynamic_int4"),
        (Constraints(max_drop=0.005), "float16"),  # as fast as float32 and smaller
        (Constraints(max_drop=0.05), "dynamic_int4"),
        (Constraints(max_size_bytes=1500), "int8"),
        (Constraints(max_size_bytes=4000, max_drop=0.0), "float16"),
        (Constraints(max_latency_ms=2.0), "int8"),
        (Constraints(max_latency_ms=1.6), "dynamic_int4"),  # nothing else meets the limit that was set
        (Constraints(max_latency_ms=4.0, max_drop=0.0), "float32"),
    ],
)
def test_limits(limits: Constraints, wanted: str) -> None:
    assert choose(ALL, limits).recommended == wanted


def test_impossible_limits_name_the_nearest_and_the_limits() -> None:
    choice = choose(ALL, Constraints(max_drop=0.001, max_size_bytes=900, max_latency_ms=1.0))
    assert choice.recommended == ""
    assert choice.nearest == "float16"
    for part in ("no variant meets", "a drop of at most 0.001", "900 B", "1 ms", "nearest is float16"):
        assert part in choice.reason


def test_nearest_is_the_one_that_exceeds_least() -> None:
    assert choose(ALL, Constraints(max_size_bytes=500)).nearest == "dynamic_int4"
    assert choose(ALL, Constraints(max_size_bytes=950, max_drop=0.008)).nearest == "int8"


def test_failed_variants_are_never_chosen() -> None:
    broken = replace(INT8, status=Status.FAILED, reason="no")
    assert choose((FLOAT, HALF, broken), NONE).recommended == "float16"
    choice = choose((replace(FLOAT, status=Status.FAILED), broken), NONE)
    assert (choice.recommended, choice.nearest) == ("", "")
    assert "no variant could be built and run" in choice.reason


def test_ties_in_latency_go_to_the_smallest_then_the_most_accurate() -> None:
    a, b = variant("a", 1000, drop=0.001, ms=1.0), variant("b", 900, drop=0.009, ms=1.04)
    assert choose((FLOAT, a, b), NONE).recommended == "b"
    c = variant("c", 900, drop=0.002, ms=1.02)
    assert choose((FLOAT, a, b, c), NONE).recommended == "c"
    assert choose((FLOAT, a, replace(b, benchmarks=timed(1.06))), NONE).recommended == "a"


def test_without_latencies_the_smallest() -> None:
    choice = choose([replace(v, benchmarks=()) for v in ALL], NONE)
    assert choice.recommended == "int8"
    assert "smallest variant that loses at most 1 %" in choice.reason


def test_without_evaluation_nothing_is_said_of_accuracy() -> None:
    choice = choose([replace(v, evaluation=None) for v in ALL], NONE)
    assert choice.recommended == "dynamic_int4"
    assert "loses" not in choice.reason
    assert "the fastest variant: 600 B" in choice.reason


def test_when_every_loss_is_too_large_the_most_accurate() -> None:
    bad, worse = variant("bad", 900, drop=0.1, ms=2.0), variant("worse", 800, drop=0.2, ms=1.0)
    assert choose((bad, worse), NONE).recommended == "bad"


def reason(drop: float, word: VerdictWord, more: int | None, limits: Constraints = NONE) -> str:
    told = Verdict(word=word, margin=0.01, largest_loss=0.03, more_samples=more)
    wide = replace(INT8, evaluation=replace(evaluation(0.8, drop), verdict=told))
    return choose((FLOAT, wide), limits).reason


def test_an_interval_beyond_the_limit_is_told_with_what_would_settle_it() -> None:
    assert reason(0.0, VerdictWord.UNDECIDED, 3900).endswith(
        ". The interval reaches a loss of 3.00 points: not enough samples to tell; 3,900 more would"
    )
    assert reason(0.0, VerdictWord.UNDECIDED, None).endswith(". The interval reaches a loss of 3.00 points")
    assert reason(0.009, VerdictWord.WORSE, None).endswith(
        ". The interval reaches a loss of 3.00 points, and that something is lost is certain"
    )


def test_an_interval_within_the_limit_is_not_told() -> None:
    assert "reaches" not in reason(0.0, VerdictWord.NO_WORSE, None, Constraints(max_drop=0.04))
    assert "reaches" not in choose((FLOAT, HALF), NONE).reason


def test_models_without_classes_are_judged_by_their_signal_to_noise_ratio() -> None:
    good, noisy = variant("good", 1000, sqnr_db=35.0, ms=2.0), variant("noisy", 500, sqnr_db=12.0, ms=1.0)
    choice = choose((good, noisy), NONE)
    assert choice.recommended == "good"
    assert "keeps 20 dB of SQNR" in choice.reason
    assert "sqnr 35.0 dB (n=1000)" in choice.reason
    assert choose((noisy,), NONE).recommended == "noisy"


def frontier(*variants: Variant) -> list[str]:
    return [v.scheme for v in with_frontier(variants) if v.on_frontier]


def test_frontier_leaves_out_what_another_beats_in_everything() -> None:
    beaten = variant("beaten", 4100, drop=0.02, ms=5.0)
    assert frontier(*ALL, beaten) == ["float32", "float16", "int8", "dynamic_int4"]
    assert frontier(FLOAT, replace(HALF, benchmarks=timed(4.0))) == ["float16"]


def test_frontier_keeps_equals_and_drops_failures() -> None:
    twin = replace(FLOAT, scheme="twin")
    assert frontier(FLOAT, twin) == ["float32", "twin"]
    assert frontier(FLOAT, replace(INT4, status=Status.FAILED)) == ["float32"]


def test_frontier_of_a_metric_where_lower_is_better() -> None:
    low = replace(FLOAT, scheme="low", evaluation=replace(evaluation(0.1, 0.0), higher_is_better=False))
    high = replace(low, scheme="high", evaluation=replace(evaluation(0.9, 0.0), higher_is_better=False))
    assert frontier(low, high) == ["low"]


def counted(variant: Variant, total: int | None) -> Variant:
    """Return a variant that was measured on an emulated target only."""
    instructions = total and InstructionCount(
        total=total, by_class={}, inferences=1, repeats=1, spread=0, cpu="cortex-a76", emulator="qemu"
    )
    made = replace(
        timed(1.0)[0],
        target="virtual-pi:5",
        device=replace(DEVICE, target="virtual-pi:5", emulated=True),
        latency_ms=None,
        load_ms=None,
        first_inference_ms=None,
        instructions=instructions or None,
    )
    return replace(variant, benchmarks=(made,))


EMULATED = tuple(counted(v, n) for v, n in zip(ALL, (40_000_000, 41_000_000, 18_000_000, 19_000_000), strict=True))


def test_where_all_is_emulated_instructions_stand_for_the_latency() -> None:
    choice = choose(EMULATED, NONE)
    assert choice.recommended == "int8"
    assert choice.reason.startswith("the variant of the fewest instructions that loses at most 1 %: ")
    assert choice.reason.endswith("1 KB, 18 M instructions on virtual-pi:5 (emulated, no latency)")
    assert " ms" not in choice.reason


def test_instructions_within_five_percent_are_the_same_too() -> None:
    a, b = counted(variant("a", 900, drop=0.001), 18_500_000), counted(variant("b", 1000, drop=0.001), 18_000_000)
    assert choose((EMULATED[0], a, b), NONE).recommended == "a"
    assert choose((EMULATED[0], counted(a, 19_000_000), b), NONE).recommended == "b"


def test_without_instructions_the_smallest() -> None:
    choice = choose([counted(v, None) for v in ALL], NONE)
    assert choice.recommended == "int8"
    assert choice.reason.startswith("the smallest variant that loses at most 1 %")
    assert "instructions" not in choice.reason


def test_a_real_target_decides_whatever_was_named_first() -> None:
    slow = replace(INT8, benchmarks=(*EMULATED[2].benchmarks, *timed(9.0)))
    quick = replace(HALF, benchmarks=(*EMULATED[1].benchmarks, *timed(3.0)))
    assert choose((FLOAT, quick, slow), NONE).recommended == "float16"
    assert choose((FLOAT, quick, slow), Constraints(max_latency_ms=2.0)).nearest == "float16"


def test_the_frontier_goes_by_instructions_where_all_is_emulated() -> None:
    worse = counted(variant("worse", 1000, drop=0.008), 18_000_001)
    marked = {v.scheme: v.on_frontier for v in with_frontier((*EMULATED, worse))}
    assert (marked["int8"], marked["worse"]) == (True, False)


def test_limits_of_single_devices() -> None:
    garage = replace(timed(30.0)[0], target="garage")
    both = replace(INT8, benchmarks=(*INT8.benchmarks, garage))
    assert choose((both,), Constraints(max_latency_ms_by_target={"garage": 31.0})).recommended == "int8"
    choice = choose((both,), Constraints(max_latency_ms_by_target={"garage": 29.0}))
    assert (choice.recommended, choice.nearest) == ("", "int8")
    assert "a latency of at most 29 ms on garage" in choice.reason


def test_a_throttled_measurement_is_told_in_the_reason_and_as_a_finding() -> None:
    heat = Thermal(
        before=ThermalState(), after=ThermalState(), throttled=True, reasons=("the firmware reported: clock capped",)
    )
    hot = replace(INT8, benchmarks=(replace(INT8.benchmarks[0], thermal=heat),))
    assert "p50 1.8 ms on local, throttled" in choose((hot,), NONE).reason
    (finding,) = held_back((FLOAT, hot, hot))
    assert (finding.code, finding.severity.value) == ("throttled", "warning")
    assert finding.message == (
        "the clock of local was held back while it was measured: the firmware reported: clock capped"
    )
    unknown = replace(hot.benchmarks[0], thermal=replace(heat, throttled=None))
    assert held_back((FLOAT, replace(hot, benchmarks=(unknown,)))) == ()


def test_more_instructions_than_float_are_noticed() -> None:
    more = counted(HALF, 49_000_000)
    (finding,) = noticed([EMULATED[0], more])[1].findings
    assert finding.code == "slower-than-float"
    assert "more instructions than float32 on virtual-pi:5, which is emulated: 49 M against 40 M" in finding.message
    assert noticed([EMULATED[0], counted(HALF, 47_000_000)])[1].findings == ()
    assert noticed([counted(FLOAT, None), more])[1].findings == ()


@pytest.mark.parametrize(
    ("goal", "wanted", "word"),
    [("latency", "int8", "variant of the fewest instructions"), ("size", "int8", "smallest variant")],
)
def test_goals_without_latencies(goal: str, wanted: str, word: str) -> None:
    choice = choose_for(goal_named(goal), EMULATED, EMULATED, NONE)
    assert choice.recommended == wanted
    assert choice.reason.startswith(f"the {word} that loses at most 1 %")
