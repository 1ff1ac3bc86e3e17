"""Scales channels so that all of them use the range that their tensor's one scale allows.

Channel c of a tensor is multiplied by a factor, in the layers that make it, and divided by it in those that read it.
The model computes what it did; its per-tensor activations quantize almost as if each channel had a scale of its own.
Tensors that additions, pooling, padding, means, ReLU and the like tie together get the same factors, so whole residual
streams are equalized.

From Nagel et al., "Data-free quantization through weight equalization and bias correction" (ICCV 2019), section 4.1,
and Meller et al., "Same, same but different: recovering neural network quantization error through weight factorization"
(ICML 2019), turned towards activations, as weights have a scale per channel here. Where they have one per tensor, the
factors even out the weights instead (Nagel et al., equation 11).

ReLU6 does not commute with a factor. A channel behind it whose values never reach 6 may be multiplied until its largest
value, with headroom, does; it keeps its ReLU6, which then cuts off there. One that reaches 6 stays as it is.
"""

from collections.abc import Mapping

import numpy as np

from litesmith.quantize.correction import Correction, Moment
from litesmith.quantize.groups import Group, channel_groups
from litesmith.quantize.preparing import ChannelRange, Doubles, Preparing
from litesmith.runtime.weighted import Layer

_LARGEST = 8.0
_LARGEST_CAPPED = 4.0
_LARGEST_EVENED = 64.0
_HEADROOM = 1.5
"""Times the largest value seen that a ReLU6 is to leave room for: channels that stand for few classes may have been
silent on the samples."""
_MIXING_POWER = 0.5
"""Exponent where readers mix channels within a row of weights, whose scale the largest of them decides."""
_SIX = 6.0
_ROUNDS = 12


def prepare(preparing: Preparing) -> str:
    """Change the weights; return what was done."""
    groups = channel_groups(preparing.graph, preparing.layers)
    if not groups:
        return ""
    seen = preparing.measure()
    if not preparing.per_row:
        return _even_weights(preparing, groups, seen)
    widest, count = 1.0, 0
    for group in groups:
        factors = _factors(group, seen)
        if np.allclose(factors, 1.0):
            continue
        _apply(preparing, group, factors)
        widest, count = max(widest, float(factors.max() / factors.min())), count + 1
    return f"{count} of {len(groups)} groups of channels scaled, at most 1:{widest:.3g} apart" if count else ""


def _apply(preparing: Preparing, group: Group, factors: Doubles) -> None:
    for layer in group.makers:
        preparing.scale_outputs(layer, factors)
    for layer in group.readers:
        preparing.scale_inputs(layer, 1 / factors)


def _factors(group: Group, seen: Mapping[int, ChannelRange]) -> Doubles:
    """Return a factor per channel, float64 [C]: 1 for the widest channels, more for narrow ones."""
    shares = np.max(
        [seen[tensor].reach / max(float(seen[tensor].reach.max()), 1e-30) for tensor in group.tensors], axis=0
    )
    room = np.minimum(1 / np.maximum(shares, 1e-30), _LARGEST)
    ceiling = _ceiling(group, seen)
    power = 1.0 if all(layer.depthwise for layer in group.readers) else _MIXING_POWER
    if np.isfinite(ceiling).all():
        capped: Doubles = np.clip(ceiling, 1.0, _LARGEST_CAPPED) ** power
        return capped
    found: Doubles = np.minimum(room**power, np.maximum(ceiling, 1.0))
    return found


def _ceiling(group: Group, seen: Mapping[int, ChannelRange]) -> Doubles:
    """Return the largest factor that ReLU6 leaves each channel; infinite without one."""
    found = np.full(len(seen[group.tensors[0]].high), np.inf)
    for tensor in group.capped:
        found = np.minimum(found, _SIX / np.maximum(_HEADROOM * seen[tensor].high, 1e-30))
    return found


def _even_weights(preparing: Preparing, groups: list[Group], seen: Mapping[int, ChannelRange]) -> str:
    """Even out weights that share one scale per layer: largest rows against the largest columns that read them."""
    total = {group.tensors: np.ones(len(seen[group.tensors[0]].high)) for group in groups}
    for _ in range(_ROUNDS):
        for group in groups:
            made = np.max([_reach(preparing, layer, layer.axis) for layer in group.makers], axis=0)
            read = np.max([_read_reach(preparing, layer, len(made)) for layer in group.readers], axis=0)
            ratio = np.sqrt(np.maximum(read, 1e-12) / np.maximum(made, 1e-12))
            ratio /= np.exp(np.mean(np.log(ratio)))
            already = total[group.tensors]
            ceiling = _ceiling(group, seen)
            wanted = np.clip(already * ratio, 1 / _LARGEST_EVENED, _LARGEST_EVENED)
            if group.capped:
                wanted = np.clip(wanted, 1.0, np.maximum(np.minimum(ceiling, _LARGEST_EVENED), 1.0))
            _apply(preparing, group, wanted / already)
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
