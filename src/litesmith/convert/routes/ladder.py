"""The order in which routes are tried: the fastest that keeps names and shapes first."""

from __future__ import annotations

from litesmith.convert.routes.from_keras import FROM_KERAS
from litesmith.convert.routes.from_saved_model import FROM_SAVED_MODEL
from litesmith.convert.routes.full_precision import FULL_PRECISION
from litesmith.convert.routes.keras_export import KERAS_EXPORT
from litesmith.convert.routes.route import Route
from litesmith.convert.routes.tf1_converter import TF1_CONVERTER
from litesmith.convert.routes.wrapped import WRAPPED
from litesmith.core.names import look_up
from litesmith.core.open_source import OpenModel

LADDER: tuple[Route, ...] = (
    WRAPPED,
    FULL_PRECISION,
    KERAS_EXPORT,
    FROM_KERAS,
    FROM_SAVED_MODEL,
    TF1_CONVERTER,
)


def applicable(model: OpenModel) -> list[str]:
    """Return the names of the routes that make sense for a model, in order."""
    return [route.name for route in LADDER if route.applies(model)]


def route_named(name: str) -> Route:
    """Return a route.

    Raises:
        UnknownNameError: no such route.
    """
    return look_up("route", name, {route.name: route for route in LADDER})
