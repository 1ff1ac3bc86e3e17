"""Tiny models that need no TensorFlow, and workers to run them in."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from litesmith import api
from litesmith.core.bundle import Bundled
from litesmith.core.isolated import Pool
from litesmith.core.samples import SampleSet
from litesmith.emulation.store import home
from litesmith.quantize.activations import TensorStatistics
from litesmith.quantize.calibrators.min_max import range_of
from litesmith.quantize.collect import collect, ranges_of

sys.path.insert(0, str(Path(__file__).parent / "models"))
import ssh_server
from sample_sets import pictures, sample_set
from tiny_tflite import write_cnn, write_two_inputs

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job, and programs inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Virtual boards of whoever runs the tests are none of theirs; a qemu that counts may be."""
    folder, counting = tmp_path_factory.mktemp("home"), home() / "qemu"
    if counting.is_dir():
        (folder / "qemu").symlink_to(counting)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITESMITH_HOME", str(folder))
        yield


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tiny")


@pytest.fixture(scope="session")
def cnn(model_folder: Path) -> Path:
    """`image` float32 [1, 8, 8, 3] -> `scores` [1, 5]."""
    return write_cnn(model_folder / "cnn.tflite")


@pytest.fixture(scope="session")
def sine(model_folder: Path) -> Path:
    """The same with a SIN, which has no integer kernel."""
    return write_cnn(model_folder / "sine.tflite", sine=True)


@pytest.fixture(scope="session")
def dynamic(model_folder: Path) -> Path:
    """The same with batch -1."""
    return write_cnn(model_folder / "dynamic.tflite", dynamic=True)


@pytest.fixture(scope="session")
def two_inputs(model_folder: Path) -> Path:
    """`left` [1, 4] and `right` [1, 3] -> `both` [1, 2] and `chance` [1, 1]."""
    return write_two_inputs(model_folder / "two.tflite")


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> SampleSet:
    """Forty 8-bit pictures for the image classifiers, preset `unit`, without labels."""
    return sample_set(tmp_path_factory.mktemp("images"), pictures(40))


@pytest.fixture(scope="session")
def activations(cnn: Path, images: SampleSet, pool: Pool) -> dict[str, TensorStatistics]:
    """What the classifier's activations did on the pictures."""
    return collect(cnn, images, pool=pool)


@pytest.fixture(scope="session")
def int8(cnn: Path, activations: dict[str, TensorStatistics], pool: Pool) -> Path:
    """The classifier in full int8, inputs and outputs too."""
    path = cnn.with_name("int8.tflite")
    ranges = ranges_of(activations, range_of, bits=8)
    pool.map("litesmith.quantize.build:build", [{"float_model": cnn, "out": path, "scheme": "int8", "ranges": ranges}])
    return path


@pytest.fixture(scope="session")
def image_bundle(int8: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundled:
    """The int8 classifier, bundled for pictures. Copy the folder before changing it."""
    folder = tmp_path_factory.mktemp("made") / "bundle"
    return api.bundle(int8, "raspberry-pi", folder, takes="images", preprocess="unit")


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    with Pool(2, "the model") as started:
        yield started


@pytest.fixture
def board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssh_server.Server]:
    """A machine reached by SSH as `ssh:board`: this one, with another home."""
    if ssh_server.sshd() is None:
        pytest.skip("needs sshd: apt install openssh-server")
    started = ssh_server.start_board(tmp_path / "board")
    monkeypatch.setenv("LITESMITH_SSH_CONFIG", str(started.config()))
    yield started
    started.stop()
