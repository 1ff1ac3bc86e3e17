"""Runs `benchmark_model` on a phone: its options, one run, and what several rounds come to."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from litesmith.benchmark.phone_heat import mask_of
from litesmith.benchmark.tool_output import ToolOutput, errors_of, read_output
from litesmith.core.errors import EvaluationError, TargetError
from litesmith.core.program_figures import LatencySummary
from litesmith.core.target import Session

_OPTION = re.compile(r"--([a-z][\w-]*)=")
_HELP_S, _RUN_S = 60.0, 600.0
_MOST_S = 120
"""After which the program begins no further run."""
_PEAK_EVERY_MS = 5
_GROWING = "allow_dynamic_profiling_buffer_increase"
_SHOWN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """The program on a phone.

    Attributes:
        session: The phone.
        path: Where it is there.
        options: Those it says it has; empty where it does not say.
        cores: The cores it may use; empty for all.
        gpu: Whether the GPU is to run what it can.
    """

    session: Session
    path: str
    options: frozenset[str]
    cores: tuple[int, ...]
    gpu: bool

    @property
    def profiles(self) -> str:
        """Option with which it times operators: TensorFlow's, or that of LiteRT's own program."""
        return "use_profiler" if "use_profiler" in self.options else "enable_op_profiling"


def open_tool(session: Session, path: str, *, cores: tuple[int, ...], gpu: bool) -> Tool:
    """Return the program after asking it for its options, which shows that it runs there.

    Raises:
        TargetError: it cannot be run on the phone.
    """
    lines: list[str] = []
    code = session.run([path, "--help"], on_line=lines.append, on_error=lines.append, timeout_s=_HELP_S)
    options = frozenset(name for line in lines for name in _OPTION.findall(line))
    if "graph" not in options and not any("--graph" in line for line in lines):
        last = next((line.strip() for line in reversed(lines) if line.strip()), "nothing")
        raise TargetError(
            f"the program of --benchmark-binary is no benchmark_model, or does not run on {session.device().target}: "
            f"code {code}, {last[:_SHOWN]!r}",
            hint="Try it by hand with adb shell; it may need a newer Android, or libraries that were not pushed.",
        )
    return Tool(session=session, path=path, options=options, cores=cores, gpu=gpu)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How much is run in one process.

    Attributes:
        threads: Interpreter threads.
        runs: Timed runs.
        warmup: Runs before timing, at least.
        warmup_s: Seconds before timing, at least.
    """

    threads: int
    runs: int
    warmup: int
    warmup_s: float


def run_tool(tool: Tool, model: str, amount: Amount, *, memory: bool = False, ops: bool = False) -> ToolOutput:
    """Run the program once in a fresh process and return what it says.

    Args:
        tool: The program.
        model: Path of the model there.
        amount: How much is run.
        memory: Also look for the peak of memory, which disturbs times.
        ops: Also time operators, which disturbs times.

    Raises:
        EvaluationError: the model cannot be run; the message has the program's words.
        TargetError: the program failed, or what it printed cannot be read.
    """
    words = {
        "graph": model,
        "num_threads": amount.threads,
        "num_runs": amount.runs,
        "warmup_runs": amount.warmup,
        "warmup_min_secs": f"{amount.warmup_s:g}",
        "min_secs": 0,
        "max_secs": _MOST_S,
    }
    wished: dict[str, object] = {}
    if memory:
        wished = {"report_peak_memory_footprint": "true", "memory_footprint_check_interval_ms": _PEAK_EVERY_MS}
    words |= {name: value for name, value in wished.items() if not tool.options or name in tool.options}
    words |= {"use_gpu": "true"} if tool.gpu else {}
    words |= {tool.profiles: "true"} if ops else {}
    words |= {_GROWING: "true"} if ops and _GROWING in tool.options else {}
    command = [tool.path, *(f"--{name}={value}" for name, value in words.items())]
    pinned = ["taskset", mask_of(tool.cores)] if tool.cores else []
    out: list[str] = []
    errors: list[str] = []
    code = tool.session.run([*pinned, *command], on_line=out.append, on_error=errors.append, timeout_s=_RUN_S)
    lines = [*out, *errors]
    if code != 0:
        last = next((line.strip() for line in reversed(lines) if line.strip()), "no message")
        if pinned and last.startswith("taskset:"):
            raise TargetError(
                f"the chosen cores cannot be used on {tool.session.device().target}: {last[:_SHOWN]}",
                hint="They are switched off now, or kept for other programs; leave --cores out.",
            )
        said = next(iter(errors_of(lines)), last)
        died = f"the program was ended by signal {code - 128}; " if code > 128 else f"code {code}: "
        raise EvaluationError(f"benchmark_model failed: {died}{said[:_SHOWN]}")
    found = read_output(lines)
    if found.unconsumed:
        raise TargetError(
            f"this benchmark_model does not know {found.unconsumed.split(' ')[0]}, and would have gone on without it",
            hint="Take a newer one, or leave the option that needs it out.",
        )
    if ops and found.dropped:
        raise EvaluationError("this benchmark_model cannot time so many operators, and left some out: leave --ops out")
    return found


def accelerator_of(found: ToolOutput, *, gpu: bool) -> str:
    """Return what ran the operators that were delegated: `GPU`, `XNNPACK`, or `CPU` for the runtime's own kernels.

    It is `CPU or XNNPACK` where XNNPACK was made ready and nothing is said of what it took.

    Raises:
        EvaluationError: the GPU was asked for and took nothing.
    """
    taken = [one.delegate for one in found.delegated if one.nodes]
    other = [name for name in taken if "xnnpack" not in name.lower()]
    if gpu:
        if found.applied.get("GPU", "") == "not" or not (other or found.applied.get("GPU")):
            raise EvaluationError("the GPU took no operator of it: the times would have been the CPU's")
        return "GPU"
    if len(taken) > len(other):
        return "XNNPACK"
    return "CPU or XNNPACK" if found.offered and not found.delegated else "CPU"


def summary_of(rounds: Sequence[ToolOutput]) -> LatencySummary:
    """Return the times of several rounds as one: exact sums, and for percentiles the middle of the rounds'."""
    spreads = [one.runs for one in rounds if one.runs is not None]
    count = sum(one.count for one in spreads)
    mean = sum(one.count * one.mean for one in spreads) / count
    squares = sum(one.count * (one.std**2 + one.mean**2) for one in spreads) / count

    def middle(values: list[float | None]) -> float | None:
        known = sorted(value for value in values if value is not None)
        return known[(len(known) - 1) // 2] if len(known) == len(values) else None

    return LatencySummary(
        runs=count,
        rounds=len(spreads),
        mean=mean,
        min=min(one.min for one in spreads),
        max=max(one.max for one in spreads),
        std=math.sqrt(max(0.0, squares - mean**2)),
        p5=middle([one.p5 for one in spreads]),
        median=middle([one.median for one in spreads]),
        p95=middle([one.p95 for one in spreads]),
    )
