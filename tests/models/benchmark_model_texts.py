"""What `benchmark_model` prints, in the formats of its sources; the figures are made up.

TensorFlow 2.14 to 2.17 print no percentiles, LiteRT 1.2 and later do; `benchmark_litert_model` of LiteRT 2 has results
of its own beside the lines it shares. Every line is composed as the C++ does it: `stats_calculator.cc` (widths of
`setw`, tabs), `benchmark_model.cc`, `benchmark_litert_model.h`, `profiler_summarizer.cc`, `minimal_logging.cc`.
"""

from __future__ import annotations

from collections.abc import Sequence

OPS = (
    ("CONV_2D", "[sequential/conv/Relu]:0", 61.0),
    ("DEPTHWISE_CONV_2D", "[a, b;c]:1", 21.5),
    ("Fully Connected (NC, QS8, QC8W) GEMM", "Delegate/Fully Connected (NC, QS8, QC8W) GEMM:0", 9.25),
)
MASKED = "Replacing 3 out of 4 node(s) with delegate (TfLiteXNNPackDelegate) node, yielding 2 partitions for "


def spread(count: int, mean: float, *, percentiles: bool) -> str:
    """Return the line of a set of runs with this average, in us."""
    low, high, value = int(mean - 10), int(mean + 30), int(mean)
    tail = f" p5={low + 1} median={value} p95={high - 1}" if percentiles else ""
    if count == 1:
        return f"count=1 curr={value}{tail and f' p5={value} median={value} p95={value}'}"
    return f"count={count} first={high} curr={value} min={low} max={high} avg={mean:g} std=7{tail}"


def run_text(
    *,
    warmup_us: float = 110.0,
    mean_us: float = 100.25,
    runs: int = 50,
    percentiles: bool = True,
    prefix: str = "INFO: ",
) -> list[str]:
    """Return a run of TensorFlow's or LiteRT's `benchmark_model`: standard output, then standard error."""
    said = [
        "STARTING!",
        "Log parameter values verbosely: [0]",
        f"Min num runs: [{runs}]",
        "Min runs duration (seconds): [0]",
        "Num threads: [1]",
        "Graph: [/data/local/tmp/litesmith/model.tflite]",
        "Loaded model /data/local/tmp/litesmith/model.tflite",
        "The input model file size (MB): 0.30704",
        "Initialized session in 1.234ms.",
        "Running benchmark for at least 10 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.",
        spread(10, warmup_us, percentiles=percentiles) + "\n",
        f"Running benchmark for at least {runs} iterations and at least 0 seconds but terminate if exceeding 150 "
        "seconds.",
        spread(runs, mean_us, percentiles=percentiles) + "\n",
        f"Inference timings in us: Init: 1234, First inference: 240, Warmup (avg): {warmup_us:g}, "
        f"Inference (avg): {int(mean_us) if runs == 1 else mean_us:g}",
        "Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual "
        "memory footprint of the model at runtime. Take the information at your discretion.",
        "Memory footprint delta from the start of the tool (MB): init=2.5 overall=3.625",
        "Overall peak memory footprint (MB) via periodic monitoring: 8.25",
        "Memory status at the end of exeution:",
        "- VmRSS              : 8 MB",
        "+ RssAnnon           : 3 MB",
        "+ RssFile + RssShmem : 5 MB",
    ]
    lines = [part for one in said for part in (prefix + one).split("\n")]
    return [*lines, "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.", f"VERBOSE: {MASKED}subgraph 0 (main)."]


def table_text(
    title: str, ops: Sequence[tuple[str, str, float]] = OPS, *, start: bool = False, csv: bool = False
) -> str:
    """Return a table of operators of TensorFlow's `stats_calculator.cc`."""
    total = sum(ms for _, _, ms in ops)
    lines = [f"{'=' * 30} {title} {'=' * 30}"]
    if csv:
        lines.append(f"node type, {'start, ' if start else ''}first, avg_ms, %, cdf%, mem KB, times called, name")
    else:
        wide = (("[node type]", 24), ("[start]", 17)) if start else (("[node type]", 40),)
        names = (
            *wide,
            ("[first]", 9),
            ("[avg ms]", 9),
            ("[%]", 8),
            ("[cdf%]", 8),
            ("[mem KB]", 10),
            ("[times called]", 9),
        )
        lines.append("".join(f"\t{name:>{width}}" for name, width in names) + "\t[Name]")
    done = 0.0
    for kind, name, us in ops:
        done += us
        first, ms, share, cumulative = us / 900, us / 1000, us * 100 / total, done * 100 / total
        if csv:
            begun = "0, " if start else ""
            lines.append(
                f"{kind}, {begun}{first:g}, {ms:g}, {share:g}%, {cumulative:g}%, 0, 1, {name.replace(',', chr(9))}"
            )
        else:
            begun = f"\t{0.0:>17.3f}" if start else ""
            lines.append(
                f"\t{kind:>{24 if start else 40}}{begun}\t{first:>9.3f}\t{ms:>9.3f}\t{share:>7.3f}%"
                f"\t{cumulative:>7.3f}%\t{0.0:>10.3f}\t{1:>9}\t{name}"
            )
    return "\n".join([*lines, ""])


