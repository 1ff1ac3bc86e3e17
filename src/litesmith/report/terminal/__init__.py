"""Records as rich renderables. Nothing here prints; each renderable adapts to the width it is given."""

from litesmith.report.terminal.overview import findings_text, summary
from litesmith.report.terminal.single import benchmark_table, evaluation_table
from litesmith.report.terminal.variants import variants_table

__all__ = ["benchmark_table", "evaluation_table", "findings_text", "summary", "variants_table"]
