"""The README of a bundle: what it says of accuracy and speed, and what it leaves out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bundled_models import job_of, top1, write_cast
from tiny_tflite import write_cnn, write_two_inputs

from litesmith.bundle.job import BundleJob
from litesmith.bundle.kinds.raspberry_pi import write
from litesmith.core.benchmark import Benchmark, Latency
from litesmith.core.device import Device
from litesmith.core.instructions import InstructionCount
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout

BOARD = Device(
    target="ssh:pi",
    machine="aarch64",
    cpu="Cortex-A76 | 4 cores",
    cores=4,
    memory_bytes=8 << 30,
    os="Linux 6.6",
    governor="ondemand",
    python="3.11.2",
    runtime="ai-edge-litert 2.3.0",
)
MEASURED = Benchmark(
    target="ssh:pi",
    device=BOARD,
    threads=4,
    warmup_runs=10,
    runs=200,
    rounds=10,
    latency_ms=Latency(p50=7.25, p90=7.5, p99=9.0, mean=7.3, min=7.1),
    load_ms=12.0,
    first_inference_ms=9.0,
    peak_memory_bytes=60_000_000,
    model_memory_bytes=9_000_000,
)
COUNTED = InstructionCount(
    total=123_400_000, by_class={}, inferences=10, repeats=3, spread=12, cpu="cortex-a76", emulator="qemu 10.0"
)


def readme(job: BundleJob, folder: Path) -> str:
    folder.mkdir()
    write(job, folder)
    return (folder / "README.md").read_text(encoding="utf-8")


def test_figures_have_samples_intervals_and_the_machine(tmp_path: Path) -> None:
    job = job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True, labels=tuple("abcde"))
    text = readme(replace(job, card=replace(job.card, evaluation=top1(), benchmarks=(MEASURED,))), tmp_path / "out")
    assert "| `top1` | 93.2 % (95 % interval 92.0 % to 94.2 %) | n = 2000, samples that calibration never saw |" in text
    assert "| -0.20 points | 95 % interval -0.60 to +0.10, the same 2000 samples |" in text
    assert (
        "7.25 ms (p90 7.5 ms, p99 9 ms) | `Cortex-A76 \\| 4 cores, Linux 6.6, ai-edge-litert 2.3.0`, 4 threads, n = 200"
        in text
    )
    assert "was not measured" not in text
    assert "accuracy is not known" not in text


def test_an_emulated_board_gives_instructions_and_no_time(tmp_path: Path) -> None:
    job = job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True, labels=tuple("abcde"))
    emulated = replace(
        MEASURED,
        device=replace(BOARD, emulated=True),
        latency_ms=None,
        load_ms=None,
        first_inference_ms=None,
        runs=0,
        instructions=COUNTED,
    )
    text = readme(replace(job, card=replace(job.card, benchmarks=(emulated,))), tmp_path / "out")
    assert "| Instructions of one inference | 123 M | emulated `cortex-a76`, `qemu 10.0`: a cost, no time |" in text
    assert " ms" not in text
    assert "Its latency was not measured on a board." in text
    assert "Its accuracy is not known here" in text


def test_it_describes_this_model_and_no_other(tmp_path: Path) -> None:
    record = replace(PRESETS["torch"], color_order=ColorOrder.BGR, layout=Layout.CHW, crop=0.875)
    path = write_cast(tmp_path / "cast.tflite", ("int8", (1, 3, 24, 24), 0.02, 5))
    text = readme(job_of(path, record=record, picture=True), tmp_path / "out")
    for said in (
        "The central square of 0.875 of the shorter side is kept.",
        "brought to 24 rows and 24 columns",
        "Channels are put in the order blue, green, red.",
        "Channels are put first.",
        "is added, by channel (preset 'torch')",
        "Input `x0` takes int8: value / 0.02 + 5, rounded half to even.",
        "| `x0` | int8 | [1, 3, 24, 24] | 0.02 x (q - 5) |",
        "photo.jpg",
    ):
        assert said in text
    assert "classes" not in text.replace("scores of classes", "")
    tensors = readme(job_of(write_two_inputs(tmp_path / "two.tflite")), tmp_path / "two")
    assert "run.py --npy samples.npz" in tensors
    assert "Pillow" not in tensors
    assert "camera" not in tensors.lower()
    assert "2 tensors in, 2 tensors out" in tensors


def test_wheelhouse_and_service_are_mentioned_where_they_are(tmp_path: Path) -> None:
    job = job_of(write_cnn(tmp_path / "cnn.tflite"), picture=True, labels=tuple("abcde"))
    plain = readme(job, tmp_path / "plain")
    assert "wheelhouse" not in plain
    assert ".service" not in plain
    full = replace(job, wheelhouse=True, python="3.12", service="litesmith-cnn.service")
    text = readme(full, tmp_path / "full")
    assert "the packages of `wheelhouse/`, without a network," in text
    assert "this wheelhouse for Python 3.12" in text
    assert "install it there with `--camera`, and see the first\nlines of `litesmith-cnn.service`" in text
