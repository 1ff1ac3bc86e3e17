from __future__ import annotations

import dataclasses
import io
import math
import re

import pytest
from report_parts import HOSTILE, make_variants
from rich.cells import cell_len
from rich.console import Console, RenderableType

from litesmith.core.deployment import Deployment
from litesmith.core.results import Variant
from litesmith.report.terminal import benchmark_table, evaluation_table, summary, variants_table

WIDTHS = (30, 45, 60, 80, 100, 120, 160, 200)


def show(renderable: RenderableType, width: int, *, encoding: str = "utf-8", color: bool = False) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="replace")
    console = Console(file=stream, width=width, force_terminal=color, color_system="truecolor" if color else None)
    console.print(renderable)
    stream.flush()
    return raw.getvalue().decode(encoding)


def words(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["full", "minimal", "hostile"])
def test_no_line_is_wider_than_the_terminal(name: str, width: int, request: pytest.FixtureRequest) -> None:
    deployment: Deployment = request.getfixturevalue(name)
    for renderable in (
        summary(deployment),
        variants_table(deployment),
        evaluation_table(deployment.variants),
        benchmark_table(deployment.variants),
    ):
        assert max(cell_len(line) for line in show(renderable, width).splitlines()) <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_what_matters_is_there_at_every_width(full: Deployment, width: int) -> None:
    text = show(variants_table(full), width)
    for variant in full.variants:
        assert variant.scheme in text
    for shown in ("3.99 MB", "79.2 %", "-0.40", "8.61 ms"):
        assert shown in text
    reason = full.variants[-1].reason
    assert reason.replace(" ", "") in "".join(text.split())
    assert "1,000 samples" in words(text)


def test_each_variant_is_one_line_from_60_columns(full: Deployment) -> None:
    for width in (60, 80, 120, 160):
        lines = show(variants_table(full), width).splitlines()
        for variant in full.variants[:-1]:
            row = [line for line in lines if line.strip("▸ ").startswith(f"{variant.scheme}  ")]
            assert len(row) == 1, (width, variant.scheme)


def test_paired_interval_is_shown_at_80_columns_and_all_at_160(full: Deployment) -> None:
    assert "-0.40 (-1.21 to +0.39)" in show(variants_table(full), 80)
    wide = show(variants_table(full), 160)
    for shown in ("76.6 to 81.6", "-1.21 to +0.39", "97.1 %", "9.49 ms", "2.49x", "65 MB", "29 %"):
        assert shown in wide


def test_verdicts_stand_below_the_table_at_every_width(full: Deployment) -> None:
    told = "No worse than 1 point: float16, int16x8; worse: dynamic_int4; not enough samples to tell: "
    told += "dynamic_int8 (2,300 more would), int8 (2,300 more would), int8_float_io (2,300 more would)."
    for width in WIDTHS[2:]:
        assert told in words(show(variants_table(full), width))
        assert told in words(show(evaluation_table(full.variants), width))
    without = [dataclasses.replace(v, evaluation=None) for v in full.variants]
    assert "worse" not in show(evaluation_table(without), 120)


def test_a_verdict_that_no_number_of_samples_settles(full: Deployment) -> None:
    variant = full.variants[3]
    assert variant.evaluation is not None
    assert variant.evaluation.verdict is not None
    told = dataclasses.replace(variant.evaluation.verdict, margin=0.0, more_samples=None)
    made = [dataclasses.replace(variant, evaluation=dataclasses.replace(variant.evaluation, verdict=told))]
    assert "Not enough samples to tell: int8 (no number would)." in words(show(evaluation_table(made), 120))


def test_the_recommended_row_is_marked(full: Deployment) -> None:
    marked = [line for line in show(variants_table(full), 120).splitlines() if "▸" in line]
    assert len(marked) == 1
    assert " int8 " in marked[0]
    nothing = dataclasses.replace(full, recommended="")
    assert "▸" not in show(variants_table(nothing), 120)


def test_dashes_stand_for_what_was_not_measured(minimal: Deployment) -> None:
    row = next(line for line in show(variants_table(minimal), 160).splitlines() if "dynamic_int8" in line)
    assert row.split() == ["▸", "dynamic_int8", "3.71", "MB", "27", "%", *["-"] * 9]


