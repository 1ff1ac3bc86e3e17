"""The Android project around the Kotlin core: compiled, its resources linked, and what needs no phone run on the JVM.

What is real: the Kotlin compiler, classes of Android's framework, androidx and TensorFlow Lite, aapt2. What is not:
LiteRT's CompiledModel, a declaration written after its source. Gradle and a phone are not there.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import android_projects
import kotlin_tools
import numpy as np
import pytest
from PIL import Image

from litesmith.benchmark import instrumented
from litesmith.core.files import sha256_file

REASON = android_projects.missing()
pytestmark = [pytest.mark.device, pytest.mark.skipif(bool(REASON), reason=REASON)]
CHECKS = kotlin_tools.KOTLIN / "shell" / "LibraryChecks.kt"


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return android_projects.write_projects(tmp_path_factory.mktemp("projects"))


@pytest.fixture(scope="module")
def resources(projects: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Folders with R.java, of every project."""
    folder = tmp_path_factory.mktemp("resources")
    return [
        android_projects.link_resources(place, f"com.example.{name}", folder / name) for name, place in projects.items()
    ]


@pytest.fixture(scope="module")
def compiled(projects: dict[str, Path], resources: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Classes of every project: core, library with LibraryChecks, demo and instrumented tests."""
    out = tmp_path_factory.mktemp("classes")
    gradle = android_projects.one_runtime(projects["a"], tmp_path_factory.mktemp("gradle"))
    android_projects.compile_projects(list(projects.values()), resources, [CHECKS, gradle], out)
    return out


def test_everything_compiles_without_a_warning(compiled: Path) -> None:
    classes = {path.relative_to(compiled).as_posix() for path in compiled.rglob("*.class")}
    for expected in (
        "library/com/example/a/library/CompiledModelRunner.class",
        "library/com/example/b/library/GpuDelegateRunner.class",
        "library/com/example/c/library/StepsModelSession.class",
        "rest/com/example/d/MainActivity.class",
        "rest/com/example/a/library/ParityTest.class",
    ):
        assert expected in classes


def test_a_name_is_text_on_the_screen(resources: list[Path]) -> None:
    """The model's name, which looks like a reference, markup and a format."""
    app = resources[0].parent / "app.apk"
    dumped = subprocess.run(["aapt2", "dump", "resources", str(app)], capture_output=True, text=True, check=True).stdout
    lines = dumped.splitlines()
    place = next(number for number, line in enumerate(lines) if line.endswith(" string/app_name"))
    assert android_projects.NAME in lines[place + 1]


def test_resources_that_do_not_fit_are_seen(projects: dict[str, Path], tmp_path: Path) -> None:
    project = shutil.copytree(projects["b"] / "app", tmp_path / "b" / "app").parent
    layout = project / "app/src/main/res/layout/activity_main.xml"
    layout.write_text(layout.read_text(encoding="utf-8").replace("@string/check", "@string/nothing"), encoding="utf-8")
    with pytest.raises(AssertionError, match="string/nothing"):
        android_projects.link_resources(project, "com.example.b", tmp_path / "linked")


@pytest.fixture(scope="module")
def answers(compiled: Path, projects: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What `LibraryChecks` prints, by the first word of each line."""
    folder = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(3)
    (folder / "y").write_bytes(rng.integers(0, 256, (16, 20), np.uint8).tobytes())
    (folder / "uv").write_bytes(rng.integers(0, 256, (8, 24), np.uint8).tobytes())
    _golden(folder)
    classpath = [compiled / name for name in ("core", "library")]
    classpath += [*kotlin_tools.jars("core"), *kotlin_tools.jars("android"), *kotlin_tools.jars("shell")]
    model = projects["a"] / "library/src/main/assets/cnn.tflite"
    ran = kotlin_tools.run_java("com.example.a.library.LibraryChecksKt", classpath, [str(folder), str(model)])
    assert ran.returncode == 0, ran.stderr
    lines = [line.partition(" ") for line in ran.stdout.splitlines()]
    return {word: rest for word, _, rest in lines} | {"folder": str(folder)}


def _golden(folder: Path) -> None:
    """Three inputs of the tiny classifier, as a bundle lists them."""
    (folder / "golden").mkdir()
    vectors = []
    for number in range(3):
        values = np.random.default_rng(number).random((1, 8, 8, 3), np.float32)
        name = f"golden/{number}.bin"
        (folder / name).write_bytes(values.tobytes())
        vectors.append({"name": str(number), "inputs": [{"file": name}]})
    (folder / "golden/golden.json").write_text(json.dumps({"vectors": vectors}))


def test_camera_images_have_the_colours_of_jpeg(answers: dict[str, str]) -> None:
    planes = _planes(Path(answers["folder"]))
    width, height, data = answers["yuv"].split()
    assert (width, height) == ("14", "10")
    found = np.frombuffer(bytes.fromhex(data), np.uint8).reshape(10, 14, 3).astype(int)
    by_pillow = np.asarray(Image.merge("YCbCr", [Image.fromarray(plane) for plane in planes]).convert("RGB"))
    assert np.abs(found - by_pillow[4:14, 2:16]).max() <= 1  # its tables cut where this rounds
    assert (found == _colours(planes)[4:14, 2:16]).mean() > 0.99


def test_a_camera_image_is_read_to_its_last_sample(answers: dict[str, str]) -> None:
    """Cropped from odd places, so that the first and the last chroma sample stand for fewer pixels."""
    found = np.frombuffer(bytes.fromhex(answers["corner"]), np.uint8).reshape(11, 13, 3)
    assert (found == _colours(_planes(Path(answers["folder"])))[5:16, 7:20]).mean() > 0.99


def _planes(folder: Path) -> list[np.ndarray]:
    """Luma and both chromas of the whole image, each chroma sample for its four pixels: uint8 [16, 20]."""
    luma = np.frombuffer((folder / "y").read_bytes(), np.uint8).reshape(16, 20)
    chroma = np.frombuffer((folder / "uv").read_bytes(), np.uint8).reshape(8, 12, 2)
    whole = np.repeat(np.repeat(chroma, 2, axis=0), 2, axis=1)[:, :20]
    return [luma, whole[:, :, 0].copy(), whole[:, :, 1].copy()]


def _colours(planes: list[np.ndarray]) -> np.ndarray:
    """Red, green and blue by the formula of BT.601, rounded half up: float64 [16, 20, 3]."""
    y, u, v = (plane.astype(float) for plane in planes)
    u, v = u - 128, v - 128
    exact = np.dstack([y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u])
    rounded: np.ndarray = np.floor(exact + 0.5).clip(0, 255)
    return rounded


def test_stored_pixels_lose_padding_and_alpha(answers: dict[str, str]) -> None:
    assert answers["rgba"] == bytes([0, 1, 2, 4, 5, 6, 12, 13, 14, 16, 17, 18]).hex()
    # 100 of alpha 200 was 127.5, 50 was 63.75; more than alpha is white; without alpha nothing is known.
    assert answers["veiled"] == bytes([128, 64, 0, 9, 8, 7, 1, 2, 3, 255, 255, 255]).hex()


def test_a_confined_runner_has_one_thread_whoever_calls(answers: dict[str, str]) -> None:
    assert answers["confined"] == "[model-gpu] true UnsupportedOperationException"
    assert answers["failed"] == "UnsatisfiedLinkError no driver"


def test_an_accelerator_is_held_against_the_processor(answers: dict[str, str]) -> None:
    same, near, far, nan = (json.loads(answers[name]) for name in ("same", "near", "far", "nan"))
    assert (same["vectors"], same["ok"], same["identical"], same["largest"]) == (3, True, True, 0)
    assert near["ok"]
    assert not near["identical"]
    assert 0 < near["largest"] <= 0.02
    assert near["same_top1"] == 3
    assert not far["ok"]
    assert far["largest"] > 0.02
    assert not nan["ok"]
    assert nan["largest"] is None


def test_latency_is_measured_run_by_run(answers: dict[str, str]) -> None:
    assert answers["latency"] == "7 true true"


def test_its_figures_are_what_litesmith_reads(answers: dict[str, str], projects: dict[str, Path]) -> None:
    figures = json.loads(answers["benchmark"])
    documented = re.search(r"\{\"schema_version.*?\}", instrumented.__doc__ or "", re.DOTALL)
    assert documented is not None
    assert set(figures) == set(re.findall(r'"(\w+)":', documented[0]))
    model = projects["a"] / "library/src/main/assets/cnn.tflite"
    assert figures["model_sha256"] == sha256_file(model)
    assert (figures["schema_version"], figures["threads"], figures["warmup"]) == (instrumented.SCHEMA_VERSION, 1, 1)
    assert (figures["thermal_before"], figures["thermal_after"]) == (None, 0)
    assert figures["runtime"] == "com.google.ai.edge.litert:litert:2.3.2"
    assert len(figures["latencies_ms"]) == 7
    assert all(0 < value < 1000 for value in (figures["first_ms"], figures["load_ms"], *figures["latencies_ms"]))


def test_gradle_is_told_to_refuse_a_second_runtime_and_an_old_one(answers: dict[str, str]) -> None:
    said = [answers[f"gradle{number}"] for number in range(9)]
    assert [said[number] for number in (0, 1, 2, 7, 8)] == ["taken"] * 5
    for number in (3, 4):
        assert "which needs 1.0.1 or newer" in said[number]
    for number in (5, 6):
        assert said[number].startswith("Two runtimes in one app: org.tensorflow:tensorflow-lite-")


def test_threads_have_to_be_some(answers: dict[str, str]) -> None:
    assert answers["threads"] == "0 threads are not enough: give 1 or more."


def test_large_pictures_are_shrunk_to_the_memory_there_is(answers: dict[str, str]) -> None:
    """12, 50 and 108 million pixels, and one column of 60 million."""
    assert answers["shrink"] == "[1, 2, 4, 4]"
    assert answers["small"] == "[2, 4, 4, 16]"
    assert answers["memory"].startswith("java.io.IOException: The picture does not fit")


def test_a_processor_that_cannot_run_the_model_says_why(answers: dict[str, str]) -> None:
    assert answers["opened"] == "CPU"
    assert answers["opening0"].startswith("ModelOpenException The processor cannot run cnn.tflite: ")
    assert answers["opening1"] == (
        "ModelOpenException The processor cannot run cnn.tflite: no libtensorflowlite_jni.so. UnsatisfiedLinkError"
    )
    assert answers["opening2"].startswith("ModelMismatchException ")


def test_a_session_works_by_turns_and_closes_without_waiting(answers: dict[str, str]) -> None:
    """Opening is tried again; what waits is cancelled while another works; closing comes after the work under way."""
    done = ["failed first", "closing", "long", "The session was closed.", "closed"]
    assert sorted(answers["kept"].removeprefix("2 [").removesuffix("]").split(", ")) == sorted(done)
    assert answers["kept"].startswith("2 [failed first, closing, long, ")
