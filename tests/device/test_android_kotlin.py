"""Generated Kotlin, compiled by the real compiler with warnings as errors, answers as golden vectors say.

Inference is real: the runner that the bundle has for phones runs unchanged, over the LiteRT library of the Python
package.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import kotlin_models
import numpy as np
import pytest
from kotlin_bundles import Driver, Made, compiled, junit
from kotlin_tools import missing
from photographs import photographs
from tiny_tflite import write_cnn

from litesmith.bundle.check import compared, damages, read_tensor
from litesmith.bundle.kotlin_module import kotlin_values
from litesmith.core.isolated import Pool
from litesmith.core.parity import StepParity
from litesmith.core.preprocessing import Resize, normalize
from litesmith.core.tensors import quantize
from litesmith.data.decode import read_steps
from litesmith.data.images import plan_images
from litesmith.pipeline.verifying import _step
from litesmith.pipeline.verifying_phones import _checked

pytestmark = pytest.mark.device
PHOTOGRAPHS = 200


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory, pool: Pool) -> dict[str, Made]:
    if missing():
        pytest.skip(missing())
    return kotlin_models.bundles(tmp_path_factory.mktemp("kotlin bundles"), pool)


@pytest.fixture(scope="module")
def classes(bundles: dict[str, Made], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All of them, compiled by one run of the compiler: explicit API mode, no warnings."""
    return compiled(list(bundles.values()), tmp_path_factory.mktemp("classes") / "classes")


@pytest.fixture(scope="module")
def driver(classes: Path) -> Iterator[Driver]:
    with Driver(classes) as started:
        yield started


def arrays_of(made: Made) -> int:
    """How many arrays a check has to compare."""
    assert made.golden is not None
    pictures = sum(vector.pixels is not None for vector in made.golden.vectors)
    return pictures + sum(len(vector.inputs) + len(vector.outputs) for vector in made.golden.vectors)


@pytest.mark.parametrize("name", kotlin_models.INFERRED)
def test_every_step_is_that_of_the_golden_vectors(name: str, bundles: dict[str, Made], driver: Driver) -> None:
    made = bundles[name]
    assert made.golden is not None
    assert made.golden.exact == (name in kotlin_models.EXACT)
    report = driver.golden(made)
    assert report["verdict"] in (("identical",) if made.golden.exact else ("identical", "within tolerance")), report
    assert report["vectors"] == len(made.golden.vectors) >= 3
    assert len(report["steps"]) == arrays_of(made)
    assert report["model_sha256"] == made.job.card.sha256
    assert all(step["ok"] for step in report["steps"])
    prepared = [step for step in report["steps"] if step["step"] != "output"]
    assert sum(step["different"] for step in prepared) == 0
    golden = json.loads((made.folder / "golden/golden.json").read_text())
    assert _checked(report["steps"], golden, made.folder, gpu=False) == (report["steps"], "")  # as verify reads it
    print(f"\n{name}: {report['verdict']}, {counts(report)}")


def counts(report: dict[str, Any]) -> str:
    values = sum(step["elements"] for step in report["steps"])
    return f"{report['vectors']} vectors, {len(report['steps'])} arrays, {values} values, " + (
        f"{sum(step['different'] for step in report['steps'])} differ"
    )


def test_the_bundle_of_the_command_is_whole(bundles: dict[str, Made]) -> None:
    """`int8` is written by `litesmith bundle`; the others by what it calls."""
    assert damages(bundles["int8"].folder) == []


@pytest.mark.parametrize("name", ["int8_uint8", "float32", "dynamic", "two_int8"])
def test_differences_are_measured_as_by_the_script(
    name: str, bundles: dict[str, Made], driver: Driver, tmp_path: Path
) -> None:
    """Every golden array changed a little, a lot, or into what is no number: both say the same of it."""
    made = bundles[name]
    golden = json.loads((made.folder / "golden/golden.json").read_text())
    before = {(s["vector"], s["step"], s["tensor"]): s for s in driver.golden(made)["steps"]}
    assert all(step["different"] == 0 for step in before.values())
    shutil.copytree(made.folder / "golden", tmp_path / "golden")
    random = np.random.default_rng(5)
    expected = []
    for vector in golden["vectors"]:
        for tensor, tolerance in zip(vector["outputs"], golden["tolerances"], strict=True):
            found = read_tensor(made.folder, tensor)
            changed = spoiled(found, random)
            changed.astype(changed.dtype.newbyteorder("<")).tofile(tmp_path / tensor["file"])
            expected.append(compared((vector["name"], "output", tensor["name"]), changed, found, tolerance))
    steps = [step for step in driver.golden(made, folder=tmp_path)["steps"] if step["step"] == "output"]
    assert len(steps) == len(expected)
    for step, event in zip(steps, expected, strict=True):
        del event["event"]
        assert step["allowed"] == pytest.approx(event.pop("allowed"), rel=1e-12)
        assert isinstance(_step(step), StepParity)
        del step["allowed"]
        assert step == event
    assert {step["ok"] for step in steps} == {True, False}


def spoiled(values: Any, random: np.random.Generator) -> Any:
    """Return an array with some elements changed: by a last digit, by much, or into what is not finite."""
    changed = values.copy()
    flat = changed.reshape(-1)
    place = random.integers(0, flat.size)
    if flat.dtype.kind != "f":
        flat[place] = flat[place] ^ random.integers(0, 2)
        return changed
    flat[place] = random.choice(
        [np.nextafter(flat[place], np.float32(9)), flat[place] + 1, np.nan, np.inf, flat[place]]
    )
    return changed


