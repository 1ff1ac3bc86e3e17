from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litesmith.core.errors import DatasetError
from litesmith.core.preprocessing import PRESETS
from litesmith.data.digest import digest

Write = Callable[..., Path]


@pytest.fixture
def of(spec: Callable[..., Any]) -> Callable[..., str]:
    def run(source: Path | str, **changed: Any) -> str:
        settings: dict[str, Any] = {
            "preprocessing": PRESETS["unit"],
            "inputs": [spec(8, 8, 3)],
            "limit": None,
            "seed": 0,
            **changed,
        }
        return digest(str(source), **settings)

    return run


def test_content_and_settings_count_and_the_place_does_not(
    tmp_path: Path, picture: Write, of: Callable[..., str], spec: Callable[..., Any]
) -> None:
    for i in range(4):
        picture(tmp_path / "d" / f"c{i % 2}" / f"{i}.png", number=i)
    whole = of(tmp_path / "d")
    shutil.copytree(tmp_path / "d", tmp_path / "copy")
    assert of(tmp_path / "copy") == whole
    others = [
        of(tmp_path / "d", preprocessing=PRESETS["signed"]),
        of(tmp_path / "d", inputs=[spec(9, 8, 3)]),
        of(tmp_path / "d", limit=2),
        of(tmp_path / "d", seed=1),
    ]
    picture(tmp_path / "d" / "c0" / "0.png", number=99)
    others.append(of(tmp_path / "d"))
    (tmp_path / "copy" / "a_new_class").mkdir()  # no image, but it moves every label
    others.append(of(tmp_path / "copy"))
    (tmp_path / "copy" / "c0" / "0.png").rename(tmp_path / "copy" / "c1" / "0.png")
    others.append(of(tmp_path / "copy"))
    assert len({whole, *others}) == len(others) + 1


def test_labels_and_class_order_count(tmp_path: Path, picture: Write, of: Callable[..., str]) -> None:
    picture(tmp_path / "d" / "0.png")
    seen = set()
    for table, order in (("0.png,a", "a\nb"), ("0.png,b", "a\nb"), ("0.png,b", "b\na")):
        (tmp_path / "d" / "labels.csv").write_text(f"file,label\n{table}\n")
        (tmp_path / "d" / "classes.txt").write_text(order)
        seen.add(of(tmp_path / "d"))
    assert len(seen) == 3


def test_function_stands_for_its_file(tmp_path: Path, of: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mod.py").write_text("def f(): return []\n")
    first = of("mod:f")
    assert of("mod:g") != first
    (tmp_path / "mod.py").write_text("def f(): return [1]\n")
    assert of("mod:f") != first
    assert of("mod.py:f") == of("mod:f")


def test_missing(tmp_path: Path, of: Callable[..., str]) -> None:
    with pytest.raises(DatasetError):
        of(tmp_path / "none")


def test_a_thousand_files_are_fast(tmp_path: Path, of: Callable[..., str]) -> None:
    (tmp_path / "d").mkdir()
    content = np.random.default_rng(0).bytes(30_000)
    for i in range(1000):
        (tmp_path / "d" / f"{i}.jpg").write_bytes(content)
    start = time.perf_counter()
    of(tmp_path / "d")
    assert time.perf_counter() - start < 20.0  # 0.1 s on an idle machine
