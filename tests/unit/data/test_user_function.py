from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from litesmith.core.errors import DatasetError

pytestmark = pytest.mark.slow

Prepare = Callable[..., Any]
Spec = Callable[..., Any]
START = "import numpy as np\nx = np.arange(24, dtype=np.float32).reshape(4, 6)\ny = np.array([0, 1, 2, 1])\n"


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    monkeypatch.chdir(tmp_path)

    def write(body: str) -> None:
        (tmp_path / "mydata.py").write_text(START + textwrap.dedent(body))

    return write


@pytest.mark.parametrize(
    "body",
    [
        "def f():\n    yield from zip(x, y)",
        "def f():\n    return x, y",
        "def f():\n    return [(a, b) for a, b in zip(x, y)]",
        "def f():\n    for i in range(4): yield x[i:i+1], y[i:i+1]",
        "def f():\n    for i in range(0, 4, 2): yield x[i:i+2], y[i:i+2]",
        "def f():\n    for i in range(4): yield [x[i]], y[i]",
        "def f():\n    for i in range(4): yield {'image': x[i]}, y[i]",
        "def f():\n    for i in range(4): yield x[i], np.eye(3)[y[i]]",
        "class Make:\n    def __call__(self): return zip(x.tolist(), y.tolist())\nf = Make()",
    ],
)
def test_forms_of_samples(module: Callable[[str], None], prepared: Prepare, spec: Spec, body: str) -> None:
    module(body)
    samples = prepared("mydata:f", inputs=[spec(6)], classes=3)
    assert samples.kind == "function"
    assert samples.labels == (0, 1, 2, 1)
    np.testing.assert_array_equal(samples.raw(), np.arange(24).reshape(4, 6))
    assert samples.raw().dtype == np.float32


@pytest.mark.parametrize(
    "body", ["def f():\n    return x", "def f():\n    for row in x: yield [row[None]]", "def f():\n    return {'x': x}"]
)
def test_unlabelled(module: Callable[[str], None], prepared: Prepare, spec: Spec, body: str) -> None:
    module(body)
    samples = prepared("mydata:f", inputs=[spec(6)])
    assert samples.labels is None
    assert samples.count == 4


def test_path_to_a_file_and_its_neighbours(
    module: Callable[[str], None], tmp_path: Path, prepared: Prepare, spec: Spec
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "beside.py").write_text("N = 5\n")
    (tmp_path / "sub" / "set.py").write_text("import beside, numpy\ndef f(): return numpy.zeros((beside.N, 6))\n")
    assert prepared("sub/set.py:f", inputs=[spec(6)]).count == 5


def test_several_inputs(module: Callable[[str], None], prepared: Prepare, spec: Spec) -> None:
    module("def f():\n    for row in x: yield {'a': row[:2], 'b': row[2:]}\ndef g():\n    yield from x")
    inputs = [spec(2, name="a"), spec(4, name="b")]
    samples = prepared("mydata:f", inputs=inputs)
    assert [entry.name for entry in samples.inputs] == ["a", "b"]
    assert samples.raw(1).shape == (4, 4)
    with pytest.raises(DatasetError, match="the model has 2 inputs") as caught:
        prepared("mydata:g", inputs=inputs)
    assert "'a', 'b'" in caught.value.hint


def test_images_without_channel(module: Callable[[str], None], prepared: Prepare, spec: Spec) -> None:
    module("def f():\n    return np.zeros((3, 8, 9), np.uint8)")
    samples = prepared("mydata:f", inputs=[spec(8, 9, 1)])
    assert samples.raw().shape == (3, 8, 9, 1)
    assert samples.image


@pytest.mark.parametrize(
    ("source", "body", "message", "hint"),
    [
        ("mydata:load", "def lad(): pass", "mydata has no function 'load'", "mydata:lad"),
        ("nodata:f", "", "no module 'nodata'", "path/to/nodata.py:function"),
        ("no/where.py:f", "", "file 'no/where.py' does not exist", "looked for"),
        ("mydata:f", "def f():\n    raise KeyError('gone')", "failed: KeyError: 'gone'", "mydata.py, line 5"),
        ("mydata:f", "import nothing_here\ndef f(): pass", "No module named 'nothing_here'", "line 4"),
        ("mydata:f", "def f():\n    1 +", "SyntaxError", ""),
        ("mydata:f", "import os\ndef f(): os._exit(3)", "exit code 3", "by itself"),
        ("mydata:f", "def f(): return None", "returned NoneType", "Yield x or"),
        ("mydata:f", "def f(): return []", "gave no samples", "Yield x or"),
        ("mydata:f", "def f():\n    yield 1, 2, 3", "a tuple of 3", "Yield x or"),
        ("mydata:f", "def f():\n    yield x[0], 0\n    yield x[1]", "no label for sample 1", "for every sample"),
        ("mydata:f", "def f():\n    yield x[0]\n    yield x[1], 0", "first label for sample 1", "for every sample"),
        ("mydata:f", "def f():\n    yield x[0]\n    yield x[1][:3]", r"shape \[3\], the first had \[6\]", "one shape"),
        ("mydata:f", "def f():\n    yield x[0].astype(int)\n    yield x[1]", "dtype float32, the first", "one dtype"),
        ("mydata:f", "def f():\n    yield ['a'] * 6", "dtype <U1, expected numbers", "Yield x or"),
        ("mydata:f", "def f(): return x, y[:3]", r"4 rows and labels of shape \[3\]", "Yield x or"),
    ],
)
def test_bad_functions(
    module: Callable[[str], None], prepared: Prepare, spec: Spec, source: str, body: str, message: str, hint: str
) -> None:
    module(body)
    with pytest.raises(DatasetError, match=message) as caught:
        prepared(source, inputs=[spec(6)])
    assert hint in caught.value.hint


def test_endless_generator(module: Callable[[str], None], prepared: Prepare, spec: Spec) -> None:
    module("def f():\n    while True: yield np.zeros((300_000, 1), np.uint8)")
    with pytest.raises(DatasetError, match="more than 1,000,000 samples"):
        prepared("mydata:f", inputs=[spec(1)])
