"""The report as one HTML page: text, tables and drawings, nothing loaded from elsewhere."""

from litesmith.report.page.render import render

__all__ = ["render"]
