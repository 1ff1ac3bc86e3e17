"""Sentences about where and how a benchmark was taken, and what became of clock and heat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from litesmith.core.benchmark import Benchmark, Latency, OpProfile, Sustained, Thermal
from litesmith.core.program_figures import LatencySummary, ProgramFigures
from litesmith.core.results import Variant
from litesmith.core.units import format_duration, format_instructions, format_latency, format_rate
from litesmith.report.figures import benchmark_on, instructions_of, latency_text, targets
from litesmith.report.text import count, sentence

EMULATED = "The CPU is emulated, so there are no latencies"
MEMORY = "The emulator's own memory is in the peak."


def device_lines(variants: Sequence[Variant], *, only: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the lines of each target: CPU, threads, runtime, runs, and whether its clock was held back."""
    shown = targets(variants) if only is None else only
    lines = ((device_line(variants, target), heat_line(variants, target)) for target in shown)
    return tuple(line for pair in lines for line in pair if line)


def device_line(variants: Sequence[Variant], target: str, *, named: bool = True) -> str:
    """Return where and how latencies were taken, empty when none were; `named` begins with the target."""
    found = [made for v in variants if (made := benchmark_on(v, target))]
    if not found:
        return ""
    made = found[0]
    device, threads = made.device, count(made.threads, "thread")
    system = f"{device.machine}, {device.os}" if made.program else device.machine
    line = f"{device.cpu} ({system}), {threads}, {device.runtime}, "
    if made.emulated:
        line = f"{line.removesuffix(', ')}. {_emulated(found)}"
    else:
        fewest, most = min(b.runs for b in found), max(b.runs for b in found)
        runs = count(most, "run") if fewest == most else f"{fewest:,} (slow variants) to {most:,} runs"
        line += f"{runs} in {count(made.rounds, 'round')} after {made.warmup_runs} to warm up."
    if made.program:
        programs = {v.scheme: one.program for v in variants if (one := benchmark_on(v, target)) and one.program}
        line += f" {program_line(programs)}"
    elif made.delegate:
        line += f" Delegate: {made.delegate}."
    where = target if made.device.target in ("", target) else f"{target} ({made.device.target})"
    return f"{where}: {line}" if named else line


def program_line(made: Mapping[str, ProgramFigures]) -> str:
    """Return how a phone's program timed models, by their names: on which cores, what ran their operators.

    >>> program_line({"int8": ProgramFigures(program="benchmark_model", cores="big: 4-7", accelerator="XNNPACK")})
    'Timed by benchmark_model, cores big: 4-7, operators run by XNNPACK.'
    """
    first, shares = next(iter(made.values())), {name: _share_text(one) for name, one in made.items()}
    alike = len(set(shares.values())) == 1
    by = _share_text(first) if alike else ", ".join(f"{share} in {name}" for name, share in shares.items())
    line = f"Timed by {first.program}, cores {first.cores}, operators run by {by}."
    if any(one.summary_ms is not None for one in made.values()):
        line += " It keeps its single runs to itself, so there is an average, and no p50 or p99."
    warnings = dict.fromkeys(text.rstrip(".") for one in made.values() for text in one.warnings)
    if warnings:
        line += f" It warned: {'; '.join(list(warnings)[:3])}."
    return line


def _share_text(made: ProgramFigures) -> str:
    """Return what ran the operators of a model, and how many of them were delegated."""
    taken = ", ".join(
        f"{one.nodes:,}{'' if one.of_nodes is None else f' of {one.of_nodes:,}'} in {count(one.partitions, 'part')}"
        for one in made.delegated
    )
    return f"{made.accelerator} ({taken})" if taken else made.accelerator


def _emulated(found: Sequence[Benchmark]) -> str:
    counted = [b.instructions for b in found if b.instructions]
    if not counted:
        why = next((b.note for b in found if b.note), "") or "instructions were not counted"
        return f"{EMULATED}; {why.rstrip('.')}. {MEMORY}"
    one = counted[0]
    spread = max(c.spread / max(c.total, 1) for c in counted)
    again = f", {one.repeats} times, which differed by at most {spread * 100:.2g} %" if one.repeats > 1 else ""
    return (
        f"{EMULATED}; instructions are those that one inference executes on {one.cpu}, counted by {one.emulator} over "
        f"{count(one.inferences, 'inference')}{again}. {MEMORY}"
    )


