"""Promises: how they are written, and what breaks them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from spelled_tflite import Spelled, write_spelled
from tiny_tflite import write_cnn

from litesmith.core.audit import Audit
from litesmith.core.delegates import DelegateUse, How
from litesmith.core.errors import ConfigError, UnknownNameError
from litesmith.inspection.contract import held, read_promises
from litesmith.inspection.promise_checks import Facts
from litesmith.inspection.promises import PROMISES
from litesmith.runtime.flatbuffer import read_graph

Audited = Callable[..., Audit]

HELD = {
    "plain int8 int8": ["full-int8", "no-float", "no-islands", "io=int8", "per-channel", "builtin-only", "batch=1"],
    "plain int8 float32": ["full-int8", "no-islands", "io=float32", "input=float32"],
    "plain int8 uint8": ["full-int8", "io=uint8", "no-float"],
    "plain int16x8": ["full-int16x8", "io=int16", "no-islands"],
    "plain dynamic_int8": ["dynamic-range", "io=float32", "no-islands", "static-shapes"],
    "plain dynamic_int4": ["dynamic-range"],
    "plain weight_only_int8": ["weight-only", "no-select-ops", "no-custom-ops"],
    "plain float16": ["float16-weights", "size<=10KB"],
    "plain float32": ["float32", "ops<=6", "runtime<=2.14", "python-runtime<=2.3", "tflite-runtime<=2.14.0"],
}
BROKEN = {
    "sine int8 int8": ["full-int8", "no-islands", "no-float", "float32", "full-int16x8"],
    "plain int8 float32": ["no-float", "io=int8", "output=int8"],
    "plain float32": ["full-int8", "io=uint8", "size<=1KB", "ops<=5", "runtime<=1.4", "batch=2", "float16-weights"],
    "plain dynamic_int8": ["full-int8", "float32", "weight-only"],
}
NOT_WRITTEN_SO = [
    "full-int8=yes",
    "io",
    "io=",
    "io<=int8",
    "size=5MB",
    "size",
    "runtime>=2.14",
    "batch<=1",
    "full int8",
]


@pytest.mark.parametrize(("variant", "promise"), [(v, p) for v, found in HELD.items() for p in found])
def test_what_holds(variant: str, promise: str, variants: dict[str, Path], audited: Audited) -> None:
    (expected,) = audited(variants[variant], promise).expectations
    assert expected.met, expected.found
    assert (expected.text, expected.ops) == (promise, ())
    assert expected.found


@pytest.mark.parametrize(("variant", "promise"), [(v, p) for v, found in BROKEN.items() for p in found])
def test_what_does_not_hold(variant: str, promise: str, variants: dict[str, Path], audited: Audited) -> None:
    (expected,) = audited(variants[variant], promise).expectations
    assert not expected.met, expected.found


def test_a_broken_promise_names_the_operator_and_its_layer(variants: dict[str, Path], audited: Audited) -> None:
    expected = audited(variants["sine int8 int8"], "full-int8", "no-islands").expectations
    assert [[(ref.op, ref.layer) for ref in each.ops] for each in expected] == [[("SIN", "wave")]] * 2
    assert all("SIN in 'wave'" in each.found for each in expected)
    assert "160 B converted" in expected[1].found


def test_a_float_interface_is_said_where_the_model_is_full_integer(variants: dict[str, Path], audited: Audited) -> None:
    (expected,) = audited(variants["plain int8 float32"], "full-int8").expectations
    assert "is float and quantized first" in expected.found
    assert "dequantized to float last" in expected.found


def test_dynamic_sizes(tmp_path: Path, audited: Audited) -> None:
    path = write_cnn(tmp_path / "any.tflite", dynamic=True)
    shapes, batch = audited(path, "static-shapes", "batch=1").expectations
    assert not shapes.met
    assert not batch.met
    assert batch.found == "input 'image' has a dynamic batch"


def test_one_scale_for_all_channels(tmp_path: Path, audited: Audited) -> None:
    tensors = {
        "x": ("int8", (1, 4, 4, 2), 0.5, 0),
        "one": ("int8", (3, 1, 1, 2), 0.5, 0),
        "each": ("int8", (3, 1, 1, 3), [0.5, 0.25, 0.5], 0),
        "y": ("int8", (1, 4, 4, 3), 0.5, 0),
        "z": ("int8", (1, 4, 4, 3), 0.5, 0),
    }
    ops = [("CONV_2D", 3, ["x", "one"], ["y"]), ("CONV_2D", 3, ["y", "each"], ["z"])]
    constants = {"one": np.ones((3, 1, 1, 2), np.int8), "each": np.ones((3, 1, 1, 3), np.int8)}
    path = write_spelled(tmp_path / "one.tflite", [Spelled(tensors, ops, ["x"], ["z"], constants)])
    (expected,) = audited(path, "per-channel").expectations
    assert not expected.met
    assert [ref.index for ref in expected.ops] == [0]


def test_select_tf_and_custom_operators(tmp_path: Path, audited: Audited) -> None:
    tensors = dict.fromkeys("xyz", ("float32", (1, 4)))
    ops = [("FlexErf", 1, ["x"], ["y"]), ("MyOwn", 1, ["y"], ["z"])]
    path = write_spelled(tmp_path / "flex.tflite", [Spelled(tensors, ops, ["x"], ["z"])])
    select, custom, builtin = audited(path, "no-select-ops", "no-custom-ops", "builtin-only").expectations
    assert (select.met, custom.met, builtin.met) == (False, False, False)
    assert [[ref.index for ref in each.ops] for each in (select, custom, builtin)] == [[0], [1], [0, 1]]


@pytest.mark.parametrize(("taken", "met"), [(6, True), (5, False)])
def test_a_delegate_has_to_take_the_whole(taken: int, met: bool, cnn: Path, audited: Audited) -> None:
    import dataclasses

    use = DelegateUse(delegate="XNNPACK", how=How.MEASURED, version="2.3.0", taken=taken, ops=6, partitions=(),
                      refusals=())  # fmt: skip
    bare = dataclasses.replace(audited(cnn), delegates=(use,))
    (found,) = held(read_promises(["delegate=xnnpack"]), Facts(read_graph(cnn), bare, {}))
    assert found.met is met
    assert found.found == f"XNNPACK takes {taken} of 6 operators"


@pytest.mark.parametrize("text", NOT_WRITTEN_SO)
def test_other_forms_are_refused(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_promises([text])
    assert f"'{text}'" in caught.value.message
    assert "Write" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "near"),
    [("full-int", "full-int8"), ("no-island", "no-islands"), ("io=int9", "int8"), ("delegate=gpp", "gpu")],
)
def test_a_typo_names_the_nearest(text: str, near: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        read_promises([text])
    assert f"Did you mean '{near}'?" in caught.value.hint


@pytest.mark.parametrize("text", ["batch=x", "size<=5 parsecs", "runtime<=two", "macs<=3X"])
def test_values_that_cannot_be_read_name_the_promise(text: str) -> None:
    with pytest.raises(ConfigError, match="promise"):
        read_promises([text])


def test_promises_are_held_once(cnn: Path, audited: Audited) -> None:
    assert [e.text for e in audited(cnn, "float32", " runtime <= 2.14", "runtime<=2.14").expectations] == [
        "float32",
        "runtime<=2.14",
    ]


def test_every_promise_can_be_held_against_any_file(cnn: Path, audited: Audited) -> None:
    texts = [f"{p.name}{p.form.value}{p.example}" for p in PROMISES.values()]
    assert len(audited(cnn, *texts).expectations) == len(PROMISES)
