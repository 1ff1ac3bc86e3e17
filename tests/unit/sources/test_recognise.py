import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))
from handmade_files import WRITERS, write_h5, write_keras, write_saved_model, write_tflite

from litesmith.core.errors import SourceError
from litesmith.sources.recognise import recognise


def refused(path):
    with pytest.raises(SourceError) as caught:
        recognise(path)
    assert str(path) in caught.value.message or str(path.parent) in caught.value.hint
    return caught.value


def write(path, data):
    path.write_bytes(data)
    return path


def test_missing_file_suggests_the_nearest_name(tmp_path):
    write_keras(tmp_path / "Classifier.keras")
    error = refused(tmp_path / "clasifier.keras")
    assert error.message.endswith("does not exist")
    assert error.hint == f"Did you mean {tmp_path / 'Classifier.keras'}?"


def test_missing_folder_names_the_first_that_exists(tmp_path):
    error = refused(tmp_path / "no" / "such" / "m.keras")
    assert f"{tmp_path} has no such folder" in error.message


def test_empty_file_and_folder(tmp_path):
    assert "is empty (0 bytes)" in refused(write(tmp_path / "m.keras", b"")).message
    (tmp_path / "sm").mkdir()
    assert "is an empty folder" in refused(tmp_path / "sm").message


@pytest.mark.parametrize("part", [0.05, 0.5, 0.97])
@pytest.mark.parametrize("kind", ["keras", "h5", "tflite"])
def test_cut_files_are_called_damaged(kind, part, tmp_path):
    data = WRITERS[kind](tmp_path / "whole").read_bytes()
    error = refused(write(tmp_path / "cut", data[: int(len(data) * part)]))
    assert "damaged" in error.message or "ends early" in error.message
    assert "again" in error.hint


def test_tflite_with_constants_behind_its_tables(tmp_path):
    path = write_tflite(tmp_path / "m.tflite", apart=True)
    assert recognise(path).name == "tflite"
    path.write_bytes(path.read_bytes()[:-1])
    assert "a buffer of 1000 bytes at 4096 reaches beyond the file of 5095 bytes" in refused(path).message


def test_cut_saved_model(tmp_path):
    folder = write_saved_model(tmp_path / "sm")
    graph = folder / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[:200])
    assert "its saved_model.pb has 200 bytes and should have 305" in refused(folder).message
    graph.write_bytes(b"")
    assert "its saved_model.pb is empty" in refused(folder).message


def test_saved_model_without_its_variables(tmp_path):
    folder = write_saved_model(tmp_path / "sm")
    next(folder.glob("variables/variables.data-*")).unlink()
    assert "variables.data-* is missing" in refused(folder).message


def test_keras_file_with_a_part_missing_or_broken(tmp_path):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("metadata.json", "{}")
    assert "model.weights.h5 is missing" in refused(path).message
    data = bytearray(write_keras(path).read_bytes())
    data[data.index(b"keras_version")] ^= 0xFF
    assert "CRC" in refused(write(path, bytes(data))).message


def test_h5_says_how_many_bytes_it_should_have(tmp_path):
    path = write_h5(tmp_path / "m.h5", 4096)
    path.write_bytes(path.read_bytes()[:1000])
    assert "it has 1000 bytes and should have 4096" in refused(path).message


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x08\x08\x12\x07pytorch\x1a\x052.1.0:", "an ONNX model"),
        (b"\x0a\x20\x0a\x01x\x12\x0bPlaceholder" + bytes(50), "a frozen TensorFlow graph"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "a PNG image"),
        (b"\xff\xd8\xff\xe0" + bytes(20), "a JPEG image"),
        (b'{"class_name": "Sequential"}', "architecture as JSON"),
        (b'{"format": "layers-model", "modelTopology": {}}', "a TensorFlow.js model"),
        (b'[{"a": 1}]', "a JSON file"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\x80\x02}q\x00.", "a Python pickle"),
        (b"\x1f\x8b\x08" + bytes(20), "a gzip archive"),
        (b'\x40\0\0\0\0\0\0\0{"w":{}}', "a safetensors file"),
        (b"hello, world", "of no known kind"),
    ],
)
def test_other_kinds_are_named(data, what, tmp_path):
    error = refused(write(tmp_path / "m.keras", data))
    assert what in error.message
    assert error.hint


def test_pytorch_and_other_zip_archives_are_named(tmp_path):
    path = tmp_path / "model.pt"
    for entry, what in (
        ("archive/data.pkl", "a PyTorch model"),
        ("x/model.tflite", "holds x/model.tflite"),
        ("a.npy", "a NumPy archive"),
        ("readme.txt", "without a model (readme.txt)"),
    ):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(entry, "x")
        assert what in refused(path).message


def test_numpy_archive(tmp_path):
    np.savez(tmp_path / "data.npz", x=np.zeros(3))
    assert "a NumPy archive (.npz), not a model" in refused(tmp_path / "data.npz").message


def test_folders_say_what_they_hold(tmp_path):
    for files, what in (
        (("ckpt-1.index", "ckpt-1.data-00000-of-00001", "checkpoint"), "holds a checkpoint"),
        (("config.json", "metadata.json", "model.weights.h5"), "an unpacked .keras file"),
        (("model.json", "group1-shard1of1.bin"), "a TensorFlow.js model"),
        (("a.txt", "b.txt"), "it holds a.txt, b.txt"),
        (("notes.txt", "m.keras"), "is a folder, not a model"),
    ):
        folder = tmp_path / what.replace(" ", "-").replace(".", "")
        folder.mkdir()
        for name in files:
            write(folder / name, b"x")
        assert what in refused(folder).message


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("keras", "a zip archive, as .keras files are,"),
        ("h5", "an HDF5 file, as .h5 models are,"),
        ("tflite", "a TFLite model"),
    ],
)
def test_model_under_the_name_of_a_graph_is_called_what_it_is(kind, what, tmp_path):
    folder = tmp_path / "saved"
    folder.mkdir()
    WRITERS[kind](folder / "saved_model.pb")
    error = refused(folder)
    assert error.message == f"{folder} holds {what} under the name saved_model.pb"
    assert (
        error.hint
        == f"Type: mv {folder}/saved_model.pb {folder}/model.{kind}, and give Litesmith {folder}/model.{kind}."
    )
    assert error.diagnosis.cause == "misnamed_file"
    assert recognise(folder / "saved_model.pb").name == kind  # the file itself is opened under any name


def test_a_saved_model_one_level_down_or_up_is_pointed_to(tmp_path):
    folder = write_saved_model(tmp_path / "serving" / "1")
    assert refused(folder.parent).hint == f"Did you mean {folder}?"
    assert refused(folder / "saved_model.pb").hint == f"Name its folder: {folder}"


def test_unreadable_file(tmp_path, monkeypatch):
    path = write_tflite(tmp_path / "m.tflite")

    def denied(*args, **kwargs):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    assert "cannot read" in refused(path).message
