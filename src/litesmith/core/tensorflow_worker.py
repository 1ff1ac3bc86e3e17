"""What every process with TensorFlow begins with."""

from __future__ import annotations

from collections.abc import Mapping

from litesmith.core.isolated import Worker

ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "KERAS_BACKEND": "tensorflow",
    "TF_USE_LEGACY_KERAS": "0",
    # Conversion gains nothing from a GPU, and reference answers are to be float32 throughout, not TensorFloat-32.
    "CUDA_VISIBLE_DEVICES": "-1",
}


def tensorflow_worker(environment: Mapping[str, str] | None = None) -> Worker:
    """Return a worker for a TensorFlow process, not yet started; `environment` is over the current one."""
    return Worker("TensorFlow", environment={**(environment or {}), **ENVIRONMENT}, scratch=True)
