"""Small real datasets, written with Pillow and NumPy."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from litesmith.core.isolated import Pool
from litesmith.core.preprocessing import PRESETS, Preprocessing
from litesmith.core.samples import SampleSet
from litesmith.core.tensors import TensorSpec
from litesmith.data.prepare import prepare

Prepare = Callable[..., SampleSet]


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with Pool(2, "the image decoder") as started:
        yield started


@pytest.fixture
def bench_data() -> Path:
    folder = os.environ.get("LITESMITH_BENCH_DATA")
    if not folder:
        pytest.skip("LITESMITH_BENCH_DATA is not set")
    return Path(folder)


def input_spec(*shape: int, name: str = "image", dtype: str = "float32") -> TensorSpec:
    return TensorSpec(name=name, dtype=dtype, shape=(1, *shape))


@pytest.fixture
def spec() -> Callable[..., TensorSpec]:
    return input_spec


@pytest.fixture
def prepared(pool: Pool, tmp_path: Path) -> Prepare:
    def run(
        source: Path | str,
        *,
        record: Preprocessing = PRESETS["raw"],
        inputs: Sequence[TensorSpec] = (input_spec(8, 8, 3),),
        classes: int | None = None,
        folder: Path = tmp_path / "prepared",
        **more: Any,
    ) -> SampleSet:
        return prepare(
            str(source), preprocessing=record, inputs=inputs, classes=classes, folder=folder, pool=pool, **more
        )

    return run


@pytest.fixture
def picture() -> Callable[..., Path]:
    """Write an image whose red grows to the right, green downwards, blue with `number`."""

    def write(path: Path, *, size: tuple[int, int] = (12, 10), number: int = 0, mode: str = "RGB", **save: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(gradient(size, number)).convert(mode).save(path, **save)
        return path

    return write


def gradient(size: tuple[int, int], number: int = 0) -> npt.NDArray[np.uint8]:
    width, height = size
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, :, 0] = np.linspace(0, 250, width)[None, :]
    pixels[:, :, 1] = np.linspace(0, 250, height)[:, None]
    pixels[:, :, 2] = number % 256
    return pixels
