"""Reads the whole of what the official `benchmark_model` prints.

The texts are those of TensorFlow's `tensorflow/lite/tools/benchmark` and of LiteRT's `tflite/tools/benchmark` and
`litert/tools/benchmark_litert_model`, read in their sources. Versions differ: in whether lines begin with their
severity, in whether percentiles are printed (from LiteRT 1.2 on), in the sentence on delegates, in the layout of
LiteRT's own results. What is not found, and what should be a number and is none, is an error with the line, never a
zero. The program says nothing of single runs in any version.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from litesmith.benchmark.tool_lines import (
    APPLIED,
    BEGINNINGS,
    CREATED,
    DROPPED,
    GRAPH,
    LITERT,
    MEMORY,
    NODES,
    PEAK,
    PLAIN,
    REFUSED,
    REPLACING,
    SEVERITY,
    SPREAD,
    TIMINGS,
    UNCONSUMED,
)
from litesmith.benchmark.tool_tables import OpLine, Tables
from litesmith.core.errors import TargetError
from litesmith.core.program_figures import Delegated

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Times of several runs, in ms; percentiles are None where the version does not print them."""

    count: int
    first: float
    last: float
    min: float
    max: float
    mean: float
    std: float
    p5: float | None = None
    median: float | None = None
    p95: float | None = None


@dataclass(slots=True, kw_only=True)
class ToolOutput:
    """What `benchmark_model` said. Memory in bytes; 0 nodes for a delegate that took nothing.

    Attributes:
        init_ms: Opening the model, allocating tensors, applying delegates.
        first_ms: First run.
        warmup: Runs to warm up.
        runs: Timed runs.
        memory_init: Growth of its memory until the model was ready; None where it is not printed.
        memory_overall: The same until the end.
        memory_peak: The most; None where it was not asked for.
        delegated: What each delegate took.
        offered: Whether XNNPACK was made ready; it may have taken nothing.
        applied: Delegates that were asked for, with `completely`, `partially` or `not`.
        tables: Operators, where they were asked for.
        dropped: Whether the profiler had no place for some of them.
        errors: Lines of severity ERROR and FATAL.
        warnings: Lines of severity WARN.
        said: Lines that are not known.
    """

    init_ms: float = math.nan
    first_ms: float = math.nan
    warmup: Spread | None = None
    runs: Spread | None = None
    memory_init: int | None = None
    memory_overall: int | None = None
    memory_peak: int | None = None
    delegated: list[Delegated] = field(default_factory=list)
    offered: bool = False
    applied: dict[str, str] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)
    dropped: bool = False
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    unconsumed: str = ""
    _mean_us: float = math.nan
    _nodes: int | None = None

    @property
    def ops(self) -> tuple[OpLine, ...]:
        """Operators of the primary graph as printed, with their times; what they run in turn is in their times."""
        return tuple(self.tables.ops)


def read_output(lines: Iterable[str]) -> ToolOutput:
    """Return what the program said.

    Args:
        lines: Of its standard output, then of its standard error, without line ends.

    Raises:
        TargetError: a figure is missing or cannot be read; the message has the line.
    """
    found = ToolOutput()
    last = ""
    for line in lines:
        _read(found, line.rstrip("\r\n"))
        last = line.strip() or last
    _require_whole(found, last)
    return found


def errors_of(lines: Iterable[str]) -> list[str]:
    """Return the lines of severity ERROR and FATAL, the telling ones first."""
    texts = [(m, line[m.end() :].strip()) for line in lines if (m := SEVERITY.match(line))]
    found = [text for m, text in texts if m["word"] in ("ERROR", "FATAL") and text]
    return sorted(dict.fromkeys(found), key=lambda text: text in ("Benchmarking failed.",))


def _read(found: ToolOutput, line: str) -> None:
    severity = SEVERITY.match(line)
    text = line[severity.end() :] if severity else line
    if severity and severity["word"] in ("ERROR", "FATAL"):
        found.errors.append(text.strip())
        return
    if severity is not None and found.tables.open and text.strip():
        found.tables.read("")  # a table ends where another message begins
    if found.tables.read(text):
        return
    text = text.strip()
    if not text or _figure(found, text) or _remark(found, text) or PLAIN.fullmatch(text):
        return
    if text.startswith(BEGINNINGS):
        raise TargetError(
            f"benchmark_model printed a line that cannot be read: {text[:200]!r}",
            hint="Please report it with the version of the program.",
        )
    (found.warnings if severity and severity["word"].startswith("WARN") else found.said).append(text)


