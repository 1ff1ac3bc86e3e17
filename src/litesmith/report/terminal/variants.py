"""All variants side by side."""

from __future__ import annotations

from rich.console import RenderableType
from rich.text import Text

from litesmith.core.deployment import Deployment
from litesmith.report.benchmark_lines import device_lines
from litesmith.report.figures import evaluation_of, rows, targets
from litesmith.report.terminal.columns import (
    benchmark_columns,
    evaluation_columns,
    file_columns,
    name_column,
    suited,
)
from litesmith.report.terminal.fitting import FittingTable, note
from litesmith.report.wording import evaluation_line, verdict_line

_LAYOUTS = (
    (
        *("variant", "size", "ratio", "value", "value_interval", "difference", "difference_interval", "agreement"),
        *("p50", "p90", "speed_up", "memory"),
    ),
    ("variant", "size", "value", "value_interval", "difference_both", "agreement", "p50", "p90", "speed_up", "memory"),
    ("variant", "size", "value", "difference_both", "agreement", "p50", "p90", "speed_up", "memory"),
    ("variant", "size", "value", "difference_both", "agreement", "p50", "speed_up"),
    ("variant", "size", "value", "difference_both", "p50", "speed_up"),
    ("variant", "size", "value", "difference_both", "p50"),
    ("variant", "size", "value", "difference", "p50", "speed_up"),
    ("variant", "size", "value", "difference", "p50"),
)


def variants_table(deployment: Deployment) -> RenderableType:
    """Return the table of variants: size, accuracy, difference to float, agreement, latency and memory.

    The recommended row is marked. Failed variants are listed below with their reason. Columns are left out where the
    terminal is too narrow, and below about 50 columns each variant gets lines of its own. Times are those of the first
    target with a real CPU; without one, instructions are shown.
    """
    shown = rows(deployment)
    sample = evaluation_of(deployment.variants)
    columns = {
        "variant": name_column(),
        **file_columns(),
        **evaluation_columns(sample),
        **benchmark_columns(shown),
    }
    once = sample is not None and sample.metric == "agreement"
    layouts = [tuple(c for c in layout if c != "agreement" or not once) for layout in suited(_LAYOUTS, shown)]
    about = (evaluation_line(deployment.variants), verdict_line(deployment.variants))
    notes: list[Text] = [note(line) for line in about if line]
    notes += [note(line) for line in device_lines(deployment.variants, only=targets(deployment.variants)[:1])]
    return FittingTable(shown, columns, layouts=layouts, notes=notes)
