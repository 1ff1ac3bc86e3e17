"""Measuring with a delegate: what is told before anything is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from litesmith.core.errors import UnknownNameError
from litesmith.pipeline import benchmarking
from litesmith.pipeline.boards import require_targets
from litesmith.pipeline.files import benchmark
from litesmith.pipeline.settings import Settings


def test_an_unknown_delegate() -> None:
    with pytest.raises(UnknownNameError, match="unknown delegate 'edgetpus'") as caught:
        require_targets(Settings(delegate="edgetpus"))
    assert "'edgetpu'" in caught.value.hint


def test_the_edge_tpu_of_a_file_that_was_not_compiled(int8: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is not here; all that is known without it is told by then."""
    seen: list[str] = []
    monkeypatch.setattr("litesmith.pipeline.files.benchmarks_of", lambda *_: seen.append("measured") or _nothing())
    made = benchmark(Settings(delegate="edgetpu"), [str(int8)])
    codes = {finding.code: finding.message for finding in made.variants[0].findings}
    assert "takes nothing of it" in codes["edgetpu-not-compiled"]
    assert "the Edge TPU would take" in codes["edgetpu-operators"]
    assert seen == ["measured"]


def _nothing() -> benchmarking.Measured:
    return benchmarking.Measured(by_board={})
