"""How a phone is shown whose program only sums up its runs: an average, and never a percentile."""

from __future__ import annotations

import dataclasses
import io
import re

import pytest
from report_parts import benchmark
from rich.console import Console

from litesmith.core.benchmark import Benchmark, Thermal, ThermalState, ThreadLatency
from litesmith.core.deployment import Deployment
from litesmith.core.device import Device
from litesmith.core.program_figures import Delegated, Footprint, LatencySummary, ProgramFigures
from litesmith.pipeline.choose import figures
from litesmith.report.benchmark_lines import board_text, device_line, program_line
from litesmith.report.figures import rows_of
from litesmith.report.page.render import render
from litesmith.report.terminal import benchmark_table, summary

PHONE = Device(
    target="adb:X", machine="arm64-v8a", cpu="Pixel 8, Google Tensor G3", cores=9, memory_bytes=8 * 2**30,
    os="Android 15 (SDK 35)", governor="sched_pixel", python="none", runtime="benchmark_model 1a2b3c4d",
)  # fmt: skip
SUMMED = LatencySummary(runs=200, rounds=5, mean=3.25, min=3.0, max=9.0, std=0.5, p5=3.1, median=3.2, p95=4.5)
FIGURES = ProgramFigures(
    program="benchmark_model",
    cores="big: 4-8",
    accelerator="XNNPACK",
    summary_ms=SUMMED,
    delegated=(Delegated(delegate="TfLiteXNNPackDelegate", nodes=64, of_nodes=65, partitions=2),),
    footprint=Footprint(init=1, overall=2, peak=3),
    warnings=("linker: unsupported flags.",),
)


def on_phone(times: float = 1.0) -> Benchmark:
    summed = dataclasses.replace(SUMMED, mean=SUMMED.mean * times)
    return dataclasses.replace(
        benchmark(1.0, 20, PHONE),
        latency_ms=None,
        load_ms=5.0,
        peak_memory_bytes=None,
        model_memory_bytes=None,
        by_threads=(ThreadLatency(threads=2, runs=20, latency_ms=None, throughput_per_s=1.0, summary_ms=summed),),
        thermal=Thermal(
            before=ThermalState(battery_c=29.6), after=ThermalState(battery_c=33.2), throttled=False, reasons=()
        ),
        program=dataclasses.replace(FIGURES, summary_ms=summed),
    )


@pytest.fixture
def phones(full: Deployment) -> Deployment:
    """The whole deployment, measured on the phone only; each variant slower than the last."""
    variants = tuple(
        dataclasses.replace(v, benchmarks=(on_phone(number),) if v.benchmarks else ())
        for number, v in enumerate(full.variants, 1)
    )
    return dataclasses.replace(full, variants=variants, search=None, reason="it is the smallest")


def shown(renderable: object) -> str:
    console = Console(file=io.StringIO(), width=150, color_system=None)
    console.print(renderable)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_terminal_says_average(phones: Deployment) -> None:
    text = shown(benchmark_table(phones.variants))
    assert "average" in text.splitlines()[0]
    assert not re.search(r"\bp50  |\bp90\b|\bp99  ", text)
    assert "3.25 ms" in text
    assert "average" in shown(summary(phones))


def test_page_says_average_and_shows_percentiles_only_where_they_were_printed(phones: Deployment) -> None:
    page = re.sub(r"<style.*?</style>", "", render(phones), flags=re.DOTALL)
    latency = page[page.index('<section id="latency">') :]
    latency = latency[: latency.index("</section>")]
    assert '<th class="num" scope="col">average</th>' in latency
    assert "p90" not in latency
    assert "p99" not in latency.replace("no p50 or p99", "")
    assert re.search(r"3\.25.ms", latency)
    assert "average latency" in page
    assert "p50 latency" not in page
    without = dataclasses.replace(
        phones,
        variants=tuple(
            dataclasses.replace(v, benchmarks=tuple(bare(one) for one in v.benchmarks)) for v in phones.variants
        ),
    )
    assert re.search(r"4\.5.ms", latency)
    assert not re.search(r"4\.5.ms", render(without))


def bare(made: Benchmark) -> Benchmark:
    assert made.program is not None
    assert made.program.summary_ms is not None
    summed = dataclasses.replace(made.program.summary_ms, p5=None, median=None, p95=None)
    return dataclasses.replace(made, program=dataclasses.replace(made.program, summary_ms=summed))


def test_where_and_how_it_was_timed(phones: Deployment) -> None:
    name = rows_of(phones.variants)[0].benchmark.target
    line = device_line(phones.variants, name)
    assert "Pixel 8, Google Tensor G3 (arm64-v8a, Android 15 (SDK 35))" in line
    assert "Timed by benchmark_model, cores big: 4-8, operators run by XNNPACK (64 of 65 in 2 parts)." in line
    assert "there is an average, and no p50 or p99" in line
    assert "It warned: linker: unsupported flags." in line


def test_what_ran_each_model_is_told_apart() -> None:
    float32 = ProgramFigures(
        program="benchmark_model", accelerator="XNNPACK",
        delegated=(Delegated(delegate="TfLiteXNNPackDelegate", nodes=29, of_nodes=29, partitions=1),),
    )  # fmt: skip
    int16 = ProgramFigures(program="benchmark_model", accelerator="CPU", warnings=("linker: old.",))
    assert program_line({"float32": float32, "int16": int16}) == (
        "Timed by benchmark_model, cores all, operators run by XNNPACK (29 of 29 in 1 part) in float32, CPU in int16. "
        "It warned: linker: old."
    )


def test_boards_and_reasons_name_the_average(phones: Deployment) -> None:
    assert board_text(on_phone()) == "3.25 ms average"
    variant = next(v for v in phones.variants if v.benchmarks)
    assert "average 3.25 ms on" in figures(variant)
