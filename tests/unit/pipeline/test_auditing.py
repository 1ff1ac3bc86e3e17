"""Audits of files that the user names, and what a scheme promises."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sleeping_probe
from broken_tflite import write_endless

from litesmith import api
from litesmith.core.audit import Expected, Precision
from litesmith.core.errors import GateError, UnknownNameError
from litesmith.core.files import sha256_file
from litesmith.core.isolated import Worker
from litesmith.core.op_ref import OpRef
from litesmith.pipeline import auditing
from litesmith.pipeline.auditing import broken_promises, promised_by, require_met
from litesmith.quantize.build import scheme_named
from litesmith.quantize.scheme import Interface
from litesmith.runtime import probe


def test_a_file_is_read_and_run(cnn: Path) -> None:
    found = api.inspect(cnn, expect=["float32", "io=float32"])
    assert (found.file, found.audit.sha256) == (str(cnn), sha256_file(cnn))
    assert found.audit.precision is Precision.FLOAT32
    assert [expected.met for expected in found.audit.expectations] == [True, True]
    assert found.audit.memory.measured_bytes is not None
    assert found.versions["ai-edge-litert"]
    require_met(found)


def test_broken_promises_are_an_error_that_names_each(cnn: Path) -> None:
    found = api.inspect(cnn, expect="full-int8,float32,io=uint8")
    with pytest.raises(GateError) as caught:
        require_met(found)
    assert caught.value.exit_code == 7
    assert "full-int8 does not hold: it is float32" in caught.value.message
    assert "io=uint8 does not hold: input 'image' is float32" in caught.value.message
    assert "; float32" not in caught.value.message


def test_a_wrong_promise_is_refused_before_the_file_is_looked_at(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="no-flaot"):
        api.inspect(tmp_path / "missing.tflite", expect="no-flaot")


@pytest.mark.slow
def test_a_crash_of_the_runtime_leaves_the_rest_whole(tmp_path: Path) -> None:
    found = api.inspect(write_endless(tmp_path / "endless.tflite"))
    assert len(found.graph.subgraphs) == 3
    assert found.audit.memory.measured_bytes is None
    assert any("SIGSEGV" in use.note for use in found.audit.delegates)


@pytest.mark.slow
def test_a_runtime_that_hangs_is_ended(cnn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "__name__", "sleeping_probe")
    monkeypatch.setattr(probe, "TIME_LIMIT_S", 0.5)
    folder = str(Path(sleeping_probe.__file__).parent)
    with Worker("the model", environment={"PYTHONPATH": folder}) as worker:
        found = auditing.probed(worker, cnn)
    assert "longer than 0.5 s" in found.note
    assert "longer than 0.5 s" in found.arena_note
    assert found.arena_bytes is None


PROMISES: list[tuple[str, Interface, tuple[str, ...]]] = [
    ("float32", Interface.INT8, ("float32",)),
    ("dynamic_int8", Interface.UINT8, ("dynamic-range",)),
    ("int8", Interface.INT8, ("full-int8", "io=int8")),
    ("int8", Interface.UINT8, ("full-int8", "io=uint8")),
    ("int8", Interface.FLOAT32, ("full-int8", "io=float32")),
    ("int16x8", Interface.UINT8, ("full-int16x8", "io=int16")),
    ("int16x8", Interface.FLOAT32, ("full-int16x8", "io=float32")),
]


@pytest.mark.parametrize(("scheme", "interface", "promises"), PROMISES)
def test_what_schemes_promise(scheme: str, interface: Interface, promises: tuple[str, ...]) -> None:
    assert promised_by(scheme_named(scheme), interface) == promises


def test_findings_are_of_the_scheme_and_name_the_layer() -> None:
    where = OpRef(subgraph=0, index=3, op="SIN", layer="wave")
    claims = (
        Expected(text="full-int8", met=False, found="it is mixed", ops=(where, where)),
        Expected(text="io=int8", met=True, found="input 'x' is int8"),
        Expected(text="min_runtime_version 1.14.0", met=False, found="its operators need 2.3.0"),
    )
    (finding,) = broken_promises(claims)
    assert finding.code == "broken-promise"
    assert "full-int8: it is mixed" in finding.message
    assert finding.hint.startswith("See SIN in 'wave' in the audit.")


@pytest.mark.slow
def test_a_variant_with_an_island_carries_its_audit_and_a_finding(
    sine: Path, images: Any, tmp_path: Path, make_npz: Callable[[Path], Path]
) -> None:
    found = api.quantize(sine, calibrate=make_npz(tmp_path), preprocess="unit", schemes=["int8"], out=tmp_path / "out")
    variant = found.variants[1]
    assert variant.audit is not None
    assert variant.audit.precision is Precision.MIXED
    assert [island.layers for island in variant.audit.islands] == [("wave",)]
    assert [finding.code for finding in variant.findings] == ["broken-promise"]
    assert found.variants[0].findings == ()


@pytest.fixture
def make_npz() -> Callable[[Path], Path]:
    import numpy as np
    from sample_sets import pictures

    def made(folder: Path) -> Path:
        np.savez(folder / "calibrate.npz", x=pictures(20))
        return folder / "calibrate.npz"

    return made
