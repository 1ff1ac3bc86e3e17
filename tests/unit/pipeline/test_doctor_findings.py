from __future__ import annotations

import pytest

from litesmith.pipeline import doctor as module
from litesmith.pipeline.doctor import doctor


def test_this_installation_is_healthy() -> None:
    found = doctor()
    assert found.healthy
    names = [check.name.split(" ")[0] for check in found.checks]
    assert names == [
        "python", "ai-edge-litert", "litert-quantizer", "numpy", "pillow", "tensorflow", "keras", "tf-keras",
    ]  # fmt: skip
    assert all(check.needed_for for check in found.checks)
    assert all(check.found and not check.remedy for check in found.checks if check.required)


@pytest.mark.parametrize(
    ("package", "version", "healthy", "remedy"),
    [
        ("ai-edge-litert", None, False, "pip install ai-edge-litert"),
        ("ai-edge-litert", "2.2.9", False, "pip install -U ai-edge-litert"),
        ("ai-edge-litert", "2.10.0", True, ""),
        ("ai-edge-litert", "3.0", True, ""),
        ("litert-quantizer", "0.9.1", False, "pip install -U litert-quantizer"),
        ("tensorflow", None, True, "pip install 'tensorflow>=2.21' 'tf-keras>=2.21'"),
        ("tensorflow", "2.21.0rc1", True, ""),
        ("keras", "2.15.0", True, "pip install -U 'tensorflow>=2.21' 'tf-keras>=2.21'"),
    ],
)
def test_missing_and_old_packages(
    package: str, version: str | None, healthy: bool, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = module.version_of
    monkeypatch.setattr(module, "version_of", lambda name: version if name == package else real(name))
    found = doctor()
    check = next(check for check in found.checks if check.name.startswith(f"{package} >="))
    assert found.healthy is healthy
    assert check.remedy == remedy
    assert check.found == (version or "")
