from __future__ import annotations

import numpy as np
import pytest

from litesmith.core.errors import DatasetError
from litesmith.data.selection import select


def test_keeps_class_proportions() -> None:
    labels = [0] * 800 + [1] * 150 + [2] * 50
    rows = select(1000, labels=labels, limit=100, seed=1)
    assert np.bincount([labels[row] for row in rows]).tolist() == [80, 15, 5]
    assert rows == sorted(set(rows))


def test_more_classes_than_the_limit() -> None:
    rows = select(1000, labels=list(range(1000)), limit=100, seed=1)
    assert len(rows) == 100
    assert max(rows) > 900
    assert rows != select(1000, labels=list(range(1000)), limit=100, seed=2)


def test_unlabelled_and_unlimited() -> None:
    assert select(3, labels=None, limit=None, seed=0) == [0, 1, 2]
    assert select(3, labels=None, limit=9, seed=0) == [0, 1, 2]
    rows = select(1000, labels=None, limit=50, seed=0)
    assert rows == sorted(set(rows)) == select(1000, labels=None, limit=50, seed=0)
    assert max(rows) > 800


def test_limit_below_one() -> None:
    with pytest.raises(DatasetError):
        select(3, labels=None, limit=0, seed=0)
