"""Fills the templates of bundles. Code and Markdown are not HTML: data is escaped by the filters."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from litesmith.bundle.kotlin_literals import android_string, kdoc, kotlin, xml
from litesmith.bundle.literals import literal, markdown
from litesmith.core.units import format_latency, format_size


def render(template: str, **values: object) -> str:
    """Return a template, named relative to `templates/`, filled with values; one that is missing is an error."""
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """Return what fills templates."""
    made = Environment(
        loader=PackageLoader("litesmith.bundle", "templates"),
        autoescape=False,  # noqa: S701 - code and Markdown, each with its own escaping
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"literal": literal, "markdown": markdown, "size": format_size, "latency": format_latency}
    made.filters |= {"kotlin": kotlin, "kdoc": kdoc, "xml": xml, "android_string": android_string, "double": repr}
    return made
