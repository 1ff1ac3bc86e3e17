"""Which samples a limit keeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from litesmith.core.errors import DatasetError


def select(count: int, *, labels: Sequence[int] | None, limit: int | None, seed: int) -> list[int]:
    """Return the ascending positions of the samples to use.

    A labelled set keeps its class proportions: sample r of the n in a class, in a seeded shuffle, has rank
    (r + 1/2) / n, and the lowest ranks are kept, so that a dataset sorted by class is covered as a whole and an
    accuracy on the part estimates the accuracy on the whole.

    >>> select(6, labels=[0, 0, 0, 1, 1, 1], limit=2, seed=0)
    [2, 3]

    Raises:
        DatasetError: `limit` is below 1.
    """
    if limit is not None and limit < 1:
        raise DatasetError(f"a limit of {limit} samples leaves none", hint="Give a limit of 1 or more.")
    if limit is None or limit >= count:
        return list(range(count))
    order = np.random.default_rng(seed).permutation(count)
    if labels is not None:
        shuffled = np.asarray(labels, np.int64)[order]
        by_class = np.argsort(shuffled, kind="stable")
        _, first, sizes = np.unique(shuffled[by_class], return_index=True, return_counts=True)
        ranks = np.empty(count, np.float64)
        ranks[by_class] = (np.arange(count) - np.repeat(first, sizes) + 0.5) / np.repeat(sizes, sizes)
        order = order[np.argsort(ranks, kind="stable")]
    return sorted(int(row) for row in order[:limit])
