"""Answers of NaN or infinity."""

from __future__ import annotations

import re

from litesmith.diagnosis.cause import Cause, Evidence, Stage


def _where(match: re.Match[str], evidence: Evidence) -> tuple[str, ...]:
    del evidence
    return (f"output {match['output'] or match['output_2']}",)


PLUGIN = Cause(
    name="not_finite",
    title="answers that are NaN or infinite",
    stage=Stage.CHECKING,
    pattern=re.compile(
        r"answers with NaN or infinity: no value of output '(?P<output>[^'\n]*)'"
        r"|values of output '(?P<output_2>[^'\n]*)', \d+ are NaN or infinite before and \d+ after it"
    ),
    why=(
        "NaN and infinity come from weights that training has ruined, from numbers beyond the range of the type the "
        "model computes in (65504 in float16), or from a logarithm, root or division of what it is not made for."
    ),
    remedy=(
        "Look for weights that are not finite, and go back to a checkpoint from before; or clip what goes into the "
        "step."
    ),
    code=(
        "bad = [w.path for w in model.weights if not np.isfinite(w.numpy()).all()]\n"
        "y = tf.math.log(tf.maximum(x, 1e-6))  # in place of tf.math.log(x)"
    ),
    source="https://www.tensorflow.org/api_docs/python/tf/debugging/enable_check_numerics",
    rank=15,
    where=_where,
)