def test_the_bundles_own_tests_pass(bundles: dict[str, Made], classes: Path) -> None:
    """JUnit, in the folder of the module, as Gradle runs them."""
    tested = [bundles[name] for name in kotlin_models.TESTED]
    with ThreadPoolExecutor(2) as threads:
        for made, (code, said) in zip(tested, threads.map(lambda made: junit(classes, made), tested), strict=True):
            assert code == 0, said
            rounded = sum(bool(way.inverse) for way in kotlin_values(made.job)["ways"])
            assert f"OK ({9 + rounded} tests)" in said


@pytest.mark.parametrize(("name", "steps"), [("half_up", {"input"}), ("wrong_pixels", {"raw", "input"})])
def test_spoiled_code_is_found(
    name: str, steps: set[str], bundles: dict[str, Made], driver: Driver, classes: Path
) -> None:
    """Rounding half up, in arithmetic and in a table; channels in the wrong order."""
    report = driver.golden(bundles[name])
    assert report["verdict"] == "different"
    assert "prepares inputs otherwise" in report["reason"]
    wrong = {step["step"] for step in report["steps"] if not step["ok"]}
    assert wrong == steps, "what comes after is fed golden values and is right"
    code, said = junit(classes, bundles[name])
    assert code == 1
    assert "everyInputIsPreparedToTheSameBytes" in said
    assert "IsRoundedHalfToEven" in said


def test_another_model_is_found(bundles: dict[str, Made], driver: Driver, tmp_path: Path) -> None:
    """One with other weights answers otherwise; one with other tensors is refused, with what differs."""
    made = bundles["float32"]
    report = driver.golden(made, model=write_cnn(tmp_path / "other.tflite", size=224, seed=8))
    assert report["verdict"] == "different"
    assert {s["step"] for s in report["steps"] if not s["ok"]} == {"output"}
    said = driver.ask("golden", made.name, made.folder, bundles["int8"].model)
    assert "ModelMismatchException" in said
    assert "FLOAT32 [1, 224, 224, 3]" in said
    assert "INT8 [1, 160, 160, 3]" in said
    garbage = tmp_path / "garbage.tflite"
    garbage.write_bytes(b"TFL3" * 400)
    assert "not a valid TensorFlow Lite model" in driver.ask("golden", made.name, made.folder, garbage)


def test_a_changed_file_of_the_model_fails_the_bundles_own_tests(
    bundles: dict[str, Made], classes: Path, tmp_path: Path
) -> None:
    made = bundles["two_int8"]
    shutil.copytree(made.folder, tmp_path / "copy")
    model = tmp_path / "copy" / made.model.relative_to(made.folder)
    stored = bytearray(model.read_bytes())
    stored[-1] ^= 1
    model.write_bytes(stored)
    code, said = junit(classes, made, folder=tmp_path / "copy")
    assert code == 1
    assert "1) theFileOfTheBundleIsTheModel" in said
    assert "sha256" in said
    assert "Failures: 1" in said


def test_one_flipped_bit_is_found(bundles: dict[str, Made], driver: Driver, tmp_path: Path) -> None:
    """In every array of a vector, one after the other; and vectors of another model are not run at all."""
    made = bundles["int8"]
    golden = tmp_path / "golden"
    shutil.copytree(made.folder / "golden", golden)
    for place, step in (("pixels", "raw"), ("raw0", "raw"), ("input0", "input"), ("output0", "output")):
        file = golden / f"every-byte.{place}.bin"
        stored = bytearray(file.read_bytes())
        middle = 3 * (80 * 160 + 80) if place == "pixels" else len(stored) // 2  # what is cropped is not looked at
        stored[middle] ^= 0x40
        file.write_bytes(stored)
        report = driver.golden(made, folder=tmp_path)
        assert report["verdict"] == "different", place
        assert step in {s["step"] for s in report["steps"] if not s["ok"]}, place
        stored[middle] ^= 0x40
        file.write_bytes(stored)
    assert driver.golden(made, folder=tmp_path)["verdict"] == "identical"
    listed = golden / "golden.json"
    listed.write_text(listed.read_text().replace(made.job.card.sha256, "0" * 64))
    report = driver.golden(made, folder=tmp_path)
    assert (report["verdict"], report["steps"]) == ("damaged", [])


def test_photographs_become_the_same_bytes(bundles: dict[str, Made], driver: Driver, tmp_path: Path) -> None:
    """Decoded once, by Pillow; then cropped, resized and fed by both, in every filter, whole and cropped."""
    shown = [made for name, made in bundles.items() if made.job.picture and name not in kotlin_models.SPOILED]
    filters = {(made.job.picture.resize, made.job.picture.crop > 0) for made in shown if made.job.picture}
    assert filters == {(resize, cropped) for resize in Resize for cropped in (True, False)}
    compared_bytes, real = 0, 0
    for number, photograph in enumerate(photographs(tmp_path / "photographs", PHOTOGRAPHS)):
        made = shown[number % len(shown)]
        record, spec = made.job.card.preprocessing, made.job.card.inputs[0]
        assert record is not None
        pixels, raw = read_steps(photograph.file, plan_images(record, spec))
        fed = quantize(normalize(raw, record), spec)
        there, out = tmp_path / "pixels", tmp_path / "out"
        pixels.tofile(there)
        height, width, channels = (*pixels.shape, 1)[:3]
        assert driver.ask("pixels", made.name, width, height, channels, there, out) == "written"
        expected = raw.tobytes() + fed.tobytes()
        assert out.read_bytes() == expected, f"{made.name}: {photograph.file.name} of {width}x{height}"
        compared_bytes += len(expected)
        real += photograph.real
    print(f"\n{PHOTOGRAPHS} pictures, {real} of them photographs, {compared_bytes} bytes the same")