def kinds_text(ops: Sequence[tuple[str, str, float]] = OPS, *, csv: bool = False) -> str:
    """Return the summary by kind of operator."""
    lines = [f"Number of nodes executed: {len(ops)}", f"{'=' * 30} Summary by node type {'=' * 30}"]
    if csv:
        lines.append("node type, count, avg_ms, avg %, cdf %, mem KB, times called")
        lines += [f"{kind}, 1, {us / 1000:g}, 33.3%, 33.3%, 0, 1" for kind, _, us in ops]
    else:
        names = (
            ("[Node type]", 40),
            ("[count]", 9),
            ("[avg ms]", 10),
            ("[avg %]", 11),
            ("[cdf %]", 11),
            ("[mem KB]", 10),
        )
        lines.append("".join(f"\t{name:>{width}}" for name, width in names) + "\t[times called]")
        lines += [
            f"\t{kind:>40}\t{1:>9}\t{us / 1000:>10.3f}\t{33.333:>10.3f}%\t{33.333:>10.3f}%\t{0:>10.3f}\t{1:>9}"
            for kind, _, us in ops
        ]
    return "\n".join([*lines, ""])


def profile_text(*, start: bool = False, csv: bool = False, runs: int = 50) -> list[str]:
    """Return what follows a run with `--enable_op_profiling=true`."""
    ends = (
        f"Timings (microseconds): count={runs} first=95 curr=92 min=90 max=130 avg=91.75 std=6\nMemory (bytes): count=0"
    )
    beginning = (
        ("ModifyGraphWithDelegate", "ModifyGraphWithDelegate/0", 300.0),
        ("AllocateTensors", "AllocateTensors/0", 20.0),
    )
    begun = table_text("Run Order", beginning, start=start, csv=csv) + "\n" + kinds_text(beginning, csv=csv)
    timed = "\n".join(table_text(title, start=start, csv=csv) for title in ("Run Order", "Top by Computation Time"))
    text = (
        f"INFO: Profiling Info for Benchmark Initialization:\n{begun}\n"
        "Timings (microseconds): count=1 curr=320\nMemory (bytes): count=0\n2 nodes observed\n\n\n\n"
        f"INFO: Operator-wise Profiling Info for Regular Benchmark Runs:\n{timed}\n{kinds_text(csv=csv)}\n"
        f"{ends}\n{len(OPS)} nodes observed\n\n\n"
    )
    return text.split("\n")


def litert_text(*, mean_us: float = 100.25, profile: bool = False) -> list[str]:
    """Return a run of LiteRT 2's own `benchmark_model`, which times a CompiledModel."""
    where = "[benchmark_litert_model.h:77]"

    def log(text: str) -> str:
        return f"INFO: {where} {text}"

    shared = [
        line
        for line in run_text(mean_us=mean_us)
        if not line.startswith(("INFO: Inference", "INFO: Note", "INFO: Mem"))
    ]
    own = [
        log("\n========== BENCHMARK RESULTS =========="),
        log("Signature name:       serving_default"),
        log("Model initialization: 1.23 ms"),
        log("Warmup (first):       0.24 ms"),
        log("Warmup (avg):         0.11 ms (10 runs)"),
        log(f"Inference (avg):      {mean_us / 1000:.2f} ms (50 runs)"),
        log("Inference (min):      0.09 ms"),
        log("Inference (max):      0.13 ms"),
        log("Inference (std):      0.01"),
        log("Throughput:           29.91 MB/s"),
        log("\nMemory Usage:"),
        log("Init footprint:       2.50 MB"),
        log("Overall footprint:    3.63 MB"),
        log("Peak memory usage not available. (peak_mem_mb <= 0)"),
        log("======================================\n"),
    ]
    if profile:
        names = f"{'[node type]':>60} {'[start]':>10} {'[first]':>10} {'[avg ms]':>10} {'[%]':>10} {'[cdf%]':>10} "
        names += f"{'[mem KB]':>10} {'[times called]':>14}   [Name]"
        rows = [
            f"{kind:>60} {0.1:>10.3f} {us / 900:>10.3f} {us / 1000:>10.3f} {33.3:>9.3f}% {50:>9.3f}% "
            f"{0:>10.3f} {1:>14}   [Builtin]:{i}"
            for i, (kind, _, us) in enumerate(OPS)
        ]
        kinds = (
            f"{'[Node type]':>60} {'[count]':>10} {'[avg ms]':>10} {'[avg %]':>10} {'[cdf %]':>10} {'[mem KB]':>10} "
        )
        kinds += f"{'[times called]':>14}"
        by_kind = [
            f"{kind:>60} {1:>10} {0.1:>10.3f} {33.3:>9.3f}% {33.3:>9.3f}% {0:>10.3f} {1:>14}" for kind, _, _ in OPS
        ]
        inner = f"{'Op Name':<80} {'Count':>10} {'Avg(us)':>10} {'Min(us)':>10} {'Max(us)':>10} {'Total(us)':>10}"
        own += [
            log(f"\n{' Run Order ':=^150}"), names, *rows, "", f"{' Top by Computation Time ':=^150}", names, *rows, "",
            f"Number of nodes executed: {len(OPS)}", "", f"{' Summary by node type ':=^130}", kinds, *by_kind, "",
            f"{' Delegate Statistics ':=^135}", inner,
            f"{'Delegate/Conv 2D':<80} {1:>10} {9.25:>10.2f} {9:>10} {9:>10} {9:>10}",
            "", "Timings (microseconds): count=3 curr=92", "Memory (bytes): count=0", "3 nodes observed", "",
        ]  # fmt: skip
    return [part for line in (*shared, *own) for part in line.split("\n")]


UNKNOWN_VERSION = [
    "INFO: STARTING!",
    "INFO: Graph: [/data/local/tmp/litesmith/model.tflite]",
    "INFO: Loaded model /data/local/tmp/litesmith/model.tflite",
    "ERROR: Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'. An older version of this builtin might "
    "be supported. Are you using an old TFLite binary with a newer model?",
    "ERROR: Registration failed.",
    "ERROR: Failed to initialize the interpreter",
    "ERROR: Benchmarking failed.",
]
"""A model that needs a newer runtime."""
