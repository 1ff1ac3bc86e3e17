"""What both equalizations share: factors applied to a group of tied channels."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from litesmith.quantize.groups import Group, channel_groups
from litesmith.quantize.preparing import ChannelRange, Doubles, Preparing

SIX = 6.0
Seen = Mapping[int, ChannelRange]


def scale_groups(
    preparing: Preparing, wanted: Callable[[Group], bool], factors_of: Callable[[Group, Seen], Doubles]
) -> str:
    """Scale the channels of some groups; return what was done.

    Args:
        preparing: What is being prepared.
        wanted: Tells whether a group is to be scaled.
        factors_of: Returns a factor per channel, float64 [C].
    """
    groups = [group for group in channel_groups(preparing.graph, preparing.layers) if wanted(group)]
    if not groups:
        return ""
    seen = preparing.measure()
    widest, count = 1.0, 0
    for group in groups:
        factors = factors_of(group, seen)
        if np.allclose(factors, 1.0):
            continue
        apply(preparing, group, factors)
        widest, count = max(widest, float(factors.max() / factors.min())), count + 1
    return f"{count} of {len(groups)} groups of channels scaled, at most 1:{widest:.3g} apart" if count else ""


def apply(preparing: Preparing, group: Group, factors: Doubles) -> None:
    """Multiply the channels in the layers that make them, and divide them in those that read them."""
    for layer in group.makers:
        preparing.scale_outputs(layer, factors)
    for layer in group.readers:
        preparing.scale_inputs(layer, 1 / factors)


def ceiling(group: Group, seen: Seen) -> Doubles:
    """Return the largest factor that ReLU6 leaves each channel on the samples; infinite without one."""
    found = np.full(len(seen[group.tensors[0]].high), np.inf)
    for tensor in group.capped:
        found = np.minimum(found, SIX / np.maximum(seen[tensor].high, 1e-30))
    return found
