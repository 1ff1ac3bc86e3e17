"""A tiny classifier with data that it gets right, for whole runs without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from sample_sets import pictures, sample_set
from tiny_tflite import write_cnn

from litesmith.core.isolated import Pool
from litesmith.evaluate.collect import answer

FOLDER = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs are slow, all of them."""
    for item in items:
        if item.path.parent == FOLDER:
            item.add_marker(pytest.mark.slow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A model and its data. Labels are what the float model answers, so that its accuracy is 1."""

    folder: Path
    model: Path
    data: Path
    calibrate: Path
    samples: int


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> Work:
    folder = tmp_path_factory.mktemp("work")
    model = write_cnn(folder / "cnn.tflite")
    values = pictures(120)
    answers = answer(model, sample_set(folder / "prepared", values), pool=pool, folder=folder / "answers")
    labels = answers.values().argmax(axis=1)
    np.savez(folder / "data.npz", x=values, y=labels)
    np.savez(folder / "calibrate.npz", x=pictures(60, seed=1))
    return Work(
        folder=folder, model=model, data=folder / "data.npz", calibrate=folder / "calibrate.npz", samples=len(values)
    )
