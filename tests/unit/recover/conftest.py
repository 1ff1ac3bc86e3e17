from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from litesmith.core.isolated import Worker

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="session")
def tensorflow() -> Iterator[Worker]:
    """A process that has TensorFlow and the functions of `recovery_models`."""
    paths = os.pathsep.join([str(MODELS), os.environ.get("PYTHONPATH", "")])
    environment = {"PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "2"}
    with Worker("builder", environment=environment) as worker:
        yield worker
