"""What is measured by running a model, and that nothing a model does costs more than a note."""

from __future__ import annotations

from pathlib import Path

import pytest
from spelled_tflite import Spelled, write_spelled
from tiny_tflite import Drawing, write_cnn, write_unpreparable

from litesmith.core.isolated import Pool, Worker
from litesmith.runtime import probe as module
from litesmith.runtime.probe import probe_in


def test_all_of_a_float_model_is_one_piece(cnn: Path, pool: Pool) -> None:
    found = probe_in(pool.workers[0], cnn)
    assert found.partitions is not None
    assert [piece.ops for piece in found.partitions] == [(0, 1, 2, 3, 4, 5)]
    assert found.partitions[0].reads == ("serving_default_image:0",)
    assert found.partitions[0].writes == ("StatefulPartitionedCall:0",)
    assert (found.note, found.arena_note) == ("", "")
    assert found.runtime_version.count(".") == 2
    assert found.machine


def test_one_call_gives_the_same(cnn: Path, pool: Pool) -> None:
    assert pool.workers[0].call("litesmith.runtime.probe:probe", path=cnn) == probe_in(pool.workers[0], cnn)


def test_a_dynamic_batch_is_measured_at_one(dynamic: Path, cnn: Path, pool: Pool) -> None:
    found, fixed = (probe_in(pool.workers[0], path) for path in (dynamic, cnn))
    assert found.arena_bytes == fixed.arena_bytes
    assert found.partitions is not None


def test_what_the_runtime_cannot_prepare_is_a_note_with_its_reason(tmp_path: Path, pool: Pool) -> None:
    found = probe_in(pool.workers[0], write_unpreparable(tmp_path / "not.tflite"))
    assert (found.partitions, found.arena_bytes) == (None, None)
    assert "broadcast" in found.note.lower() or "prepare" in found.note
    assert found.arena_note


def test_a_custom_operator_is_a_note_that_names_it(tmp_path: Path, pool: Pool) -> None:
    tensors = {"x": ("float32", (1, 4)), "y": ("float32", (1, 4))}
    path = write_spelled(tmp_path / "odd.tflite", [Spelled(tensors, [("Mystery", 1, ["x"], ["y"])], ["x"], ["y"])])
    found = probe_in(pool.workers[0], path)
    assert found.partitions is None
    assert "Mystery" in found.note


def test_activations_beyond_the_limit_are_refused_unopened(tmp_path: Path, pool: Pool) -> None:
    draw = Drawing()
    entry = draw.tensor("x", (1, 40_000, 40_000, 4))
    path = draw.save(tmp_path / "huge.tflite", {"x": entry}, {"y": draw.op("LOGISTIC", [entry], "y", (1, 1))})
    found = probe_in(pool.workers[0], path)
    assert (found.partitions, found.arena_bytes) == (None, None)
    assert "limit 537 MB" in found.note
    assert found.note == found.arena_note


def test_a_shape_that_grows_while_preparing_meets_the_address_limit(tmp_path: Path) -> None:
    """The file says [1]; the runtime broadcasts to 26 GB. The worker's limit stops it, or the runtime does."""
    draw = Drawing()
    left, right = draw.tensor("a", (1, 80_000)), draw.tensor("b", (80_000, 1))
    path = draw.save(
        tmp_path / "grows.tflite", {"a": left, "b": right}, {"y": draw.op("ADD", [left, right], "y", (1,))}
    )
    with Worker("the model") as worker:
        found = probe_in(worker, path)
    assert found.arena_bytes is None
    assert found.arena_note


def test_large_files_are_not_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_cnn(tmp_path / "cnn.tflite")
    monkeypatch.setattr(module, "MOST_PACKED_BYTES", 1000)
    found = module.measure_partitions(path)
    assert found.partitions is None
    assert found.note.startswith("XNNPACK copies the weights")


def test_the_limit_on_address_space_is_lifted_again(cnn: Path) -> None:
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_AS)
    module.measure_arena(cnn)
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_a_hang_is_a_note(cnn: Path, pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIME_LIMIT_S", 0.0)
    with Worker("the model") as worker:
        found = probe_in(worker, cnn)
    assert "took longer than 0 s" in found.arena_note
