"""Fills the templates."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from litesmith.core import units
from litesmith.core.deployment import Deployment
from litesmith.core.results import Benchmark
from litesmith.report import (
    audit_lines,
    benchmark_lines,
    correction_lines,
    figures,
    recovery_lines,
    search_lines,
    text,
    wording,
)
from litesmith.report.page import feeding
from litesmith.report.page.bars import Bars, difference_whiskers, latency_bars
from litesmith.report.page.headline import key_figures, not_measured
from litesmith.report.page.scatter import scatter

_WIDE, _NARROW, _WHISKER = 900, 330, 150
_MINUS, _TIMES = re.compile(r"-(?=\d)"), re.compile(r"(?<=\d)x\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """What was timed on one target: its rows and its drawings, for wide and narrow windows."""

    name: str
    rows: tuple[figures.Row, ...]
    first: Benchmark
    classes: tuple[str, ...]
    threads: tuple[int, ...]
    charts: tuple[tuple[str, Bars | None], ...]


def render(deployment: Deployment) -> str:
    """Return the page as HTML that loads nothing.

    Every text from the deployment is escaped, and its control and direction characters are shown as escapes.
    """
    rows = figures.rows(deployment)
    chosen = next((r for r in rows if r.recommended), next((r for r in rows if r.nearest), None))
    page = environment().get_template("report.html.j2")
    return page.render(
        d=deployment,
        rows=rows,
        chosen=chosen,
        key_figures=key_figures(chosen) if chosen else (),
        missing=not_measured(deployment),
        findings=figures.findings_of(deployment),
        sample=figures.evaluation_of(deployment.variants),
        whiskers=difference_whiskers(rows, max_drop=deployment.constraints.max_drop, width=_WHISKER),
        scatters=(
            ("wide", scatter(rows, width=_WIDE, height=400)),
            ("narrow", scatter(rows, width=_NARROW, height=340)),
        ),
        targets=_targets(deployment),
    )


def _targets(deployment: Deployment) -> tuple[TargetView, ...]:
    views = []
    for name in figures.targets(deployment.variants):
        rows = tuple(r for r in figures.rows_of(deployment.variants, target=name) if r.benchmark)
        first = next(r.benchmark for r in rows if r.benchmark)
        marked = figures.rows_of(deployment.variants, recommended=deployment.recommended, target=name)
        charts = (("wide", latency_bars(marked, width=_WIDE)), ("narrow", latency_bars(marked, width=_NARROW)))
        benchmarks = [r.benchmark for r in rows if r.benchmark]
        counted = [b.instructions.by_class for b in benchmarks if b.instructions]
        views.append(
            TargetView(
                name=name,
                rows=rows,
                first=first,
                classes=tuple(dict.fromkeys(key for classes in counted for key in classes)),
                threads=tuple(dict.fromkeys(one.threads for b in benchmarks for one in b.by_threads)),
                charts=charts,
            )
        )
    return tuple(views)


@cache
def environment() -> Environment:
    """Return what fills templates: everything is escaped, hidden characters are made visible."""
    made = Environment(
        loader=PackageLoader("litesmith.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    lines = (audit_lines, benchmark_lines, correction_lines, recovery_lines, search_lines)
    for module in (units, figures, wording, feeding, *lines):
        names = [n for n in vars(module) if n.startswith("format_") or n.endswith(("_text", "_line", "_lines"))]
        made.filters |= {name: getattr(module, name) for name in names}
    made.filters |= {
        "count": text.count,
        "sentence": text.sentence,
        "file_name": text.file_name,
        "shortened": text.shortened,
        "shape": figures.shape_text,
        "difference_unit": figures.difference_unit,
        "search_variants": search_lines.search_variants,
        "benchmark_on": figures.benchmark_on,
    }
    for name in (
        "difference_text",
        "difference_interval_text",
        "interval_text",
        "value_text",
        "ratio_text",
        "latency_text",
        "p_value_text",
    ):
        made.filters[name] = _typeset(getattr(figures, name))
    made.filters |= {"typeset": typeset, "feed": feeding.what_to_feed, "real": feeding.what_comes_out}
    made.tests |= {"reference": figures.is_reference, "worse": figures.clearly_worse}
    return made


def typeset(text: str) -> str:
    r"""Return a number with the page's signs for minus, times and nothing measured.

    >>> ascii(typeset("-1.24 to +0.40")), ascii(typeset("2.10x"))
    ("'\\u22121.24 to +0.40'", "'2.10\\xd7'")
    """
    if text == figures.DASH:
        return "\u2013"
    return _TIMES.sub("\u00d7", _MINUS.sub("\u2212", text))


def _typeset(form: Callable[..., str]) -> Callable[..., str]:
    return lambda *args: typeset(form(*args))


def _visible(value: object) -> object:
    """Make hidden characters visible in everything that is written; autoescape does the rest."""
    return text.clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
