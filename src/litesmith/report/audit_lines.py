"""Sentences about an audit, for the terminal and the page alike."""

from __future__ import annotations

from collections.abc import Sequence

from litesmith.core.audit import Audit, Expected, HealthIssue, Island, Precision
from litesmith.core.delegates import DelegateUse, How
from litesmith.core.model_facts import Demand, ForeignOp, Memory, RuntimeNeed
from litesmith.core.op_ref import OpRef
from litesmith.core.severity import Severity
from litesmith.core.units import format_size
from litesmith.report.text import count, sentence, shortened

NAME = 60
"""Characters of a name that a sentence quotes."""
_SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_FEW = 3


def macs_text(macs: int) -> str:
    """Return multiply-accumulates for people.

    >>> macs_text(300_774_272), macs_text(950), macs_text(0)
    ('301 M', '950', '0')
    """
    for unit, factor in (("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if macs >= 0.9995 * factor:
            value = macs / factor
            return f"{value:.3g} {unit}" if value < 999.5 else f"{value:.0f} {unit}"
    return str(macs)


def names_text(names: Sequence[str], few: int = _FEW) -> str:
    """Return the first few names and how many more there are.

    >>> names_text(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    shown = [shortened(name, NAME) for name in names[:few]]
    more = f" and {len(names) - few:,} more" if len(names) > few else ""
    return ", ".join(shown) + more


def places_text(ops: Sequence[OpRef], few: int = _FEW) -> str:
    """Return operators by kind and layer, the first few of them."""
    return names_text([f"{op.op} ({op.layer})" if op.layer else op.op for op in ops], few)


def expected_line(made: Expected) -> str:
    """Return a promise and what was found."""
    line = f"{made.text}: {sentence(made.found)}" if made.found else made.text
    named = any(op.op in made.found for op in made.ops)
    return line if made.met or named else f"{line} {sentence('It is ' + places_text(made.ops))}"


def broken(audit: Audit) -> tuple[Expected, ...]:
    """Return what was promised and does not hold: what the user asserted first, then what the file claims."""
    return tuple(made for made in (*audit.expectations, *audit.claims) if not made.met)


def kept(audit: Audit) -> tuple[Expected, ...]:
    """Return what was promised and holds."""
    return tuple(made for made in (*audit.expectations, *audit.claims) if made.met)


def precision_text(audit: Audit) -> str:
    """Return what a model computes in, islands counted."""
    if audit.precision is Precision.MIXED and audit.islands:
        return f"integer with {count(len(audit.islands), 'float island')}"
    return audit.precision.value


def work_line(audit: Audit, operators: int) -> str:
    """Return operators and multiply-accumulates."""
    line = f"{count(operators, 'operator')}, {macs_text(audit.macs)} multiply-accumulates"
    return f"{line}; not counted: {names_text(audit.macs_uncounted)}" if audit.macs_uncounted else line


def memory_line(memory: Memory) -> str:
    """Return planned and measured memory for activations."""
    planned = "unknown, a size is dynamic" if memory.planned_bytes is None else format_size(memory.planned_bytes)
    line = f"planned {planned}"
    if memory.busiest is not None:
        line += f", most at {places_text([memory.busiest])}"
    if memory.measured_bytes is None:
        return f"{line}; not measured{f': {memory.measured_note}' if memory.measured_note else ''}"
    note = f" ({memory.measured_note})" if memory.measured_note else ""
    return f"{line}; measured {format_size(memory.measured_bytes)}{note}"


def island_line(island: Island) -> str:
    """Return an island's cost: conversions around it and the bytes they move."""
    pairs = f"{island.dequantize} DEQUANTIZE and {island.quantize} QUANTIZE around it"
    return f"{pairs}, {format_size(island.converted_bytes)} converted per inference"


def island_title_text(island: Island) -> str:
    """Return an island's operators and layers."""
    kinds = list(dict.fromkeys(op.op for op in island.ops))
    title = names_text(kinds)
    if len(island.ops) > len(kinds):
        title = f"{count(len(island.ops), 'operator')}: {title}"
    return f"{title} in {names_text(island.layers)}" if island.layers else title


def foreign_line(made: ForeignOp) -> str:
    """Return where an operator that the runtime lacks occurs, and what it needs."""
    kind = "TensorFlow's own" if made.select_tf else "custom"
    where = f" in {names_text(made.layers)}" if made.layers else ""
    return f"{made.name} ({kind}, {len(made.ops)}\u00d7){where}. {sentence(made.dependency)}"


def demand_line(demands: Sequence[Demand]) -> str:
    """Return which operator version asks for the newest release; empty without builtin operators."""
    if not demands:
        return ""
    newest = demands[0]
    stated = f" (stated as {newest.stated})" if newest.stated < newest.version else ""
    where = places_text([newest.first])
    if not newest.since:
        return f"{newest.op} version {newest.version}{stated} is in no release that is known: {where}"
    return f"{newest.op} version {newest.version}{stated} came with TensorFlow {newest.since}: {where}"


def runtime_text(need: RuntimeNeed) -> str:
    """Return the oldest version of a runtime that runs the file."""
    return f"{need.minimum} or later" if need.minimum else "no release"


def minimum_text(audit: Audit) -> str:
    """Return the newest TensorFlow release that an operator version asks for, `unknown` where one is in none."""
    return (audit.demands[0].since or "unknown") if audit.demands else "any"


def delegate_text(use: DelegateUse) -> str:
    """Return what a delegate takes, in a few words.

    >>> use = DelegateUse(delegate="XNNPACK", how=How.MEASURED, version="2.3.0", taken=0, ops=4, partitions=(),
    ...                   refusals=())
    >>> delegate_text(use)
    'none of 4'
    """
    if use.how is How.NOTHING:
        return str(use.how.value)
    if not use.taken:
        return f"none of {use.ops:,}"
    share = f"all {use.ops:,}" if use.taken == use.ops else f"{use.taken:,} of {use.ops:,}"
    return f"{share} in {count(len(use.partitions), 'partition')}" if use.partitions else share


def delegate_short_text(use: DelegateUse) -> str:
    """Return operators taken of all, and in how many partitions, in as few characters as can be."""
    if use.how is How.NOTHING:
        return str(use.how.value)
    return f"{use.taken:,}/{use.ops:,} in {len(use.partitions):,}" if use.taken else f"0/{use.ops:,}"


def delegate_line(use: DelegateUse) -> str:
    """Return what a delegate takes and how that is known."""
    if use.how is How.NOTHING:
        return f"{use.how.value}: {use.note}"
    how = use.how.value if use.how is How.MEASURED else f"by {use.how.value}"
    version = f", {use.version}" if use.version else ""
    note = f". {sentence(use.note)}" if use.note else ""
    return f"{delegate_text(use)} ({how}{version}){note}"


def refusal_lines(use: DelegateUse, few: int = _FEW) -> tuple[str, ...]:
    """Return what a delegate leaves out and why, the first few."""
    lines = []
    for refusal in use.refusals[:few]:
        reason = f": {refusal.reason}" if refusal.reason else ""
        lines.append(f"leaves {len(refusal.ops)}\u00d7 {refusal.op}{reason}")
    if len(use.refusals) > few:
        lines.append(f"leaves {len(use.refusals) - few} other kinds")
    return tuple(lines)


def health_counts_text(health: Sequence[HealthIssue]) -> str:
    """Return how many issues of each severity there are."""
    names = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
    counts = [(names[s], sum(issue.severity is s for issue in health)) for s in _SEVERITIES]
    return ", ".join(count(number, name) for name, number in counts if number) or "nothing found"


def arena_bytes(audit: Audit) -> int | None:
    """Return memory for activations: measured where it was, else planned."""
    return audit.memory.measured_bytes if audit.memory.measured_bytes is not None else audit.memory.planned_bytes
