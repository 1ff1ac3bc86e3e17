from __future__ import annotations

import dataclasses
import io

import pytest
from audit_parts import make_audit, make_hostile_inspected, make_inspected
from rich.cells import cell_len
from rich.console import Console, RenderableType

from litesmith.core.comparison import (
    Agreement,
    Change,
    Comparison,
    ConstantDifference,
    TensorDifference,
)
from litesmith.core.deployment import Deployment
from litesmith.report.terminal import summary
from litesmith.report.terminal.audit import audit_text, audits_table
from litesmith.report.terminal.comparison import comparison_text, parting

WIDTHS = (40, 60, 80, 100, 160, 200)


def show(renderable: RenderableType, width: int, *, encoding: str = "utf-8", color: bool = False) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    Console(
        file=stream, width=width, highlight=False, force_terminal=color, color_system="truecolor" if color else None
    ).print(renderable)
    stream.flush()
    return raw.getvalue().decode(encoding)


def words(text: str) -> str:
    return " ".join(text.split())


def tensor(name: str, sqnr_db: float | None, identical: float = 0.5) -> TensorDifference:
    return TensorDifference(
        name=name, samples=32, sqnr_db=sqnr_db, cosine=0.99, max_abs_difference=0.1, identical=identical
    )


def make_comparison() -> Comparison:
    output = dataclasses.replace(tensor("scores", 31.4), top1=Agreement(value=0.97, n=200, interval=(0.936, 0.986)))
    return Comparison(
        first="float32.tflite",
        second="int8.tflite",
        same_bytes=False,
        changes=(
            Change(what="file", name="size", before="13.9 MB", after="3.99 MB"),
            Change(what="op", name="QUANTIZE wave", before="", after="QUANTIZE"),
            *(
                Change(what="tensor", name=f"CONV_2D block_{i}", before="float32 [1, 8]", after="int8 [1, 8]")
                for i in range(9)
            ),
        ),
        constants=(
            ConstantDifference(
                name="w", layer="stem", before="float32", after="int8", max_abs_difference=0.02, max_abs_value=1.0
            ),
        ),
        constants_compared=7,
        samples="flowers/val, 200 samples",
        outputs=(output,),
        tensors=tuple(tensor(f"layer_{i}", 40.0 - (i >= 20) * 25 - i / 10) for i in range(40)),
        note="output 'boxes' was not compared: [10, 4] per sample in one, [20, 4] in the other",
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("make", [make_inspected, make_hostile_inspected])
def test_no_line_is_wider_than_the_terminal(make: object, width: int) -> None:
    text = show(audit_text(make(), ops=True), width)  # type: ignore[operator]
    assert max(cell_len(line) for line in text.splitlines()) <= width
    compared = show(comparison_text(make_comparison()), width)
    assert max(cell_len(line) for line in compared.splitlines()) <= width


@pytest.mark.parametrize("width", [80, 200])
def test_the_first_screen_is_the_verdict(width: int) -> None:
    lines = show(audit_text(make_inspected()), width).splitlines()
    assert words(lines[0]) == "models/wave_int8.tflite integer with 1 float island 8.19 KB"
    screen = words("\n".join(lines[:40]))
    for shown in (
        "Broken full-int8: 1 operator computes in float: SIN.",
        "Kept io=int8",
        "Work 9 operators, 1.77 M multiply-accumulates; not counted: FlexErf",
        "measured 4.1 KB (LiteRT 2.3.0, without a delegate)",
        "Float island SIN in wave",
        "Not built in FlexErf (TensorFlow's own, 1\u00d7) in gelu.",
        "ai-edge-litert (Python): 1.0.1 or later",
        "tflite-runtime (Python): no release",
        "CONV_2D version 3 came with TensorFlow 1.14: CONV_2D (stem)",
        "XNNPACK: 6 of 9 in 2 partitions (measured, LiteRT 2.3.0)",
        "leaves 1\u00d7 SIN",
        "Edge TPU: none of 9 (by Litesmith's table, compiler 16). Only full-integer models are taken.",
    ):
        assert shown in screen, shown


def test_what_is_broken_is_red() -> None:
    text = show(audit_text(make_inspected()), 200, color=True)
    assert "\x1b[1;31mfull-int8" in text
    audit = dataclasses.replace(make_audit(), expectations=())
    kept = show(audit_text(dataclasses.replace(make_inspected(), audit=audit)), 200, color=True)
    assert "\x1b[1;31m" not in kept


def test_operators_are_listed_when_asked_for() -> None:
    assert "wave/quantize" not in show(audit_text(make_inspected()), 120)
    text = show(audit_text(make_inspected(), ops=True), 120)
    assert "wave/quantize" in text
    assert "0.0235 / -128" in text
    assert "0.0235 / -128" not in show(audit_text(make_inspected(), ops=True), 80)


def test_hostile_names_cannot_control_the_terminal() -> None:
    text = show(audit_text(make_hostile_inspected(), ops=True), 120)
    assert not any(c in text for c in "\x1b\x00\u202e")
    assert "[bold red]x[/]" in text
    assert len(text) < 60_000


def test_a_terminal_without_utf8_is_served() -> None:
    show(audit_text(make_inspected(), ops=True), 80, encoding="ascii")
    text = show(comparison_text(make_comparison()), 80, encoding="ascii")
    assert "13.9 MB > 3.99 MB" in text


def test_a_run_shows_the_audits_of_its_variants(full: Deployment) -> None:
    assert audits_table(full.variants) is None
    variants = (dataclasses.replace(full.variants[0], audit=make_audit()), *full.variants[1:])
    text = words(show(summary(dataclasses.replace(full, variants=variants)), 160))
    assert "float32 integer with 1 float island 1.14 4.1 KB 6/9 in 2 0/9" in text
    assert "Broken promise: full-int8 (float32)" in text


def test_a_comparison_names_what_differs() -> None:
    text = words(show(comparison_text(make_comparison()), 100))
    for shown in (
        "float32.tflite and int8.tflite",
        "size 13.9 MB \u2192 3.99 MB",
        "added 1\u00d7 QUANTIZE wave",
        "tensor 9\u00d7 float32 \u2192 int8 CONV_2D block_0, CONV_2D block_1, CONV_2D block_2",
        "constants 1 of 7 differ: 1\u00d7 float32 \u2192 int8 most in stem: 0.02 (2.00 % of its largest value)",
        "Answers on flowers/val, 200 samples",
        "scores 31.4 dB 0.990000 0.1 50.0 %",
        "Same top-1 in scores: 97.0 % of 200, 95 % interval 93.6 to 98.6",
        "14 of 40: where it falls most; on 32 samples, without a delegate",
        "Note output 'boxes' was not compared",
    ):
        assert shown in text, shown


def test_where_files_part_is_shown() -> None:
    names = [made.name for made in parting(make_comparison().tensors, 5)]
    assert "layer_20" in names
    assert (names[0], names[-1], len(names)) == ("layer_0", "layer_39", 5)


def test_a_byte_identical_pair_says_so_at_once() -> None:
    text = words(show(comparison_text(Comparison(first="a", second="b", same_bytes=True)), 80))
    assert text == "a and b The files are the same, byte for byte."


def test_hostile_comparisons_are_text() -> None:
    made = make_comparison()
    bad = "\x1b[31m[bold red]x[/]\u202e\x00" + "y" * 100_000
    changes = tuple(Change(what=c.what, name=bad, before=bad, after=bad) for c in made.changes)
    text = show(
        comparison_text(dataclasses.replace(made, first=bad[:300], changes=changes, tensors=(tensor(bad, 1.0),))), 80
    )
    assert not any(c in text for c in "\x1b\x00\u202e")
    assert len(text) < 20_000
