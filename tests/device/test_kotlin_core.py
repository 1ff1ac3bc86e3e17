"""The generated Kotlin, compiled by the real compiler and run on the JVM, makes the same bytes as the Python module."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from bundled_models import imported, job_of, write_cast
from kotlin_cores import Cores, as_driven, compile_cores
from kotlin_tools import missing
from PIL import ExifTags, Image, ImageOps
from tiny_tflite import write_cnn, write_rnn

from litesmith.bundle.job import BundleJob
from litesmith.core.preprocessing import PRESETS, ColorOrder, Layout, Preprocessing, Resize

pytestmark = pytest.mark.device
Array = npt.NDArray[Any]
TARGETS = {
    Resize.BILINEAR: (224, 224),
    Resize.NEAREST: (96, 97),
    Resize.BICUBIC: (31, 17),
    Resize.LANCZOS: (97, 33),
    Resize.BOX: (17, 23),
}
SIZES = [
    (1, 1), (720, 1280), (1280, 720), (224, 224), (224, 100), (100, 224), (3, 1999), (1999, 3), (17, 23), (2, 2),
    (5, 400), (400, 5), (640, 480), (97, 33), (31, 17), (30, 17), (449, 225), (2, 3001), (3001, 2), (500, 333),
]  # fmt: skip
LABELS = ('"quoted"', "$name", "${1/0}", "*/ fun x() {}", "\u202eevil")
EVIL = [
    '"); System.exit(1); //',
    "${System.exit(1)}",
    "*/ class X /*",
    "/* // `tick` \\u000a } $",
    "line\nbreak\r\ttab\0nul",
    "\u202e\u0000\U0001f600 caf\u00e9",
    "class",
    "when",
    "x" * 10_000,
    "\U0001f600" * 10_000,
    "",
    " ",
]
TOKENS = (
    '"', "'", "`", "\\", "$", "${", "}", "{", "/*", "*/", "//", "\n", "\r", "\0", "\u2028", "\ufeff", "\U0001f600",
    "\\u0022", "%s", "{{", "}}", "{%", "#}", "<!--", "]]>", "fun ", "class", "@file:", ";", " ", "x", "1",
)  # fmt: skip
FUZZED = ["".join(np.random.default_rng(seed).choice(TOKENS, 12)) for seed in range(40)]


def pictures(folder: Path) -> dict[str, BundleJob]:
    """A model of pictures for each filter, and for each other branch of preparing pixels."""

    def cast(name: str, shape: tuple[int, ...], **fields: Any) -> BundleJob:
        record = replace(PRESETS["raw"], **fields)
        return job_of(write_cast(folder / f"{name}.tflite", ("uint8", shape, 1.0, 0)), record=record, picture=True)

    found = {resize.value: cast(resize.value, (1, *TARGETS[resize], 3), resize=resize) for resize in Resize}
    found["gray"] = cast("gray", (1, 28, 20, 1), color_order=ColorOrder.GRAY, crop=0.875)
    found["flat"] = cast("flat", (1, 28, 29), color_order=ColorOrder.GRAY)
    found["swapped"] = cast("swapped", (1, 30, 40, 3), color_order=ColorOrder.BGR, resize=Resize.BICUBIC)
    found["planes"] = cast("planes", (1, 3, 19, 21), layout=Layout.CHW, color_order=ColorOrder.BGR, crop=0.5)
    return found


def fed(folder: Path) -> dict[str, BundleJob]:
    """A model for each way of filling an input, with pixels and with numbers."""
    shape, odd = (1, 16, 16, 3), Preprocessing(preset="odd", scale=(0.0123,), offset=(-0.7, 0.1, 0.3))
    kinds: dict[str, tuple[Any, ...]] = {
        "copied": (("uint8", shape, 1 / 255, 0), PRESETS["unit"]),
        "flipped": (("int8", shape, 1 / 255, -128), PRESETS["unit"]),
        "tabled": (("int8", shape, 1 / 127.5, -1), PRESETS["signed"]),
        "coarse": (("uint8", shape, 0.031, 77), PRESETS["signed"]),
        "by_channel": (("int8", shape, 0.0186, -14), PRESETS["torch"]),
        "by_plane": (("uint8", (1, 3, 16, 16), 0.0186, 114), replace(PRESETS["torch"], layout=Layout.CHW)),
        "odd_channels": (("int8", shape, 0.01, 3), odd),
        "floats": (("float32", shape), PRESETS["signed"]),
        "float_channels": (("float32", shape), PRESETS["torch"]),
        "float_planes": (("float32", (1, 3, 16, 16)), replace(PRESETS["torch"], layout=Layout.CHW)),
        "unscaled": (("float32", shape), PRESETS["raw"]),
        "shifted": (("float32", shape), PRESETS["caffe"]),
    }
    found = {}
    for name, (kind, record) in kinds.items():
        path = write_cast(folder / f"{name}.tflite", kind)
        found[f"pixels_{name}"] = job_of(path, record=record, picture=True)
        if name in ("tabled", "by_channel", "by_plane", "floats", "float_channels", "float_planes", "unscaled"):
            found[f"numbers_{name}"] = job_of(path, record=record)
    cast = write_cast(folder / "byte_floats.tflite", ("float32", shape))
    spec = replace(found["pixels_floats"].card.inputs[0], byte_scale=0.01, byte_zero=7)
    found["pixels_byte_floats"] = job_of(cast, inputs=(spec,), record=PRESETS["signed"], picture=True)
    found["numbers_byte_floats"] = job_of(cast, inputs=(spec,), record=PRESETS["signed"])
    whole = write_cast(folder / "whole.tflite", ("int32", shape))
    found["pixels_whole"] = job_of(whole, record=PRESETS["raw"], picture=True, normalized=(False,))
    several = (("int32", (1, 7)), ("int64", (1, 5)), ("bool", (1, 3)), ("int8", (1, 9), 0.1, 3), ("float32", (1, 4)))
    path = write_cast(folder / "several.tflite", *several)
    found["several"] = job_of(path, record=PRESETS["signed"], normalized=(False,) * 5)
    found["scalar"] = job_of(write_cast(folder / "scalar.tflite", ("float32", ())), record=PRESETS["raw"])
    return found


def named(folder: Path) -> dict[str, BundleJob]:
    """Models whose tensors and labels are code, quotes and worse."""
    found = {}
    names = [*EVIL, *FUZZED]
    job = job_of(
        write_cast(folder / "evil.tflite", *[("float32", (1, 2))] * len(names)), normalized=(False,) * len(names)
    )
    specs = tuple(replace(spec, name=name) for spec, name in zip(job.card.inputs, names, strict=True))
    found["evil"] = replace(job, card=replace(job.card, inputs=specs, outputs=specs))
    cnn = write_cnn(folder / "cnn.tflite", size=16)
    found["labelled"] = job_of(cnn, picture=True, labels=LABELS)
    found["scores"] = job_of(write_cnn(folder / "scores.tflite"), labels=LABELS)
    found["dynamic"] = job_of(write_cnn(folder / "dynamic.tflite", dynamic=True), picture=True, classifies=True)
    found["state"] = job_of(write_rnn(folder / "state.tflite"), record=PRESETS["raw"])
    return found


@pytest.fixture(scope="module")
def cores(tmp_path_factory: pytest.TempPathFactory) -> Cores:
    """All of them, compiled in one call with warnings as errors."""
    if missing():
        pytest.skip(missing())
    folder = tmp_path_factory.mktemp("cores")
    jobs = {**pictures(folder), **fed(folder), **named(folder)}
    return compile_cores(jobs, folder / "kotlin", checked=("several", "evil", "labelled", "numbers_byte_floats"))


def test_pictures_are_prepared_to_the_same_bytes(cores: Cores, tmp_path: Path) -> None:
    """Every filter, crop, order of channels and layout, on sizes of every kind, in colour and gray."""
    random = np.random.default_rng(0)
    expected = []
    for name in pictures(tmp_path):
        module = imported(cores.jobs[name], tmp_path / name)
        for height, width in SIZES:
            for shape in ((height, width, 3), (height, width)):
                pixels = random.integers(0, 256, shape, dtype=np.uint8)
                if (height + width) % 3 == 0:
                    pixels = (pixels > 127).astype(np.uint8) * np.uint8(255)
                cores.ask(name, "resize", pixels)
                expected.append((f"{name} {shape}", module._resized(pixels).tobytes()))
    assert_same(cores, expected)


def test_pictures_are_turned_as_pillow_turns_them(cores: Cores) -> None:
    """All orientations that EXIF has, and one that it has not; transparency is dropped."""
    argb = np.random.default_rng(5).integers(0, 2**32, (7, 11), dtype=np.uint32)
    colors = np.stack([argb >> 16 & 255, argb >> 8 & 255, argb & 255], axis=2).astype(np.uint8)
    expected = []
    for orientation in range(10):
        image = Image.fromarray(colors)
        image.getexif()[ExifTags.Base.Orientation] = orientation
        cores.ask("bilinear", f"upright-{orientation}", argb)
        expected.append((str(orientation), np.asarray(ImageOps.exif_transpose(image)).tobytes()))
    assert len({data for _, data in expected}) == 8
    assert_same(cores, expected, least=10)


def test_inputs_are_filled_with_the_same_bytes(cores: Cores, tmp_path: Path) -> None:
    """Every byte in every channel, and numbers with ties, ends and what lies beyond them."""
    random = np.random.default_rng(3)
    expected = []
    for name in fed(tmp_path):
        model = imported(cores.jobs[name], tmp_path / name).Model(threads=1)
        for raw in raw_values(name, cores.jobs[name], random):
            cores.ask(name, "fill", *as_driven(name, cores, raw))
            made = model.tensors(*raw)
            expected.append((f"{name} {raw[0].dtype}", b"".join(tensor.tobytes() for tensor in made)))
    assert_same(cores, expected)


def test_several_threads_get_their_own_answers(cores: Cores) -> None:
    """Buffers are shared, and the lock keeps calls apart: a model that returns its input returns each its own."""
    cores.ask("numbers_unscaled", "threads")
    (wrong,) = cores.answers()
    cores.asked.clear()
    assert int(wrong) == 0


def test_names_are_text_and_nothing_else(cores: Cores, tmp_path: Path) -> None:
    """Hostile names are compiled, with all the others, and come out as they went in, cut where they are very long."""
    jobs = named(tmp_path)
    for name in jobs:
        cores.ask(name, "names")
    found = cores.answers()
    cores.asked.clear()
    for job, made in zip(jobs.values(), found, strict=True):
        expected = [spec.name if len(spec.name) <= 200 else spec.name[:197] + "..." for spec in job.card.inputs]
        assert made.decode("utf-8") == "\x01".join(expected)


def raw_values(name: str, job: BundleJob, random: np.random.Generator) -> list[list[Array]]:
    """Return sets of raw values for a model's inputs."""
    shapes = [shape[1:] for shape in job.input_shapes]
    if name.startswith(("pixels", "numbers")):
        every = np.resize(np.arange(256, dtype=np.uint8), int(np.prod(shapes[0]))).reshape(shapes[0])
        if name.startswith("pixels"):
            return [[every], [np.roll(every.reshape(-1), 1).reshape(shapes[0])]]
        reals = random.normal(100, 200, shapes[0]).astype(np.float32)
        reals.reshape(-1)[:4] = (0.0, -5e4, 5e4, 127.5)
        reals.reshape(-1)[4:300:7] = np.resize(np.arange(-9.5, 10.5), 43)
        return [[every], [reals], [np.rint(reals)]]
    if name == "several":
        ints = [random.integers(-5, 5, shape) for shape in shapes]
        return [
            [ints[0].astype(np.int32), ints[1], ints[2] > 0, stored, random.normal(0, 1, shapes[4]).astype(np.float32)]
            for stored in (ints[3].astype(np.int8), (ints[3] * 0.05).astype(np.float32))
        ]
    return [[random.normal(0, 1, shapes[0]).astype(np.float32)]]


def assert_same(cores: Cores, expected: list[tuple[str, bytes]], least: int = 20) -> None:
    found = cores.answers()
    cores.asked.clear()
    wrong = [what for (what, data), made in zip(expected, found, strict=True) if data != made]
    assert not wrong
    assert len(found) >= least
