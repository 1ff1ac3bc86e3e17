"""Whether a bundle answers as it did when it was made, on each machine."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from litesmith.core.parity import Parity, ParityVerdict, StepParity, Verified
from litesmith.report.terminal.plain import Name, Screen, facts, plain_table
from litesmith.report.text import clean, count, sentence

_STYLES = {
    ParityVerdict.IDENTICAL: "green",
    ParityVerdict.WITHIN: "green",
    ParityVerdict.DIFFERENT: "red",
    ParityVerdict.DAMAGED: "red",
}
_STEPS = ("pixels", "raw", "input", "output")
_MEANINGS = {
    "pixels": "decoded images",
    "raw": "after crop and resize",
    "input": "what the model is fed",
    "output": "what it answers",
}
_MOST_SHOWN = 12


def parity_text(made: Verified) -> RenderableType:
    """Return, for each target, what was compared, what differs, and the verdict."""
    parts: list[RenderableType] = []
    for parity in made.parities:
        parts += [*([Text("")] if parts else []), *_parity(parity)]
    for target, reason in made.failures.items():
        parts += [Text(""), Text.assemble((f"{clean(target)} was not asked", "red"), f"  {sentence(clean(reason))}")]
    return Screen(parts)


def _parity(made: Parity) -> Iterator[RenderableType]:
    yield Text(clean(made.bundle), style="bold", overflow="fold")
    if made.device is not None:
        device = made.device
        emulated = " (emulated)" if device.emulated else ""
        python = "" if device.python in ("", "none") else f", Python {device.python}"
        here = f"{device.target}{emulated}: {device.machine}, {device.runtime}{python}"
        pairs = [("on", here), ("operators run by", made.delegate), ("vectors made with", made.made_with)]
        pairs += [("not compared", what) for what in made.skipped]
        yield facts((label, Text(clean(value), overflow="fold")) for label, value in pairs if value)
    if made.steps:
        yield Text("")
        yield plain_table(
            ("step", "", "arrays", "values", "different", "largest"), _rows(made.steps), right=(2, 3, 4, 5)
        )
    wrong = [step for step in made.steps if not step.largest <= step.allowed]
    if wrong:
        yield Text("")
        yield from _wrong(wrong)
    if made.damaged:
        yield Text("")
        yield from (Text(f"  {sentence(clean(line))}", overflow="fold") for line in made.damaged[:_MOST_SHOWN])
        if len(made.damaged) > _MOST_SHOWN:
            yield Text(f"  and {len(made.damaged) - _MOST_SHOWN} more")
    yield Text("")
    yield Text.assemble(
        (made.verdict.value, f"bold {_STYLES[made.verdict]}"), f"  {sentence(clean(made.reason))}", overflow="fold"
    )


def _rows(steps: Sequence[StepParity]) -> Iterator[tuple[str, str, str, str, str, str]]:
    for name in _STEPS:
        found = [step for step in steps if step.step == name]
        if found:
            largest = max((step.largest for step in found if not math.isnan(step.largest)), default=math.nan)
            different = sum(step.different for step in found)
            yield (
                name,
                _MEANINGS[name],
                str(len(found)),
                str(sum(step.elements for step in found)),
                str(different),
                _number(largest) if different else "-",
            )


def _wrong(steps: Sequence[StepParity]) -> Iterator[RenderableType]:
    rows = [
        (
            step.vector,
            step.step,
            Name(step.tensor),
            f"{step.different} of {step.elements}",
            _number(step.largest),
            _number(step.allowed),
        )
        for step in steps[:_MOST_SHOWN]
    ]
    yield plain_table(("vector", "step", "tensor", "different", "largest", "allowed"), rows, right=(3, 4, 5))
    if len(steps) > _MOST_SHOWN:
        yield Text(f"and {count(len(steps) - _MOST_SHOWN, 'more array')}", style="dim")


def _number(value: float) -> str:
    return "not a number" if math.isnan(value) else f"{value:.3g}"
