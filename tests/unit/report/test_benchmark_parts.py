"""How several boards, throttled and emulated ones, and what was asked for beside latency are shown."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from report_parts import COOL, HOSTILE, PI, THERMAL, benchmark, emulated
from rich.cells import cell_len

from litesmith.core.benchmark import (
    Benchmark,
    OpProfile,
    OpTime,
    Sustained,
    SustainedPoint,
    Thermal,
    ThermalState,
    ThreadLatency,
)
from litesmith.core.deployment import Deployment
from litesmith.report.benchmark_lines import board_text, sustained_line, thermal_text
from litesmith.report.figures import rows_of, targets
from litesmith.report.page.render import render
from litesmith.report.page.scatter import scatter
from litesmith.report.terminal import benchmark_table, summary

MS = re.compile(r"\d ms\b")
HELD = Thermal(
    before=COOL,
    after=ThermalState(temperature_c=84.0, clock_mhz=1500.0, holding=("throttled",)),
    clock_most_mhz=2400.0,
    throttled=True,
    reasons=("the firmware reported: throttled",),
)
RESTLESS = Sustained(
    duration_s=60.0,
    runs=6000,
    throughput_per_s=100.0,
    first_p50_ms=8.0,
    last_p50_ms=10.0,
    thermal=HELD,
    points=(
        SustainedPoint(t_s=2.0, runs=200, p50_ms=8.0, temperature_c=55.5, clock_mhz=2400.0, holding=("throttled",)),
    ),
)


def shown(renderable: object, width: int = 140) -> str:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def with_every(deployment: Deployment, made: object) -> Deployment:
    """Return the deployment with the benchmarks that a function gives for each variant that has some."""
    assert callable(made)
    variants = tuple(dataclasses.replace(v, benchmarks=made(v.benchmarks)) for v in deployment.variants)
    return dataclasses.replace(deployment, variants=variants)


def only_emulated(found: tuple[Benchmark, ...]) -> tuple[Benchmark, ...]:
    return tuple(one for one in found if one.emulated)


def test_where_all_is_emulated_no_time_is_shown_anywhere(full: Deployment) -> None:
    bare = with_every(full, only_emulated)
    bare = dataclasses.replace(bare, reason="it is the smallest")
    text = shown(summary(bare)) + shown(benchmark_table(bare.variants))
    page = re.sub(r"<style.*?</style>", "", render(bare), flags=re.DOTALL)
    for one in (text, re.sub(r"<[^>]+>", " ", page)):
        assert not MS.search(one)
        assert "speed-up" not in one.lower()
        assert "no latenc" in one
    assert "77.5 M" in text  # int8: 8.61 ms times nine million
    assert "40 %" in text
    assert "top1 against instructions (emulated, no latency): the best" in page
    assert "<h2>Latency</h2>" not in page
    assert "Latency was not measured: every target is emulated." in page
    assert "dot product" in page


def test_the_headline_of_an_emulated_target_is_its_instructions(full: Deployment) -> None:
    page = render(with_every(full, only_emulated))
    head = page[: page.index('id="findings"')]
    assert "<dt>Instructions</dt><dd>77.5 M</dd>" in head
    assert "40 % of float32, one inference on virtual_pi, emulated: no latency" in head


def test_without_counts_the_reason_is_shown_and_sizes_are_drawn(full: Deployment) -> None:
    def uncounted(found: tuple[Benchmark, ...]) -> tuple[Benchmark, ...]:
        return tuple(
            dataclasses.replace(b, instructions=None, note="instructions cannot be counted: no qemu with plugins")
            for b in only_emulated(found)
        )

    bare = with_every(full, uncounted)
    assert "instructions cannot be counted: no qemu with plugins." in " ".join(shown(summary(bare)).split())
    page = render(bare)
    assert "top1 against file size" in page
    assert "instructions cannot be counted: no qemu with plugins." in page


def test_a_real_target_comes_first_even_when_it_was_named_last(full: Deployment) -> None:
    turned = with_every(full, lambda found: found[::-1])
    assert targets(turned.variants) == ("local", "virtual_pi")
    (row,) = (row for row in rows_of(turned.variants) if row.variant.scheme == "int8")
    assert row.typical_ms == 8.61
    assert scatter(rows_of(turned.variants), width=900, height=400).against == "p50 latency"  # type: ignore[union-attr]


def test_boards_side_by_side(full: Deployment) -> None:
    pi5 = dataclasses.replace(PI, target="pi5", emulated=False)

    def three(found: tuple[Benchmark, ...]) -> tuple[Benchmark, ...]:
        if not found:
            return found
        hot = dataclasses.replace(benchmark(found[0].typical_ms * 2, 20, pi5), thermal=HELD)  # type: ignore[operator]
        return (*found, hot)

    many = with_every(full, three)
    text = shown(benchmark_table(many.variants), 200)
    head = next(line for line in text.splitlines() if line.startswith("p50 / p99"))
    assert re.split(r"\s{2,}", head.strip()) == ["p50 / p99", "local", "pi5 (throttled)", "virtual_pi (emulated)"]
    row = next(line for line in text.splitlines() if line.startswith("int8 "))
    assert re.split(r"\s{2,}", row.strip()) == [
        "int8",
        "8.61 ms / 13.1 ms",
        "17.2 ms / 22.6 ms",
        "77.5 M instr.",
    ]
    page = re.sub(r"\s+", " ", render(many))
    assert '<th class="num" scope="col">pi5 <span class="tag warn">throttled</span></th>' in page
    assert '<td class="num">17.2 ms / 22.6 ms</td>' in page
    assert page.count('<span class="tag warn">throttled</span>') == 2  # there, and at its own heading
    assert "Throttled: the firmware reported: throttled. 48 to 84 C, clock 1,500 of at most 2,400 MHz" in page
    assert "Boards side by side" not in shown(benchmark_table(full.variants, only=["local"]))


def test_a_throttled_headline(full: Deployment) -> None:
    hot = with_every(full, lambda found: tuple(dataclasses.replace(b, thermal=HELD) for b in found if not b.emulated))
    assert "p50, 1 thread, throttled" in render(hot)


def test_threads_sustained_runs_and_operators(full: Deployment) -> None:
    profile = OpProfile(
        how="each operator was run alone",
        apart=True,
        sum_ms=4.0,
        ops=(OpTime(name="a", op="ADD", ms=1.0), OpTime(name="<b>", op="CONV_2D", ms=3.0)),
        missing=2,
    )

    def more(found: tuple[Benchmark, ...]) -> tuple[Benchmark, ...]:
        return tuple(
            dataclasses.replace(
                b,
                sustained=RESTLESS,
                op_profile=profile,
                by_threads=tuple(
                    ThreadLatency(threads=n, runs=9, latency_ms=b.latency_ms, throughput_per_s=1.0) for n in (1, 4)
                ),
            )
            for b in found
            if b.latency_ms is not None
        )

    many = with_every(full, more)
    text = " ".join(shown(benchmark_table(many.variants), 100).split())
    page = " ".join(render(many).split())
    for one in (text, page):
        assert "1 min 0 s without rest: 6,000 inferences, 100 per second" in one
        assert "p50 8 ms in the first tenth, 10 ms in the last (+25 %)" in one.replace("\u2212", "-")
        assert "Each operator was run alone. Together 4 ms; 2 operators without a time." in one
        assert "4 threads" in one
    assert text.index("CONV_2D <b> 3 ms 75.0 %") < text.index("ADD a 1 ms 25.0 %")  # the slowest first
    assert "<td>CONV_2D</td><td>&lt;b&gt;</td>" in page
    assert '<td class="num">55.5</td><td class="num">2400</td><td>throttled</td>' in page
    overview = " ".join(shown(summary(many), 100).split())
    assert "1 min 0 s without rest" in overview


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (THERMAL, "Not throttled. 48 to 61 C, clock 2,400 of at most 2,400 MHz at the end."),
        (
            dataclasses.replace(THERMAL, throttled=None, reasons=("nothing can be read",)),
            "Whether it throttled is not known: nothing can be read. "
            "48 to 61 C, clock 2,400 of at most 2,400 MHz at the end.",
        ),
        (Thermal(before=ThermalState(), after=ThermalState(), throttled=False), "Not throttled."),
    ],
)
def test_heat_in_words(made: Thermal, text: str) -> None:
    assert thermal_text(made) == text


def test_a_sustained_run_on_a_machine_that_says_nothing() -> None:
    silent = dataclasses.replace(RESTLESS, thermal=Thermal(before=ThermalState(), after=ThermalState()))
    assert sustained_line(silent).endswith("(+25 %).")


def test_an_emulated_board_without_a_count() -> None:
    assert board_text(dataclasses.replace(emulated(9, 1), instructions=None)) == "-"
    assert board_text(emulated(12_345_678, 1)) == "12.3 M instr."


@pytest.mark.parametrize("width", [30, 60, 140])
def test_hostile_targets_and_notes_are_text(full: Deployment, width: int) -> None:
    def named(found: tuple[Benchmark, ...]) -> tuple[Benchmark, ...]:
        return tuple(
            dataclasses.replace(
                one, target=f"{HOSTILE}{i}", note=HOSTILE, device=dataclasses.replace(one.device, target=HOSTILE)
            )
            for i, one in enumerate(found)
        )

    bad = with_every(full, named)
    page, text = render(bad), shown(benchmark_table(bad.variants), width) + shown(summary(bad), width)
    assert "<script" not in page
    for one in (page, text):
        assert not any(c in one for c in "\x1b\x00\u202e\r")
    assert "[boldred]x[/]" in "".join(text.split())
    assert max(cell_len(line) for line in text.splitlines()) <= width
