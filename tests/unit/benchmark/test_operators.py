"""Single operators, cut out of a model and timed for real."""

from __future__ import annotations

from pathlib import Path

from tiny_tflite import write_unpreparable

from litesmith.benchmark.operators import measure_operators
from litesmith.core.connecting import connect
from litesmith.runtime.operators_apart import write_operators


def test_operators_are_written_once_each_and_timed(cnn: Path, int8: Path, tmp_path: Path) -> None:
    floats, integers = write_operators(cnn, tmp_path), write_operators(int8, tmp_path)
    assert [file.op for file in floats] == ["CONV_2D", "DEPTHWISE_CONV_2D", "ADD", "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
    assert [file.name for file in floats] == [file.name for file in integers]
    assert not {file.key for file in floats} & {file.key for file in integers}
    assert write_operators(cnn, tmp_path) == floats
    models = {file.key: tmp_path / f"{file.key}.tflite" for file in (*floats, *integers)}
    models["broken"] = write_unpreparable(tmp_path / "broken.tflite")
    seen: list[tuple[int, int]] = []
    found = measure_operators(connect("local"), models, threads=1, on_progress=lambda done, n: seen.append((done, n)))
    assert set(found) == set(models) - {"broken"}
    assert all(0 < value < 1000 for value in found.values())
    assert seen[-1][0] == seen[-1][1]


def test_conversions_are_written_apart(cnn: Path, tmp_path: Path) -> None:
    assert write_operators(cnn, tmp_path, conversions=True) == []
