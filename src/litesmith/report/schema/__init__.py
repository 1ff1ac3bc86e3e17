"""The documented JSON Schema of report.json."""

from litesmith.report.schema.build import build_schema, schema_text

__all__ = ["build_schema", "schema_text"]
