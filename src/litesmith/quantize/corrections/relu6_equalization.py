"""Equalization behind ReLU6: channels that stay below 6 are scaled up until they reach it.

ReLU6 does not commute with a factor a > 1: it cuts the channel off at 6 / a. A channel whose largest value on the
samples is m may be multiplied by 6 / m all the same: on the samples nothing changes. Channels that reach 6 stay as they
are. Channels that were silent on the samples and are not so elsewhere lose by it, which is why this is a correction of
its own, judged on samples that it was not computed from: it gains much in some models and does harm in others. See
`equalization` for the sources; Nagel et al. put ReLU in the place of ReLU6 instead.
"""

import numpy as np

from litesmith.quantize.correction import Correction, Moment
from litesmith.quantize.corrections._scaling import Seen, ceiling, scale_groups
from litesmith.quantize.groups import Group
from litesmith.quantize.preparing import Doubles, Preparing

_LARGEST = 4.0
_MIXING_POWER = 0.5
"""Exponent where readers mix channels within a row of weights, whose scale the largest of them decides."""


def prepare(preparing: Preparing) -> str:
    """Change the weights; return what was done."""
    if not preparing.per_row:  # `equalization` then balances weights behind ReLU6 too
        return ""
    return scale_groups(preparing, lambda group: bool(group.capped), _factors)


def _factors(group: Group, seen: Seen) -> Doubles:
    power = 1.0 if all(layer.depthwise for layer in group.readers) else _MIXING_POWER
    factors: Doubles = np.clip(ceiling(group, seen), 1.0, _LARGEST) ** power
    return factors


PLUGIN = Correction(
    name="relu6_equalization",
    summary="channels behind ReLU6 that stay below 6 scaled up until they reach it",
    source="after Nagel et al., Data-free quantization through weight equalization and bias correction, ICCV 2019",
    moment=Moment.FLOAT,
    order=40,
    prepare=prepare,
)
