from __future__ import annotations

import dataclasses
import math

import pytest
from report_parts import make_variants

from litesmith.core.deployment import Deployment
from litesmith.report.figures import findings_of, rows, rows_of, value_text
from litesmith.report.page.bars import difference_whiskers, latency_bars
from litesmith.report.page.scales import Scale, log_ticks, padded, ticks
from litesmith.report.page.scatter import scatter
from litesmith.report.text import clean


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.741, 0.796) == (0.75, 0.76, 0.77, 0.78, 0.79)
    assert ticks(-0.02, 0.01, 3) == (-0.02, -0.01, 0.0, 0.01)
    assert ticks(3.0, 3.0) == (3.0,)
    assert log_ticks(6, 70) == (10.0, 20.0, 50.0)


def test_scale_holds_values_on_the_drawing() -> None:
    scale = Scale(low=0, high=10, start=100, end=0)
    assert (scale.at(0), scale.at(5), scale.at(10), scale.at(99)) == (100, 50, 0, 0)
    log = Scale(low=1, high=100, start=0, end=200, log=True)
    assert (log.at(10), log.at(0)) == (100, 0)
    assert Scale(low=1, high=1, start=0, end=10).at(1) == 5
    assert padded([1.0, 1.0], 0.1, least=2.0) == (0.0, 2.0)


def test_area_of_a_circle_grows_with_size_and_frontier_descends(full: Deployment) -> None:
    drawn = scatter(rows(full), width=900, height=400)
    assert drawn is not None
    radius = {p.tooltip.split(":")[0]: p.radius for p in drawn.points}
    assert radius["float32"] > radius["float16"] > radius["int8"] > radius["dynamic_int4"]
    place = {p.tooltip.split(":")[0]: (p.x, p.y) for p in drawn.points}
    start = f"M{place['int8'][0]} {place['int8'][1]}"
    assert drawn.frontier == f"{start}H{place['float32'][0]}V{place['float32'][1]}H{drawn.right}"
    assert {p.tooltip.split(":")[0] for p in drawn.points if p.on_frontier} == {
        "float32",
        "dynamic_int8",
        "int8",
        "dynamic_int4",
    }


@pytest.mark.parametrize(("width", "height"), [(900, 400), (330, 340)])
def test_labels_do_not_cover_each_other(full: Deployment, width: int, height: int) -> None:
    drawn = scatter(rows(full), width=width, height=height)
    assert drawn is not None
    boxes = []
    for p in drawn.points:
        reach = 6 * len(p.label)
        left = {"start": p.label_x, "end": p.label_x - reach, "middle": p.label_x - reach / 2}[p.anchor]
        boxes.append((left, p.label_y - 9, left + reach, p.label_y))
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_a_stray_p99_does_not_flatten_the_bars(full: Deployment) -> None:
    shown = rows(full)
    speed = shown[0].benchmark
    assert speed is not None
    stray = dataclasses.replace(speed, latency_ms=dataclasses.replace(speed.latency_ms, p99=9000.0))
    drawn = latency_bars([dataclasses.replace(shown[0], benchmark=stray), *shown[1:]], width=900)
    assert drawn is not None
    assert drawn.bars[0].cut
    assert not drawn.bars[1].cut
    assert drawn.bars[0].p50 - drawn.left > 60
    assert latency_bars(rows_of(make_variants(), target="none"), width=900) is None


def test_a_lost_variant_does_not_flatten_the_whiskers(full: Deployment) -> None:
    drawn = difference_whiskers(rows(full), max_drop=0.01, width=150)
    assert drawn is not None
    assert [w.cut if w else None for w in drawn.rows] == [None, False, False, False, False, False, True, None]
    int8 = drawn.rows[3]
    assert int8 is not None
    assert int8.low < int8.middle < drawn.zero < int8.high
    assert int8.high - int8.low > 50
    assert drawn.limit is not None
    assert drawn.limit < drawn.zero
    lost = drawn.rows[6]
    assert lost is not None
    assert lost.worse


def test_one_slow_variant_is_cut_not_the_others(full: Deployment) -> None:
    shown = rows(full)
    speed = shown[5].benchmark
    assert speed is not None
    times = dataclasses.replace(speed.latency_ms, p50=900.0, p90=910.0, p99=950.0)
    slow = dataclasses.replace(shown[5], benchmark=dataclasses.replace(speed, latency_ms=times))
    drawn = latency_bars([*shown[:5], slow, *shown[6:]], width=900)
    assert drawn is not None
    assert [bar.cut for bar in drawn.bars] == [False] * 5 + [True, False]
    assert drawn.bars[0].p50 - drawn.left > 60


def test_a_variant_that_lost_everything_stands_at_the_edge(full: Deployment) -> None:
    shown = rows(full)
    made = shown[6].variant.evaluation
    assert made is not None
    lost = dataclasses.replace(shown[6].variant, evaluation=dataclasses.replace(made, value=0.001))
    drawn = scatter([*shown[:6], dataclasses.replace(shown[6], variant=lost)], width=900, height=400)
    assert drawn is not None
    assert drawn.cut
    (cut,) = (p for p in drawn.points if p.cut)
    assert cut.label == "dynamic_int4, 0.1 %"
    assert cut.y == drawn.bottom
    assert max(p.y for p in drawn.points if not p.cut) - min(p.y for p in drawn.points) > 100


def test_rows_compare_with_float32() -> None:
    by_name = {r.variant.scheme: r for r in rows_of(make_variants(), recommended="int8")}
    assert by_name["float32"].speed_up is None
    assert by_name["int8"].speed_up == pytest.approx(21.4 / 8.61)
    assert by_name["int8"].size_ratio == pytest.approx(3_993_152 / 13_987_432)
    assert by_name["int4_full"].size_ratio is None
    alone = rows_of(make_variants()[3:4], float_size_bytes=13_987_432)
    assert alone[0].speed_up is None
    assert alone[0].size_ratio == by_name["int8"].size_ratio


def test_findings_are_told_once_and_gravest_first(full: Deployment) -> None:
    twice = dataclasses.replace(full, warnings=full.warnings + full.variants[3].findings)
    found = findings_of(twice)
    assert [f.severity.value for _, f in found] == ["warning"] * 3 + ["info"]
    assert sum(f.code == "float-island" for _, f in found) == 1


def test_values_that_are_not_finite_are_dashes() -> None:
    assert value_text(math.inf, "fraction") == "-"
    assert clean("a\u200bb\ud800\U000e0001") == r"a\u200bb\ud800\U000e0001"
    assert clean("a\u0590b\u2003c") == r"a\u0590b c", "what Unicode has not assigned, and wide spaces"
