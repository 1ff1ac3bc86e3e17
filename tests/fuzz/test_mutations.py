"""A few hundred of the fuzzer's mutations, and every file that once was too much for `inspect`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from corpus import write_plain
from examine import Examined, examine, kind_of
from mutations import Specimen, mutate, specimen
from run import MOST_BYTES, Tally, problem_of

SEEDS = sorted((Path(__file__).resolve().parent / "seeds").glob("*.tflite"))
COUNT = 150


@pytest.fixture(scope="module")
def specimens(tmp_path_factory: pytest.TempPathFactory) -> list[Specimen]:
    return [specimen(path) for path in write_plain(tmp_path_factory.mktemp("sound"))]


def test_a_specimen_knows_where_its_structure_stands(specimens: list[Specimen]) -> None:
    for found in specimens:
        assert (0, 4) in found.fields, "the offset of the root"
        assert all(at + size <= len(found.data) for at, size in found.fields)
        assert set(found.numbers) <= set(found.fields)
        assert len(found.fields) > 100
        assert len(found.vectors) > 20


def test_a_mutation_is_known_by_its_number(specimens: list[Specimen]) -> None:
    made = [mutate(number, specimens) for number in range(60)]
    assert made == [mutate(number, specimens) for number in range(60)]
    assert len(set(made)) > 55
    assert not set(made) & {found.data for found in specimens}


def test_sound_models_are_audited(specimens: list[Specimen]) -> None:
    assert [examine(content=found.data, probe=False).kind for found in specimens] == ["audited"] * len(specimens)


@pytest.mark.slow
def test_mutations_are_audited_or_refused(specimens: list[Specimen]) -> None:
    tally = Tally()
    for number in range(COUNT):
        tally.add(number, examine(content=mutate(number, specimens), probe=False))
    assert tally.failures == {}
    assert COUNT / 5 < tally.kinds["audited"] < 4 * COUNT / 5


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_what_once_failed(path: Path) -> None:
    found = examine(content=path.read_bytes(), probe=False)
    assert found.kind in ("audited", "refused"), found.text
    assert problem_of(found) == ""


def test_what_counts_as_a_failure() -> None:
    def outcome(**changes: object) -> Examined:
        return Examined(**{"kind": "audited", "text": "", "seconds": 1.0, "peak_bytes": 10**8, **changes})  # type: ignore[arg-type]

    assert problem_of(outcome()) == ""
    assert problem_of(outcome(kind="refused", text="why")) == ""
    assert problem_of(outcome(kind="failed", text="Traceback")) == "Traceback"
    assert problem_of(outcome(seconds=10.5)) == "10.5 s"
    assert "of memory" in problem_of(outcome(peak_bytes=MOST_BYTES + 1))
    assert Tally().add(3, "WorkerCrash: ended abruptly") == "WorkerCrash: ended abruptly"


def test_messages_are_counted_without_numbers_and_names() -> None:
    assert kind_of("m.tflite is damaged: tensor -7 has buffer 99 of 3") == kind_of(
        "m.tflite is damaged: tensor 8 has buffer 4 of 2"
    )
    assert kind_of("bytes 4 to 8 are b'TF\\x00L' instead of b'TFL3'") == "bytes N to N are BYTES instead of BYTES"
