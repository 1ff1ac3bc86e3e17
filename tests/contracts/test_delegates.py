"""What every delegate promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from litesmith.core.delegates import How
from litesmith.core.layers import layer_names
from litesmith.core.registry import load_plugins, plugin_names
from litesmith.inspection.delegate import PACKAGE, Delegate
from litesmith.runtime.flatbuffer import ModelFile

DELEGATES: dict[str, Delegate] = load_plugins(PACKAGE, kind="delegate")
by_name = pytest.mark.parametrize("name", plugin_names(PACKAGE))


@by_name
def test_name_is_the_file_name_and_it_says_what_it_is(name: str) -> None:
    assert DELEGATES[name].name == name
    assert 10 < len(DELEGATES[name].summary) <= 90


@by_name
def test_what_is_taken_and_what_is_refused_is_the_whole_model(
    name: str, cnn: Path, sine: Path, int8: Path, dynamic: Path, two_inputs: Path
) -> None:
    for path in (cnn, sine, int8, dynamic, two_inputs):
        with ModelFile(path) as file:
            subgraph = file.graph.main
            use = DELEGATES[name].use(file, {0: layer_names(subgraph)}, None)
        taken = [index for piece in use.partitions for index in piece.ops]
        left = [ref.index for refusal in use.refusals for ref in refusal.ops]
        assert use.ops == len(subgraph.ops)
        assert use.taken == len(taken) == len(set(taken))
        assert not set(taken) & set(left)
        if use.how is not How.NOTHING:
            assert set(taken) | set(left) == set(range(use.ops))
            assert use.version
        assert all(refusal.reason == refusal.reason.strip() for refusal in use.refusals)
        assert all(piece.reads and piece.writes for piece in use.partitions)
