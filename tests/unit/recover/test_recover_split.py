from __future__ import annotations

import pytest

from litesmith.recover.split import LEAST, split


@pytest.mark.parametrize("count", [LEAST, 41, 97, 400, 500])
def test_every_sample_has_one_part(count: int) -> None:
    parts = split(count)
    assert sorted((*parts.learning, *parts.choosing, *parts.judging)) == list(range(count))
    assert parts.seen == tuple(sorted((*parts.learning, *parts.choosing)))
    assert set(parts.seen) & set(parts.judging) == set()


def test_the_fewest_samples_leave_some_for_each_part() -> None:
    parts = split(LEAST)
    assert (len(parts.learning), len(parts.choosing), len(parts.judging)) == (28, 4, 8)
