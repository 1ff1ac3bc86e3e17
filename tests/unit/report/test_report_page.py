from __future__ import annotations

import dataclasses
import math
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from litesmith.core.deployment import Deployment
from litesmith.core.preprocessing import preset
from litesmith.core.tensors import TensorSpec
from litesmith.report.page import render
from litesmith.report.page.feeding import what_comes_out, what_to_feed

GOLDEN = Path(__file__).parents[2] / "golden" / "report"
VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Checks that tags nest and remembers what is there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if found.get("id") else []  # type: ignore[list-item]
        self.links += [v for k, v in attrs if k in ("href", "src", "xlink:href", "action", "srcset") and v]
        assert not any(name.startswith("on") for name in found)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data


@pytest.mark.parametrize("name", ["full", "minimal"])
def test_page_equals_the_golden_one(name: str, request: pytest.FixtureRequest) -> None:
    text = render(request.getfixturevalue(name))
    golden = GOLDEN / f"{name}.html"
    if os.environ.get("LITESMITH_UPDATE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8"), "look at the page, then set LITESMITH_UPDATE_GOLDEN=1"


@pytest.mark.parametrize("name", ["full", "minimal", "hostile"])
def test_page_is_whole_and_loads_nothing(name: str, request: pytest.FixtureRequest) -> None:
    text = render(request.getfixturevalue(name))
    page = Page(text)
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert not {"script", "link", "img", "iframe", "object"} & set(page.tags)
    assert not re.search(r"https?://|url\(|@import", text)
    assert "default-src 'none'" in text
    text.encode("utf-8")


def test_all_sections_are_there(full: Deployment) -> None:
    page = Page(render(full))
    assert {"findings", "variants", "trade-off", "latency", "making", "details", "method", "environment"} <= {*page.ids}
    text = " ".join(page.text.split())
    for shown in (
        "int8 is recommended. It is the fastest variant",
        "79.2 %",
        "\u22120.40 points",
        "\u22121.21 to +0.39 at 95 %, paired",
        "2.49\u00d7 as fast as float32",
        "int4 filters are not supported here",
        "round(raw - 128.5) as int8, limited to -128..127",
        "(value + 128) * 0.00390625",
        "DEPTHWISE_CONV_2D 17",
        "Tango's score interval",
        "Add samples with --calibration-samples 200.",
        "The CPU is emulated, so there are no latencies; instructions are those that one inference executes on cortex",
        "from the cache",
        "24.9 dB",
        full.source.sha256,
        "Tried before: Keras' own way: failed, 1.2 s. 'Functional' object has no attribute",
    ):
        assert shown in text, shown


def test_a_bare_run_says_what_is_missing(minimal: Deployment) -> None:
    page = Page(render(minimal))
    assert "trade-off" not in page.ids
    assert "latency" not in page.ids
    assert "svg" not in page.tags
    assert "Accuracy was not measured: there was no evaluation dataset." in page.text


def test_hostile_names_are_text(hostile: Deployment) -> None:
    text = render(hostile)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert not any(c in text for c in "\x1b\x00\u202e\r")
    assert r"\u202e" in text
    assert Page(text).text.count("<script>alert(1)</script>\"'&") > 15


def test_without_benchmarks_the_trade_off_is_with_size(full: Deployment) -> None:
    bare = tuple(dataclasses.replace(v, benchmarks=()) for v in full.variants)
    text = render(dataclasses.replace(full, variants=bare))
    assert "top1 against file size" in text
    assert "Latency and memory were not measured." in text


def test_lower_is_better_turns_the_drawing(full: Deployment) -> None:
    variants = tuple(
        dataclasses.replace(v, evaluation=dataclasses.replace(v.evaluation, higher_is_better=False, unit="px"))
        if v.evaluation
        else v
        for v in full.variants
    )
    text = render(dataclasses.replace(full, variants=variants))
    assert "the best place is the lower left" in text
    assert "<span>better</span><span" in text


def test_nothing_qualifies(full: Deployment) -> None:
    text = render(dataclasses.replace(full, recommended="", nearest="int16x8"))
    assert "No variant qualifies." in text
    assert ">nearest</span>" in text
    assert "No variant is recommended." in render(dataclasses.replace(full, recommended="", nearest=""))


def test_numbers_that_are_not_finite_break_nothing(full: Deployment) -> None:
    nan = (math.nan, math.nan)
    broken = []
    for variant in full.variants:
        made = variant.evaluation and dataclasses.replace(
            variant.evaluation, value=math.nan, interval=nan, difference=math.nan, difference_interval=nan
        )
        speeds = tuple(
            dataclasses.replace(b, latency_ms=b.latency_ms and dataclasses.replace(b.latency_ms, p99=math.nan))
            for b in variant.benchmarks
        )
        broken.append(dataclasses.replace(variant, evaluation=made, benchmarks=speeds))
    page = Page(render(dataclasses.replace(full, variants=tuple(broken))))
    assert not re.search(r"\bnan\b", page.text)


def test_every_drawn_number_lies_on_its_drawing(full: Deployment) -> None:
    text = render(full)
    for width, height, body in re.findall(r'viewBox="0 0 (\d+) (\d+)"(.*?)</svg>', text, re.DOTALL):
        for value in re.findall(r'\b(?:cx|x|x1|x2)="([^"]+)"', body):
            assert -1 <= float(value) <= int(width) + 1
        for value in re.findall(r'\b(?:cy|y|y1|y2)="([^"]+)"', body):
            assert -1 <= float(value) <= int(height) + 1


def test_feeding_agrees_with_the_record() -> None:
    spec = TensorSpec(name="x", dtype="uint8", shape=(1, 4), scale=1 / 127.5, zero_point=128)
    assert what_to_feed(spec, preset("torch")).startswith("round((raw * [0.0171248, ")
    assert what_to_feed(spec, preset("signed")) == "round(raw + 0.5) as uint8, limited to 0..255"
    assert what_to_feed(dataclasses.replace(spec, dtype="int32", scale=0.0), preset("raw")) == (
        "values of the type int32"
    )
    assert what_comes_out(dataclasses.replace(spec, zero_point=0, scale=0.5)) == "value * 0.5"
