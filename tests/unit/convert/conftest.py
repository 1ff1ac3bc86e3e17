import os
from pathlib import Path

import numpy as np
import pytest

from litesmith.convert.session import Converter
from litesmith.core.isolated import Worker
from litesmith.core.preprocessing import preset
from litesmith.core.samples import SampleInput, SampleSet
from litesmith.sources.recognise import recognise

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="session")
def converter():
    """One TensorFlow process for all tests; it also finds the openers of `failing_openers`."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(MODELS)
    try:
        made = Converter()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before
    with made:
        made.start()
        yield made


@pytest.fixture(scope="session")
def builder(converter):
    """A process that builds tiny models while the converter's imports TensorFlow."""
    with Worker("builder", environment={"PYTHONPATH": str(MODELS), "TF_CPP_MIN_LOG_LEVEL": "2"}) as worker:
        yield worker


@pytest.fixture(scope="session")
def tiny(builder, tmp_path_factory):
    """Return the path of a tiny model, built once: `tiny("tiny_cnn", "m.keras", kind="keras")`."""
    built = {}

    def build(what, name, /, **arguments):
        key = (what, name, *sorted(arguments.items()))
        if key not in built:
            path = tmp_path_factory.mktemp(what) / name
            built[key] = builder.call(f"tiny_models:save_{what}", timeout_s=120, path=path, **arguments)
        return built[key]

    return build


@pytest.fixture
def convert(converter, tmp_path):
    """Open and convert a path; return (opened, conversion)."""

    def run(path, **options):
        opened = converter.open(path, recognise(path))
        return opened, converter.convert(tmp_path / "model.tflite", **options)

    return run


@pytest.fixture
def samples(tmp_path):
    """Return random samples that fit input specs, entries in reverse order so that only names can match them."""

    def make(specs, count=5):
        random = np.random.default_rng(3)
        entries = []
        for i, spec in enumerate(specs):
            shape = (count, *spec.sample_shape)
            floating = spec.dtype == "float32"
            values = random.normal(size=shape) if floating else random.integers(0, 9, shape)
            path = tmp_path / f"samples-{i}.npy"
            np.save(path, values.astype(spec.dtype))
            name = spec.name if len(specs) > 1 else ""
            entries.append(
                SampleInput(name=name, path=path, shape=spec.sample_shape, dtype=spec.dtype, normalized=False)
            )
        return SampleSet(
            kind="npz",
            source="random",
            digest="",
            inputs=tuple(reversed(entries)),
            labels=None,
            names=tuple(f"row {i}" for i in range(count)),
            preprocessing=preset("raw"),
            image=False,
        )

    return make


@pytest.fixture
def difference(converter, tmp_path):
    """Return the largest difference between the source's answers and the .tflite's, over all outputs and samples."""
    from ai_edge_litert.interpreter import Interpreter

    def measure(conversion, samples):
        files = converter.predict(samples, samples.count, tmp_path / "answers")
        interpreter = Interpreter(conversion.file)
        interpreter.allocate_tensors()
        stored = {entry.name: np.load(entry.path) for entry in samples.inputs}
        worst = 0.0
        for row in range(samples.count):
            for detail, spec in zip(interpreter.get_input_details(), conversion.inputs, strict=True):
                values = stored[spec.name if len(stored) > 1 else ""]
                interpreter.set_tensor(detail["index"], values[row : row + 1])
            interpreter.invoke()
            for detail, spec, file in zip(interpreter.get_output_details(), conversion.outputs, files, strict=True):
                wanted = np.load(file)
                assert wanted.shape == (samples.count, *spec.sample_shape)
                answer = interpreter.get_tensor(detail["index"])[0]
                worst = max(worst, float(np.abs(answer - wanted[row]).max()))
        return worst

    return measure
