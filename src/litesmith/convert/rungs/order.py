"""The order of the rungs.

First the plain way. Then what keeps everything that was asked for, from the most specific (which applies to few models
and is cheap to rule out) to TensorFlow's other ways in. Then what gives another shape than the one asked for. Last what
changes the app.
"""

from __future__ import annotations

from litesmith.convert.rungs.from_keras import FROM_KERAS
from litesmith.convert.rungs.from_saved_model import FROM_SAVED_MODEL
from litesmith.convert.rungs.full_precision import FULL_PRECISION
from litesmith.convert.rungs.keras_export import KERAS_EXPORT
from litesmith.convert.rungs.rebatched import REBATCHED
from litesmith.convert.rungs.rung import Rung
from litesmith.convert.rungs.select_tf_ops import SELECT_TF_OPS
from litesmith.convert.rungs.static_batch import STATIC_BATCH
from litesmith.convert.rungs.static_size import STATIC_SIZE
from litesmith.convert.rungs.tf1_converter import TF1_CONVERTER
from litesmith.convert.rungs.unrolled_recurrent import UNROLLED_RECURRENT
from litesmith.convert.rungs.without_checks import WITHOUT_CHECKS
from litesmith.convert.rungs.wrapped import WRAPPED
from litesmith.core.conversion import Diagnosis
from litesmith.core.names import look_up
from litesmith.core.open_source import OpenModel

UNKNOWN = "unknown"
RUNGS: tuple[Rung, ...] = (
    WRAPPED,
    REBATCHED,
    WITHOUT_CHECKS,
    FULL_PRECISION,
    UNROLLED_RECURRENT,
    KERAS_EXPORT,
    FROM_KERAS,
    FROM_SAVED_MODEL,
    TF1_CONVERTER,
    STATIC_BATCH,
    STATIC_SIZE,
    SELECT_TF_OPS,
)


def applicable(model: OpenModel, batch: int | None) -> list[str]:
    """Return the names of the rungs that make sense for a model, in order."""
    return [rung.name for rung in RUNGS if rung.applies(model, batch)]


def helpful(names: list[str], first: Diagnosis, *, asked: str = "") -> list[Rung]:
    """Return the rungs after the plain one that may cure a failure: with an unknown cause all that may do so.

    Args:
        names: Of those that make sense for the model, in order.
        first: How the plain way failed.
        asked: Name of a rung that the user asks for, whatever the cause.
    """
    rungs = [rung_named(name) for name in names if name != WRAPPED.name]
    if first.cause == UNKNOWN:
        return [rung for rung in rungs if rung.for_unknown]
    return [rung for rung in rungs if rung.name in (first.cured_by, asked) or first.cause in rung.cures]


def rung_named(name: str) -> Rung:
    """Return a rung.

    Raises:
        UnknownNameError: no such rung.
    """
    return look_up("rung", name, {rung.name: rung for rung in RUNGS})