def heat_line(variants: Sequence[Variant], target: str) -> str:
    """Return heat and clock around the rounds of a target; empty where it was not measured."""
    found = [made for v in variants if (made := benchmark_on(v, target))]
    return next((thermal_text(b.thermal) for b in found if b.thermal), "")


def thermal_text(made: Thermal) -> str:
    """Return heat, clock and throttling of a part of a measurement, in sentences.

    >>> from litesmith.core.benchmark import ThermalState
    >>> thermal_text(Thermal(before=ThermalState(temperature_c=48.25), after=ThermalState(temperature_c=61.0),
    ...     throttled=True, reasons=("the firmware capped the clock",)))
    'Throttled: the firmware capped the clock. 48 to 61 C.'
    """
    if made.throttled is None:
        head = f"Whether it throttled is not known: {'; '.join(made.reasons) or 'it was not looked at'}."
    else:
        head = f"Throttled: {'; '.join(made.reasons)}." if made.throttled else "Not throttled."
    return " ".join([head, *_heat(made)])


def _heat(made: Thermal) -> Iterator[str]:
    parts = []
    if made.before.temperature_c is not None and made.after.temperature_c is not None:
        parts.append(f"{made.before.temperature_c:.0f} to {made.after.temperature_c:.0f} C")
    if made.before.battery_c is not None and made.after.battery_c is not None:
        parts.append(f"battery {made.before.battery_c:.0f} to {made.after.battery_c:.0f} C")
    if made.after.clock_mhz is not None:
        most = "" if made.clock_most_mhz is None else f" of at most {made.clock_most_mhz:,.0f}"
        parts.append(f"clock {made.after.clock_mhz:,.0f}{most} MHz at the end")
    if parts:
        yield sentence(", ".join(parts))


def sustained_line(made: Sustained) -> str:
    """Return what became of a run without rest."""
    heat = (
        ""
        if made.thermal.throttled is None and made.thermal.after.temperature_c is None
        else thermal_text(made.thermal)
    )
    change = made.last_p50_ms / made.first_p50_ms - 1 if made.first_p50_ms > 0 else 0.0
    return (
        f"{format_duration(made.duration_s)} without rest: {made.runs:,} inferences, "
        f"{format_rate(made.throughput_per_s)} per second; p50 {format_latency(made.first_p50_ms)} in the first tenth, "
        f"{format_latency(made.last_p50_ms)} in the last ({change * 100:+.0f} %). {heat}"
    ).rstrip()


def sustained_lines(variants: Sequence[Variant], target: str) -> tuple[tuple[str, str], ...]:
    """Return the variants with a sustained run on a target, and what became of it."""
    found = ((v.scheme, benchmark_on(v, target)) for v in variants)
    return tuple((name, sustained_line(made.sustained)) for name, made in found if made and made.sustained)


def profile_line(made: OpProfile) -> str:
    """Return how the times of operators were measured, and what they add up to."""
    missing = f"; {count(made.missing, 'operator')} without a time" if made.missing else ""
    return f"{sentence(made.how)} Together {format_latency(made.sum_ms)}{missing}."


def instructions_shown_text(variants: Sequence[Variant]) -> str:
    """Return `yes` where any variant has instructions; else nothing."""
    return "yes" if any(made.instructions for v in variants for made in v.benchmarks) else ""


def state_text(made: Benchmark | None) -> str:
    """Return what flags a benchmark: `throttled`, `emulated`; empty for neither."""
    if made is None:
        return ""
    return "emulated" if made.emulated else ("throttled" if made.throttled else "")


def board_text(made: Benchmark | None) -> str:
    """Return p50 and p99 of a variant on one of several boards, or its instructions.

    >>> board_text(None)
    '-'
    """
    if made is None:
        return "-"
    if made.latency_ms is not None or made.summary_ms is not None:
        return times_text(made.latency_ms, made.summary_ms)
    counted = instructions_of(made)
    return "-" if counted is None else f"{format_instructions(counted)} instr."


def times_text(made: Latency | None, summary: LatencySummary | None) -> str:
    """Return p50 and p99, or the average, named as such, where only a summary of the runs is known.

    >>> times_text(None, LatencySummary(runs=50, rounds=5, mean=3.2, min=3.0, max=4.0, std=0.1))
    '3.2 ms average'
    """
    if made is not None:
        return f"{latency_text(made.p50)} / {latency_text(made.p99)}"
    return "-" if summary is None else f"{latency_text(summary.mean)} average"
