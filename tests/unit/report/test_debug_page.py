"""The page and the text of a debugging session, from records that are anything but usual."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from litesmith.core.debugging import (
    Debugging,
    Effect,
    OpError,
    Rate,
    RootCause,
    SkippedOp,
    TensorPicture,
)
from litesmith.report.debug_lines import cost_text, costliest, grouped, skipped_lines, verdict_line
from litesmith.report.page.debug_page import render_debugging
from litesmith.report.page.histogram import HEIGHT, WIDTH, drawing
from litesmith.report.terminal.debugging import debugging_text

HOSTILE = "</style><script>alert(1)</script>" + "x" * 5000 + "\x1b[31m\u202e"
RATE = Rate(value=0.5, n=10, interval=(0.2, 0.8))
EFFECT = Effect(sqnr_db=12.0, samples=10, agreement=RATE, top1=RATE)
OP = OpError(
    index=0, op="CONV_2D", layer="conv", tensor="conv", dtype="int8", samples=20, sqnr_db=30.0, cosine=0.99,
    local_sqnr_db=31.0, only_quantized=EFFECT, only_float=EFFECT, regained_db=2.0,
)  # fmt: skip
CAUSE = RootCause(
    name="saturation", index=0, op="CONV_2D", layer="conv", message="it is cut off", gain_db=5.0, regained_db=2.0,
    alone_db=12.0, flags=("--calibrator min_max",), remedy="Calibrate anew.",
)  # fmt: skip
PICTURE = TensorPicture(
    index=0, layer="conv", tensor="conv", low=-1.0, high=1.0, step=2 / 255, edges=(-2.0, -1.5, 0.0, 3.0),
    counts=(5, 0, 7), channel_low=(-2.0, 0.0), channel_high=(3.0, 0.0), channels=2,
)  # fmt: skip
MADE = Debugging(
    float_model="a.tflite", quantized_model="b.tflite", data="d.npz", samples=20, effect_samples=10, output="conv",
    whole=EFFECT, effect_base=EFFECT, float_top1=RATE, causes=(CAUSE,), ops=(OP,), skipped=(), pictures=(PICTURE,),
    versions={"litesmith": "0.1.0"},
)  # fmt: skip


def shown(made: Debugging, *, width: int = 100, ops: bool = False) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(debugging_text(made, ops=ops))
    return console.export_text()


def test_hostile_names_are_escaped_and_shortened() -> None:
    bad = replace(
        MADE,
        float_model=HOSTILE,
        quantized_model=HOSTILE,
        output=HOSTILE,
        causes=(replace(CAUSE, layer=HOSTILE, message=HOSTILE),),
        ops=(replace(OP, layer=HOSTILE, tensor=HOSTILE, note=HOSTILE),),
        skipped=(SkippedOp(index=1, op=HOSTILE, layer=HOSTILE, reason="why"),),
        pictures=(replace(PICTURE, layer=HOSTILE),),
        notes=(HOSTILE,),
    )
    page, text = render_debugging(bad), shown(bad)
    assert "<script" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page
    assert "\x1b" not in text


def test_nothing_measured_is_shown_as_such() -> None:
    bare = OpError(index=-1, op="input", layer="x", tensor="x", dtype="int8", samples=1, sqnr_db=None, cosine=None)
    empty = Effect(sqnr_db=None, samples=1)
    made = replace(MADE, ops=(bare,), causes=(), pictures=(), whole=empty, effect_base=empty, float_top1=None)
    page = render_debugging(made)
    assert "h-1" in page
    assert 'id="tensors"' not in page
    assert "No known cause stands out" in page
    assert "No known cause stands out" in shown(made)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_the_table_fits(width: int) -> None:
    text = shown(replace(MADE, ops=(OP,) * 20), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "the costliest 12 of 20" in " ".join(text.split())
    assert "costliest" not in shown(replace(MADE, causes=(), ops=(OP,) * 20), width=width, ops=True)


def test_histograms_show_what_lies_beyond() -> None:
    made = drawing(PICTURE)
    assert [bar.outside for bar in made.bars] == [True, False]
    assert made.band is not None
    assert made.band[0] > 8
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and 0 <= bar.y <= HEIGHT for bar in made.bars)
    assert [bar.outside for bar in made.channels] == [True, False]


@pytest.mark.parametrize(
    "changes",
    [
        {"low": -1e9, "high": 1e9, "step": 1e7},
        {"low": 0.0, "high": 1e-9, "step": 1e-11},
        {"low": 0.0, "high": 0.0, "step": 0.0},
        {"edges": (0.0, 0.0, 0.0, 0.0)},
        {"counts": (0, 0, 0)},
        {"channel_low": (0.0,), "channel_high": (0.0,), "channels": 1},
    ],
)
def test_odd_tensors_can_be_drawn(changes: dict[str, object]) -> None:
    made = drawing(replace(PICTURE, **changes))  # type: ignore[arg-type]
    places = [n for bar in (*made.bars, *made.channels) for n in (bar.x, bar.y, bar.width, bar.height)]
    places += [mark.at for mark in (*made.ends, *made.ticks)]
    assert all(-1 <= place <= WIDTH + 1 for place in places)
    assert not re.search(
        "nan|inf",
        render_debugging(replace(MADE, pictures=(replace(PICTURE, **changes),)))
        .lower()
        .partition("<main>")[2]
        .replace("info", ""),
    )  # type: ignore[arg-type]


def test_words() -> None:
    assert cost_text(CAUSE) == "The output regains 2.0 dB with this layer float. Calibrate anew."
    assert cost_text(replace(CAUSE, regained_db=0.1)).startswith(
        "With only this layer quantized the output has 12.0 dB."
    )
    assert cost_text(replace(CAUSE, regained_db=None, alone_db=None)) == "Calibrate anew."
    other = replace(CAUSE, name="outliers")
    assert [len(group) for group in grouped([CAUSE, other, CAUSE])] == [2, 1]
    assert verdict_line(MADE) == "1 cause found in 1 layer"
    unknown = replace(OP, index=3, regained_db=None, only_quantized=None)
    worse = replace(OP, index=4, regained_db=0.3, only_quantized=Effect(sqnr_db=-1.0, samples=10))
    ops = [unknown, replace(OP, regained_db=9.0, index=2), replace(OP, regained_db=0.1, index=1), worse]
    assert [op.index for op in costliest(ops, 4)] == [2, 4, 1, 3]
    skipped = tuple(SkippedOp(index=i, op="QUANTIZE", layer="x", reason="it only converts") for i in range(2))
    assert list(skipped_lines(replace(MADE, skipped=skipped))) == [
        "2 operators not compared (QUANTIZE): it only converts"
    ]