def test_summary_tells_the_run(full: Deployment) -> None:
    text = words(show(summary(full), 100))
    for shown in (
        "models/mobilenet_v2_flowers.keras (keras, 14.3 MB, Keras 3.12.0)",
        "Registered the custom layer 'Normalizer'",
        "By way of a SavedModel, 18.4 s",
        "Keras' own way: failed, 1.2 s. 'Functional' object",
        "Largest difference to the source 4.7e-07",
        "flowers/val (image_folder), 1,000 labelled samples, 3 left out.",
        "percentile, 102 ranges from 64 samples.",
        "loss at most 1.00 points; size at most 5 MB",
        "Add samples with --calibration-samples 200.",
        "Recommended: int8 It is the fastest variant",
        "Intel(R) Xeon(R) Processor @ 2.80GHz (x86_64), 1 thread, ai-edge-litert 2.3.0, 200 runs in 10 rounds",
        "The CPU is emulated, so there are no latencies; instructions are those that one inference executes on cortex",
    ):
        assert shown in text


def test_summary_without_data_says_so(minimal: Deployment) -> None:
    text = words(show(summary(minimal), 80))
    assert "None, so accuracy was not measured." in text
    assert "The source is a .tflite already" in text


def test_summary_when_nothing_qualifies(full: Deployment) -> None:
    near = dataclasses.replace(full, recommended="", nearest="int16x8", reason="Nothing is below 1 MB.")
    assert "No variant qualifies. Nearest: int16x8 Nothing is below 1 MB." in words(show(summary(near), 80))
    none = dataclasses.replace(near, nearest="")
    assert "No variant is recommended." in show(summary(none), 80)


@pytest.mark.parametrize("width", [60, 160])
def test_hostile_names_reach_the_terminal_as_text(hostile: Deployment, width: int) -> None:
    for renderable in (summary(hostile), evaluation_table(hostile.variants), benchmark_table(hostile.variants)):
        text = show(renderable, width)
        assert not any(c in text for c in "\x1b\x00\u202e\r")
    text = "".join(show(summary(hostile), width).split())
    assert "[boldred]x[/]" in text
    assert r"\x1b[31m" in text
    assert r"\u202e" in text
    coloured = show(summary(hostile), width, color=True)
    assert "\x1b[31m[bold" not in coloured


def test_a_terminal_without_unicode_gets_plain_marks(full: Deployment) -> None:
    text = show(variants_table(full), 80, encoding="ascii")
    assert ">" in text
    assert "▸" not in text
    assert "?" not in text


def test_evaluation_table_holds_p_values_and_other_metrics() -> None:
    text = show(evaluation_table(make_variants()), 140)
    assert "log_loss" in text
    assert "0.814 nats" in text
    assert "<0.001" in text
    assert "0.420" in text


def test_benchmark_table_has_a_table_for_each_target() -> None:
    text = show(benchmark_table(make_variants()), 140)
    assert text.count("speed-up") == 1
    assert text.count("instructions  of float") == 1
    assert "virtual_pi" in text
    only = show(benchmark_table(make_variants(), only=["virtual_pi"]), 140)
    assert "speed-up" not in only
    assert not re.search(r"\d ms", only)
    assert "193 M" in only


def test_tables_of_nothing_are_tables() -> None:
    bare: tuple[Variant, ...] = ()
    assert "variant" in show(evaluation_table(bare), 80)
    assert "variant" in show(benchmark_table(bare), 80)


def test_a_number_that_is_not_finite_is_a_dash(full: Deployment) -> None:
    evaluation = full.variants[3].evaluation
    assert evaluation is not None
    broken = dataclasses.replace(
        evaluation, value=math.nan, interval=(math.nan,) * 2, difference=math.nan, difference_interval=(math.nan,) * 2
    )
    variants = (*full.variants[:3], dataclasses.replace(full.variants[3], evaluation=broken))
    text = show(variants_table(dataclasses.replace(full, variants=variants)), 160)
    assert "nan" not in text


def test_long_scheme_names_are_cut(full: Deployment) -> None:
    long = dataclasses.replace(full.variants[3], scheme=HOSTILE * 4)
    text = show(variants_table(dataclasses.replace(full, variants=(full.variants[0], long))), 100)
    assert "…" in text
