"""What every kind of source promises."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))
from handmade_files import WRITERS

from litesmith.core.registry import plugin_names
from litesmith.sources.recognise import KINDS, recognise, sources

ALL = sources()
by_name = pytest.mark.parametrize("name", plugin_names(KINDS))


@by_name
def test_name_is_the_file_name_and_it_describes_itself(name):
    assert ALL[name].name == name
    assert ALL[name].describes


@by_name
def test_opener_exists_exactly_when_tensorflow_is_needed(name):
    source = ALL[name]
    assert bool(source.opener) == source.needs_tensorflow
    if source.opener:
        module, function = source.opener.split(":")
        assert module == f"{KINDS}.{name}"
        assert callable(getattr(importlib.import_module(module), function))


@by_name
def test_a_file_of_the_kind_is_recognised_under_any_name(name, tmp_path):
    path = WRITERS[name](tmp_path / "anything.bin")
    assert recognise(path).name == name


@by_name
def test_kinds_exclude_one_another(name, tmp_path):
    path = WRITERS[name](tmp_path / "model")
    assert [kind for kind, source in ALL.items() if source.recognise(path)] == [name]


@by_name
def test_junk_is_not_recognised(name, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for junk in (b"x", b"PK", b"0123456789" * 100):
        file = tmp_path / "junk"
        file.write_bytes(junk)
        assert not ALL[name].recognise(file)
    assert not ALL[name].recognise(folder)


def test_recognising_loads_no_framework():
    code = (
        "import sys; from litesmith.sources.recognise import sources; sources();"
        "print([m for m in ('tensorflow', 'keras', 'tf_keras', 'h5py', 'ai_edge_litert') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