def _figure(found: ToolOutput, text: str) -> bool:
    """Read a line with figures; return whether it was one."""
    if made := SPREAD.fullmatch(text):
        if found.runs is not None:
            raise TargetError(f"benchmark_model printed a third set of runs: {text[:200]!r}")
        if found.warmup is None:
            found.warmup = _spread(made, text)
        else:
            found.runs = _spread(made, text)
    elif made := TIMINGS.fullmatch(text):
        found.init_ms, found.first_ms = float(made["init"]) / 1e3, float(made["first"]) / 1e3
        found._mean_us = float(made["avg"])
    elif made := MEMORY.fullmatch(text):
        found.memory_init, found.memory_overall = _bytes(made["init"]), _bytes(made["overall"])
    elif made := PEAK.fullmatch(text):
        found.memory_peak = _bytes(made["mb"])
    elif made := NODES.fullmatch(text):
        if not found.tables.initializing and not found.tables.inner:
            found._nodes = (found._nodes or 0) + int(made["count"])
    elif made := LITERT.fullmatch(text):
        _litert(found, made["what"], made["value"])
    else:
        return False
    return True


def _litert(found: ToolOutput, what: str, value: str) -> None:
    """Keep a figure of LiteRT's own layout; spreads stand in the lines that both layouts share."""
    if what == "Model initialization":
        found.init_ms = float(value)
    elif what == "Warmup (first)":
        found.first_ms = float(value)
    elif what == "Init footprint":
        found.memory_init = _bytes(value)
    elif what == "Overall footprint":
        found.memory_overall = _bytes(value)
    elif what == "Peak memory":
        found.memory_peak = _bytes(value)


def _remark(found: ToolOutput, text: str) -> bool:
    """Read a line on delegates, options or the part of the profile that begins; return whether it was one."""
    if made := REPLACING.fullmatch(text):
        of = None if made["of"] is None else int(made["of"])
        found.delegated.append(
            Delegated(
                delegate=made["name"],
                nodes=int(made["nodes"]),
                of_nodes=of,
                partitions=int(made["parts"]),
                graph=made["graph"] or "",
            )
        )
    elif made := APPLIED.fullmatch(text):
        found.applied[made["name"]] = made["share"]
    elif made := REFUSED.fullmatch(text):
        found.applied[made["name"]] = "not"
    elif text == DROPPED:
        found.dropped = True
    elif text == CREATED:
        found.offered = True
    elif made := UNCONSUMED.fullmatch(text):
        found.unconsumed = made["flags"].strip()
    elif text.startswith(("Profiling Info for Benchmark Initialization", "Operator-wise Profiling Info")):
        found.tables.initializing, found.tables.inner = text.startswith("Profiling"), False
        found.tables.nested = False
    elif made := GRAPH.fullmatch(text):
        found.tables.nested = made["primary"] is None
    elif text == "Delegate internal:":
        found.tables.inner = True
    else:
        return False
    return True


def _spread(made: re.Match[str], text: str) -> Spread:
    count = int(made["count"])
    if count < 1 or made["last"] is None:
        raise TargetError(f"benchmark_model ran no inference: {text[:200]!r}")
    same, last = made["min"] is None, float(made["last"]) / 1e3
    if same and count > 1 and not made["same"]:
        raise TargetError(f"benchmark_model printed {count} runs without their spread: {text[:200]!r}")

    def ms(name: str) -> float:
        return last if same else float(made[name]) / 1e3

    percentiles = {name: None if made[name] is None else float(made[name]) / 1e3 for name in ("p5", "median", "p95")}
    found = Spread(
        count=count,
        first=ms("first"),
        last=last,
        min=ms("min"),
        max=ms("max"),
        mean=ms("avg"),
        std=0.0 if same else float(made["std"]) / 1e3,
        **percentiles,
    )
    slack = 1e-3 + 1e-5 * found.max  # averages are printed with six digits
    if not found.min - slack <= found.mean <= found.max + slack:
        raise TargetError(f"benchmark_model printed an average that is outside of its runs: {text[:200]!r}")
    return found


def _bytes(megabytes: str) -> int:
    return round(float(megabytes) * _MIB)


def _require_whole(found: ToolOutput, last: str) -> None:
    """Check that the output came to its end."""
    missing = [
        what
        for what, there in (
            ("the runs to warm up", found.warmup is not None),
            ("the timed runs", found.runs is not None),
            ("the time of the first inference", not math.isnan(found.first_ms)),
        )
        if not there
    ]
    if missing:
        raise TargetError(
            f"benchmark_model did not print {missing[0]}; its last line is {last[:200]!r}",
            hint="It was cut off, or it is another program.",
        )
    assert found.runs is not None
    if not math.isnan(found._mean_us) and abs(found._mean_us / 1e3 - found.runs.mean) > 1e-3 + 1e-4 * found.runs.mean:
        raise TargetError(
            "benchmark_model printed two averages of the same runs: "
            f"{found.runs.mean:g} and {found._mean_us / 1e3:g} ms"
        )
    if found._nodes is not None and found._nodes != len(found.ops) + len(found.tables.nested_ops):
        raise TargetError(
            f"benchmark_model printed {len(found.ops)} operators and says that it ran {found._nodes}",
            hint="The table was cut off, or its layout is unknown; leave --ops out.",
        )
