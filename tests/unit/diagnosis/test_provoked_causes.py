"""Every model of tests/models/causes provokes the cause that is written down for it, with TensorFlow itself."""

from pathlib import Path

import numpy as np
import pytest
from causes.expected import CHECKING, CONVERTING, OPENING

from litesmith.convert.check import AnswersChanged, checked
from litesmith.convert.climb import FAILURES, failed
from litesmith.convert.refusal import answers_changed, mapped, other_batch, require_convertible
from litesmith.convert.rungs.order import RUNGS, rung_named
from litesmith.core.conversion import Conversion
from litesmith.core.errors import ConversionError, LitesmithError, ShapeVaries, SourceError
from litesmith.core.isolated import Worker
from litesmith.core.worker_errors import RemoteError
from litesmith.diagnosis.catalogue import causes
from litesmith.diagnosis.cause import Stage
from litesmith.pipeline.float_model import random_samples
from litesmith.sources.recognise import recognise

pytestmark = pytest.mark.tensorflow

MODELS = Path(__file__).parents[2] / "models"
PROCESS = "litesmith.convert.tensorflow_process"
LIMIT_S = 120
ENVIRONMENT = {
    "PYTHONPATH": str(MODELS),
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "KERAS_BACKEND": "tensorflow",
    "TF_USE_LEGACY_KERAS": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
}


@pytest.fixture(scope="module")
def worker():
    """One TensorFlow process that builds, opens and converts all models."""
    with Worker("TensorFlow", environment=ENVIRONMENT) as started:
        yield started


@pytest.fixture
def build(worker, tmp_path):
    def run(provocation):
        name = provocation.builder.partition(":")[2]
        path = tmp_path / f"{name}{provocation.suffix}"
        return worker.call(f"causes.{provocation.builder}", timeout_s=LIMIT_S, path=path)

    return run


@pytest.fixture
def opened(worker, build):
    def run(provocation):
        path = build(provocation)
        source = worker.call(f"{PROCESS}:open_source", timeout_s=LIMIT_S, opener=recognise(path).opener, path=path)
        return path, source

    return run


def convert(worker, tmp_path, provocation, rung, *, try_out=False):
    return worker.call(
        f"{PROCESS}:run_rung",
        timeout_s=LIMIT_S,
        rung=rung,
        out=tmp_path / "made.tflite",
        folder=tmp_path / "folder",
        batch=provocation.batch,
        try_out=try_out,
    )


def listed(provocations):
    return pytest.mark.parametrize("provocation", provocations, ids=[p.builder for p in provocations])


def test_every_cause_is_provoked_and_every_model_stands_in_the_list():
    provoked = {p.cause for p in OPENING + CONVERTING + CHECKING}
    assert provoked == {cause.name for cause in causes()}
    written = {
        f"{path.stem}:{line[4:].partition('(')[0]}"
        for path in (MODELS / "causes").glob("*.py")
        if path.stem not in ("saving", "expected")
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("def ") and not line.startswith("def _")
    }
    assert written == {p.builder for p in OPENING + CONVERTING + CHECKING}


@listed(OPENING)
def test_sources_that_are_not_opened(provocation, worker, build):
    path = build(provocation)
    with pytest.raises(SourceError) as caught:
        worker.call(f"{PROCESS}:open_source", timeout_s=LIMIT_S, opener=recognise(path).opener, path=path)
    found = caught.value.diagnosis
    assert found is not None
    assert (found.cause, found.where) == (provocation.cause, provocation.where), found.evidence


@listed(CONVERTING)
def test_sources_that_the_plain_rung_does_not_convert(provocation, worker, opened, tmp_path):
    path, source = opened(provocation)
    try:
        require_convertible(path, source)
        names = worker.call(f"{PROCESS}:rungs", batch=provocation.batch)
        refused = other_batch(path, source, provocation.batch, names)
        if refused is not None:
            raise refused
        convert(worker, tmp_path, provocation, RUNGS[0].name)
    except FAILURES as error:
        found = failed(RUNGS[0], error, 0.0, opened=source, path=path).diagnosis
    else:
        pytest.fail("the plain rung converts it")
    assert (found.cause, found.where) == (provocation.cause, provocation.where), found.evidence
    if found.cured_by:
        names = worker.call(f"{PROCESS}:rungs", batch=provocation.batch)
        cured = found.cured_by in names and cures(worker, tmp_path, provocation, found.cured_by)
        assert cured == provocation.cured
    else:
        assert not provocation.cured


def cures(worker, tmp_path, provocation, rung):
    try:
        convert(worker, tmp_path, provocation, rung)
    except FAILURES:
        return False
    return (tmp_path / "made.tflite").is_file() and rung_named(rung).name == rung


def require_comparable(made, files):
    """Check the source's answers as the pipeline does; that they differ from the .tflite's the trial has told."""
    conversion = Conversion(
        file="", sha256="", size_bytes=0, route="", attempts=(), batch=1, signature="", duration_s=0.0,
        inputs=made.inputs, outputs=made.outputs,
    )  # fmt: skip
    answers = [np.load(file) for file in files]
    checked(conversion, answers, answers, check_source="random values")


@listed(CHECKING)
def test_sources_whose_file_does_not_pass_the_check(provocation, worker, opened, tmp_path):
    path, source = opened(provocation)
    found = None
    try:
        made = convert(worker, tmp_path, provocation, RUNGS[0].name, try_out=True)
        samples = random_samples(made.inputs, count=8, seed=0, folder=tmp_path)
        files = worker.call(f"{PROCESS}:predict", timeout_s=LIMIT_S, samples=samples, count=8, folder=tmp_path)
        require_comparable(made, files)
    except ConversionError as error:
        found = failed(RUNGS[0], error, 0.0, opened=source, path=path).diagnosis
    except ShapeVaries as error:
        found = answers_changed(AnswersChanged(error.message), source, path).diagnosis
    except RemoteError as error:
        found = mapped(error, "running the source", stage=Stage.CHECKING).diagnosis
    assert found is not None
    assert (found.cause, found.where) == (provocation.cause, provocation.where), found.evidence


def test_errors_are_ours():
    assert all(issubclass(kind, LitesmithError) for kind in FAILURES)
