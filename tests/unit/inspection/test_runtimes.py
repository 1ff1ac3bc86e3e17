"""The oldest runtimes that open a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ai_edge_litert.interpreter import Interpreter
from spelled_tflite import Spelled, write_spelled

from litesmith.core.audit import Audit
from litesmith.inspection import runtimes

Audited = Callable[..., Audit]


def one_op(path: Path, name: str, version: int, dtype: str = "float32") -> Path:
    tensors = {"x": (dtype, (1, 4)), "y": (dtype, (1, 4))}
    return write_spelled(path, [Spelled(tensors, [(name, version, ["x"], ["y"])], ["x"], ["y"])])


def minima(found: Audit) -> dict[str, str]:
    return {need.runtime.split(" ")[0]: need.minimum for need in found.runtimes}


@pytest.mark.parametrize(
    ("op", "version", "expected"),
    [
        ("FULLY_CONNECTED", 12, ("2.17.0", "1.0.1", "", "1.0.1", "2.17.0")),
        ("FULLY_CONNECTED", 14, ("2.21.0", "2.1.0", "", "2.1.0", "")),
        ("GELU", 1, ("2.9.0", "1.0.1", "2.9.0", "1.0.1", "2.9.0")),
        ("ADD", 6, ("2.23.0", "2.1.6", "", "2.1.6", "")),
        ("QUANTIZE", 6, ("", "2.1.6", "", "2.1.6", "")),
    ],
)
def test_operator_versions(op: str, version: int, expected: tuple[str, ...], tmp_path: Path, audited: Audited) -> None:
    found = minima(audited(one_op(tmp_path / "m.tflite", op, version)))
    keys = ("TensorFlow", "ai-edge-litert", "tflite-runtime", "com.google.ai.edge.litert:litert",
            "org.tensorflow:tensorflow-lite")  # fmt: skip
    assert tuple(found[key] for key in keys) == expected


@pytest.mark.parametrize(("op", "version"), [("ADD", 99), ("GELU", 40)])
def test_versions_beyond_the_table_are_said_to_be(op: str, version: int, tmp_path: Path, audited: Audited) -> None:
    found = audited(one_op(tmp_path / "m.tflite", op, version), "runtime<=99")
    assert set(minima(found).values()) == {""}
    assert all(f"{op} version {version}, newer than the table" in need.note for need in found.runtimes)
    assert found.demands[0].since == ""
    assert not found.expectations[0].met


def test_who_demands_it_stands_first(tmp_path: Path, audited: Audited) -> None:
    tensors = dict.fromkeys("xyz", ("float32", (1, 4)))
    graph = Spelled(tensors, [("RELU", 1, ["x"], ["y"]), ("GELU", 1, ["y"], ["z"])], ["x"], ["z"])
    found = audited(write_spelled(tmp_path / "m.tflite", [graph]), "runtime<=2.8")
    assert [(d.op, d.version, d.since, d.first.layer) for d in found.demands] == [
        ("GELU", 1, "2.9.0", "z"),
        ("RELU", 1, "1.5.0", "y"),
    ]
    assert [ref.op for ref in found.expectations[0].ops] == ["GELU"]


def test_understated_versions_are_corrected(variants: dict[str, Path], audited: Audited) -> None:
    """litert-quantizer leaves version 1 on int8 operators, and the float file's minimum on the variant."""
    found = {(d.op, d.stated): d.version for d in audited(variants["plain int8 int8"]).demands}
    assert found["CONV_2D", 1] == 3
    assert found["FULLY_CONNECTED", 1] == 4
    assert minima(audited(variants["plain dynamic_int8"]))["TensorFlow"] == "2.17.0"  # one scale per output channel


def test_releases_are_compared_by_number() -> None:
    assert runtimes.release("2.9.0") < runtimes.release("2.14") == runtimes.release("2.14.0")
    assert runtimes.release("not yet") == ()


def test_the_table_agrees_with_the_runtime_that_is_installed(tmp_path: Path) -> None:
    """Every operator version of the table opens, and the next one of each operator does not."""
    top: dict[str, int] = {}
    for op, version in runtimes.table():
        top[op] = max(version, top.get(op, 0))
    path = tmp_path / "m.tflite"
    for op, version in top.items():
        known = one_op(path, op, version).read_bytes()
        assert opens(known), (op, version)
        assert not opens(one_op(path, op, version + 1).read_bytes()), (op, version + 1)


def opens(data: bytes) -> bool:
    try:
        Interpreter(model_content=data)
    except ValueError as error:
        return "Didn't find op" not in str(error)
    return True
