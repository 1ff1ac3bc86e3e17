"""Scales channels so that all of them use the range that their tensor's one scale allows.

Channel c of a tensor is multiplied by a factor, in the layers that make it, and divided by it in those that read it.
The model computes what it did; its per-tensor activations quantize almost as if each channel had a scale of its own.
Tensors that additions, pooling, padding, means, ReLU and the like tie together get the same factors, so whole residual
streams are equalized. Tensors behind ReLU6, with which a factor does not commute, are left to `relu6_equalization`.

From Nagel et al., "Data-free quantization through weight equalization and bias correction" (ICCV 2019), section 4.1,
and Meller et al., "Same, same but different: recovering neural network quantization error through weight factorization"
(ICML 2019), turned towards activations, as weights have a scale per channel here. Where they have one per tensor, the
factors even out the weights instead (Nagel et al., equation 11), behind ReLU6 as far as the values seen leave room.
"""

import numpy as np

from litesmith.quantize.correction import Correction, Moment
from litesmith.quantize.corrections._scaling import Seen, apply, ceiling, scale_groups
from litesmith.quantize.groups import Group, channel_groups
from litesmith.quantize.preparing import Doubles, Preparing
from litesmith.runtime.weighted import Layer

_LARGEST = 8.0
_LARGEST_EVENED = 64.0
_ROUNDS = 12


def prepare(preparing: Preparing) -> str:
    """Change the weights; return what was done."""
    if preparing.per_row:
        return scale_groups(preparing, lambda group: not group.capped, _factors)
    groups = channel_groups(preparing.graph, preparing.layers)
    return _even_weights(preparing, groups, preparing.measure()) if groups else ""


def _factors(group: Group, seen: Seen) -> Doubles:
    """Return a factor per channel, float64 [C]: 1 for the widest channels, more for narrow ones."""
    shares = np.max(
        [seen[tensor].reach / max(float(seen[tensor].reach.max()), 1e-30) for tensor in group.tensors], axis=0
    )
    factors: Doubles = np.minimum(1 / np.maximum(shares, 1e-30), _LARGEST)
    return factors


def _even_weights(preparing: Preparing, groups: list[Group], seen: Seen) -> str:
    """Even out weights that share one scale per layer: largest rows against the largest columns that read them."""
    total = {group.tensors: np.ones(len(seen[group.tensors[0]].high)) for group in groups}
    for _ in range(_ROUNDS):
        for group in groups:
            made = np.max([_reach(preparing, layer, layer.axis) for layer in group.makers], axis=0)
            read = np.max([_read_reach(preparing, layer, len(made)) for layer in group.readers], axis=0)
            ratio = np.sqrt(np.maximum(read, 1e-12) / np.maximum(made, 1e-12))
            ratio /= np.exp(np.mean(np.log(ratio)))
            already = total[group.tensors]
            wanted = np.clip(already * ratio, 1 / _LARGEST_EVENED, _LARGEST_EVENED)
            if group.capped:
                wanted = np.clip(wanted, 1.0, np.maximum(np.minimum(ceiling(group, seen), _LARGEST_EVENED), 1.0))
            apply(preparing, group, wanted / already)
            total[group.tensors] = wanted
    widest = max(float(factors.max() / factors.min()) for factors in total.values())
    return f"weights of {len(groups)} groups evened out, factors at most 1:{widest:.3g} apart"


def _reach(preparing: Preparing, layer: Layer, axis: int) -> Doubles:
    weights = np.abs(preparing.weights(layer)).astype(np.float64)
    return np.asarray(weights.max(axis=tuple(a for a in range(weights.ndim) if a != axis)))


def _read_reach(preparing: Preparing, layer: Layer, channels: int) -> Doubles:
    reach = _reach(preparing, layer, layer.input_axis)
    found: Doubles = reach.reshape(channels, -1).max(axis=1)
    return found


PLUGIN = Correction(
    name="equalization",
    summary="channels scaled so that each uses its tensor's whole range; the float model stays the same",
    source="Nagel et al., Data-free quantization, ICCV 2019; Meller et al., Same, same but different, ICML 2019",
    moment=Moment.FLOAT,
    order=30,
    prepare=prepare,
)
