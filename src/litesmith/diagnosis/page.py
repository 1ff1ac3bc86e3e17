"""The catalogue as a page: `python -m litesmith.diagnosis.page > docs/causes.md`."""

from __future__ import annotations

import re
import string
import sys

from litesmith.diagnosis.catalogue import causes
from litesmith.diagnosis.cause import Cause, Stage

_HEAD = """# Causes of failure

Every failure that Litesmith knows by name, as of TensorFlow 2.21, Keras 3.15 and tf-keras 2.21. Each is provoked by a
model of the tests that TensorFlow or Keras saved; where that model was edited by hand or only has the right names, the
entry says so. The name stands at the end of an error message (`cause:`) and in `diagnosis.cause` of `--json`.

This page is made from the catalogue: `python -m litesmith.diagnosis.page > docs/causes.md`. A failure that is not in it
is shown whole, with the name `unknown`; please report it.

*Cured by* names the [rung](convert.md) that gets past it where one does. A rung that changes what the app must do is
only taken when it is allowed. Words in angle brackets stand for what the message then says.
"""
_STAGES = {
    Stage.OPENING: "When a source is opened",
    Stage.CONVERTING: "When it is converted",
    Stage.CHECKING: "When the answers are checked",
}
_ALTERNATIVE = re.compile(r"_\d$")


def page() -> str:
    """Return docs/causes.md."""
    parts = [_HEAD]
    for stage, title in _STAGES.items():
        found = sorted((cause for cause in causes() if cause.stage is stage), key=lambda cause: cause.name)
        parts.append(f"## {title}\n")
        parts += ["| Cause | What it is |", "| --- | --- |"]
        parts += [f"| [`{cause.name}`](#{cause.name}) | {_first_upper(cause.title)} |" for cause in found]
        parts.append("")
        parts += [_entry(cause) for cause in found]
    return "\n".join(parts).rstrip() + "\n"


def _entry(cause: Cause) -> str:
    lines = [f"### {cause.name}", "", f"{_first_upper(cause.title)}. {_filled(cause.why)}", "", _filled(cause.remedy)]
    if cause.code:
        lines += ["", "```python", _filled(cause.code), "```"]
    cured = f"Cured by: `{cause.cured_by}`. " if cause.cured_by else ""
    provoked = f"Provoked in the tests by {cause.provoked_by}. " if cause.provoked_by else ""
    lines += ["", f"{cured}{provoked}Source: <{cause.source}>", ""]
    return "\n".join(lines)


def _filled(text: str) -> str:
    """Return a text with its groups in angle brackets; where groups are alternatives, the first alone."""
    groups = {name for _, name, _, _ in string.Formatter().parse(text) if name}
    return text.format_map({name: "" if _ALTERNATIVE.search(name) else f"<{name}>" for name in groups})


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


if __name__ == "__main__":
    sys.stdout.write(page())
