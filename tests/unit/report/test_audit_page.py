from __future__ import annotations

import dataclasses
import os
import re
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest
from audit_parts import OPS, make_audit, make_chain, make_graph, make_hostile_inspected, make_inspected

from litesmith.core.deployment import Deployment
from litesmith.report.page import render
from litesmith.report.page.audit_graph import HEIGHT, picture
from litesmith.report.page.audit_page import render_audit
from litesmith.report.page.lanes import MOST_LANES, places, stops

GOLDEN = Path(__file__).parents[2] / "golden" / "report" / "audit.html"


class Text(HTMLParser):
    """The words of a page, without its styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words, self.open, self.ids = "", list[str](), list[str]()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        self.words += " " if tag in ("dt", "dd", "li", "p", "td", "th", "h1", "h2", "h3") else ""
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data if "style" not in self.open else ""


def test_page_equals_the_golden_one() -> None:
    text = render_audit(make_inspected())
    if os.environ.get("LITESMITH_UPDATE_GOLDEN"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8"), "look at the page, then set LITESMITH_UPDATE_GOLDEN=1"


@pytest.mark.parametrize("make", [make_inspected, make_hostile_inspected, lambda: make_chain(400)])
def test_page_is_whole_and_loads_nothing(make: object) -> None:
    page = render_audit(make())  # type: ignore[operator]
    found = Text(page)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(found.ids)
    assert set(re.findall(r'for="([^"]+)"', page)) <= set(found.ids)
    assert not re.search(r"https?://|url\(|@import|<script|<img|<link|src=", page)
    assert "default-src 'none'" in page


def test_the_verdict_comes_first() -> None:
    words = " ".join(Text(render_audit(make_inspected())).words.split())
    verdict = words[: words.index("Where it runs CONV_2D")]
    for shown in (
        "Computes in integer with 1 float island. 2 promises of 3 are broken.",
        "Broken full-int8: 1 operator computes in float: SIN.",
        "1 operator is TensorFlow's own. It is FlexErf (gelu)",
        "Kept: io=int8.",
        "8.19 KB",
        "Work 1.77 M multiply-accumulates per inference, without FlexErf",
        "4.1 KB measured",
        "6 of 9 in 2 partitions, measured",
        "Island 1 SIN in wave SIN has no integer kernel. 1 DEQUANTIZE and 1 QUANTIZE around it, 10.2 KB converted",
    ):
        assert shown in verdict, shown


def test_hostile_names_are_text_and_short() -> None:
    page = render_audit(make_hostile_inspected())
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not any(c in page for c in "\x1b\x00\u202e\r")
    assert "x" * 700 not in page
    assert len(page) < 120_000


def test_rows_show_islands_conversions_foreign_operators_and_partitions() -> None:
    drawn = picture(make_graph().main, make_audit())
    (block,) = drawn.blocks
    ops = [row for row in block.rows if row.number]
    assert [row.name for row in ops] == [kind for kind, *_ in OPS]
    assert [row.kind for row in ops] == [*["op"] * 4, "conversion", "op", "conversion", "foreign", "op"]
    assert [row.island for row in ops] == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert [row.bands[0].number for row in ops] == [1, 1, 1, 1, 1, 0, 2, 0, 0]
    assert [row.bands[0].first for row in ops] == [True, False, False, False, False, True, True, True, False]
    assert [bool(row.floating) for row in ops] == [False, False, False, False, True, True, True, False, False]
    assert "reads kernel: int8 1\u00d78\u00d78\u00d716, scale 0.0235" in ops[0].title[2 + 1]
    assert drawn.mixed


def test_a_skip_connection_has_a_lane_of_its_own() -> None:
    main = make_graph().main
    placed = places(main, stops(main))
    assert {place.lane for place in placed} == {0}
    beside = [any(1 in (line.start, line.end) for line in place.lines) for place in placed]
    assert beside == [i in (1, 2, 3, 4) for i in range(len(placed))]  # from `stem`, behind the input, to ADD
    assert "Q22 15 22 30" in picture(main, make_audit()).blocks[0].rows[1].integer


@pytest.mark.parametrize("operators", [1, 30, 3000])
def test_lines_join_from_row_to_row(operators: int) -> None:
    main = make_chain(operators).graph.main
    placed = places(main, stops(main))
    below: set[int] = set()
    for place in placed:
        assert {line.start for line in place.lines if line.start is not None} == below
        below = {line.end for line in place.lines if line.end is not None}
    assert below == set()


def test_lanes_are_few_and_work_is_bounded_in_a_graph_where_everything_lives_to_the_end() -> None:
    made = make_chain(4000)
    main = made.graph.main
    last = dataclasses.replace(main.ops[-1], inputs=tuple(range(4000)))
    crowded = dataclasses.replace(main, ops=(*main.ops[:-1], last))
    begun = time.perf_counter()
    placed = places(crowded, stops(crowded))
    assert time.perf_counter() - begun < 30  # quadratic work takes minutes
    assert max(place.lane for place in placed) <= MOST_LANES
    assert max(len(place.lines) for place in placed[:-2]) <= MOST_LANES + 6


def test_indices_that_run_backwards_are_drawn_all_the_same() -> None:
    main = make_graph().main
    looped = dataclasses.replace(main, ops=(dataclasses.replace(main.ops[0], inputs=(10, -1)), *main.ops[1:]))
    drawn = picture(looped, make_audit())
    assert len(drawn.blocks[0].rows) == len(OPS) + 2


@pytest.mark.slow
def test_many_operators_are_folded_into_blocks() -> None:
    page = render_audit(make_chain(3000))
    assert page.count('<details class="block"') == 61
    assert page.count('<details class="block" open>') == 1
    assert page.count('<li class="row op"') == 3000
    assert "0 to 48: LOGISTIC" in page
    assert "Further subgraphs" in page
    assert f'viewBox="0 0 {picture(make_chain(3000).graph.main, make_audit()).width} {HEIGHT}"' in page


def test_a_report_shows_the_audit_of_each_variant(full: Deployment) -> None:
    plain = render(full)
    variants = (dataclasses.replace(full.variants[0], audit=make_audit()), *full.variants[1:])
    page = Text(render(dataclasses.replace(full, variants=variants)))
    words = " ".join(page.words.split())
    assert page.open == []
    for shown in ("integer with 1 float island", "6 of 9 in 2 partitions (measured, LiteRT 2.3.0)"):
        assert shown in words
        assert shown not in " ".join(Text(plain).words.split())
