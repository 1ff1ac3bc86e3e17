"""What `bundle` and `verify` show, for records of every outcome."""

from __future__ import annotations

import io
import math
import re
from dataclasses import replace

import pytest
from report_parts import BOARD
from rich.console import Console, RenderableType

from litesmith.core.bundle import Bundled, BundledFile, Manifest, ModelCard
from litesmith.core.golden import Tolerance
from litesmith.core.parity import Parity, ParityVerdict, StepParity, Verified
from litesmith.core.results import Finding
from litesmith.core.severity import Severity
from litesmith.core.tensors import TensorSpec
from litesmith.report.terminal.bundle import bundle_text
from litesmith.report.terminal.parity import parity_text

CARD = ModelCard(
    name="fashion-int8",
    sha256="0" * 64,
    size_bytes=275_192,
    scheme="full integer, 8 bit",
    source="model.keras",
    source_sha256="1" * 64,
    inputs=(TensorSpec(name="image", dtype="int8", shape=(1, 28, 28, 1)),),
    outputs=(TensorSpec(name="scores", dtype="int8", shape=(1, 10)),),
    preprocessing=None,
    labels=10,
    evaluation=None,
    benchmarks=(),
    min_runtime="ai-edge-litert (Python) 1.0.1",
)
FILES = tuple(
    BundledFile(path=path, sha256="2" * 64, size_bytes=size, role=role)
    for path, size, role in (
        ("README.md", 100, "document"),
        ("golden/a.bin", 1000, "golden"),
        ("golden/golden.json", 2000, "golden"),
        ("install.sh", 4000, "setup"),
        ("wheelhouse/a.whl", 30_000_000, "wheel"),
        ("wheelhouse/b.whl", 10_000_000, "wheel"),
    )
)
MADE = Bundled(
    folder="my bundle",
    manifest=Manifest(
        schema_version=1, kind="raspberry-pi", module="fashion_int8", created="2026-01-01", card=CARD, files=FILES
    ),
    vectors=("a", "b"),
    exact=True,
    tolerances=(Tolerance(absolute=0, relative=0, reason="integers"),),
    delegate="none",
    python="3.11",
    machine="aarch64",
    findings=(Finding(code="x", severity=Severity.WARNING, message="mind \x1b[31mthis", hint="Do that."),),
)
STEP = StepParity(vector="noise", step="output", tensor="scores", elements=10, different=0, largest=0.0, allowed=0.0)
PARITY = Parity(
    bundle="my bundle",
    verdict=ParityVerdict.IDENTICAL,
    reason="every value of every step is the same",
    damaged=(),
    exact=True,
    vectors=1,
    steps=(replace(STEP, step="raw", tensor="image"), STEP),
    delegate="XNNPACK",
    made_with="ai-edge-litert 2.3.0, XNNPACK, x86_64",
    device=BOARD,
)


def shown(text: RenderableType, *, width: int = 200, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    Console(file=stream, width=width, highlight=False).print(text)
    stream.seek(0)
    return stream.read()


def test_folders_of_files_are_one_line_and_commands_can_be_copied() -> None:
    text = re.sub(" +", " ", shown(bundle_text(replace(MADE, folder="../my bundle"))))
    assert "wheelhouse/ 2 wheel files" in text
    assert "40 MB" in text
    assert "golden/ 2 golden files" in text
    assert "litesmith verify '../my bundle'\n" in text
    assert "sh 'my bundle'/install.sh" in text
    assert "wheelhouse for Python 3.11 on aarch64" in text
    assert "2 golden vectors, the same bytes on every machine" in text
    assert "\x1b[31m" not in text
    assert "Do that." in text


def test_a_tolerance_is_shown_with_its_reason() -> None:
    loose = Tolerance(absolute=1e-6, relative=0.023, reason="a last digit decides")
    text = shown(bundle_text(replace(MADE, exact=False, tolerances=(loose,), python="", machine="", findings=())))
    assert "within 0.023 of the largest value: a last digit decides" in text
    assert "wheelhouse  for" not in text
    steps = Tolerance(absolute=8.0, relative=0.0, reason="untested")
    assert "within 8: untested" in shown(
        bundle_text(replace(MADE, exact=False, tolerances=(steps,), delegate="edgetpu"))
    )


def test_an_identical_bundle() -> None:
    text = shown(parity_text(Verified(parities=(PARITY,))))
    assert "identical  Every value of every step is the same." in text
    assert "pi@board: aarch64, ai-edge-litert 2.3.0, Python 3.11.2" in text
    assert "vector" not in text.replace("vectors made with", "")


def test_what_differs_is_listed_with_how_much() -> None:
    wrong = replace(STEP, tensor="sco\nres", different=3, largest=44.0)
    nan = replace(STEP, vector="ties", different=1, largest=math.nan, allowed=0.5)
    made = replace(PARITY, verdict=ParityVerdict.DIFFERENT, reason="no XNNPACK here", steps=(wrong, nan))
    text = shown(parity_text(Verified(parities=(made,))))
    assert "3 of 10" in text
    assert "not a number" in text
    assert "sco\nres" not in text
    assert "different  No XNNPACK here." in text


def test_emulated_machines_are_said_to_be() -> None:
    text = shown(parity_text(Verified(parities=(replace(PARITY, device=replace(BOARD, emulated=True)),))))
    assert "pi@board (emulated)" in text


def test_damage_and_targets_that_were_not_asked() -> None:
    damaged = tuple(f"file-{i} is missing" for i in range(20))
    made = replace(PARITY, verdict=ParityVerdict.DAMAGED, reason=damaged[0], damaged=damaged, steps=(), device=None)
    text = shown(parity_text(Verified(parities=(made,), failures={"pi@gone": "it is off"})))
    assert "file-11 is missing." in text
    assert "and 8 more" in text
    assert "damaged  file-0 is missing." in text
    assert "pi@gone was not asked  It is off." in text


@pytest.mark.parametrize("width", [40, 60, 300])
def test_any_width_and_a_terminal_without_utf_8_will_do(width: int) -> None:
    for text in (bundle_text(MADE), parity_text(Verified(parities=(PARITY,)))):
        assert shown(text, width=width, encoding="ascii").isascii()
