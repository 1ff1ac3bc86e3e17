from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from handmade_files import write_keras

from litesmith.core.errors import ConfigError
from litesmith.pipeline.recoverable import require_recoverable
from litesmith.pipeline.settings import Settings, merged


@pytest.mark.parametrize(
    ("values", "schemes", "words"),
    [
        ({"recover_epochs": 5}, ("int8",), "--recover-epochs is 5, and nothing is trained"),
        ({"recover_minutes": 2.5}, ("int8",), "--recover-minutes is 2.5, and nothing is trained"),
        ({"recover": True, "recover_epochs": 0}, ("int8",), "--recover-epochs is 0; it must be more than 0"),
        ({"recover": True, "recover_minutes": -1.0}, ("int8",), "must be more than 0"),
        ({"recover": True}, ("float32", "float16"), "int8, which is not among --schemes float32,float16"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, values: dict[str, Any], schemes: Any, words: str) -> None:
    model = write_keras(tmp_path / "m.keras")
    with pytest.raises(ConfigError, match=words):
        require_recoverable(merged(Settings(model=str(model)), values), schemes)


def test_a_tflite_has_no_layers_to_train(cnn: Path) -> None:
    with pytest.raises(ConfigError, match=r"--recover trains a Keras model, and .* is a"):
        require_recoverable(Settings(model=str(cnn), recover=True), ("int8",))


def test_nothing_is_asked_of_other_runs(cnn: Path, tmp_path: Path) -> None:
    require_recoverable(Settings(model=str(cnn)), ("float16",))
    require_recoverable(Settings(model=str(write_keras(tmp_path / "m.keras")), recover=True), ("float32", "int8"))
