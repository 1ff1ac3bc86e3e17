"""Special functions of mathematics."""

from __future__ import annotations

from litesmith.diagnosis.cause import Cause, Stage
from litesmith.diagnosis.causes._kernels import COMPATIBILITY, without_kernel
from litesmith.diagnosis.locations import at_errors

PLUGIN = Cause(
    name="special_function",
    title="a special function of mathematics",
    stage=Stage.CONVERTING,
    pattern=without_kernel(
        "Lgamma",
        "Digamma",
        "Polygamma",
        "Zeta",
        "Erfinv",
        "Ndtri",
        "Betainc",
        r"Igamma\w*",
        r"Bessel\w*",
        "Dawsn",
        "Expint",
        r"Fresnel\w*",
        "Spence",
        "Erfc",
    ),
    why="TFLite has no kernel for it ({ops}).",
    remedy=("If it stands in a loss, leave it out of the model that is deployed; else approximate it by a polynomial."),
    cured_by="select_tf_ops",
    source=COMPATIBILITY,
    rank=31,
    where=at_errors,
)
