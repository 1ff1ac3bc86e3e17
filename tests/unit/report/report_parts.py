"""The pieces the example deployments are made of."""

from __future__ import annotations

import dataclasses
import hashlib

from litesmith.core.benchmark import Benchmark, Latency, Thermal, ThermalState
from litesmith.core.device import Device
from litesmith.core.instructions import InstructionCount
from litesmith.core.results import (
    Evaluation,
    Finding,
    MetricValue,
    Severity,
    Status,
    Variant,
)
from litesmith.core.tensors import TensorSpec
from litesmith.core.verdict import Verdict, VerdictWord

HOSTILE = "<script>alert(1)</script>\"'&\u202egnp.\x1b[31m[bold red]x[/]\nnext\x00"
VERSIONS = {
    "python": "3.11.7",
    "litesmith": "0.1.0",
    "ai-edge-litert": "2.3.0",
    "litert-quantizer": "0.11.0",
    "numpy": "2.4.6",
    "pillow": "11.3.0",
    "tensorflow": "2.21.0",
    "keras": "3.12.0",
}
FLOAT_IN = TensorSpec(name="input_layer", dtype="float32", shape=(1, 224, 224, 3))
FLOAT_OUT = TensorSpec(name="output_0", dtype="float32", shape=(1, 10))
INT_IN = TensorSpec(name="input_layer", dtype="int8", shape=(1, 224, 224, 3), scale=0.007843137718737125, zero_point=-1)
INT_OUT = TensorSpec(name="output_0", dtype="int8", shape=(1, 10), scale=0.00390625, zero_point=-128)
DEVICE = Device(
    target="local",
    machine="x86_64",
    cpu="Intel(R) Xeon(R) Processor @ 2.80GHz",
    cores=4,
    memory_bytes=16_600_000_000,
    os="Linux 6.8.0",
    governor="unknown",
    python="3.11.7",
    runtime="ai-edge-litert 2.3.0",
)
BOARD = dataclasses.replace(
    DEVICE, target="pi@board", machine="aarch64", cpu="Cortex-A76", os="Linux", governor="ondemand", python="3.11.2"
)
PI = dataclasses.replace(
    DEVICE, target="virtual_pi", machine="aarch64", cpu="Cortex-A72 (QEMU)", memory_bytes=4_000_000_000, emulated=True
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


COOL = ThermalState(temperature_c=48.2, clock_mhz=2400.0, holding=())
THERMAL = Thermal(
    before=COOL,
    after=dataclasses.replace(COOL, temperature_c=61.0),
    clock_most_mhz=2400.0,
    throttled=False,
    reasons=("the firmware reports nothing that held the clock back",),
)


def counted(total: int) -> InstructionCount:
    return InstructionCount(
        total=total,
        by_class={"dot_product": total // 8, "simd": total // 2, "load_store": total // 4, "branch": total // 20},
        inferences=20,
        repeats=3,
        spread=total // 10_000,
        cpu="cortex-a72",
        emulator="qemu-aarch64 9.2.0",
    )


def emulated(instructions: int, memory_mb: float) -> Benchmark:
    """Return what is known of a variant on an emulated CPU: no times."""
    return Benchmark(
        target=PI.target,
        device=PI,
        threads=1,
        warmup_runs=0,
        runs=0,
        rounds=0,
        latency_ms=None,
        load_ms=None,
        first_inference_ms=None,
        peak_memory_bytes=int((48 + memory_mb) * 1e6),
        model_memory_bytes=int(memory_mb * 1e6),
        instructions=counted(instructions),
    )


def benchmark(p50: float, memory_mb: float, device: Device = DEVICE, spread: float = 1.0) -> Benchmark:
    return Benchmark(
        target=device.target,
        device=device,
        threads=1,
        warmup_runs=10,
        runs=200,
        rounds=10,
        latency_ms=Latency(
            p50=p50, p90=p50 * (1 + 0.06 * spread), p99=p50 * (1 + 0.31 * spread), mean=p50 * 1.02, min=p50 * 0.96
        ),
        load_ms=p50 * 0.4 + 3,
        first_inference_ms=p50 * 1.6,
        peak_memory_bytes=int((48 + memory_mb) * 1e6),
        model_memory_bytes=int(memory_mb * 1e6),
        throughput_per_s=1000 / (p50 * 1.02),
        thermal=THERMAL,
    )


def evaluation(
    value: float, difference: tuple[float, float, float], agreement: float, p_value: float | None
) -> Evaluation:
    middle, low, high = difference
    interval = (value - 0.0262, value + 0.0236)
    top1 = MetricValue(metric="top1", value=value, unit="fraction", higher_is_better=True, n=1000, interval=interval)
    loss = MetricValue(
        metric="log_loss", value=0.81 - middle, unit="nats", higher_is_better=False, n=1000, interval=(0.74, 0.89)
    )
    return Evaluation(
        metric="top1",
        value=value,
        unit="fraction",
        higher_is_better=True,
        n=1000,
        interval=interval,
        agreement=agreement,
        difference=middle,
        difference_interval=(low, high),
        p_value=p_value,
        metrics=(top1, loss),
        samples_per_s=212.4,
        verdict=None if p_value is None else verdict(low, high),
    )


def verdict(low: float, high: float) -> Verdict:
    lossy = VerdictWord.WORSE if high < 0 else VerdictWord.UNDECIDED
    word = VerdictWord.NO_WORSE if low > -0.01 else lossy
    more = 2300 if word is VerdictWord.UNDECIDED else None
    return Verdict(word=word, margin=0.01, largest_loss=-low, more_samples=more)


def variant(scheme: str, size_bytes: int, made: Evaluation, speed: Benchmark, **fields: object) -> Variant:
    plain = Variant(
        scheme=scheme,
        reference=scheme == "float32",
        status=Status.OK,
        file=f"variants/{scheme}.tflite",
        sha256=sha(scheme),
        size_bytes=size_bytes,
        inputs=(FLOAT_IN,),
        outputs=(FLOAT_OUT,),
        op_counts={"CONV_2D": 36, "DEPTHWISE_CONV_2D": 17, "ADD": 10, "MEAN": 1, "FULLY_CONNECTED": 1, "SOFTMAX": 1},
        evaluation=made,
        benchmarks=(speed, emulated(int(speed.latency_ms.p50 * 9e6), 20)),
    )
    return dataclasses.replace(plain, **fields)  # type: ignore[arg-type]


def make_variants() -> tuple[Variant, ...]:
    integer = {"inputs": (INT_IN,), "outputs": (INT_OUT,), "calibrator": "percentile"}
    quantize_ops = {"QUANTIZE": 1, "DEQUANTIZE": 1}
    island = Finding(
        code="float-island",
        severity=Severity.WARNING,
        message="SOFTMAX computes in float inside a full-integer variant.",
        hint="Use int8_float_io, or move softmax out of the model.",
    )
    return (
        variant("float32", 13_987_432, evaluation(0.796, (0, 0, 0), 1.0, None), benchmark(21.4, 41), on_frontier=True),
        variant("float16", 7_031_224, evaluation(0.796, (0, -0.0019, 0.0019), 0.999, 1.0), benchmark(21.9, 42)),
        variant(
            "dynamic_int8",
            3_711_080,
            evaluation(0.788, (-0.008, -0.0171, 0.0009), 0.962, 0.096),
            benchmark(12.8, 30),
            on_frontier=True,
        ),
        variant(
            "int8",
            3_993_152,
            evaluation(0.792, (-0.004, -0.0121, 0.0039), 0.971, 0.42),
            benchmark(8.61, 17, spread=1.7),
            on_frontier=True,
            **integer,
            float_ops=("SOFTMAX",),
            findings=(island,),
        ),
        variant(
            "int8_float_io",
            3_994_448,
            evaluation(0.791, (-0.005, -0.0132, 0.0031), 0.970, 0.30),
            benchmark(8.74, 17),
            calibrator="percentile",
            op_counts={"CONV_2D": 36, "DEPTHWISE_CONV_2D": 17, "ADD": 10, **quantize_ops},
        ),
        variant("int16x8", 4_088_960, evaluation(0.795, (-0.001, -0.0048, 0.0027), 0.993, 0.77), benchmark(58.3, 24)),
        variant(
            "dynamic_int4",
            2_204_912,
            evaluation(0.741, (-0.055, -0.0721, -0.0382), 0.864, 0.0000004),
            benchmark(13.9, 30),
            on_frontier=True,
        ),
        Variant(
            scheme="int4_full",
            status=Status.FAILED,
            reason="the runtime refused to prepare node 12 (DEPTHWISE_CONV_2D): int4 filters are not supported here",
        ),
    )
