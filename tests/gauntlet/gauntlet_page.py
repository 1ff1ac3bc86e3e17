"""The table of outcomes in the documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from gauntlet_expectations import ADOPTED, PLAIN, Expected
from gauntlet_runner import Found

PAGE = Path(__file__).parents[2] / "docs" / "gauntlet.md"
UPDATE = "LITESMITH_UPDATE_GAUNTLET"
_HEAD = (
    "| Model | What it is | Outcome | Rung or cause | Difference | Operators |\n| --- | --- | --- | --- | ---: | ---: |"
)
_ROW = re.compile(
    r"^\| `(?P<name>[\w-]+)` \| (?P<rest>.*) \| (?P<difference>[^|]*) \| (?P<ops>[^|]*) \|$", re.MULTILINE
)
_INTRODUCTION = """# The gauntlet

{models} models that scripts build, with random weights of a fixed seed, and what [`litesmith convert`](convert.md)
makes of each. Some are asked for in more than one way, so that there are {count} rows: {plain} convert plainly, {rung}
by a later rung of [the ladder](convert.md#the-ladder), {refused} are refused. The builders are in
`tests/models/gauntlet/`; `make gauntlet` holds every row to its outcome, `make test` all but thirteen large ones.

- *Outcome*: converts plainly, converts by a later rung, is taken as it is (a float `.tflite`), or is refused.
- *Rung or cause*: the rung that made the file, or the [cause](causes.md) of the refusal; the class of the error where
  a file is refused before anything is diagnosed.
- *Difference*: the largest to the source's answers, relative to the largest answer, when the page was made. It is
  taken on 8 samples of random values. As the weights are random too, it shows arithmetic and not accuracy.
- *Operators*: in the `.tflite`, all its subgraphs together.

"""
_END = f"""
This page is generated: `{UPDATE}=1 python -m pytest tests/gauntlet` writes the rows it has run.
"""


def outcome(expected: Expected) -> str:
    """Return a model's outcome in words."""
    if not expected.converts:
        return "refused"
    return {PLAIN: "converts plainly", ADOPTED: "taken as it is"}.get(expected.by, "converts by a rung")


def fixed(expected: Expected) -> str:
    """Return the part of a row that is known without a run."""
    by = "" if expected.by in (PLAIN, ADOPTED) else f"`{expected.by}`"
    return f"{expected.what} | {outcome(expected)} | {by}"


def rows(text: str) -> dict[str, tuple[str, str, str]]:
    """Return (fixed part, difference, operators) of each row of the page, by name, in its order."""
    return {row["name"]: (row["rest"], row["difference"], row["ops"]) for row in _ROW.finditer(text)}


def written(expected: Iterable[Expected], found: Mapping[str, Found], before: str) -> str:
    """Return the page: with what was found, and for models that were not run with what the page had."""
    known, table, models = rows(before), [], list(expected)
    for model in models:
        _, difference, ops = known.get(model.name, ("", "", ""))
        if model.name in found:
            now = found[model.name]
            difference = "" if now.difference is None else f"{now.difference:.0e}"
            ops = str(now.ops) if now.converts else ""
        table.append(f"| `{model.name}` | {fixed(model)} | {difference} | {ops} |")
    refused = sum(not model.converts for model in models)
    plain = sum(outcome(model) == "converts plainly" for model in models)
    rung = sum(outcome(model) == "converts by a rung" for model in models)
    built = len({model.builder for model in models})
    text = _INTRODUCTION.format(models=built, count=len(models), plain=plain, rung=rung, refused=refused)
    return text + "\n".join([_HEAD, *table]) + "\n" + _END
