"""What every dataset reader promises, over every plugin of the folder.

A new reader needs an example in `EXAMPLES`; without one, `test_every_reader_has_an_example` fails.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from litesmith.core.errors import DatasetError
from litesmith.core.isolated import Pool
from litesmith.core.preprocessing import PRESETS
from litesmith.core.registry import load_plugin, load_plugins, plugin_names
from litesmith.core.tensors import TensorSpec
from litesmith.data.digest import digest
from litesmith.data.prepare import prepare
from litesmith.data.reader import PACKAGE, Listing, Reader, Request, accepted_forms, find_reader

pytestmark = pytest.mark.slow

SPEC = TensorSpec(name="image", dtype="float32", shape=(1, 8, 8, 3))


def picture(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (9, 9), (value, 2 * value, 0)).save(path)


def class_folders(folder: Path, value: int) -> str:
    for i in range(4):
        picture(folder / f"class{i % 2}" / f"{i}.png", value + i)
    return str(folder)


def image_folder(folder: Path, value: int) -> str:
    for i in range(4):
        picture(folder / f"{i}.png", value + i)
    return str(folder)


def labels_csv(folder: Path, value: int) -> str:
    image_folder(folder, value)
    (folder / "labels.csv").write_text("file,label\n" + "".join(f"{i}.png,{i % 2}\n" for i in range(4)))
    return str(folder)


def npz(folder: Path, value: int) -> str:
    np.savez(folder / "d.npz", x=np.full((4, 8, 8, 3), value, np.uint8), y=[0, 1, 0, 1])
    return str(folder / "d.npz")


def function(folder: Path, value: int) -> str:
    (folder / "own.py").write_text(
        f"import numpy\ndef f():\n    for i in range(4): yield numpy.full((8, 8, 3), {value}, 'uint8'), i % 2\n"
    )
    return f"{folder / 'own.py'}:f"


EXAMPLES: dict[str, Callable[[Path, int], str]] = {
    "class_folders": class_folders,
    "image_folder": image_folder,
    "labels_csv": labels_csv,
    "npz": npz,
    "function": function,
}
NAMES = plugin_names(PACKAGE)


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    if chosen not in EXAMPLES:
        pytest.skip("no example")
    return chosen


@pytest.fixture
def reader(name: str) -> Reader:
    found: Reader = load_plugin(PACKAGE, name, kind="dataset reader")
    return found


def read(reader: Reader, source: str, scratch: Path) -> Listing:
    scratch.mkdir()
    return reader.read(Request(source=source, inputs=(SPEC,), scratch=scratch))


def test_every_reader_has_an_example() -> None:
    assert set(NAMES) == set(EXAMPLES)


def test_name_and_description(name: str, reader: Reader) -> None:
    assert isinstance(reader, Reader)
    assert reader.name == name
    assert reader.accepts
    assert "\n" not in reader.accepts
    assert reader.accepts in accepted_forms()


def test_only_this_reader_recognises_its_example(name: str, tmp_path: Path) -> None:
    source = EXAMPLES[name](tmp_path, 10)
    readers = load_plugins(PACKAGE, kind="dataset reader")
    assert [key for key, other in readers.items() if other.recognises(source)] == [name]
    assert find_reader(source).name == name


def test_listing_is_consistent(name: str, reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    source = EXAMPLES[name](tmp_path / "d", 10)
    listing = read(reader, source, tmp_path / "s1")
    again = read(reader, source, tmp_path / "s2")
    assert len(listing.names) == len(set(listing.names)) == 4
    assert all(listing.names)
    assert (listing.names, listing.labels, listing.files) == (again.names, again.labels, again.files)
    if listing.labels is not None:
        assert sorted(listing.labels) == [0, 0, 1, 1]
    assert bool(listing.files) != bool(listing.arrays)
    if listing.files:
        assert len(listing.files) == 4
        assert all(file.is_file() for file in listing.files)
    for path in listing.arrays.values():
        assert path.is_relative_to(tmp_path / "s1")
        assert len(np.load(path, mmap_mode="r", allow_pickle=False)) == 4


def test_digest_follows_content(name: str, reader: Reader, tmp_path: Path) -> None:
    def current(source: str) -> str:
        return digest(source, preprocessing=PRESETS["raw"], inputs=[SPEC], limit=None, seed=0)

    first = current(EXAMPLES[name](tmp_path, 10))
    assert current(EXAMPLES[name](tmp_path, 10)) == first
    source = EXAMPLES[name](tmp_path, 20)
    assert current(source) != first
    assert all(path.exists() for path in reader.files(source))
    assert reader.files(source)


def test_samples_can_be_prepared(name: str, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    source = EXAMPLES[name](tmp_path / "d", 10)
    with Pool(1, "the image decoder") as pool:
        samples = prepare(
            source, preprocessing=PRESETS["raw"], inputs=[SPEC], classes=2, folder=tmp_path / "p", pool=pool
        )
    assert samples.kind == name
    assert samples.raw().shape == (4, 8, 8, 3)
    assert samples.raw().dtype == np.uint8
    assert samples.raw()[0, 0, 0, 0] == 10
    assert [path.name for path in (tmp_path / "p").iterdir()] == ["input-0.npy"]


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda p: p.mkdir(), "empty folder"),
        (lambda p: (p.mkdir(), (p / "readme.txt").write_text("x")), "neither images nor a labels.csv"),
        (lambda p: p.write_bytes(b""), "empty file"),
        (lambda p: p.write_bytes(b"something else"), "unknown content"),
        (lambda p: None, "does not exist"),
    ],
)
def test_nothing_else_is_recognised(tmp_path: Path, make: Callable[[Path], object], what: str) -> None:
    make(tmp_path / "source")
    with pytest.raises(DatasetError, match=what) as caught:
        find_reader(str(tmp_path / "source"))
    for reader in load_plugins(PACKAGE, kind="dataset reader").values():
        assert reader.accepts in caught.value.hint


def test_nearest_name_is_offered(tmp_path: Path) -> None:
    np.savez(tmp_path / "flowers.npz", x=[1])
    with pytest.raises(DatasetError) as caught:
        find_reader(str(tmp_path / "flower.npz"))
    assert "flowers.npz" in caught.value.hint
